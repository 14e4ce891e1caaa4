"""Cuts the product out of its photo, with rembg's U²-Net, and along its outline where that knows better."""

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
from infra.adapters.media.studio.plain_background import on_plain_ground

MODEL_SIDE = 320
"""What the model sees, whatever the photo's size."""
FAINT, FIRM = 0.12, 0.84
"""Below the one the model means the background, above the other the product; in between is edge."""
SURE = 240
Side = Literal["left", "top", "right", "bottom"]
CROPPED = 0.1
"""A product that lies solid against so much of its own side at the photo's edge goes on beyond it."""
_FIRM_EDGES = [round(255 * min(1, max(0, (value / 255 - FAINT) / (FIRM - FAINT)))) for value in range(256)]


@dataclass(frozen=True, slots=True)
class Cutout:
    """A product without its background."""

    image: Image.Image
    """RGBA, trimmed, in the photo's own resolution."""
    cropped: frozenset[Side] = frozenset()
    """Where the photo's own edge cuts through the product: there it has no outline to show."""


def cut_out(photo: Photo, model: str) -> Cutout | None:
    """Return the product alone.

    Args:
        photo: where it stands.
        model: path of ``u2netp.onnx``.

    Returns:
        None if it is not sure what the product is.
    """
    size = photo.image.size
    if photo.alpha is not None:
        box = _box(photo.alpha, size)
        alpha = photo.alpha.crop(box)
    else:
        mask = find(photo.image, model)
        if mask is None:
            return None
        box = _box(mask, size)
        # Firm only once it is large: the mask's own steps would show as a staircase.
        alpha = _enlarged(mask, size, box).point(_FIRM_EDGES)
    cut = without_halo(photo.image.crop(box), alpha)
    cut.putalpha(alpha)
    return Cutout(cut, _cropped(alpha, box, size))


def find(image: Image.Image, model: str) -> Image.Image | None:
    """Return a mask, white where the product is.

    The model's, unless the product is flat and stands on a plain ground: then its outline is known better.

    Returns:
        None if neither is sure.
    """
    mask = see(image, model)
    sure, outline = is_sure(mask), on_plain_ground(image)
    if outline is not None and outline.is_flat and (not sure or outline.surrounds(mask)):
        return outline.mask()
    return mask if sure and (outline is None or outline.agrees(mask)) else None


def see(image: Image.Image, model: str) -> Image.Image:
    """Return what the model takes for the product, 320 pixels square, white where it is certain."""
    small = image.resize((MODEL_SIDE, MODEL_SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)
    mask: Image.Image = session(model).predict(small)[0]
    return mask


def is_sure(mask: Image.Image) -> bool:
    """Whether there is a product, and more of it than of doubt."""
    histogram = mask.histogram()
    total = sum(histogram)
    solid, unsure = sum(histogram[224:]) / total, sum(histogram[32:224]) / total
    return solid >= 0.03 and unsure <= max(0.12, 0.6 * solid)


def without_halo(image: Image.Image, alpha: Image.Image) -> Image.Image:
    """Return the image with its soft edge recoloured from the product's inside, so that no old background shines through.

    Where alpha is below solid, the colour is the Gaussian mean of the solid pixels nearby (normalised convolution,
    Knutsson and Westin 1993), found at half the size: it is a blur. rembg's own way goes through pymatting, whose
    import compiles for a minute.
    """
    half = image.reduce(2)
    solid = alpha.reduce(2).point(lambda value: 255 if value >= SURE else 0)
    blur = ImageFilter.GaussianBlur(2.5)
    inside = Image.composite(half, Image.new("RGB", half.size), solid).filter(blur)
    weight = np.asarray(solid.filter(blur), dtype=np.float32)[..., None] / 255
    # Far from anything solid (thin straps) there is nothing to recolour from: keep what is there.
    known = weight > 0.02
    near = np.where(known, np.asarray(inside, dtype=np.float32) / np.maximum(weight, 1e-3), np.asarray(half))
    recoloured = Image.fromarray(near.clip(0, 255).astype(np.uint8), "RGB").resize(
        image.size, Image.Resampling.BILINEAR
    )
    edge = alpha.point(lambda value: 255 if value < SURE else 0)
    near_solid = Image.fromarray((known[..., 0] * 255).astype(np.uint8), "L").resize(image.size)
    return Image.composite(recoloured, image, ImageChops.darker(edge, near_solid))


@cache
def session(model: str) -> Any:
    """Return rembg's session on the weights at that path; loaded once a process."""
    import onnxruntime  # noqa: PLC0415 - a second and most of the memory: for worker processes only

    network = _u2netp()

    class Local(network):  # type: ignore[misc, valid-type]  # rembg is untyped
        @classmethod
        def download_models(cls, *_: Any, **__: Any) -> str:
            return model  # never from the network: the file was fetched and checked at set-up

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    # With a pattern the arena takes 190 MB more; without an arena every run faults its memory in anew, a fifth of its time.
    options.enable_mem_pattern = False
    return Local("u2netp", options, providers=["CPUExecutionProvider"])


def _u2netp() -> type:
    """Return rembg's session class, without what ``import rembg`` brings besides.

    That is numba, scipy and scikit-image for its alpha matting, which we do not use: a second of processor time and
    100 MB in every worker. So the packages are entered by an empty door, and only the modules behind it are run.
    """
    found = find_spec("rembg")
    if found is None or found.origin is None:
        raise ImportError("the package `rembg` is not installed")
    root = Path(found.origin).parent
    for name, folder in (("rembg", root), ("rembg.sessions", root / "sessions")):
        if name not in sys.modules:
            package = ModuleType(name)
            package.__path__ = [str(folder)]
            sys.modules[name] = package
    network: type = importlib.import_module("rembg.sessions.u2netp").U2netpSession
    return network


def _box(mask: Image.Image, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return where the product is in an image of that size, with a little air for its soft edge."""
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
    """Return that part of the mask, in the image's resolution."""
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
