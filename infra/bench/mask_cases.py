"""Photos with true masks, and what the studio makes of them."""

import random
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

from infra.adapters.media.studio.judgment import judge
from infra.adapters.media.studio.mask import Predict, find_mask
from infra.bench.figures import Figures
from infra.sandbox.sample_supplier.composing import compose
from infra.sandbox.sample_supplier.goods import all_goods
from infra.sandbox.sample_supplier.pictures import PHOTOS
from infra.sandbox.sample_supplier.staging import scene_shots

TRUE_MASKS = Path(__file__).parent / "true_masks"
RIGHT = 0.9
"""Intersection over union from which a mask is right."""
PART, THICKNESS = 0.008, 3
"""A missing part counts from this share of the product, if it is thicker than twice this many pixels."""
RENDER = (1200, 1200)
LONGEST, LARGEST_ZOOM = 1200, 3.0
"""Longest side of a crop in pixels, and how much it may be enlarged."""

Crop = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Case:
    """A photo and its true mask."""

    name: str
    photo: Image.Image
    truth: np.ndarray | None
    """Height by width; None if the photo must be kept whole."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the studio made of a case."""

    name: str
    iou: float | None
    """Intersection over union with the true mask; None if the photo must be kept whole or nothing was found."""
    is_wrong: bool
    """Whether the mask is wrong by :data:`RIGHT`, or none should be cut."""
    lacks_part: bool
    """Whether a whole part of the product is missing, however small."""
    is_flagged: bool
    confidence: float
    reason: str


def photo_cases() -> Iterator[Case]:
    """Yield the sample supplier's photos."""
    known = _known()
    for name in sorted([*known["drawn"], *known["whole"]]):
        yield Case(name, _photo(name), _truth(name) if name in known["drawn"] else None)


def crop_cases() -> Iterator[Case]:
    """Yield parts of the photos, enlarged as the sample supplier did."""
    known = _known()
    for name, crops in sorted(known["crops"].items()):
        for crop in crops:
            part = _cropped(_photo(name), crop)
            scale = min(LONGEST / max(part.size), LARGEST_ZOOM)
            part = part.resize((round(part.width * scale), round(part.height * scale)), Image.Resampling.LANCZOS)
            truth = None
            if name in known["drawn"]:
                truth = np.asarray(_cropped(Image.fromarray(_truth(name)), crop))
            yield Case(f"{name} {crop}", part, truth)


def render_cases(count: int, seed: int) -> Iterator[Case]:
    """Yield composed scenes of the sample supplier's renders, with their exact masks."""
    shots = []
    renders = set()
    for goods in all_goods():
        if goods.render is not None and goods.render not in renders:
            renders.add(goods.render)
            shots += [(goods.id, shot.staging) for shot in list(scene_shots(goods, "main", near=False))[:2]]
    for id, staging in random.Random(seed).sample(shots, min(count, len(shots))):  # noqa: S311 - a sample, no secret
        if staging is not None:
            picture, mask = compose(staging, RENDER)
            yield Case(f"{id} on {staging.scene}", picture.convert("RGB"), np.asarray(mask.convert("L")) > 127)


def judge_case(case: Case, predict: Predict) -> Verdict:
    """Return what the studio makes of a case."""
    mask = find_mask(case.photo, predict)
    if mask is None:
        return Verdict(case.name, None, is_wrong=True, lacks_part=False, is_flagged=True, confidence=0, reason="")
    review = judge(mask.signals, has_ground=mask.has_ground)
    verdict = partial(Verdict, is_flagged=review.needs_review, confidence=review.confidence, reason=review.reason)
    if case.truth is None:
        return verdict(case.name, None, is_wrong=True, lacks_part=False)
    shown = np.asarray(mask.image.resize(case.truth.shape[::-1], Image.Resampling.BILINEAR)) > 127
    iou = float((shown & case.truth).sum() / max(1, (shown | case.truth).sum()))
    return verdict(case.name, iou, is_wrong=iou < RIGHT, lacks_part=_lacks_part(shown, case.truth))


def figures_of(verdicts: Sequence[Verdict], prefix: str) -> Figures:
    """Return the figures of a set.

    ``wrong_flagged`` and ``good_flagged`` go by intersection over union alone. ``broken_flagged`` and ``whole_flagged``
    count a mask that lacks a part of the product as broken too.
    """
    cut = [each.iou for each in verdicts if not each.is_flagged and each.iou is not None]
    wrong, good = _split(verdicts, lambda each: each.is_wrong)
    broken, intact = _split(verdicts, lambda each: each.is_wrong or each.lacks_part)
    return {
        f"{prefix}": float(len(verdicts)),
        f"{prefix}_mean_iou": float(np.mean(cut)) if cut else 0.0,
        f"{prefix}_wrong": float(len(wrong)),
        f"{prefix}_wrong_flagged": _flagged(wrong, without=1.0),
        f"{prefix}_good_flagged": _flagged(good, without=0.0),
        f"{prefix}_broken_flagged": _flagged(broken, without=1.0),
        f"{prefix}_whole_flagged": _flagged(intact, without=0.0),
    }


def _split(verdicts: Sequence[Verdict], which: Callable[[Verdict], bool]) -> tuple[list[Verdict], list[Verdict]]:
    return [each for each in verdicts if which(each)], [each for each in verdicts if not which(each)]


def _flagged(verdicts: Sequence[Verdict], *, without: float) -> float:
    return sum(each.is_flagged for each in verdicts) / len(verdicts) if verdicts else without


def _lacks_part(shown: np.ndarray, truth: np.ndarray) -> bool:
    missing = ndimage.binary_opening(truth & ~shown, iterations=THICKNESS)
    labels, count = ndimage.label(missing)
    return bool(count and np.bincount(labels.ravel())[1:].max() >= PART * truth.sum())


def _known() -> dict[str, dict[str, list[Crop]]]:
    return tomllib.loads((TRUE_MASKS / "masks.toml").read_text("utf-8"))


def _photo(name: str) -> Image.Image:
    with Image.open(PHOTOS / f"{name}.jpg") as file:
        return file.convert("RGB")


def _truth(name: str) -> np.ndarray:
    with Image.open(TRUE_MASKS / f"{name}.png") as file:
        return np.asarray(file.convert("L")) > 127


def _cropped(image: Image.Image, crop: Crop) -> Image.Image:
    left, top, right, bottom = crop
    return image.crop(
        (round(left * image.width), round(top * image.height), round(right * image.width), round(bottom * image.height))
    )
