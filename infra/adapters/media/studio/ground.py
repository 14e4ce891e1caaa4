"""A plain ground's color over the whole photo, and how far each pixel is from it."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from infra.adapters.media.studio.plain_background import contrast_of

SAMPLES = 4000
"""Ground pixels that the color is fitted to."""
FAINT = 0.08
"""Model probability below which a pixel is a sample of the ground."""
CLEARANCE = 8
"""Distance of the samples from the product, in pixels."""
LEAST = 0.05
"""Share of the photo that the samples must come from."""
PLAIN, EVEN = 0.85, 10.0
"""A ground is plain if this share of the samples fits, with at most this spread in levels."""
COLORED = 30.0
"""Difference between the ground's channels from which its shadows can be told from gray goods."""
SHADE = 0.5
"""Lightness of a shadow, as a share of the ground's, down to which it is recognized."""
BLOWN = 250.0
"""Lightness from which a ground is overexposed, in levels."""
_LIGHTNESS = np.array([0.299, 0.587, 0.114], dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Ground:
    """The ground of a photo."""

    distance: np.ndarray
    """Height by width: largest difference from the ground in lightness or either color difference, in levels."""
    spread: float
    """The ground's own unevenness, in levels."""
    share: float
    """Share of the sampled ground that fits the color."""
    shade: np.ndarray
    """Height by width: true where a colored ground lies in shadow."""
    may_be_shadow: np.ndarray
    """Height by width: true where the color may be the ground's, darkened by a shadow; gray goods may look the same."""
    contrast: np.ndarray
    """Height by width: largest difference between a pixel and its neighbors, in levels."""
    blown: np.ndarray
    """Height by width: true where the ground is overexposed, and so has the color of every white thing."""

    @property
    def is_plain(self) -> bool:
        return self.share >= PLAIN and self.spread <= EVEN

    @property
    def tolerance(self) -> float:
        """Distance up to which a pixel may be ground, in levels."""
        return min(14.0, max(5.0, 2.5 * self.spread))


def fit_ground(pixels: np.ndarray, probability: np.ndarray) -> Ground | None:
    """Fit a quadratic surface to the pixels far from the product.

    Args:
        pixels: height by width by 3, RGB.
        probability: height by width, the model's probability of the product.

    Returns:
        None if the product leaves too little ground.
    """
    opponent = opponent_colors(pixels)
    far = np.flatnonzero(~ndimage.binary_dilation(probability > FAINT, iterations=CLEARANCE))
    if len(far) < LEAST * probability.size:
        return None
    height, width = probability.shape
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    terms = np.stack([np.ones_like(x), x, y, x * x, y * y, x * y])
    samples = far[:: max(1, len(far) // SAMPLES)]
    at, values = terms.reshape(6, -1)[:, samples].T, opponent.reshape(3, -1)[:, samples].T
    fits = np.ones(len(samples), dtype=bool)
    for _ in range(4):
        weights = _least_squares(at[fits], values[fits])
        off = np.abs(values - at @ weights).max(axis=1)
        spread = max(2.0, 1.5 * float(np.median(off[fits])))
        fits = off < 3 * spread
    color = np.tensordot(weights.T, terms, 1)
    distance = np.abs(opponent - color).max(axis=0)
    darker = _darker(opponent, color, tolerance=max(8.0, 2.5 * spread))
    colored = np.abs(color[1:]).max(axis=0) > COLORED
    return Ground(
        distance, spread, float(fits.mean()), darker & colored, darker, contrast_of(opponent[:1]), color[0] > BLOWN
    )


def _least_squares(at: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the weights of the terms that fit the values best."""
    # The normal equations of six terms take a fiftieth of lstsq's time. The ridge keeps them solvable in a narrow strip.
    normal = at.T.astype(np.float64) @ at + 1e-6 * len(at) * np.eye(at.shape[1])
    return np.linalg.solve(normal, at.T.astype(np.float64) @ values).astype(np.float32)


def opponent_colors(pixels: np.ndarray) -> np.ndarray:
    """Return lightness, blue and red difference by channel."""
    values = pixels.astype(np.float32)
    lightness = values @ _LIGHTNESS
    return np.stack([lightness, values[..., 2] - lightness, values[..., 0] - lightness])


def _darker(opponent: np.ndarray, color: np.ndarray, *, tolerance: float) -> np.ndarray:
    """Return where a pixel has the ground's color, darkened by at most half."""
    factor = opponent[0] / np.maximum(color[0], 1)
    off = np.abs(opponent[1:] - factor * color[1:]).max(axis=0)
    return np.asarray((factor > SHADE) & (factor < 1.04) & (off < tolerance))
