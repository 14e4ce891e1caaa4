"""Loads renders, in their own color or another one.

A render may be shown in another color only where its manifest names its own one: then the pixels near that hue change,
and other parts (a wooden handle, a silver lock) stay.
"""

from functools import lru_cache

import numpy as np
from PIL import Image

from infra.sandbox.sample_supplier.renders import COLORS, RENDERS, drawings

_HUES: dict[str, int] = {
    "Red": 250,
    "Orange": 18,
    "Yellow": 34,
    "Green": 88,
    "Teal": 124,
    "Blue": 150,
    "Purple": 190,
    "Pink": 234,
}
"""Hues of the color names, 0 to 255."""
_CALMER: dict[str, tuple[float, float, float]] = {
    "Green": (0.72, 0.74, 1.0),
    "Teal": (0.8, 0.76, 1.0),
    "Yellow": (0.9, 1.0, 0.7),
    "Orange": (0.95, 1.0, 0.8),
    "Pink": (0.75, 1.0, 0.6),
}
"""Factors on saturation and value, and the value's exponent: some hues look brighter than others."""
_GREYS: dict[str, tuple[float, float]] = {"White": (0.42, 0.58), "Grey": (0.2, 0.5), "Black": (0.04, 0.3)}
"""Darkest value and range of values of the colors without a hue."""
_NEAR, _FAR = 26, 44
"""Hues up to the first distance change, from the second on they stay; 256 is the whole circle."""


@lru_cache(maxsize=4)
def drawing_of(name: str, color: str | None = None) -> Image.Image:
    """Return a render with its alpha channel, in its own color or another one.

    Raises:
        ValueError: the render cannot be shown in this color.
    """
    drawing = drawings()[name]
    with Image.open(RENDERS / f"{name}.webp") as file:
        picture = file.convert("RGBA")
    if color is None or color == drawing.color:
        return picture
    if drawing.color is None or color not in COLORS:
        raise ValueError(f"render {name}: it cannot be shown in {color}; leave the color out")
    return _recolored(picture, color)


def _recolored(picture: Image.Image, color: str) -> Image.Image:
    alpha = picture.getchannel("A")
    hsv = np.asarray(picture.convert("RGB").convert("HSV")).astype(np.float32)
    hue, saturation, value = hsv[..., 0], hsv[..., 1], hsv[..., 2]
    amount = saturation * (np.asarray(alpha) > 128)
    counts = np.bincount(hue.astype(np.uint8).ravel(), weights=amount.ravel(), minlength=256)
    window = np.ones(21)
    own = int(np.argmax(np.convolve(np.concatenate([counts[-10:], counts, counts[:10]]), window, "valid")))
    distance = (hue - own + 128) % 256 - 128
    share = np.clip((_FAR - np.abs(distance)) / (_FAR - _NEAR), 0, 1) * np.clip(saturation / 40, 0, 1)
    if color in _HUES:
        hsv[..., 0] = (hue + share * (_HUES[color] - own - 0.45 * distance)) % 256
        calm, dim, exponent = _CALMER.get(color, (1.0, 1.0, 1.0))
        hsv[..., 1] = saturation * (1 - share * (1 - calm))
        hsv[..., 2] = value + share * (dim * 255 * (value / 255) ** exponent - value)
    else:
        darkest, span = _GREYS[color]
        hsv[..., 1] = saturation * (1 - 0.95 * share)
        grey = 255 * darkest + span * value
        hsv[..., 2] = value + share * (grey - value)
    changed = Image.fromarray(np.clip(hsv, 0, 255).astype(np.uint8), "HSV").convert("RGB")
    changed.putalpha(alpha)
    return changed
