"""Draws scenes: grounds, light and shadow, and the renders on them.

A ground is drawn at half the size and enlarged, since grounds are soft; the thing and its mask are exact.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from infra.sandbox.sample_supplier.recoloring import drawing_of
from infra.sandbox.sample_supplier.renders import Pose, drawings
from infra.sandbox.sample_supplier.scenes import TONES, Rgb, Scene, Staging

PLATE = 600
"""Pixels of a ground's side before it is enlarged."""
HORIZON = 0.6
"""Where floor and wall meet, as a share of the height."""
BASE = 0.82
"""Where standing things touch the floor, as a share of the height."""
_PLANKS: tuple[Rgb, Rgb] = ((214, 190, 158), (142, 104, 74))


def compose(staging: Staging, size: tuple[int, int]) -> tuple[Image.Image, Image.Image]:
    """Return the picture of a scene, and the exact mask of the things in it."""
    pose = drawings()[staging.render].pose
    things = _placed(staging, size, pose)
    mask = things.getchannel("A")
    picture = _ground(staging.scene, staging.tone).resize(size, Image.Resampling.BICUBIC)
    for shade, strength in _shadows(mask, pose):
        picture = Image.composite(
            Image.new("RGB", size, _darker(TONES[staging.tone][1])),
            picture,
            shade.point(lambda v, s=strength: int(v * s)),
        )
    picture.paste(things, (0, 0), mask)
    return picture, mask


def _placed(staging: Staging, size: tuple[int, int], pose: Pose) -> Image.Image:
    """Return the things on a transparent picture."""
    one = drawing_of(staging.render, staging.color)
    if staging.mirrored:
        one = one.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if staging.turn:
        one = one.rotate(staging.turn, Image.Resampling.BICUBIC, expand=True)
        one = one.crop(one.getchannel("A").getbbox())
    side = min(size) * staging.scale
    spread = 1 + 0.72 * (staging.pieces - 1)
    factor = side / max(one.width * spread, one.height)
    width, height = max(1, round(one.width * factor)), max(1, round(one.height * factor))
    one = one.resize((width, height), Image.Resampling.LANCZOS)
    layer = Image.new("RGBA", size, (0, 0, 0, 0))
    middle = size[0] * (0.5 + staging.shift)
    if pose is Pose.STANDING:
        base = size[1] * (BASE if staging.scale <= 0.7 else 0.93)
    else:
        base = size[1] * (0.5 if pose is Pose.LYING else 0.47) + height / 2
    left = middle - width * spread / 2
    for n in reversed(range(staging.pieces)):
        # The piece on the left stands in front.
        lift = height * 0.05 * n if staging.pieces > 1 else 0
        layer.alpha_composite(one, (max(0, round(left + 0.72 * width * n)), max(0, round(base - height - lift))))
    return layer


