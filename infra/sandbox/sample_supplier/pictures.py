"""The sample supplier's pictures: cut out of photos or composed from renders, printed on goods and marked on request.

A picture is described by a :class:`Shot`; its size follows from the description without rendering it, so that the
catalog can state true sizes cheaply.
"""

import io
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from infra.sandbox.sample_supplier.printing import SIZES, Print, draw_print
from infra.sandbox.sample_supplier.scenes import Staging

PHOTOS = Path(__file__).parent / "photos"
"""The folder of the photos, with their licence and photographers."""

LARGEST_ZOOM = 3.0
"""Most enlargement of a small cut-out. Real suppliers enlarge photos too."""

WATERMARK = "SAMPLE SUPPLIER"

Crop = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One picture of one listing: a cut-out of a photo, or a scene with renders."""

    photo: str = ""
    """File name in ``photos/``, without its ending; empty for a scene."""
    staging: Staging | None = None
    """The scene; None for a photo."""
    aspect: tuple[int, int] = (1200, 1200)
    """Width and height of a scene, before it is cropped."""
    crop: Crop = (0.0, 0.0, 1.0, 1.0)
    """Left, top, right, bottom, as shares of the photo or scene."""
    long_edge: int = 1200
    """Pixels of the longer side, as far as :data:`LARGEST_ZOOM` lets a cut-out grow."""
    quality: int = 86
    """JPEG quality; a low one makes a re-encoded duplicate."""
    watermark: bool = False
    """Whether the supplier's mark is drawn over it."""
    printed_on: Print | None = None
    """The goods that the cut-out is printed on; None if it shows the goods themselves."""

    @property
    def is_sample_render(self) -> bool:
        """Whether the picture shows a render and not a photographed thing."""
        return self.staging is not None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, as :func:`render` makes them."""
        if self.printed_on is not None:
            width, height = SIZES[self.printed_on]
        else:
            left, top, right, bottom = self.box
            width, height = right - left, bottom - top
        scale = min(self.long_edge / max(width, height), LARGEST_ZOOM)
        return max(1, round(width * scale)), max(1, round(height * scale))

    @property
    def box(self) -> tuple[int, int, int, int]:
        """The cut-out in the pixels of the photo or scene."""
        width, height = photo_size(self.photo) if self.staging is None else self.aspect
        left, top, right, bottom = self.crop
        return round(left * width), round(top * height), round(right * width), round(bottom * height)


@lru_cache(maxsize=256)
def photo_size(photo: str) -> tuple[int, int]:
    """Return a photo's width and height, from its header."""
    with Image.open(PHOTOS / f"{photo}.jpg") as image:
        return image.size


@lru_cache(maxsize=96)
def render(shot: Shot) -> bytes:
    """Return a picture as JPEG. The same shot gives the same bytes."""
    if shot.staging is None:
        with Image.open(PHOTOS / f"{shot.photo}.jpg") as photo:
            picture = photo.convert("RGB").crop(shot.box)
    else:
        picture = _composed(shot.staging, shot.aspect)[0].crop(shot.box)
    if shot.printed_on is not None:
        picture = draw_print(picture, shot.printed_on)
    if picture.size != shot.size:
        picture = picture.resize(shot.size, Image.Resampling.LANCZOS)
    if shot.watermark:
        picture = _mark(picture)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=shot.quality)
    return out.getvalue()


def mask_of(shot: Shot) -> Image.Image | None:
    """Return the exact mask of the things in a picture: 255 inside, 0 outside, between at smooth edges.

    It has the size of the picture that :func:`render` returns. None for photos, whose masks are unknown.
    """
    if shot.staging is None:
        return None
    mask = _composed(shot.staging, shot.aspect)[1].crop(shot.box)
    return mask if mask.size == shot.size else mask.resize(shot.size, Image.Resampling.LANCZOS)


def _composed(staging: Staging, size: tuple[int, int]) -> tuple[Image.Image, Image.Image]:
    # numpy needs time and memory at the start, which a server without requests for pictures does not spend.
    from infra.sandbox.sample_supplier.composing import compose  # noqa: PLC0415

    return compose(staging, size)


def _mark(picture: Image.Image) -> Image.Image:
    """Draw the supplier's mark: a pale line of capitals across the lower third."""
    layer = Image.new("RGBA", picture.size, (0, 0, 0, 0))
    draw = ImageDraw.Draw(layer)
    font = ImageFont.load_default(size=max(14, picture.width // 16))
    left, top, right, bottom = draw.textbbox((0, 0), WATERMARK, font=font)
    x = (picture.width - (right - left)) // 2
    y = round(picture.height * 0.8) - (bottom - top) // 2
    draw.text((x + 2, y + 2), WATERMARK, font=font, fill=(0, 0, 0, 70))
    draw.text((x, y), WATERMARK, font=font, fill=(255, 255, 255, 130))
    return Image.alpha_composite(picture.convert("RGBA"), layer).convert("RGB")
