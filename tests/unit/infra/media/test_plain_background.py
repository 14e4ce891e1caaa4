"""A product on a plain background is found by its outline."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from infra.adapters.media.studio.plain_background import extend_to_square, outline_on_plain_background

SIZE = (600, 500)
FRAME = (150, 90, 450, 410)


def wall(*, light: int = 225, dark: int = 200) -> Image.Image:
    """A plain wall, darker towards the floor."""
    ramp = Image.linear_gradient("L").resize(SIZE)
    return Image.composite(Image.new("RGB", SIZE, (dark,) * 3), Image.new("RGB", SIZE, (light,) * 3), ramp)


def with_soft_shadow(scene: Image.Image, box: tuple[int, int, int, int]) -> Image.Image:
    left, top, right, bottom = box
    shade = Image.new("L", scene.size, 0)
    ImageDraw.Draw(shade).rectangle((left + 14, top + 20, right + 14, bottom + 20), fill=110)
    scene.paste((30, 28, 26), (0, 0), shade.filter(ImageFilter.GaussianBlur(16)))
    return scene


def framed_ball() -> Image.Image:
    """A black frame around a white mat, in the middle of it a green ball."""
    scene = with_soft_shadow(wall(), FRAME)
    draw = ImageDraw.Draw(scene)
    draw.rectangle(FRAME, fill=(20, 20, 20))
    draw.rectangle((160, 100, 440, 400), fill=(250, 249, 246))
    draw.ellipse((250, 200, 350, 300), fill=(120, 190, 40))
    return scene


def mask_of(box: tuple[int, int, int, int]) -> Image.Image:
    mask = Image.new("L", SIZE, 0)
    ImageDraw.Draw(mask).rectangle(box, fill=255)
    return mask


def agreement(found: np.ndarray, wanted: Image.Image) -> float:
    truth = np.asarray(wanted) > 127
    return float((found & truth).sum() / (found | truth).sum())


def test_a_framed_print_is_found_along_its_frame_and_its_soft_shadow_is_not() -> None:
    outline = outline_on_plain_background(framed_ball())
    assert outline is not None
    assert outline.is_flat
    assert agreement(outline.filled, mask_of(FRAME)) > 0.97


def test_a_mask_of_a_prints_subject_has_not_found_the_print() -> None:
    outline = outline_on_plain_background(framed_ball())
    assert outline is not None
    pictured = mask_of((250, 200, 350, 300))
    assert not outline.agrees(pictured)
    assert outline.agrees(mask_of(FRAME))
    assert outline.surrounds(pictured)


def test_a_mask_beyond_the_outline_has_found_a_product_of_the_grounds_color() -> None:
    outline = outline_on_plain_background(framed_ball())
    assert outline is not None
    left, top, right, bottom = FRAME
    assert not outline.surrounds(mask_of((left, top, right, bottom + 60)))
    assert outline.surrounds(mask_of((left, top, right, bottom + 10)))


def test_several_flat_things_side_by_side_are_flat_each() -> None:
    scene = wall()
    for left in (60, 230, 400):
        ImageDraw.Draw(scene).rectangle((left, 150, left + 140, 380), fill=(60, 90, 120))
    outline = outline_on_plain_background(scene)
    assert outline is not None
    assert outline.is_flat
    assert outline.filled.sum() == pytest.approx(3 * 141 * 231, rel=0.05)


def test_a_thing_with_arms_is_not_flat() -> None:
    scene = wall()
    draw = ImageDraw.Draw(scene)
    draw.rectangle((280, 80, 320, 420), fill=(150, 60, 30))
    draw.rectangle((120, 380, 480, 420), fill=(150, 60, 30))
    outline = outline_on_plain_background(scene)
    assert outline is not None
    assert not outline.is_flat


def test_a_mask_without_a_things_hard_shadow_agrees() -> None:
    scene = wall()
    draw = ImageDraw.Draw(scene)
    draw.polygon([(300, 300), (560, 420), (500, 440), (240, 320)], fill=(95, 95, 95))
    draw.ellipse((200, 140, 340, 320), fill=(190, 70, 20))
    ball = Image.new("L", SIZE, 0)
    ImageDraw.Draw(ball).ellipse((200, 140, 340, 320), fill=255)
    outline = outline_on_plain_background(scene)
    assert outline is not None
    assert not outline.is_flat
    assert outline.agrees(ball)


def test_the_mask_of_an_outline_is_white_within_and_black_without() -> None:
    outline = outline_on_plain_background(framed_ball())
    assert outline is not None
    mask = outline.mask()
    assert (mask.mode, mask.size) == ("L", SIZE)
    assert [mask.getpixel(place) for place in ((300, 110), (160, 250), (20, 20), (470, 420))] == [255, 255, 0, 0]


def test_a_ground_that_is_not_plain_tells_nothing() -> None:
    noise = np.random.default_rng(7).integers(0, 255, (SIZE[1], SIZE[0], 3), dtype=np.uint8)
    assert outline_on_plain_background(Image.fromarray(noise)) is None


def test_a_plain_ground_with_nothing_on_it_tells_nothing() -> None:
    assert outline_on_plain_background(wall()) is None


@pytest.mark.parametrize("size", [(200, 1600), (1600, 200), (3, 3), (1, 1)])
def test_photos_of_any_shape_are_measured(size: tuple[int, int]) -> None:
    scene = Image.new("RGB", size, (230, 230, 230))
    ImageDraw.Draw(scene).rectangle((size[0] // 4, size[1] // 4, size[0] * 3 // 4, size[1] * 3 // 4), fill=(20, 40, 90))
    outline = outline_on_plain_background(scene)
    assert (outline is None) is (min(size) < 200)


def test_a_photo_on_a_plain_ground_becomes_square_by_more_of_its_ground() -> None:
    photo = framed_ball()
    square = extend_to_square(photo)
    assert square is not None
    assert square.size == (600, 600)
    assert np.array_equal(np.asarray(square)[50:550], np.asarray(photo))
    above, first = (np.asarray(square, dtype=int)[row] for row in (20, 50))
    assert np.abs(above - first).max() < 4


def test_a_photo_with_a_busy_edge_has_no_more_ground_to_give() -> None:
    noise = np.random.default_rng(7).integers(0, 255, (SIZE[1], SIZE[0], 3), dtype=np.uint8)
    assert extend_to_square(Image.fromarray(noise)) is None
