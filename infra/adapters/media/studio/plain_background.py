"""Finds the outline of a product on a plain background, for products that the model misreads.

The model finds the subject of a picture: of a framed print, the tennis ball and not the frame. But most products are
photographed on one plain color. There, the ground is flooded from the photo's edges through areas of low contrast: a soft
shadow lets the flood pass, an outline stops it. The product is what the flood does not reach.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy import ndimage

SIDE = 640
"""Photos are scaled down to this many pixels first."""
EDGE = 2
"""Width of the photo's border that shows the ground's color, in pixels."""
SMOOTH, PLAIN = 12, 0.97
"""A ground is plain if ``PLAIN`` of the border is within ``SMOOTH`` levels of one smooth gradient."""
CALM = 10
"""Neighboring pixels that differ by less belong to one surface."""
FILLED, BAY = 0.75, 0.12
"""A flat product fills three quarters of its frame (a round one hardly more) and has no deep bay in its outline."""
STREAK = 12
"""How far an edge is smoothed before it is extended, in pixels."""
SMOOTHING, STEEP = 2.0, 3.0
"""How far the outline is smoothed, in pixels, and how much its edge is sharpened afterwards."""
SMALLEST = 0.01
"""Share of the photo; a smaller part is dust."""
OVERLOOKED, HIDDEN = 0.25, 0.45
"""The most that a mask may miss, as shares of the product: without possible shadows, and with them."""
BEYOND = 0.1
"""Share of a mask that may be outside the outline."""
SHADE = (0.2, 1.05)
"""Lightness of the ground within a shadow."""
TINT = 0.08
"""How far a shadow may change the proportions of the colors."""


@dataclass(frozen=True, slots=True)
class Outline:
    """The outline of a product on a plain ground."""

    filled: np.ndarray
    """Height by width, true where the product is, holes included."""
    lit: np.ndarray
    """The same without holes and without possible hard shadows."""
    is_flat: bool
    """Whether it is solid and of a simple shape: a print, a cushion, a clock, or several of them."""

    def agrees(self, mask: Image.Image) -> bool:
        """Return whether the model's mask, white where the product is, is compatible with the outline."""
        masked = self._scaled(mask)
        product = max(self.filled.sum(), masked.sum())
        return bool(
            (self.lit & ~masked).sum() <= OVERLOOKED * product and (self.filled & ~masked).sum() <= HIDDEN * product
        )

    def surrounds(self, mask: Image.Image) -> bool:
        """Return whether the mask is within the outline; more would be a product of the ground's color."""
        masked = self._scaled(mask)
        return bool((masked & ~self.filled).sum() <= BEYOND * masked.sum())

    def _scaled(self, mask: Image.Image) -> np.ndarray:
        return np.asarray(mask.resize(self.lit.shape[::-1], Image.Resampling.BILINEAR)) > 127

    def mask(self) -> Image.Image:
        """Return the outline as an image, white where the product is, with a smooth edge that can be enlarged."""
        soft = ndimage.gaussian_filter(self.filled.astype(np.float32), SMOOTHING)
        # Smooth along the outline, not across it.
        return Image.fromarray((255 * np.clip((soft - 0.5) * STEEP + 0.5, 0, 1)).astype(np.uint8), "L")


def outline_on_plain_background(image: Image.Image) -> Outline | None:
    """Return the outline of what is on the photo's ground; None if the ground is not plain or empty."""
    pixels, border = _sample(image)
    ground = _gradient(pixels, border)
    if ground is None:
        return None
    unreached = _not_reached(pixels, border)
    filled = ndimage.binary_fill_holes(unreached)
    parts = _parts(filled)
    if not parts:
        return None
    light = pixels / np.maximum(ground, 1)
    darkest, lightest = light.min(axis=0), light.max(axis=0)
    shade = (darkest > SHADE[0]) & (lightest < SHADE[1]) & (lightest - darkest < TINT)
    return Outline(filled, unreached & ~shade, all(_is_flat(part) for part in parts))


