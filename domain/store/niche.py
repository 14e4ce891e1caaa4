"""A store's niche: which ones are accepted, and what one was understood to mean."""

import re

from domain.kernel import InvalidInput, Value
from domain.store.refusals import refuse_unsellable
from domain.text import check_readable, clean_line, has_control_characters

NICHE_MAX = 120
"""Longest niche, in characters."""


class NicheReading(Value):
    """What a niche sells, its audience, setting and style. All texts are English, lower case and singular."""

    things: list[str] = []
    """Goods to sell, the most typical first, narrower kinds included: ``cat toy``, ``cat wand``, ``puzzle feeder``."""
    categories: list[str] = []
    """Categories of these goods, the most typical first: ``pet toy``."""
    audience: list[str] = []
    """The people or animals that the goods are for: ``senior cat``."""
    setting: list[str] = []
    """Places and occasions of use: ``desk``, ``rainy day``."""
    style: list[str] = []
    """Looks, materials, moods and exclusions: ``cyberpunk``, ``linen``, ``without plastic``."""
    unknown: list[str] = []
    """Words of the niche that were not understood. They lead to a question."""
    separate: list[str] = []
    """Goods that do not belong in one store, in the niche's words: ``yoga mats``, ``fishing lures``. They lead to a question."""
    suggestions: list[str] = []
    """Niches that may have been meant, if some words are unknown or no goods are named."""
    read_by: str = "house"
    """Who read the niche: ``house`` for the rules, a model's name, or ``merchant``."""


def excluded_by(text: str) -> str | None:
    """Return what a style excludes: ``plastic`` of ``without plastic`` and ``plastic-free``. None if it excludes nothing."""
    found = re.fullmatch(r"without (?P<after>.+)|(?P<before>.+)[- ]free", text.strip().lower())
    return None if found is None else found["after"] or found["before"]


def sellable_niche(niche: str) -> str:
    """Return the niche in the stored form.

    Raises:
        InvalidInput: see :func:`clean_niche`; or the niche asks for goods that the platform does not sell.
    """
    cleaned = clean_niche(niche)
    refuse_unsellable("niche", cleaned)
    return cleaned


def clean_niche(niche: str) -> str:
    """Return the niche in the stored form.

    Raises:
        InvalidInput: the niche is empty, over 120 characters, or has control characters.
    """
    check_readable("niche", niche)
    if has_control_characters(niche):
        raise InvalidInput(
            "niche", "The niche has control characters in it. Use plain words, such as “Ceramic planters”."
        )
    cleaned = clean_line(niche)
    if cleaned and not any(letter.isalnum() for letter in cleaned):
        raise InvalidInput(
            "niche",
            f"The niche “{cleaned}” has no words. Say what you want to sell in words, such as “Ceramic planters”.",
        )
    if not cleaned:
        raise InvalidInput("niche", "The niche is empty. Say what you want to sell, such as “Ceramic planters”.")
    if len(cleaned) > NICHE_MAX:
        raise InvalidInput("niche", f"The niche has {len(cleaned)} characters. Use at most {NICHE_MAX}.")
    return cleaned
