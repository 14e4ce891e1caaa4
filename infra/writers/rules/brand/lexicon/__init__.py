"""The lexicon of niches: categories of goods and styles, kept in TOML files, and the reader of niches.

Import from here: :func:`read_niche` and its :class:`NicheProfile`; :func:`lexicon` and the types of its entries.
"""

from infra.writers.rules.brand.lexicon.entries import Category, Gloss, Lexicon, Sober, Style, lexicon
from infra.writers.rules.brand.lexicon.niche import NicheProfile, read_niche

__all__ = ["Category", "Gloss", "Lexicon", "NicheProfile", "Sober", "Style", "lexicon", "read_niche"]