def extend_to_square(image: Image.Image) -> Image.Image | None:
    """Extend a photo's plain ground to a square picture; None if the ground is not plain."""
    if _gradient(*_sample(image)) is None:
        return None
    pixels, side = np.asarray(image, dtype=np.float32), max(image.size)
    for axis, length in enumerate(pixels.shape[:2]):
        missing = side - length
        before, after = (_extension(np.take(pixels, edge, axis), axis) for edge in (range(EDGE), range(-EDGE, 0)))
        bands = np.repeat(before, missing // 2, axis), pixels, np.repeat(after, missing - missing // 2, axis)
        pixels = np.concatenate(bands, axis)
    return Image.fromarray(pixels.round().astype(np.uint8), "RGB")


def _extension(edge: np.ndarray, axis: int) -> np.ndarray:
    """Return the colors that continue an edge, without its grain, which would become streaks."""
    return np.asarray(ndimage.gaussian_filter1d(edge.mean(axis=axis, keepdims=True), STREAK, axis=1 - axis))


def _sample(image: Image.Image) -> tuple[np.ndarray, np.ndarray]:
    """Return a scaled-down photo's pixels, by channel, and a mask of its border."""
    small = image.copy()
    small.thumbnail((SIDE, SIDE), Image.Resampling.BOX, reducing_gap=1.0)
    # numpy reduces the first axis in a twentieth of the time of the last.
    pixels = np.ascontiguousarray(np.moveaxis(np.asarray(small), 2, 0))
    border = np.ones(pixels.shape[1:], dtype=bool)
    border[EDGE:-EDGE, EDGE:-EDGE] = False
    return pixels, border


def _gradient(pixels: np.ndarray, border: np.ndarray) -> np.ndarray | None:
    """Return the quadratic surface that fits the border, over the whole photo; None if the border is not smooth."""
    height, width = border.shape
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j].astype(np.float32)
    terms = np.stack([np.ones_like(x), x, y, x * x, y * y])
    at_edge, edge = terms[:, border].T, pixels[:, border].T.astype(np.float32)
    weights, *_ = np.linalg.lstsq(at_edge, edge, rcond=None)
    off = np.abs(edge - at_edge @ weights).max(axis=1)
    return np.tensordot(weights.T, terms, 1) if (off < SMOOTH).mean() >= PLAIN else None


def _not_reached(pixels: np.ndarray, border: np.ndarray) -> np.ndarray:
    """Return a mask of the area that the flood from the border does not reach."""
    surfaces, _ = ndimage.label(contrast_of(pixels) < CALM)
    around = np.unique(surfaces[border])
    reached = np.isin(surfaces, around[around > 0])
    # An outline's contrast begins a pixel before it, and on the outline the ground shines through.
    return np.asarray(ndimage.binary_opening(~ndimage.binary_dilation(reached, iterations=2), iterations=2))


def contrast_of(pixels: np.ndarray) -> np.ndarray:
    """Return the largest difference between a pixel and its eight neighbors in any channel."""
    # Shifting takes a tenth of the time of scipy's filters, which support any window.
    lowest = highest = np.pad(pixels, ((0, 0), (1, 1), (1, 1)), mode="edge")
    lowest = np.minimum(np.minimum(lowest[:, :-2], lowest[:, 1:-1]), lowest[:, 2:])
    lowest = np.minimum(np.minimum(lowest[..., :-2], lowest[..., 1:-1]), lowest[..., 2:])
    highest = np.maximum(np.maximum(highest[:, :-2], highest[:, 1:-1]), highest[:, 2:])
    highest = np.maximum(np.maximum(highest[..., :-2], highest[..., 1:-1]), highest[..., 2:])
    return np.asarray((highest - lowest).max(axis=0))


def _parts(filled: np.ndarray) -> list[np.ndarray]:
    """Return the connected parts, each cropped to its frame."""
    labels, _ = ndimage.label(filled)
    sizes = np.bincount(labels.ravel())
    return [
        labels[box] == number
        for number, box in enumerate(ndimage.find_objects(labels), start=1)
        if box is not None and sizes[number] >= SMALLEST * filled.size
    ]


def _is_flat(part: np.ndarray) -> bool:
    return bool(part.mean() >= FILLED and _bays(part) <= BAY)


def _bays(part: np.ndarray) -> float:
    """Return the area of a part's bays (open to one side only) as a share of the part."""
    across = np.logical_or.accumulate(part, axis=1) & np.logical_or.accumulate(part[:, ::-1], axis=1)[:, ::-1]
    down = np.logical_or.accumulate(part, axis=0) & np.logical_or.accumulate(part[::-1], axis=0)[::-1]
    return float(((across | down) & ~part).sum() / part.sum())
