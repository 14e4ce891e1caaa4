"""Judges a mask: named signals become doubts, doubts a confidence and a reason in plain words."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.media.events import CutoutReview, ImageVersion

THRESHOLD = 0.54
"""Confidence from which a cut-out is shown."""
SUPPORT = {"ground_inside": 0.03, "goods_outside": 0.05, "hollow": 0.02, "lost_edges": 0.6, "seen_through": 0.02}
"""The largest signals of a mask that a plain ground confirms."""
SUPPORTED = 0.3
"""What is left of a doubt if a plain ground confirms the mask."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """How a signal becomes a doubt."""

    none: float
    """The largest signal without doubt."""
    full: float
    """The signal from which the doubt is full."""
    weight: float
    """The full doubt, at most 1."""
    reason: str
    """For the merchant."""

    def of(self, signal: float) -> float:
        return self.weight * min(1.0, max(0.0, (signal - self.none) / (self.full - self.none)))


DOUBTS: Mapping[str, Doubt] = {
    "mirror": Doubt(0.03, 0.12, 1.0, "The outline is uncertain: a second look gives another one."),
    "scale": Doubt(0.05, 0.15, 1.0, "The outline is uncertain: a closer look gives another one."),
    "undecided": Doubt(0.15, 0.45, 0.7, "Much of the outline is unclear."),
    "borders": Doubt(0.15, 0.25, 0.7, "The photo cuts the product off."),
    "ground_inside": Doubt(0.04, 0.2, 0.35, "Parts of the product have the background's color."),
    "goods_outside": Doubt(0.08, 0.3, 0.3, "Other things or shadows are beside the product."),
    "lost_edges": Doubt(0.5, 2.0, 0.6, "Things beside the product may belong to it."),
    "overlooked": Doubt(0.0, 1.0, 0.2, "The cut-out leaves out much of what stands before the background."),
    "hollow": Doubt(0.05, 0.15, 1.0, "The background may show through the product."),
    "seen_through": Doubt(0.02, 0.04, 1.0, "The background may show through the product."),
    "pieces": Doubt(0.1, 0.4, 0.4, "The cut-out has several separate pieces."),
    "tiny": Doubt(0.005, 0.02, 1.0, "The product is very small in the photo."),
    "full": Doubt(0.75, 0.95, 1.0, "The product fills the photo."),
}
"""By signal. Set by eye on the photos of ``zyenta bench masks``; of the renders, only ``seen_through`` was set on some."""
CONFIRMED_MIRROR = Doubt(0.07, 0.5, 0.9, DOUBTS["mirror"].reason)
"""The doubt about the mirrored photo if a plain ground confirms the mask."""
NO_PRODUCT = "No product can be told from the background."


def judge(signals: Mapping[str, float], *, has_ground: bool) -> CutoutReview:
    """Return the judgment of a mask.

    Args:
        signals: what was measured, by name; see :mod:`.mask`. Signals without a doubt are recorded only.
        has_ground: whether the photo has a plain ground, which a cropped product may touch the photo's edge on.
    """
    doubts = {name: doubt.of(signals[name]) for name, doubt in DOUBTS.items() if name in signals}
    if has_ground:
        doubts["borders"] = 0.0
        if all(signals.get(name, 0.0) <= most for name, most in SUPPORT.items()):
            doubts = {name: value * (1 if name == "scale" else SUPPORTED) for name, value in doubts.items()}
            doubts["mirror"] = CONFIRMED_MIRROR.of(signals.get("mirror", 0.0))
    confidence = 1.0
    for doubt in doubts.values():
        confidence *= 1 - doubt
    needs_review = confidence < THRESHOLD
    worst = max(doubts, key=lambda name: doubts[name], default=None)
    return CutoutReview(
        confidence=round(confidence, 3),
        shown=ImageVersion.ORIGINAL if needs_review else ImageVersion.CUTOUT,
        needs_review=needs_review,
        reason=DOUBTS[worst].reason if needs_review and worst is not None else "",
        signals={name: round(value, 4) for name, value in signals.items()},
    )
