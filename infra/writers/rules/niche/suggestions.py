"""Niches that a merchant may have meant."""

import difflib
from collections.abc import Sequence

from infra.writers.copykit.grammar import pluralize
from infra.writers.rules.niche.lexicon import lexicon
from infra.writers.rules.niche.words import singular

_GOODS = ("home decor", "wall art", "clothing")
"""Goods that come in any style."""


def corrected(text: str, unknown: Sequence[str]) -> list[str]:
    """Return the niche with each unknown word replaced by the lexicon's nearest one: ``kichen tools``.

    Empty if some unknown word is near no other.
    """
    for word in unknown:
        words = [known for known in lexicon().vocabulary if known[0] == word[0]]
        respelled = lexicon().respelled(singular(word))
        near = [respelled] if respelled else difflib.get_close_matches(singular(word), sorted(words), n=1, cutoff=0.8)
        if not near:
            return []
        # The lexicon keeps the singular; the niche may have the plural.
        text = text.replace(word, pluralize(near[0]) if word.endswith("s") else near[0])
    return [text] if unknown else []


def with_goods(styles: Sequence[str]) -> list[str]:
    """Return niches for a style without goods: ``cyberpunk home decor``."""
    return [f"{' '.join(styles)} {goods}" for goods in _GOODS] if styles else []
