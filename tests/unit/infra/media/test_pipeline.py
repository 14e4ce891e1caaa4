"""A photo that is kept whole becomes a square that shows all of it."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from domain.media.events import ImageVersion, Operation
from infra.adapters.media.studio.pipeline import process_photo

GROUND = "#2040c0"


def photo(width: int, height: int) -> bytes:
    """A noisy ground with a red stripe at the left edge and a green one at the right."""
    noise = np.random.default_rng(3).integers(0, 255, (height, width, 3), dtype=np.uint8)
    image = Image.fromarray(noise)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 19, height), fill="#ff0000")
    draw.rectangle((width - 20, 0, width, height), fill="#00ff00")
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def nothing(image: Image.Image) -> Image.Image:
    return Image.new("L", (320, 320), 0)


@pytest.mark.parametrize("operations", [list(Operation), [Operation.SHARPEN]])
def test_a_wide_photo_keeps_both_its_ends(operations: list[Operation]) -> None:
    result = process_photo(photo(600, 400), operations=operations, ground=GROUND, predict=nothing)
    picture = Image.open(io.BytesIO(result.renditions[-1].data)).convert("RGB")
    assert picture.size == (600, 600)
    left, right = picture.getpixel((6, 300)), picture.getpixel((593, 300))
    assert left[0] > 200 > left[1]  # type: ignore[index]
    assert right[1] > 200 > right[0]  # type: ignore[index]


def test_a_nearly_square_photo_is_cropped() -> None:
    result = process_photo(photo(440, 400), operations=[], ground=GROUND, predict=nothing)
    assert (result.renditions[-1].width, result.renditions[-1].height) == (400, 400)


def test_a_photo_without_a_product_has_a_reason_and_no_other_version() -> None:
    result = process_photo(photo(600, 400), operations=list(Operation), ground=GROUND, predict=nothing)
    assert result.review is not None
    assert (result.review.shown, result.review.needs_review) == (ImageVersion.ORIGINAL, True)
    assert result.review.reason == "No product can be told from the background."
    assert not result.other_renditions
