"""Finds what stands on a plain ground, for goods that the model sees through.

The model finds what a picture is about. Of a framed print that is the tennis ball, not the frame around it. But goods are
mostly photographed on one plain colour, and there everything is goods that the ground, spreading calmly from the photo's
edges, does not reach: a soft shadow lets it pass, an outline stops it.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy import ndimage

SIDE = 640
"""What is looked at, at most, in pixels."""
EDGE = 2
"""How much of the photo's edge tells the ground's colour, in pixels."""
SMOOTH, PLAIN = 12, 0.97
"""A ground is plain if so much of the edge is within so many levels of one smooth gradient."""
CALM = 10
"""Neighbours that differ by less are of one surface."""
FILLED, BAY = 0.75, 0.12
"""A flat thing fills three quarters of its frame (a round one hardly more), and has no deep bay in its outline."""
STREAK = 12
"""How far an edge is smoothed before it is drawn out, in pixels."""
SMOOTHING, STEEP = 2.0, 3.0
"""How far the outline is smoothed, in pixels, and how much steeper than that its edge is then."""
SMALLEST = 0.01
"""Of the photo: less is dust."""
OVERLOOKED, HIDDEN = 0.25, 0.45
"""A mask that misses more than this of the goods has not found them; more than that, even if it may be shadow."""
BEYOND = 0.1
"""Of what a mask shows, so much may be outside of an outline."""
SHADE = (0.2, 1.05)
"""How light the ground is in a shadow."""
TINT = 0.08
"""How far a shadow may change the colours' proportions."""


@dataclass(frozen=True, slots=True)
class Outline:
    """What a plain ground surrounds."""

    filled: np.ndarray
    """Height by width, true where the goods are, holes included."""
    lit: np.ndarray
    """The same without holes, and without what may be a hard shadow."""
    is_flat: bool
    """Whether it is a print, a cushion, a clock or several of them: solid, and of a simple shape."""

    def agrees(self, mask: Image.Image) -> bool:
        """Whether a mask, white where somebody else sees the goods, may be right."""
        seen = self._seen(mask)
        goods = max(self.filled.sum(), seen.sum())
        return bool((self.lit & ~seen).sum() <= OVERLOOKED * goods and (self.filled & ~seen).sum() <= HIDDEN * goods)

    def surrounds(self, mask: Image.Image) -> bool:
        """Whether what somebody else sees is within the outline; more would be goods of the ground's own colour."""
        seen = self._seen(mask)
        return bool((seen & ~self.filled).sum() <= BEYOND * seen.sum())

    def _seen(self, mask: Image.Image) -> np.ndarray:
        return np.asarray(mask.resize(self.lit.shape[::-1], Image.Resampling.BILINEAR)) > 127

    def mask(self) -> Image.Image:
        """Return the outline as an image, white where the goods are, with a smooth edge that can be enlarged."""
        soft = ndimage.gaussian_filter(self.filled.astype(np.float32), SMOOTHING)
        # Smooth along the outline, not across it.
        return Image.fromarray((255 * np.clip((soft - 0.5) * STEEP + 0.5, 0, 1)).astype(np.uint8), "L")


def on_plain_ground(image: Image.Image) -> Outline | None:
    """Return what stands on the photo's ground; None if that is not plain, or nothing stands on it."""
    pixels, border = _looked_at(image)
    ground = _gradient(pixels, border)
    if ground is None:
        return None
    found = _not_reached(pixels, border)
    filled = ndimage.binary_fill_holes(found)
    parts = _parts(filled)
    if not parts:
        return None
    light = pixels / np.maximum(ground, 1)
    darkest, lightest = light.min(axis=0), light.max(axis=0)
    shade = (darkest > SHADE[0]) & (lightest < SHADE[1]) & (lightest - darkest < TINT)
    return Outline(filled, found & ~shade, all(_is_flat(part) for part in parts))