def _shadows(mask: Image.Image, pose: Pose) -> list[tuple[Image.Image, float]]:
    """Return soft shades and their strengths, the widest first."""
    box = mask.getbbox()
    if box is None:
        return []
    scale = 4
    small = mask.resize((mask.width // scale, mask.height // scale), Image.Resampling.BOX)
    unit = small.width / 100

    def soft(layer: Image.Image, radius: float) -> Image.Image:
        return layer.filter(ImageFilter.GaussianBlur(radius * unit)).resize(mask.size, Image.Resampling.BICUBIC)

    if pose is not Pose.STANDING:
        far = 2.6 if pose is Pose.HANGING else 1.5
        wide = ImageChops.offset(small, round(far * unit), round(far * 1.5 * unit))
        near = ImageChops.offset(small, round(0.5 * unit), round(0.9 * unit))
        return [(soft(wide, far * 1.3), 0.42), (soft(near, 0.7), 0.4)]
    left, top, right, bottom = (value // scale for value in box)
    cut = small.crop((left, top, right, bottom))
    width, height = max(1, right - left), max(1, bottom - top)
    flat = Image.new("L", small.size, 0)
    depth = max(2, round(0.16 * height))
    # Light falls from the upper left, so the cast shadow leans to the right.
    cast = cut.resize((width, depth * 2), Image.Resampling.BOX).transform(
        (width + depth * 2, depth * 2), Image.Transform.AFFINE, (1, 1.0, -2.0 * depth, 0, 1, 0)
    )
    flat.paste(cast, (left, bottom - depth * 2 + depth // 2))
    foot = cut.crop((0, height - max(1, round(0.14 * height)), width, height)).resize((width, max(2, depth // 2)))
    contact = Image.new("L", small.size, 0)
    contact.paste(foot, (left, bottom - max(2, depth // 2) // 2))
    return [(soft(flat, 2.2), 0.4), (soft(contact, 1.1), 0.5), (soft(contact, 0.35), 0.45)]


def _darker(color: Rgb) -> Rgb:
    red, green, blue = color
    return round(red * 0.22), round(green * 0.22), round(blue * 0.22)


@lru_cache(maxsize=8)
def _ground(scene: Scene, tone: int) -> Image.Image:
    """Return the ground of a scene without anything on it."""
    wall, floor = TONES[tone]
    return _GROUNDS[scene](wall, floor, np.random.default_rng([ord(scene.value[0]), len(scene.value), tone]))


def _picture(pixels: np.ndarray) -> Image.Image:
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8), "RGB")


def _gradient(top: Rgb, bottom: Rgb, *, bend: float) -> Image.Image:
    share = np.linspace(0, 1, PLATE)[:, None, None] ** bend
    rows = np.array(top) * (1 - share) + np.array(bottom) * share
    return _picture(np.broadcast_to(rows, (PLATE, PLATE, 3)))


def _lit(color: Rgb) -> Image.Image:
    """Return a wall that is brighter where the light comes from, the upper left."""
    y, x = np.mgrid[0 : 1 : PLATE * 1j, 0 : 1 : PLATE * 1j].astype(np.float32)
    light = 1.05 - 0.16 * np.hypot(x - 0.2, y - 0.1)
    return _picture(np.array(color, np.float32) * light[..., None])


def _room(wall: Image.Image, floor: Image.Image) -> Image.Image:
    """Return a wall above a floor, with a soft edge where they meet."""
    edge = np.clip((np.arange(PLATE) / PLATE - HORIZON) * 120 + 0.5, 0, 1) * 255
    mask = Image.fromarray(np.repeat(edge.astype(np.uint8)[:, None], PLATE, axis=1), "L")
    below = round(PLATE * (1 - HORIZON)) + 8
    near = floor.resize((PLATE, below))
    laid = wall.copy()
    laid.paste(near, (0, PLATE - below))
    return Image.composite(laid, wall, mask)


def _noise(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """Return smooth noise around 0 from a coarse grid."""
    grid = rng.normal(0, 1, (rows, columns)).astype(np.float32)
    return np.asarray(Image.fromarray(grid, "F").resize((PLATE, PLATE), Image.Resampling.BICUBIC))


def _wood(rng: np.random.Generator, color: Rgb, *, vertical: bool) -> Image.Image:
    grain = 0.6 * _noise(rng, 150, 5) + 0.35 * _noise(rng, 300, 12) + 0.7 * _noise(rng, 12, 3)
    boards = np.zeros((PLATE, PLATE), np.float32)
    for n, start in enumerate(range(0, PLATE, 150)):
        boards[start : start + 150] += (0.9, -0.6, 0.2, -0.2)[n % 4]
        boards[start : start + 2] -= 5.5
    shade = 1 + 0.045 * (grain + boards)
    pixels = np.array(color, np.float32) * shade[..., None]
    return _picture(pixels.transpose(1, 0, 2) if vertical else pixels)


def _veined(rng: np.random.Generator) -> Image.Image:
    y, x = np.mgrid[0 : 1 : PLATE * 1j, 0 : 1 : PLATE * 1j].astype(np.float32)
    bent = x * 3 + y * 2 + 0.5 * _noise(rng, 6, 6) + 0.16 * _noise(rng, 30, 30)
    veins = np.exp(-(((bent % 1.3) - 0.6) ** 2) / 0.0012) + 0.4 * np.exp(-(((bent * 1.7 % 1.0) - 0.4) ** 2) / 0.004)
    shade = 240 - 34 * veins + 3 * _noise(rng, 10, 10)
    return _picture(shade[..., None] * np.array([1.0, 0.995, 0.985]))


def _woven(rng: np.random.Generator, color: Rgb) -> Image.Image:
    y, x = np.mgrid[0:PLATE, 0:PLATE]
    threads = np.sin(x * 2.1) * 1.6 + np.sin(y * 2.1) * 1.6 + rng.normal(0, 1.6, (PLATE, PLATE))
    folds = 5 * _noise(rng, 4, 3)
    return _picture(np.array(color, np.float32) + (threads + folds)[..., None])


def _speckled(rng: np.random.Generator, color: Rgb) -> Image.Image:
    shade = 3 * _noise(rng, 8, 8) + 2.5 * _noise(rng, 60, 60) + rng.normal(0, 3, (PLATE, PLATE))
    return _picture(np.array(color, np.float32) + shade[..., None])


def _two_papers(one: Rgb, other: Rgb) -> Image.Image:
    picture = Image.new("RGB", (PLATE, PLATE), one)
    ImageDraw.Draw(picture).polygon([(0, 430), (PLATE, 150), (PLATE, PLATE), (0, PLATE)], fill=other)
    return picture.filter(ImageFilter.GaussianBlur(0.8))


def _podium(picture: Image.Image, color: Rgb) -> Image.Image:
    """Return a round podium on a plain ground."""
    draw = ImageDraw.Draw(picture)
    side = tuple(round(channel * 0.86) for channel in color)
    draw.ellipse((70, 500, 560, 640), fill=tuple(round(channel * 0.7) for channel in color))
    picture = picture.filter(ImageFilter.GaussianBlur(14))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((60, 480, 540, PLATE), fill=side)
    draw.ellipse((60, 424, 540, 536), fill=color)
    return picture.filter(ImageFilter.GaussianBlur(0.6))


def _panels(picture: Image.Image) -> Image.Image:
    """Return a wall with a frame of molding."""
    draw = ImageDraw.Draw(picture)
    for inset, shade in ((54, 1.06), (57, 0.9), (66, 1.05), (69, 0.93)):
        level = picture.getpixel((inset, inset))
        tone = tuple(min(255, round(channel * shade)) for channel in level) if isinstance(level, tuple) else 0
        draw.rectangle((inset, inset, PLATE - inset, PLATE - inset), outline=tone, width=3)
    return picture.filter(ImageFilter.GaussianBlur(0.8))


def _window_light(picture: Image.Image) -> Image.Image:
    """Return the picture with light through a window on it."""
    panes = Image.new("L", (PLATE, PLATE), 0)
    draw = ImageDraw.Draw(panes)
    for column in range(2):
        for row in range(2):
            x, y = 250 + column * 150, 20 + row * 190
            draw.polygon([(x, y), (x + 135, y - 40), (x + 95, y + 130), (x - 40, y + 170)], fill=255)
    soft = panes.filter(ImageFilter.GaussianBlur(7)).point(lambda v: v * 0.42)
    return Image.composite(
        picture.point(lambda v: min(255, int(v * 1.12) + 6)), picture.point(lambda v: int(v * 0.95)), soft
    )


_GROUNDS: dict[Scene, Callable[[Rgb, Rgb, np.random.Generator], Image.Image]] = {
    Scene.SWEEP: lambda wall, floor, _: _gradient(wall, floor, bend=2.4),
    Scene.OAK: lambda wall, _, rng: _room(_lit(wall), _wood(rng, (196, 154, 108), vertical=False)),
    Scene.MARBLE: lambda _, floor, rng: _room(_lit(floor), _veined(rng)),
    Scene.WINDOW: lambda wall, floor, _: _window_light(_room(_lit(wall), _gradient(floor, wall, bend=1.0))),
    Scene.PODIUM: lambda wall, floor, _: _podium(_gradient(floor, wall, bend=1.0), wall),
    Scene.LINEN: lambda wall, _, rng: _woven(rng, wall),
    Scene.PLANKS: lambda wall, _, rng: _wood(rng, _PLANKS[sum(wall) % 2], vertical=True),
    Scene.STONE: lambda _, floor, rng: _speckled(rng, floor),
    Scene.PAPER: lambda wall, floor, _: _two_papers(wall, floor),
    Scene.WALL: lambda wall, _floor, _rng: _lit(wall),
    Scene.PANEL: lambda _, floor, _rng: _panels(_lit(floor)),
    Scene.SUN: lambda wall, _floor, _rng: _window_light(_lit(wall)),
}
