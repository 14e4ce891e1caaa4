"""Cuts the product out of its photo along its mask, with a judgment of the mask."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from domain.media.events import CutoutReview, ImageVersion
from infra.adapters.media.studio.judgment import NO_PRODUCT, judge
from infra.adapters.media.studio.mask import Predict, find_mask
from infra.adapters.media.studio.open_photo import Photo

FAINT, FIRM = 0.12, 0.84
"""Mask values below the first are background, above the second product; between them is the edge."""
SURE = 240
"""Alpha from which a pixel counts as solid."""
Side = Literal["left", "top", "right", "bottom"]
CROPPED = 0.1
"""A product that touches the photo's edge with this share of its side is cropped there."""
_FIRM_EDGES = [round(255 * min(1, max(0, (value / 255 - FAINT) / (FIRM - FAINT)))) for value in range(256)]


@dataclass(frozen=True, slots=True)
class Cutout:
    """A product without its background."""

    image: Image.Image
    """RGBA, trimmed, in the photo's resolution."""
    cropped: frozenset[Side] = frozenset()
    """The sides where the photo's edge cuts through the product."""


def cut_out(photo: Photo, predict: Predict) -> tuple[Cutout | None, CutoutReview]:
    """Cut the product out and judge the cut-out.

    Args:
        photo: the product's photo.
        predict: the network.

    Returns:
        The cut-out, None if no product was found, and its judgment.
    """
    size = photo.image.size
    if photo.alpha is not None:
        box = _box(photo.alpha, size)
        alpha = photo.alpha.crop(box)
        review = CutoutReview(confidence=1.0, shown=ImageVersion.CUTOUT)  # the supplier cut it out
    else:
        mask = find_mask(photo.image, predict)
        if mask is None:
            missing = CutoutReview(confidence=0.0, shown=ImageVersion.ORIGINAL, needs_review=True, reason=NO_PRODUCT)
            return None, missing
        review = judge(mask.signals, has_ground=mask.has_ground)
        box = _box(mask.image, size)
        # Sharpen after enlarging, or the mask's pixels would show as steps.
        alpha = _enlarged(mask.image, size, box).point(_FIRM_EDGES)
    cut = without_halo(photo.image.crop(box), alpha)
    cut.putalpha(alpha)
    return Cutout(cut, _cropped(alpha, box, size)), review


def without_halo(image: Image.Image, alpha: Image.Image) -> Image.Image:
    """Return the image with its soft edge recolored from the inside, so that the old background does not show.

    Where alpha is not solid, the color is the Gaussian mean of the solid pixels nearby (normalized convolution,
    Knutsson and Westin 1993), computed at half the size.
    """
    half = image.reduce(2)
    solid = alpha.reduce(2).point(lambda value: 255 if value >= SURE else 0)
    blur = ImageFilter.GaussianBlur(2.5)
    inside = Image.composite(half, Image.new("RGB", half.size), solid).filter(blur)
    weight = np.asarray(solid.filter(blur), dtype=np.float32)[..., None] / 255
    # Far from solid pixels (thin straps) there is no color to use: keep the original.
    known = weight > 0.02
    near = np.where(known, np.asarray(inside, dtype=np.float32) / np.maximum(weight, 1e-3), np.asarray(half))
    recolored = Image.fromarray(near.clip(0, 255).astype(np.uint8), "RGB").resize(image.size, Image.Resampling.BILINEAR)
    edge = alpha.point(lambda value: 255 if value < SURE else 0)
    near_solid = Image.fromarray((known[..., 0] * 255).astype(np.uint8), "L").resize(image.size)
    return Image.composite(recolored, image, ImageChops.darker(edge, near_solid))


def _box(mask: Image.Image, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return the product's box in an image of that size, with a margin for its soft edge."""
    found = mask.point(lambda value: 255 if value > 255 * FAINT + 16 else 0).getbbox() or (0, 0, *mask.size)
    across, down = size[0] / mask.width, size[1] / mask.height
    left, top, right, bottom = found
    return (
        max(0, int((left - 1) * across)),
        max(0, int((top - 1) * down)),
        min(size[0], round((right + 1) * across)),
        min(size[1], round((bottom + 1) * down)),
    )


def _enlarged(mask: Image.Image, size: tuple[int, int], box: tuple[int, int, int, int]) -> Image.Image:
    """Return a part of the mask in the image's resolution."""
    across, down = mask.width / size[0], mask.height / size[1]
    part = (box[0] * across, box[1] * down, box[2] * across, box[3] * down)
    return mask.resize((box[2] - box[0], box[3] - box[1]), Image.Resampling.BICUBIC, box=part)


def _cropped(alpha: Image.Image, box: tuple[int, int, int, int], size: tuple[int, int]) -> frozenset[Side]:
    width, height = alpha.size
    edges: dict[Side, tuple[bool, tuple[int, int, int, int]]] = {
        "left": (box[0] == 0, (0, 0, 1, height)),
        "top": (box[1] == 0, (0, 0, width, 1)),
        "right": (box[2] == size[0], (width - 1, 0, width, height)),
        "bottom": (box[3] == size[1], (0, height - 1, width, height)),
    }
    return frozenset(
        side
        for side, (touches, line) in edges.items()
        if touches and sum(alpha.crop(line).histogram()[128:]) > CROPPED * max(line[2] - line[0], line[3] - line[1])
    )
