"""Pictures of a store's logo for what reads no SVG: icons of phones, and previews of links."""

import io

import resvg_py
from PIL import Image

CARD = (1200, 630)
"""Pixels of a link's preview, which is what the networks ask for."""
MARK = 360
"""Pixels of the logo on it."""
QUALITY = 88


def logo_png(svg: str, size: int, background: str) -> bytes:
    """Return a logo as a square PNG.

    Args:
        svg: drawn by the brand kit, without text and outside references.
        size: pixels of each side.
        background: a color such as ``#f4efe6``.

    Raises:
        ValueError: it is not SVG; retrying cannot help.
    """
    # Phones cut icons to a circle or a square with round corners, so the logo keeps to the middle.
    ground, mark = Image.new("RGBA", (size, size), background), _drawn(svg, size * 7 // 10)
    place = ((size - mark.width) // 2, (size - mark.height) // 2)
    ground.alpha_composite(mark, place)
    made = io.BytesIO()
    ground.save(made, "PNG", optimize=True)
    return made.getvalue()


def logo_card(svg: str, background: str) -> bytes:
    """Return a logo on its ground as a JPEG, for previews of links to pages without a picture.

    Raises:
        ValueError: it is not SVG; retrying cannot help.
    """
    ground, mark = Image.new("RGBA", CARD, background), _drawn(svg, MARK)
    ground.alpha_composite(mark, ((CARD[0] - mark.width) // 2, (CARD[1] - mark.height) // 2))
    made = io.BytesIO()
    ground.convert("RGB").save(made, "JPEG", quality=QUALITY, optimize=True)
    return made.getvalue()


def _drawn(svg: str, size: int) -> Image.Image:
    """Return a logo without ground. A logo that is not a square gets its longer side."""
    png = resvg_py.svg_to_bytes(svg_string=svg, width=size, skip_system_fonts=True)
    with Image.open(io.BytesIO(bytes(png))) as opened:
        mark = opened.convert("RGBA")
    mark.thumbnail((size, size))
    return mark
