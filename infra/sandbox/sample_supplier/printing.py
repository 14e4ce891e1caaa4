"""Draws goods that a photo is printed on: framed prints, desk mats, clocks and the like.

The goods are drawn by this code and the prints are the licensed photos, so nothing here pictures somebody's product.
"""

from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache

from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter, ImageOps

Rgb = tuple[int, int, int]
Box = tuple[int, int, int, int]

FINER = 2
"""Masks are drawn this much larger and scaled down, which smooths their edges."""


class Print(StrEnum):
    """What a photo can be printed on."""

    FRAMED = "framed"
    TRIPTYCH = "triptych"
    DESK_MAT = "desk-mat"
    COASTERS = "coasters"
    CLOCK = "clock"
    LIGHT_BOX = "light-box"
    CUSHION = "cushion"
    NOTEBOOK = "notebook"


SIZES: dict[Print, tuple[int, int]] = {
    Print.FRAMED: (900, 1080),
    Print.TRIPTYCH: (1200, 900),
    Print.DESK_MAT: (1200, 720),
    Print.COASTERS: (1000, 1000),
    Print.CLOCK: (1000, 1000),
    Print.LIGHT_BOX: (1000, 1000),
    Print.CUSHION: (1000, 1000),
    Print.NOTEBOOK: (900, 1080),
}
"""Width and height of each drawing, in pixels."""


_FRAMES: tuple[tuple[Rgb, Rgb, Rgb], ...] = (
    ((236, 233, 228), (218, 214, 208), (28, 27, 26)),
    ((196, 204, 196), (176, 186, 177), (181, 137, 92)),
    ((88, 98, 112), (66, 75, 88), (238, 236, 232)),
    ((226, 205, 190), (208, 184, 167), (92, 62, 42)),
)
"""Upper and lower tone of the wall, and the frame's colour."""


def draw_print(photo: Image.Image, kind: Print) -> Image.Image:
    """Return a picture of goods with ``photo`` printed on them."""
    return _DRAWERS[kind](photo, SIZES[kind])


def _framed(photo: Image.Image, size: tuple[int, int]) -> Image.Image:
    # Wall, frame and margins depend on the photo, or prints with different photos would look alike.
    tone = photo.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
    number = sum(tone) if isinstance(tone, tuple) else 0
    light, dark, wood = _FRAMES[number % len(_FRAMES)]
    scene = _ground(size, light, dark)
    left, top = 90 + number % 3 * 20, 80 + number % 4 * 20
    outer: Box = (left, top, size[0] - left, size[1] - top)
    _shadow(scene, outer, radius=6, offset=(14, 22), blur=22, strength=95)
    draw = ImageDraw.Draw(scene)
    draw.rectangle(outer, fill=wood)
    draw.rectangle(_inset(outer, 6), outline=(90, 88, 86), width=2)
    mat = _inset(outer, 24)
    draw.rectangle(mat, fill=(250, 249, 246))
    art = _inset(mat, 24 + number % 5 * 12)
    scene.paste(_fit(photo, art), art[:2])
    draw.rectangle(art, outline=(222, 219, 213), width=2)
    return scene


def _triptych(photo: Image.Image, size: tuple[int, int]) -> Image.Image:
    scene = _ground(size, (228, 230, 231), (206, 209, 211))
    left, top, width, height, gap = 110, 170, 304, 560, 34
    whole = _fit(photo, (0, 0, 3 * width + 2 * gap, height))
    for panel in range(3):
        x = left + panel * (width + gap)
        box: Box = (x, top, x + width, top + height)
        _shadow(scene, box, radius=2, offset=(10, 16), blur=14, strength=110)
        strip = panel * (width + gap)
        scene.paste(whole.crop((strip, 0, strip + width, height)), (x, top))
        ImageDraw.Draw(scene).line([(x + width - 1, top), (x + width - 1, top + height)], fill=(40, 40, 40), width=3)
    return scene


def _desk_mat(photo: Image.Image, size: tuple[int, int]) -> Image.Image:
    scene = _ground(size, (203, 198, 192), (184, 178, 171))
    box: Box = (70, 120, size[0] - 70, size[1] - 120)
    _shadow(scene, box, radius=26, offset=(6, 12), blur=12, strength=120)
    _paste_rounded(scene, _fit(photo, box), box, radius=26)
    draw = ImageDraw.Draw(scene)
    draw.rounded_rectangle(_inset(box, 3), radius=24, outline=(25, 25, 27), width=6)
    return scene


