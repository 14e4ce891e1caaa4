"""Logos: a mark and the idea behind it."""

from domain.store.brand import Logo, Palette
from infra.writers.brandkit.color_words import color_name
from infra.writers.brandkit.marks import draw
from infra.writers.brandkit.seeded_random import SeededRandom


def draw_logo(symbol: str, palette: Palette, rng: SeededRandom, *, name: str, idea: str = "") -> Logo:
    """Return a mark and the idea behind it.

    Args:
        symbol: a key of ``MARKS``.
        palette: what it is coloured from.
        chance: its details.
        name: the brand's.
        idea: somebody else's words for what it should mean; ours if left out.
    """
    shows, svg, spot = draw(symbol, palette, rng, name=name)
    main, detail = color_name(palette.primary), color_name(spot)
    colours = main if main == detail else f"{main} with one detail in {detail}"
    concept = f"A flat, geometric mark for {name}: {shows}, in {colours}."
    return Logo(concept=f"{idea.rstrip('. ')}. {concept}" if idea.strip() else concept, svg=svg)