def squared(image: Image.Image) -> Image.Image | None:
    """Return a photo on more of its ground, so that it is square and nothing of it is lost; None if that is not plain."""
    if _gradient(*_looked_at(image)) is None:
        return None
    pixels, side = np.asarray(image, dtype=np.float32), max(image.size)
    for axis, length in enumerate(pixels.shape[:2]):
        missing = side - length
        before, after = (_more_of(np.take(pixels, edge, axis), axis) for edge in (range(EDGE), range(-EDGE, 0)))
        bands = np.repeat(before, missing // 2, axis), pixels, np.repeat(after, missing - missing // 2, axis)
        pixels = np.concatenate(bands, axis)
    return Image.fromarray(pixels.round().astype(np.uint8), "RGB")


def _more_of(edge: np.ndarray, axis: int) -> np.ndarray:
    """Return what goes on beyond an edge: its colours without its grain, which would be drawn out to streaks."""
    return np.asarray(ndimage.gaussian_filter1d(edge.mean(axis=axis, keepdims=True), STREAK, axis=1 - axis))


def _looked_at(image: Image.Image) -> tuple[np.ndarray, np.ndarray]:
    """Return a photo's pixels, small, channel by channel, and where among them its border is."""
    small = image.copy()
    small.thumbnail((SIDE, SIDE), Image.Resampling.BOX, reducing_gap=1.0)
    # numpy reduces a first axis of three in a twentieth of the time that a last one takes.
    pixels = np.ascontiguousarray(np.moveaxis(np.asarray(small), 2, 0))
    border = np.ones(pixels.shape[1:], dtype=bool)
    border[EDGE:-EDGE, EDGE:-EDGE] = False
    return pixels, border


def _gradient(pixels: np.ndarray, border: np.ndarray) -> np.ndarray | None:
    """Return the quadratic surface that fits the border, over the whole photo; None if none fits."""
    height, width = border.shape
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j].astype(np.float32)
    terms = np.stack([np.ones_like(x), x, y, x * x, y * y])
    at_edge, edge = terms[:, border].T, pixels[:, border].T.astype(np.float32)
    weights, *_ = np.linalg.lstsq(at_edge, edge, rcond=None)
    off = np.abs(edge - at_edge @ weights).max(axis=1)
    return np.tensordot(weights.T, terms, 1) if (off < SMOOTH).mean() >= PLAIN else None


def _not_reached(pixels: np.ndarray, border: np.ndarray) -> np.ndarray:
    """Return where the calm around the border ends."""
    surfaces, _ = ndimage.label(_contrast(pixels) < CALM)
    around = np.unique(surfaces[border])
    reached = np.isin(surfaces, around[around > 0])
    # The contrast of an outline is seen from a pixel before it, and on the outline itself the ground shines through.
    return np.asarray(ndimage.binary_opening(~ndimage.binary_dilation(reached, iterations=2), iterations=2))


def _contrast(pixels: np.ndarray) -> np.ndarray:
    """Return by how much a pixel and its eight neighbours differ at most, in any channel."""
    # By shifting: a tenth of the time of scipy's filters, which know every window.
    lowest = highest = np.pad(pixels, ((0, 0), (1, 1), (1, 1)), mode="edge")
    lowest = np.minimum(np.minimum(lowest[:, :-2], lowest[:, 1:-1]), lowest[:, 2:])
    lowest = np.minimum(np.minimum(lowest[..., :-2], lowest[..., 1:-1]), lowest[..., 2:])
    highest = np.maximum(np.maximum(highest[:, :-2], highest[:, 1:-1]), highest[:, 2:])
    highest = np.maximum(np.maximum(highest[..., :-2], highest[..., 1:-1]), highest[..., 2:])
    return np.asarray((highest - lowest).max(axis=0))


def _parts(filled: np.ndarray) -> list[np.ndarray]:
    """Return the things there are, each cut to its frame."""
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
    """Return how much of a thing is open to one side between two arms of its own, as a share of it."""
    across = np.logical_or.accumulate(part, axis=1) & np.logical_or.accumulate(part[:, ::-1], axis=1)[:, ::-1]
    down = np.logical_or.accumulate(part, axis=0) & np.logical_or.accumulate(part[::-1], axis=0)[::-1]
    return float(((across | down) & ~part).sum() / part.sum())
