"""Draws logos and describes them."""

from domain.store.brand import Logo, Palette
from infra.writers.brandkit.color_words import color_name
from infra.writers.brandkit.marks import draw
from infra.writers.brandkit.seeded_random import SeededRandom


def draw_logo(symbol: str, palette: Palette, rng: SeededRandom, *, name: str, idea: str = "") -> Logo:
    """Return a mark and the idea behind it.

    Args:
        symbol: a key of ``MARKS``.
        palette: the brand's colors.
        rng: chooses the details.
        name: the brand's name.
        idea: a model's sentence about what the mark stands for; it comes before the description.
    """
    shows, svg, spot = draw(symbol, palette, rng, name=name)
    main, detail = color_name(palette.primary), color_name(spot)
    colors = main if main == detail else f"{main} with one detail in {detail}"
    concept = f"A flat, geometric mark for {name}: {shows}, in {colors}."
    return Logo(concept=f"{idea.rstrip('. ')}. {concept}" if idea.strip() else concept, svg=svg)
