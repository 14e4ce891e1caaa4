"""Logo marks: small geometric drawings in the palette's colors. Import :data:`MARKS` and :func:`draw`.

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
"""Every symbol by name. Language models choose from these names too."""

_WITHOUT_BADGE = frozenset({"record", "ball", "monogram", "mosaic", "pixel"})
"""Marks that fill their square or have an outline: they get no badge."""
_VISIBLE, _VISIBLE_SMALL = 1.5, 2.1
"""Least contrast of a detail with its ground, at full size and on a badge. The mark itself has at least 4.5."""
_LEAST_DIFFERENCE = 0.12
"""Least distance between the colors of a detail and of the mark, in OKLab."""


def draw(symbol: str, palette: Palette, rng: SeededRandom, *, name: str) -> tuple[str, str, str]:
    """Draw a mark.

    Args:
        symbol: a key of :data:`MARKS`.
        palette: the colors; the mark is shown on the background and on the surface.
        rng: chooses the details.
        name: the brand's name, for the title and the initial.

    Returns:
        What the mark shows, in words; an SVG document; and the color of its detail.
    """
    badge = None if symbol in _WITHOUT_BADGE else rng.pick((None, None, "circle", "squircle", "hexagon"))
    inks = _inks(palette.on_primary, palette, (palette.primary,), _VISIBLE_SMALL)
    # Without a color of its own, a detail on the mark (a clasp, a cat's eyes) would be invisible.
    if badge is None or inks.spot == inks.main:
        inks = _inks(palette.primary, palette, (palette.background, palette.surface), _VISIBLE)
        drawing = _draw_symbol(symbol, inks, rng, name)
        shapes, shows = drawing.shapes, drawing.shows
    else:
        drawing = _draw_symbol(symbol, inks, rng, name)
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


def _draw_symbol(symbol: str, inks: Inks, rng: SeededRandom, name: str) -> Drawing:
    initial = next((letter for letter in name.upper() if "A" <= letter <= "Z"), "")
    return MARKS[symbol](Sheet(inks, rng.fork(symbol), initial))


def _inks(main: str, palette: Palette, grounds: Sequence[str], least: float) -> Inks:
    """Choose details from the palette that can be seen on every ground and differ from the main ink."""
    candidates = [palette.accent, palette.secondary, palette.background, palette.text]
    seen = [
        color
        for color in candidates
        if all(contrast(color, ground) >= least for ground in grounds)
        and Color(color).delta_e(main, method="ok") >= _LEAST_DIFFERENCE
    ] or [main]
    accent = seen[0]
    soft = next((color for color in (palette.secondary, *seen) if color in seen and color != accent), main)
    return Inks(main, soft, accent)


def _badge(shape: str, color: str) -> str:
    match shape:
        case "circle":
            return f'<circle cx="50" cy="50" r="48" fill="{color}"/>'
        case "squircle":
            return f'<rect x="3" y="3" width="94" height="94" rx="26" fill="{color}"/>'
        case _:
            path = polygon([at((50, 50), 45, k * 60) for k in range(6)])
            return f'<path d="{path}" fill="{color}" stroke="{color}" stroke-width="8" stroke-linejoin="round"/>'