def _coasters(photo: Image.Image, size: tuple[int, int]) -> Image.Image:
    scene = _ground(size, (214, 196, 172), (192, 172, 146))
    whole = _fit(photo, (0, 0, 385, 385))
    for row in range(2):
        for column in range(2):
            x, y = 95 + column * 425, 95 + row * 425
            box: Box = (x, y, x + 385, y + 385)
            _shadow(scene, box, radius=44, offset=(6, 12), blur=12, strength=130)
            _paste_rounded(scene, whole, box, radius=44)
    return scene


def _clock(photo: Image.Image, size: tuple[int, int]) -> Image.Image:
    scene = _ground(size, (233, 229, 224), (214, 209, 203))
    box: Box = (120, 110, 880, 870)
    _shadow(scene, box, radius=380, offset=(14, 24), blur=24, strength=100)
    face = ImageEnhance.Brightness(_fit(photo, box)).enhance(0.92)
    _paste_rounded(scene, face, box, radius=380)
    hands = Image.new("RGBA", (size[0] * 2, size[1] * 2), (0, 0, 0, 0))
    draw = ImageDraw.Draw(hands)
    middle = (1000, 980)
    white, dark = (250, 250, 248, 255), (20, 20, 22, 255)
    draw.ellipse((248, 228, 1752, 1732), outline=dark, width=22)
    for tip, width in (((700, 760), 26), ((1330, 640), 18)):
        draw.line([middle, tip], fill=dark, width=width + 10)
        draw.line([middle, tip], fill=white, width=width)
    draw.ellipse((970, 950, 1030, 1010), fill=white, outline=dark, width=6)
    for x0, y0, x1, y1 in (
        (1000, 260, 1000, 340),
        (1000, 1620, 1000, 1700),
        (280, 980, 360, 980),
        (1640, 980, 1720, 980),
    ):
        draw.line([(x0, y0), (x1, y1)], fill=white, width=20)
    flat = hands.resize(size, Image.Resampling.LANCZOS)
    scene.paste(flat, (0, 0), flat)
    return scene


def _light_box(photo: Image.Image, size: tuple[int, int]) -> Image.Image:
    scene = Image.new("RGB", size, (14, 14, 20))
    box: Box = (170, 200, 830, 800)
    # A lit panel has no black: without stretched tones a dark photo would look switched off.
    lit = ImageEnhance.Brightness(ImageOps.autocontrast(_fit(photo, box), cutoff=(0, 2), preserve_tone=True)).enhance(
        1.35
    )
    panel = ImageEnhance.Color(lit).enhance(1.35)
    glow = Image.new("RGB", size, (0, 0, 0))
    glow.paste(ImageEnhance.Brightness(panel).enhance(1.5).resize((820, 760)), (90, 120))
    glow = ImageEnhance.Color(_soft(glow, 70)).enhance(1.6)
    scene = ImageChops.add(scene, glow)
    _paste_rounded(scene, panel, box, radius=18)
    ImageDraw.Draw(scene).rounded_rectangle(
        (box[0] - 8, box[1] - 8, box[2] + 8, box[3] + 8), radius=24, outline=(8, 8, 10), width=12
    )
    return scene


def _cushion(photo: Image.Image, size: tuple[int, int]) -> Image.Image:
    scene = _ground(size, (226, 222, 216), (206, 200, 193))
    side = 760
    mask = _pillow_mask(side)
    scene.paste((60, 56, 52), (0, 0), _pillow_shadow(size, side))
    front = _fit(photo, (0, 0, side, side))
    # Stuffing: darker towards the seams, a little lighter in the middle.
    bulge = mask.resize((side - 150, side - 150))
    light = Image.new("L", (side, side), 105)
    light.paste(255, (75, 60), bulge)
    light = _soft(light, 80)
    front = ImageChops.multiply(front, Image.merge("RGB", (light, light, light)))
    scene.paste(front, (120, 120), mask)
    return scene


def _notebook(photo: Image.Image, size: tuple[int, int]) -> Image.Image:
    scene = _ground(size, (222, 224, 222), (202, 205, 203))
    box: Box = (180, 140, size[0] - 180, size[1] - 140)
    _shadow(scene, box, radius=26, offset=(12, 20), blur=16, strength=125)
    _paste_rounded(scene, _fit(photo, box), box, radius=26)
    spine = Image.new("RGBA", size, (0, 0, 0, 0))
    draw = ImageDraw.Draw(spine)
    draw.rounded_rectangle((box[0], box[1], box[0] + 60, box[3]), radius=26, fill=(18, 18, 20, 235))
    draw.rectangle((box[0] + 40, box[1], box[0] + 60, box[3] - 1), fill=(18, 18, 20, 235))
    draw.rectangle((box[2] - 78, box[1] - 5, box[2] - 60, box[3] + 5), fill=(18, 18, 20, 255))
    scene.paste(spine, (0, 0), spine)
    return scene


