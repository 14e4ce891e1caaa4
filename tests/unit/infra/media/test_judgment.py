"""Signals of a mask become a confidence, a decision and a reason."""

import pytest

from domain.media.events import ImageVersion
from infra.adapters.media.studio.judgment import DOUBTS, THRESHOLD, judge

CLEAR = {"area": 0.2, "undecided": 0.08, "borders": 0.0, "pieces": 0.0, "hollow": 0.0, "mirror": 0.01}


def test_a_clear_mask_is_shown_without_a_reason() -> None:
    review = judge(CLEAR, has_ground=True)
    assert (review.confidence, review.shown, review.needs_review, review.reason) == (
        1.0,
        ImageVersion.CUTOUT,
        False,
        "",
    )
    assert review.signals == CLEAR


@pytest.mark.parametrize("signal", ["mirror", "scale", "undecided", "borders", "hollow", "lost_edges", "tiny", "full"])
def test_each_strong_signal_alone_keeps_the_photo_whole_and_says_why(signal: str) -> None:
    review = judge(CLEAR | {signal: DOUBTS[signal].full}, has_ground=False)
    assert review.needs_review
    assert review.shown is ImageVersion.ORIGINAL
    assert review.confidence < THRESHOLD
    assert review.reason == DOUBTS[signal].reason


def test_small_doubts_add_up() -> None:
    one = CLEAR | {"ground_inside": 1.0}
    assert not judge(one, has_ground=False).needs_review
    assert judge(one | {"pieces": 1.0}, has_ground=False).needs_review


def test_a_plain_ground_that_confirms_the_mask_outweighs_the_mirrored_photo() -> None:
    mirrored = CLEAR | {"mirror": 0.15}
    assert judge(mirrored, has_ground=False).needs_review
    assert not judge(mirrored, has_ground=True).needs_review
    assert judge(mirrored | {"goods_outside": 0.2}, has_ground=True).needs_review, "the ground does not confirm it"


def test_a_product_may_touch_the_photos_edge_on_a_plain_ground_only() -> None:
    cropped = CLEAR | {"borders": 0.3}
    assert judge(cropped, has_ground=False).needs_review
    assert not judge(cropped, has_ground=True).needs_review
