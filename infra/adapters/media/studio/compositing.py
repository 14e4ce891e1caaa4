"""Composes a product on the brand's ground, the background color: a studio sweep with light from above and shadows."""

from PIL import Image, ImageChops, ImageFilter

from infra.adapters.media.studio.cutout import Cutout, Side
from infra.adapters.media.studio.open_photo import LARGEST

MARGIN = 0.09
"""Share of the canvas left free around the product."""
COMFORTABLE = 800
"""A smaller canvas is enlarged to this side, but the product by at most ``MOST_ZOOM``."""
MOST_ZOOM = 1.6
COARSE = 4
"""Ground and shadows are soft, so they are painted at this fraction of the size."""


def compose(cut: Cutout, ground: str, *, at_most: int) -> Image.Image:
    """Return a square picture of a product on a ground.

    A product that is cropped by its photo is placed at the same edge; elsewhere it would show a straight cut.

    Args:
        cut: the product.
        ground: ``#rrggbb``.
        at_most: the longest side of the picture, usually the photo's, so that it is not enlarged.
    """
    product = cut.image
    margins: dict[Side, float] = {
        side: 0.0 if side in cut.cropped else MARGIN for side in ("left", "top", "right", "bottom")
    }
    across, down = 1 - margins["left"] - margins["right"], 1 - margins["top"] - margins["bottom"]
    natural = round(max(product.width / across, product.height / down))
    preferred = natural if natural >= COMFORTABLE else min(COMFORTABLE, round(natural * MOST_ZOOM))
    side = min(LARGEST, at_most, preferred)
    if side != natural:
        scale = side / natural
        size = max(1, round(product.width * scale)), max(1, round(product.height * scale))
        product = product.resize(size, Image.Resampling.LANCZOS)
    left = _start(side - product.width, cut.cropped & {"left"}, cut.cropped & {"right"}, 0.5)
    # A little below the middle, where an object seems to stand.
    top = _start(side - product.height, cut.cropped & {"top"}, cut.cropped & {"bottom"}, 0.625)
    alpha = product.getchannel("A")
    shadow = None if "bottom" in cut.cropped else _shadow(side, alpha, left, top)
    canvas = _ground(ground, side, shadow)
    canvas.paste(product.convert("RGB"), (left, top), alpha)
    return canvas


def _start(room: int, at_start: object, at_end: object, share: float) -> int:
    """Return how much of the free space is before the product."""
    if bool(at_start) == bool(at_end):
        return round(room * share)
    return 0 if at_start else room


def _shadow(side: int, alpha: Image.Image, left: int, top: int) -> Image.Image:
    """Return the shadow under the product, at 1/``COARSE`` of the size."""
    coarse = -(-side // COARSE)
    width, height = max(1, alpha.width // COARSE), max(1, alpha.height // COARSE)
    flat = alpha.resize((width, max(2, height // 9)), Image.Resampling.BILINEAR, reducing_gap=2.0)
    shadow = Image.new("L", (coarse, coarse), 0)
    shadow.paste(flat, (left // COARSE, top // COARSE + height - round(flat.height * 0.72)))
    contact = shadow.filter(ImageFilter.GaussianBlur(coarse * 0.018)).point(lambda value: round(value * 0.42))
    ambient = shadow.filter(ImageFilter.GaussianBlur(coarse * 0.05)).point(lambda value: round(value * 0.22))
    return ImageChops.lighter(contact, ambient)


def _ground(color: str, side: int, shadow: Image.Image | None) -> Image.Image:
    sweep = _sweep(color, -(-side // COARSE))
    if shadow is not None:
        sweep.paste(Image.new("RGB", sweep.size, _shade(color, 0.28)), (0, 0), shadow)
    return sweep.resize((side, side), Image.Resampling.BICUBIC)


def _sweep(ground: str, side: int) -> Image.Image:
    """Return a studio sweep in the ground's color: lighter in the middle, slightly darker at the edges.

    A dark ground gets a stronger light behind the product, so that a dark product stays visible.
    """
    dark = sum(_shade(ground, 1)) < 240
    distance = Image.radial_gradient("L").resize((side, side), Image.Resampling.BICUBIC)
    middle = Image.new("RGB", (side, side), _lighten(ground, 0.3) if dark else _shade(ground, 1.04))
    edge = Image.new("RGB", (side, side), _lighten(ground, 0.04) if dark else _shade(ground, 0.93))
    return Image.composite(edge, middle, distance.point(lambda value: min(255, round(value * (1.25 if dark else 0.8)))))


def _shade(color: str, factor: float) -> tuple[int, int, int]:
    red, green, blue = (min(255, round(int(color[at : at + 2], 16) * factor)) for at in (1, 3, 5))
    return red, green, blue


def _lighten(color: str, share: float) -> tuple[int, int, int]:
    red, green, blue = (round(part + (255 - part) * share) for part in _shade(color, 1))
    return red, green, blue
