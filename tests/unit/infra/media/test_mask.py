"""The mask of a product, from a network that is played by drawn probabilities."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFilter
from scipy import ndimage

from infra.adapters.media.studio.judgment import judge
from infra.adapters.media.studio.mask import find_mask

SIZE = (600, 600)
CUTOUTS = Path(__file__).parents[3] / "fixtures" / "cutouts"
Predict = Callable[[Image.Image], Image.Image]


def always(mask: Image.Image) -> Predict:
    """Play a network that sees one mask in the photo, its mirror image and its parts."""
    soft = mask.filter(ImageFilter.GaussianBlur(1))

    def predict(image: Image.Image) -> Image.Image:
        return soft if image.size == mask.size else soft.resize(image.size)

    return predict


def ground(*, light: int = 225, dark: int = 205) -> Image.Image:
    """A plain ground with grain, darker downwards."""
    rows = np.linspace(light, dark, SIZE[1])[:, None]
    grain = np.random.default_rng(1).normal(0, 1.2, SIZE[::-1])
    return Image.fromarray(np.stack([rows + grain] * 3, axis=2).clip(0, 255).astype(np.uint8))


def disk(*, hole: int = 0) -> Image.Image:
    mask = Image.new("L", SIZE, 0)
    draw = ImageDraw.Draw(mask)
    draw.ellipse((150, 150, 450, 450), fill=255)
    if hole:
        draw.ellipse((300 - hole, 300 - hole, 300 + hole, 300 + hole), fill=0)
    return mask


def overlap(found: Image.Image, truth: Image.Image) -> float:
    one, other = np.asarray(found.resize(truth.size)) > 127, np.asarray(truth) > 127
    return float((one & other).sum() / (one | other).sum())


def test_ground_that_shows_through_a_ring_is_opened() -> None:
    truth = disk(hole=90)
    photo = Image.composite(Image.new("RGB", SIZE, "#b8402a"), ground(), truth)
    mask = find_mask(photo, always(disk()))
    assert mask is not None
    assert overlap(mask.image, truth) > 0.97
    assert overlap(disk(), truth) < 0.95, "the network itself fills the ring"


def test_a_pale_part_of_the_product_stays() -> None:
    photo = Image.composite(Image.new("RGB", SIZE, "#b8402a"), ground(), disk())
    ImageDraw.Draw(photo).ellipse((240, 240, 360, 360), fill=(238, 236, 230))
    mask = find_mask(photo, always(disk()))
    assert mask is not None
    assert overlap(mask.image, disk()) > 0.97


def test_a_white_part_on_an_overexposed_ground_is_not_opened_but_doubted() -> None:
    photo = Image.composite(Image.new("RGB", SIZE, "#b8402a"), Image.new("RGB", SIZE, "white"), disk(hole=90))
    mask = find_mask(photo, always(disk()))
    assert mask is not None
    assert overlap(mask.image, disk()) > 0.97
    review = judge(mask.signals, has_ground=mask.has_ground)
    assert review.needs_review
    assert review.reason == "The background may show through the product."


def two_surfaces() -> Image.Image:
    """A plain ground, darker and warmer in its lower half."""
    scene = ground()
    scene.paste(ImageChops.multiply(ground(), Image.new("RGB", SIZE, "#d8ccc0")).crop((0, 300, *SIZE)), (0, 300))
    return scene


def test_a_surface_of_the_ground_that_shows_through_is_doubted() -> None:
    photo = Image.composite(Image.new("RGB", SIZE, "#b8402a"), two_surfaces(), disk(hole=60))
    mask = find_mask(photo, always(disk()))
    assert mask is not None
    assert mask.signals["seen_through"] > 0.05
    review = judge(mask.signals, has_ground=mask.has_ground)
    assert review.needs_review
    assert review.reason == "The background may show through the product."


def test_goods_on_two_surfaces_with_a_part_of_another_color_are_not_doubted() -> None:
    photo = Image.composite(Image.new("RGB", SIZE, "#b8402a"), two_surfaces(), disk())
    ImageDraw.Draw(photo).ellipse((240, 240, 360, 360), fill="#e8d44a")
    mask = find_mask(photo, always(disk()))
    assert mask is not None
    assert mask.signals["seen_through"] == 0
    assert not judge(mask.signals, has_ground=mask.has_ground).needs_review


def test_a_strap_that_the_network_hardly_sees_is_added() -> None:
    truth = disk()
    ImageDraw.Draw(truth).line((300, 160, 340, 20), fill=255, width=8)
    photo = Image.composite(Image.new("RGB", SIZE, "#20304a"), ground(), truth)
    seen = Image.composite(disk(), truth.point(lambda value: value // 10), disk())
    mask = find_mask(photo, always(seen))
    assert mask is not None
    assert overlap(mask.image, truth) > 0.97
    assert mask.image.getpixel((round(325 * mask.image.width / 600), round(70 * mask.image.height / 600))) > 127  # type: ignore[operator]


def test_a_soft_shadow_is_not_added() -> None:
    photo = Image.composite(Image.new("RGB", SIZE, "#b8402a"), ground(), disk())
    shade = Image.new("L", SIZE, 0)
    ImageDraw.Draw(shade).ellipse((180, 430, 520, 500), fill=120)
    scene = ground()
    scene.paste((40, 40, 40), (0, 0), shade.filter(ImageFilter.GaussianBlur(12)))
    photo = Image.composite(photo, scene, disk())
    mask = find_mask(photo, always(disk()))
    assert mask is not None
    assert overlap(mask.image, disk()) > 0.97


def test_a_network_that_sees_another_thing_in_the_mirrored_photo_is_doubted() -> None:
    rng = np.random.default_rng(2)
    photo = Image.fromarray(rng.integers(0, 255, (*SIZE[::-1], 3), dtype=np.uint8))
    looks = iter([disk(), disk().transform(SIZE, Image.Transform.AFFINE, (1, 0, 200, 0, 1, 0)), disk()])
    mask = find_mask(photo, lambda _: next(looks))
    assert mask is not None
    assert mask.signals["mirror"] > 0.5
    assert judge(mask.signals, has_ground=mask.has_ground).needs_review


def test_a_thing_before_a_walls_panel_is_the_product_and_not_the_panel() -> None:
    photo = ground()
    ImageDraw.Draw(photo).rectangle((60, 60, 540, 540), outline=(150, 150, 150), width=4)
    photo = Image.composite(Image.new("RGB", SIZE, "#1f6fb8"), photo, disk())
    mask = find_mask(photo, always(disk()))
    assert mask is not None
    assert overlap(mask.image, disk()) > 0.95


def test_nothing_found_is_no_mask() -> None:
    assert find_mask(ground(), always(Image.new("L", SIZE, 0))) is None


@pytest.mark.parametrize("name", ["chain_white", "ring_gold_white", "scissors_white", "mug_blue_white", "box"])
def test_the_holes_of_drawn_things_are_opened(name: str) -> None:
    """The network fills every hole, as it does with these pictures."""
    truth = Image.open(CUTOUTS / f"{name}.mask.png").convert("L")
    filled = Image.fromarray((ndimage.binary_fill_holes(np.asarray(truth) > 127) * 255).astype(np.uint8))
    mask = find_mask(Image.open(CUTOUTS / f"{name}.jpg").convert("RGB"), always(filled))
    assert mask is not None
    assert overlap(mask.image, truth) > 0.9


def planks() -> Image.Image:
    """A plain ground with dark joints from edge to edge."""
    photo = ground()
    draw = ImageDraw.Draw(photo)
    for at in range(20, SIZE[1], 110):
        draw.line((0, at, SIZE[0], at), fill=(90, 88, 86), width=3)
    return photo


def test_the_joints_of_planks_are_no_parts_of_the_product() -> None:
    mask = find_mask(Image.composite(Image.new("RGB", SIZE, "#b8402a"), planks(), disk()), always(disk()))
    assert mask is not None
    assert mask.signals["lost_edges"] < 1, "they alone are several times the product's outline"
    assert not judge(mask.signals, has_ground=mask.has_ground).needs_review


def test_things_beside_the_product_are_doubted_on_planks_too() -> None:
    scene = planks()
    draw = ImageDraw.Draw(scene)
    for at in range(80, 140, 8):
        draw.line((at, 200, at, 400), fill=(20, 20, 20), width=4)
    mask = find_mask(Image.composite(Image.new("RGB", SIZE, "#b8402a"), scene, disk()), always(disk()))
    assert mask is not None
    assert mask.signals["lost_edges"] > 1.5


@pytest.mark.parametrize(("color", "is_doubted"), [(None, False), ("#1f6fb8", True)])
def test_another_look_that_adds_plain_ground_is_no_doubt_and_one_that_adds_a_thing_is(
    color: str | None, is_doubted: bool
) -> None:
    photo = Image.composite(Image.new("RGB", SIZE, "#b8402a"), ground(), disk())
    beside = (30, 240, 90, 360)
    if color is not None:
        ImageDraw.Draw(photo).rectangle(beside, fill=color)
    # A soft outline asks for a second look.
    seen = disk().filter(ImageFilter.GaussianBlur(8))
    wider = seen.copy()
    ImageDraw.Draw(wider).rectangle(beside, fill=255)
    looks = iter([seen, wider.transpose(Image.Transpose.FLIP_LEFT_RIGHT), seen])
    mask = find_mask(photo, lambda image: next(looks).resize(image.size))
    assert mask is not None
    assert ("mirror" in mask.signals, mask.signals["mirror"] > 0.05) == (True, is_doubted)