_DRAWERS: dict[Print, Callable[[Image.Image, tuple[int, int]], Image.Image]] = {
    Print.FRAMED: _framed,
    Print.TRIPTYCH: _triptych,
    Print.DESK_MAT: _desk_mat,
    Print.COASTERS: _coasters,
    Print.CLOCK: _clock,
    Print.LIGHT_BOX: _light_box,
    Print.CUSHION: _cushion,
    Print.NOTEBOOK: _notebook,
}


def _ground(size: tuple[int, int], light: Rgb, dark: Rgb) -> Image.Image:
    """Return a plain ground, a little darker towards the lower edge."""
    return _ramp(size, light, dark).copy()


@lru_cache(maxsize=16)
def _ramp(size: tuple[int, int], light: Rgb, dark: Rgb) -> Image.Image:
    ramp = Image.linear_gradient("L").resize(size)
    return Image.composite(Image.new("RGB", size, dark), Image.new("RGB", size, light), ramp)


def _soft(picture: Image.Image, radius: int) -> Image.Image:
    """Blur widely, at a quarter of the size: the result looks the same and takes a tenth of the time."""
    small = picture.reduce(4).filter(ImageFilter.GaussianBlur(radius / 4))
    return small.resize(picture.size, Image.Resampling.BILINEAR)


def _fit(photo: Image.Image, box: Box) -> Image.Image:
    return ImageOps.fit(photo, (box[2] - box[0], box[3] - box[1]), Image.Resampling.BICUBIC)


def _inset(box: Box, by: int) -> Box:
    return box[0] + by, box[1] + by, box[2] - by, box[3] - by


@lru_cache(maxsize=32)
def _rounded_mask(size: tuple[int, int], radius: int) -> Image.Image:
    mask = Image.new("L", (size[0] * FINER, size[1] * FINER), 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, mask.width - 1, mask.height - 1), radius=radius * FINER, fill=255)
    return mask.resize(size, Image.Resampling.LANCZOS)


@lru_cache(maxsize=2)
def _pillow_mask(side: int) -> Image.Image:
    """Return the outline of a cushion: a square with sides that curve inwards."""
    fine = side * 2
    points: list[tuple[float, float]] = []
    steps, sag = 40, 0.026 * fine
    for edge in range(4):
        for step in range(steps):
            along = step / steps
            inward = 4 * along * (1 - along) * sag
            x, y = along * (fine - 1), inward
            for _ in range(edge):
                x, y = fine - 1 - y, x
            points.append((x, y))
    mask = Image.new("L", (fine, fine), 0)
    ImageDraw.Draw(mask).polygon(points, fill=255)
    return mask.resize((side, side), Image.Resampling.LANCZOS)


@lru_cache(maxsize=2)
def _pillow_shadow(size: tuple[int, int], side: int) -> Image.Image:
    shade = Image.new("L", size, 0)
    shade.paste(_pillow_mask(side), (120 + 14, 120 + 26))
    return _soft(shade, 26).point(lambda value: value * 100 // 255)


def _paste_rounded(scene: Image.Image, picture: Image.Image, box: Box, *, radius: int) -> None:
    size = (box[2] - box[0], box[3] - box[1])
    scene.paste(picture.resize(size), box[:2], _rounded_mask(size, radius))


def _shadow(scene: Image.Image, box: Box, *, radius: int, offset: tuple[int, int], blur: int, strength: int) -> None:
    """Draw a soft shadow towards the lower right of a box."""
    moved = (box[0] + offset[0], box[1] + offset[1], box[2] + offset[0], box[3] + offset[1])
    scene.paste((30, 28, 26), (0, 0), _shadow_mask(scene.size, moved, radius, blur, strength))


@lru_cache(maxsize=32)
def _shadow_mask(size: tuple[int, int], box: Box, radius: int, blur: int, strength: int) -> Image.Image:
    mask = Image.new("L", size, 0)
    ImageDraw.Draw(mask).rounded_rectangle(box, radius=radius, fill=strength)
    return mask.filter(ImageFilter.GaussianBlur(blur))
