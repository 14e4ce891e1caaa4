"""Products are composed well on their ground, and colors are corrected only if they are wrong."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from infra.adapters.media.studio.color_correction import apply_table, correction
from infra.adapters.media.studio.compositing import MARGIN, compose
from infra.adapters.media.studio.cutout import Cutout, Side, without_halo
from tests.support.builders.photographs import product_photo

GROUND = "#f4efe6"


def product(width: int, height: int, colour: str = "#b8402a", cropped: frozenset[Side] = frozenset()) -> Cutout:
    return Cutout(Image.new("RGBA", (width, height), colour), cropped)


def extent(picture: Image.Image) -> tuple[int, int, int, int]:
    """Return where the red product is."""
    values = np.asarray(picture).astype(int)
    rows, columns = np.nonzero(values[..., 0] - values[..., 2] > 100)
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1


@pytest.mark.parametrize("ground", ["#f4efe6", "#14101f", "#ffffff", "#000000"])
def test_a_product_stands_free_on_a_square_of_the_ground(ground: str) -> None:
    picture = compose(product(900, 500), ground, at_most=1200)
    assert picture.width == picture.height == round(900 / (1 - 2 * MARGIN))
    left, top, right, bottom = extent(picture)
    assert (right - left, bottom - top) == (900, 500)
    assert left == pytest.approx(picture.width - right, abs=1)
    assert top > picture.height - bottom > 0


def test_a_large_product_is_not_resampled_but_fits_the_largest_size() -> None:
    assert compose(product(1500, 1500), GROUND, at_most=4000).width == 1600


def test_a_small_product_is_blown_up_a_little_and_never_beyond_its_photo() -> None:
    assert compose(product(300, 300), GROUND, at_most=1200).width == pytest.approx(366 * 1.6, abs=2)
    assert compose(product(190, 190), GROUND, at_most=200).width == 200


def test_a_cropped_product_is_placed_at_the_same_edge() -> None:
    picture = compose(product(800, 400, cropped=frozenset({"left"})), GROUND, at_most=1200)
    left, _, right, _ = extent(picture)
    assert left == 0
    assert right < picture.width
    standing = compose(product(400, 800, cropped=frozenset({"bottom"})), GROUND, at_most=1200)
    assert extent(standing)[3] == standing.height
    across = compose(product(800, 300, cropped=frozenset({"left", "right"})), GROUND, at_most=1200)
    assert (extent(across)[0], extent(across)[2]) == (0, across.width)


def test_there_is_a_shadow_under_a_product_that_stands() -> None:
    picture = compose(product(600, 600), GROUND, at_most=1200)
    _, _, _, bottom = extent(picture)
    middle = picture.width // 2
    under, aside = picture.getpixel((middle, bottom + 6)), picture.getpixel((10, bottom + 6))
    assert sum(under) + 60 < sum(aside)  # type: ignore[arg-type]


def test_no_old_background_shines_through_the_edge() -> None:
    image = Image.new("RGB", (200, 200), "#00ff00")
    alpha = Image.new("L", image.size, 0)
    ImageDraw.Draw(image).ellipse((50, 50, 150, 150), fill="#b8402a")
    ImageDraw.Draw(alpha).ellipse((46, 46, 154, 154), fill=128)
    ImageDraw.Draw(alpha).ellipse((52, 52, 148, 148), fill=255)
    clean = without_halo(image, alpha)
    red, green, _ = clean.getpixel((48, 100))  # type: ignore[misc]
    assert red > 2 * green
    assert clean.getpixel((100, 100)) == image.getpixel((100, 100))


def test_a_photo_in_good_light_is_left_alone() -> None:
    assert correction(product_photo(ground="#f4f4f4"), None) is None


def test_a_yellow_light_is_taken_out() -> None:
    tinted = product_photo(ground="#f2f2f2").point(
        [min(255, round(v * gain)) for gain in (1, 0.97, 0.87) for v in range(256)]
    )
    table = correction(tinted, None)
    assert table is not None
    red, green, blue = apply_table(tinted, table).getpixel((5, 5))  # type: ignore[misc]
    assert max(red, green, blue) - min(red, green, blue) < 10


def test_a_colored_wall_is_no_cast() -> None:
    assert correction(product_photo(ground="#f7d040"), None) is None


def test_a_product_in_the_dark_gets_light_and_keeps_its_shape() -> None:
    dim = product(300, 300, "#2a1510").image
    dim.paste((0, 0, 0, 0), (0, 0, 50, 300))
    table = correction(product_photo(ground="#808080"), dim)
    assert table is not None
    lit = apply_table(dim, table)
    assert lit.getpixel((100, 100))[0] > dim.getpixel((100, 100))[0]  # type: ignore[index]
    assert lit.getchannel("A").tobytes() == dim.getchannel("A").tobytes()
