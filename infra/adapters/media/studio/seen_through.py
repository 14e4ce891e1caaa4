"""Finds ground that a mask took for goods, by the colors of the ground that the photo shows elsewhere.

A plain ground's fitted color (:mod:`.ground`) misses what lies on a second surface or in another light. Here every color that
is frequent outside the mask counts, whatever the number of surfaces.
"""

import numpy as np
from scipy import ndimage

from infra.adapters.media.studio.ground import opponent_colors

STEP = 2
"""Every second pixel is enough."""
BIN = 6.0
"""Width of the bins in which the ground's colors are counted, in levels."""
FREQUENT = 0.004
"""Share of the ground from which a color counts."""
FAINT = 0.08
"""Model probability below which a pixel is ground."""
CLEARANCE = 3
"""Distance of the ground from the mask, in counted pixels."""
LEAST_GROUND = 0.04
"""Share of the photo that must be ground."""
ALIKE, SAME = 7.0, 2.0
"""The most that a pixel, and the middle pixel of a region, may differ from a color of the ground, in levels."""
LEAST_REGION = 0.004
"""Share of the mask; a smaller region is noise."""
WALL = 0.8
"""Share of a region's surroundings that must be goods of other colors. Around a pale part there are more pale parts."""


def seen_through(pixels: np.ndarray, mask: np.ndarray, probability: np.ndarray) -> float:
    """Return the share of a mask that has the ground's colors and walls of other colors around it.

    Args:
        pixels: height by width by 3, RGB.
        mask: height by width, true where the product is.
        probability: height by width, the model's.
    """
    pixels, mask, probability = (values[::STEP, ::STEP] for values in (pixels, mask, probability))
    ground = ~ndimage.binary_dilation(mask | (probability > FAINT), iterations=CLEARANCE)
    inside = ndimage.binary_erosion(mask)
    if ground.mean() < LEAST_GROUND or not inside.any():
        return 0.0
    colors = np.moveaxis(opponent_colors(pixels), 0, -1)
    distance = np.full(mask.shape, np.inf, dtype=np.float32)
    distance[inside] = _distance(colors[inside], _frequent(colors[ground]))
    like = distance < ALIKE
    regions, _ = ndimage.label(ndimage.binary_opening(like))
    size, through = int(mask.sum()), 0
    for number, found in enumerate(ndimage.find_objects(regions), start=1):
        box = tuple(slice(max(0, part.start - 5), part.stop + 5) for part in found)
        region = regions[box] == number
        if region.sum() < LEAST_REGION * size or np.median(distance[box][region]) > SAME:
            continue
        around = ndimage.binary_dilation(region, iterations=4) & ~ndimage.binary_dilation(region, iterations=2)
        if (mask[box] & ~like[box])[around].mean() >= WALL:
            through += int(region.sum())
    return through / size


def _frequent(colors: np.ndarray) -> np.ndarray:
    """Return the mean colors of the bins that hold many of the colors."""
    bins, number, counts = np.unique(_packed(colors / BIN), return_inverse=True, return_counts=True)
    sums = np.stack([np.bincount(number, weights=channel, minlength=len(bins)) for channel in colors.T], axis=1)
    return np.asarray((sums / counts[:, None])[counts >= FREQUENT * len(colors)], dtype=np.float32)


def _distance(colors: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return the largest difference in any channel of each color to the nearest known one."""
    if not len(known):
        return np.full(len(colors), np.inf, dtype=np.float32)
    # Pictures have few colors at this precision, so each is compared once.
    _, first, number = np.unique(_packed(colors), return_index=True, return_inverse=True)
    nearest = np.full(len(first), np.inf, dtype=np.float32)
    for color in known:
        nearest = np.minimum(nearest, np.abs(colors[first] - color).max(axis=1))
    return nearest[number]


def _packed(colors: np.ndarray) -> np.ndarray:
    """Return each color as one whole number, because numpy sorts rows slowly."""
    whole = np.floor(colors).astype(np.int64) + 256
    return np.asarray((whole[:, 0] << 20) | (whole[:, 1] << 10) | whole[:, 2])
