"""Takes a clear colour cast and poor exposure out of a photo, and leaves good ones alone."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

JUDGED_SIDE = 160
BRIGHT = 0.05
"""The share of a photo's brightest pixels: what should be near white, as most products are shot on it."""
NEARLY_WHITE = 205
CAST = (10, 48)
"""Between the brightest pixels' strongest and weakest channel: less is no cast, more is a coloured wall."""
STRONGEST_GAIN = 1.14
GOOD_LIGHT = (62, 205)
"""Mean lightness of a product that is lit as it should be; black and white things are near its ends."""
GOOD_LIGHT_AROUND = (45, 245)
"""The same of a whole photo, most of which may be a white table or a black cloth."""


def correction(photo: Image.Image, product: Image.Image | None) -> Sequence[int] | None:
    """Return the table, 768 entries for red, green and blue, that puts the colours right; None if they are.

    Args:
        photo: in RGB, as it came: its background tells the light's colour.
        product: its cut-out, which tells the exposure; None: the whole photo.
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


def corrected(image: Image.Image, table: Sequence[int]) -> Image.Image:
    """Return the image with the table applied; its alpha stays."""
    if image.mode != "RGBA":
        return image.point(list(table))
    result = image.convert("RGB").point(list(table))
    result.putalpha(image.getchannel("A"))
    return result


def _pixels(image: Image.Image) -> np.ndarray:
    """Return a sample of the opaque pixels, one row each."""
    small = image.copy()
    small.thumbnail((JUDGED_SIDE, JUDGED_SIDE), Image.Resampling.BOX, reducing_gap=1.0)
    values = np.asarray(small, dtype=np.float32).reshape(-1, len(small.getbands()))
    return values[values[:, 3] > 200][:, :3] if values.shape[1] == 4 else values


def _lightness(pixels: np.ndarray) -> np.ndarray:
    return pixels @ np.array([0.299, 0.587, 0.114], dtype=np.float32)


def _gains(pixels: np.ndarray) -> tuple[float, float, float] | None:
    """What each channel must be multiplied with so that the brightest pixels are white; None if there is no cast."""
    lightness = _lightness(pixels)
    bright = pixels[lightness >= np.quantile(lightness, 1 - BRIGHT)].mean(axis=0)
    spread = float(bright.max() - bright.min())
    if float(bright.mean()) < NEARLY_WHITE or not CAST[0] <= spread <= CAST[1]:
        return None
    grey = float(bright.mean())
    red, green, blue = (min(STRONGEST_GAIN, max(1 / STRONGEST_GAIN, grey / float(channel))) for channel in bright)
    return red, green, blue


def _gamma(pixels: np.ndarray, good: tuple[int, int]) -> float | None:
    """How much lighter the middle tones must be; None if the light is good."""
    if not len(pixels):
        return None
    mean = float(_lightness(pixels).mean())
    if good[0] <= mean <= good[1]:
        return None
    return min(1.35, max(0.75, float((120 / max(mean, 1)) ** 0.35)))
