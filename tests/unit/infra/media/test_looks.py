"""How often the model looks at a photo: each look takes most of the photo's processor time."""

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from infra.adapters.media.studio.judgment import judge
from infra.adapters.media.studio.mask import find_mask

BUSY = Image.fromarray(np.random.default_rng(1).integers(0, 255, (400, 400, 3), dtype=np.uint8), "RGB")
"""A photo without a plain ground."""
Box = tuple[int, int, int, int]


def seeing(box: Box) -> tuple[Callable[[Image.Image], Image.Image], list[Image.Image]]:
    """Return a model that finds the product in the same place of every photo, and its photos."""
    looks: list[Image.Image] = []

    def predict(image: Image.Image) -> Image.Image:
        looks.append(image)
        mask = Image.new("L", (320, 320))
        mask.paste(255, box)
        return mask

    return predict, looks


@pytest.mark.parametrize(
    ("box", "looks", "reason"),
    [
        ((0, 0, 320, 320), 1, "The photo cuts the product off."),
        ((20, 80, 160, 240), 2, "The outline is uncertain: a second look gives another one."),
        ((40, 40, 280, 280), 2, ""),
    ],
    ids=["doubtful at once", "doubtful in the mirror", "not doubtful"],
)
def test_a_mask_that_is_doubtful_gets_no_further_look(box: Box, looks: int, reason: str) -> None:
    predict, seen = seeing(box)
    mask = find_mask(BUSY, predict)
    assert mask is not None
    assert len(seen) == looks
    review = judge(mask.signals, has_ground=mask.has_ground)
    assert review.reason == reason
    assert review.needs_review is bool(reason)
