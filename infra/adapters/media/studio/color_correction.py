"""Removes a clear color cast and corrects poor exposure; leaves good photos unchanged."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

SAMPLE_SIDE = 160
"""Photos are scaled down to this many pixels before they are measured."""
BRIGHT = 0.05
"""Share of the pixels that count as brightest. They should be near white, the usual background."""
NEARLY_WHITE = 205
"""Least mean of the brightest pixels for a correction."""
CAST = (10, 48)
"""Difference of the brightest pixels' channels that counts as a cast; more is a colored wall."""
STRONGEST_GAIN = 1.14
GOOD_LIGHT = (62, 205)
"""Mean lightness of a well-lit product; black and white products are near the ends."""
GOOD_LIGHT_AROUND = (45, 245)
"""The same for a whole photo, which may be mostly a white table or a black cloth."""


def correction(photo: Image.Image, product: Image.Image | None) -> Sequence[int] | None:
    """Return the look-up table that corrects the colors, 768 entries for red, green and blue; None if none is needed.

    Args:
        photo: the original in RGB; its background shows the light's color.
        product: the cut-out, which shows the exposure; None to use the whole photo.
    """
    gains = _gains(_pixels(photo))
    gamma = _gamma(_pixels(photo), GOOD_LIGHT_AROUND) if product is None else _gamma(_pixels(product), GOOD_LIGHT)
    if gains is None and gamma is None:
        return None
    scale = np.arange(256) / 255
    table: list[int] = []
    for gain in gains or (1.0, 1.0, 1.0):
        table += [int(v) for v in np.rint(255 * np.clip(scale * gain, 0, 1) ** (1 / (gamma or 1.0)))]
    return table


def apply_table(image: Image.Image, table: Sequence[int]) -> Image.Image:
    """Return the image with the table applied to its colors; alpha is unchanged."""
    if image.mode != "RGBA":
        return image.point(list(table))
    result = image.convert("RGB").point(list(table))
    result.putalpha(image.getchannel("A"))
    return result


def _pixels(image: Image.Image) -> np.ndarray:
    """Return a sample of the opaque pixels, one row each."""
    small = image.copy()
    small.thumbnail((SAMPLE_SIDE, SAMPLE_SIDE), Image.Resampling.BOX, reducing_gap=1.0)
    values = np.asarray(small, dtype=np.float32).reshape(-1, len(small.getbands()))
    return values[values[:, 3] > 200][:, :3] if values.shape[1] == 4 else values


def _lightness(pixels: np.ndarray) -> np.ndarray:
    return pixels @ np.array([0.299, 0.587, 0.114], dtype=np.float32)


def _gains(pixels: np.ndarray) -> tuple[float, float, float] | None:
    """Return the factor of each channel that makes the brightest pixels white; None if there is no cast."""
    lightness = _lightness(pixels)
    bright = pixels[lightness >= np.quantile(lightness, 1 - BRIGHT)].mean(axis=0)
    spread = float(bright.max() - bright.min())
    if float(bright.mean()) < NEARLY_WHITE or not CAST[0] <= spread <= CAST[1]:
        return None
    gray = float(bright.mean())
    red, green, blue = (min(STRONGEST_GAIN, max(1 / STRONGEST_GAIN, gray / float(channel))) for channel in bright)
    return red, green, blue


def _gamma(pixels: np.ndarray, good: tuple[int, int]) -> float | None:
    """Return the gamma that lightens the middle tones; None if the exposure is good."""
    if not len(pixels):
        return None
    mean = float(_lightness(pixels).mean())
    if good[0] <= mean <= good[1]:
        return None
    return min(1.35, max(0.75, float((120 / max(mean, 1)) ** 0.35)))
