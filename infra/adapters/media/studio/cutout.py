"""Cuts the product out of its photo, by rembg's U²-Net or by its outline on a plain background."""

import importlib
import sys
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from infra.adapters.media.studio.open_photo import Photo
from infra.adapters.media.studio.plain_background import outline_on_plain_background

MODEL_SIDE = 320
"""The model's input size in pixels."""
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


def cut_out(photo: Photo, model: str) -> Cutout | None:
    """Cut the product out.

    Args:
        photo: the product's photo.
        model: path of ``u2netp.onnx``.

    Returns:
        None if the product is not certain.
    """
    size = photo.image.size
    if photo.alpha is not None:
        box = _box(photo.alpha, size)
        alpha = photo.alpha.crop(box)
    else:
        mask = find_product(photo.image, model)
        if mask is None:
            return None
        box = _box(mask, size)
        # Sharpen after enlarging, or the mask's pixels would show as steps.
        alpha = _enlarged(mask, size, box).point(_FIRM_EDGES)
    cut = without_halo(photo.image.crop(box), alpha)
    cut.putalpha(alpha)
    return Cutout(cut, _cropped(alpha, box, size))


def find_product(image: Image.Image, model: str) -> Image.Image | None:
    """Return a mask, white where the product is.

    The mask is the model's, unless the product is flat and on a plain background, where its outline is more accurate.

    Returns:
        None if both are uncertain.
    """
    mask = predict_mask(image, model)
    sure, outline = is_sure(mask), outline_on_plain_background(image)
    if outline is not None and outline.is_flat and (not sure or outline.surrounds(mask)):
        return outline.mask()
    return mask if sure and (outline is None or outline.agrees(mask)) else None


def predict_mask(image: Image.Image, model: str) -> Image.Image:
    """Return the model's mask of the product, 320 pixels square, white where it is certain."""
    small = image.resize((MODEL_SIDE, MODEL_SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)
    mask: Image.Image = session(model).predict(small)[0]
    return mask


def is_sure(mask: Image.Image) -> bool:
    """Return whether a mask shows a product with little uncertain area."""
    histogram = mask.histogram()
    total = sum(histogram)
    solid, unsure = sum(histogram[224:]) / total, sum(histogram[32:224]) / total
    return solid >= 0.03 and unsure <= max(0.12, 0.6 * solid)


def without_halo(image: Image.Image, alpha: Image.Image) -> Image.Image:
    """Return the image with its soft edge recolored from the inside, so that the old background does not show.

    Where alpha is not solid, the color is the Gaussian mean of the solid pixels nearby (normalized convolution,
    Knutsson and Westin 1993), computed at half the size. rembg's own method needs pymatting, whose import compiles for
    a minute.
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


@cache
def session(model: str) -> Any:
    """Return rembg's session for the weights at a path, loaded once per process."""
    import onnxruntime  # noqa: PLC0415 - slow and large: worker processes only

    network = _u2netp()

    class Local(network):  # type: ignore[misc, valid-type]  # rembg is untyped
        @classmethod
        def download_models(cls, *_: Any, **__: Any) -> str:
            return model  # never from the network: set-up downloaded and checked the file

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    # A memory pattern costs 190 MB. Without an arena every run allocates again, which takes a fifth of its time.
    options.enable_mem_pattern = False
    return Local("u2netp", options, providers=["CPUExecutionProvider"])


def _u2netp() -> type:
    """Return rembg's session class without importing the rest of rembg.

    ``import rembg`` loads numba, scipy and scikit-image for alpha matting, which we do not use: a second of processor
    time and 100 MB in every worker. Empty package objects stand in for rembg, so only the needed modules run.
    """
    spec = find_spec("rembg")
    if spec is None or spec.origin is None:
        raise ImportError("the package `rembg` is not installed")
    root = Path(spec.origin).parent
    for name, folder in (("rembg", root), ("rembg.sessions", root / "sessions")):
        if name not in sys.modules:
            package = ModuleType(name)
            package.__path__ = [str(folder)]
            sys.modules[name] = package
    network: type = importlib.import_module("rembg.sessions.u2netp").U2netpSession
    return network


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
