"""Logo marks: small geometric drawings, one generator per symbol, coloured from the palette.

Only the mark is drawn, in a square: the storefront sets the name beside it in the brand's own font.
"""

from collections.abc import Sequence
from xml.sax.saxutils import escape

from coloraide import Color

from domain.store.brand import Palette
from infra.writers.brandkit.marks import nature, signs, things
from infra.writers.brandkit.marks.canvas import Drawing, Inks, Mark, Sheet, at, polygon
from infra.writers.brandkit.palette import contrast
from infra.writers.brandkit.seeded_random import SeededRandom

MARKS: dict[str, Mark] = {
    mark.__name__: mark
    for mark in (
        nature.leaf, nature.sprig, nature.bloom, nature.cactus, nature.peaks, nature.wave, nature.sun, nature.horizon,
        nature.moon, nature.spark, nature.bolt, nature.flame, nature.droplet, nature.paw, nature.cat, nature.bird,
        nature.fish, things.vase, things.cup, things.pot, things.bottle, things.candle, things.chair, things.lamp,
        things.book, things.record, things.levels, things.aperture, things.gem, things.band, things.dial, things.bag,
        things.hanger, things.needle, things.pencil, things.blocks, things.keycap, things.wheel, things.ball,
        things.wrench, signs.monogram, signs.circuit, signs.hexagon, signs.facets, signs.honeycomb, signs.arch,
        signs.house, signs.window, signs.tent, signs.compass, signs.stride, signs.pixel, signs.orbit, signs.knot,
        signs.mosaic, signs.eye, signs.loop,
    )
}  # fmt: skip
"""Every symbol by name; also what a language model may choose from."""

_WHOLE = frozenset({"record", "ball", "monogram", "mosaic", "pixel"})
"""Marks that fill their square or have an outline already: a badge around them would be one shape too many."""
_VISIBLE, _VISIBLE_SMALL = 1.5, 2.1
"""Least contrast of a detail against what it is drawn on, at full size and on a badge; the mark itself reaches 4.5."""
_UNLIKE = 0.12
"""Least distance of a detail's colour from the mark's, in OKLab."""


def draw(symbol: str, palette: Palette, chance: SeededRandom, *, name: str) -> tuple[str, str, str]:
    """Draw a mark.

    Args:
        symbol: a key of :data:`MARKS`.
        palette: the colours; the mark stands on the background and on the surface.
        chance: the seeded details.
        name: the brand's name, for the title and the initial.

    Returns:
        What the mark shows, in words; a whole SVG document; and the colour of its detail.
    """
    badge = None if symbol in _WHOLE else chance.pick((None, None, "circle", "squircle", "hexagon"))
    inks = _inks(palette.on_primary, palette, (palette.primary,), _VISIBLE_SMALL)
    # Without a colour for the detail, what lies on the mark itself (a clasp, a cat's eyes) would vanish.
    if badge is None or inks.spot == inks.main:
        inks = _inks(palette.primary, palette, (palette.background, palette.surface), _VISIBLE)
        drawing = _drawn(symbol, inks, chance, name)
        shapes, shows = drawing.shapes, drawing.shows
    else:
        drawing = _drawn(symbol, inks, chance, name)
        size = 0.58 if badge == "hexagon" else 0.62
        inset = round(50 - 50 * size, 2)
        inside = f'<g transform="translate({inset} {inset}) scale({size})">' + "".join(drawing.shapes) + "</g>"
        shapes, shows = (_badge(badge, palette.primary), inside), f"{drawing.shows}, on a {badge}"
    title = escape(name)
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100" role="img">'
        f"<title>{title}</title>{''.join(shapes)}</svg>"
    )
    return shows, svg, inks.spot


def _drawn(symbol: str, inks: Inks, chance: SeededRandom, name: str) -> Drawing:
    initial = next((letter for letter in name.upper() if "A" <= letter <= "Z"), "")
    return MARKS[symbol](Sheet(inks, chance.fork(symbol), initial))


def _inks(main: str, palette: Palette, grounds: Sequence[str], least: float) -> Inks:
    """Choose details from the palette that can be seen on every ground and differ from the main ink."""
    candidates = [palette.accent, palette.secondary, palette.background, palette.text]
    seen = [
        colour
        for colour in candidates
        if all(contrast(colour, ground) >= least for ground in grounds)
        and Color(colour).delta_e(main, method="ok") >= _UNLIKE
    ] or [main]
    accent = seen[0]
    soft = next((colour for colour in (palette.secondary, *seen) if colour in seen and colour != accent), main)
    return Inks(main, soft, accent)


def _badge(shape: str, colour: str) -> str:
    match shape:
        case "circle":
            return f'<circle cx="50" cy="50" r="48" fill="{colour}"/>'
        case "squircle":
            return f'<rect x="3" y="3" width="94" height="94" rx="26" fill="{colour}"/>'
        case _:
            path = polygon([at((50, 50), 45, k * 60) for k in range(6)])
            return f'<path d="{path}" fill="{colour}" stroke="{colour}" stroke-width="8" stroke-linejoin="round"/>'
