"""The ages that goods are for, as their supplier states them, and those of a niche's young audiences. Pure."""

import re
from functools import cache

from domain.sourcing.listing import Listing
from domain.sourcing.supplier_words import lexicon, tokens
from domain.text import fold

OLDEST = 1_200
"""Months of a whole life: the end of ages that have none."""

_UNIT = r"(months?|mths?|mos?|years?|yrs?|y)\b"
_SPAN = re.compile(rf"(\d{{1,3}})\s*(?:-|–|to)\s*(\d{{1,3}})\s*{_UNIT}")
_FROM = re.compile(rf"(?:\b(?:from|ages?|over)\s+(\d{{1,3}})|(\d{{1,3}})\s*\+)\s*{_UNIT}")


def ages_of(listing: Listing) -> tuple[int, int] | None:
    """Return the months of life that goods are for, from and to; None if their supplier states none."""
    stated = (fold(value) for name, value in listing.attributes.items() if "age" in tokens(name))
    return next(filter(None, map(_span_in, (*stated, fold(listing.title)))), None)


def suits_age(word: str, groups: frozenset[str], ages: tuple[int, int] | None) -> bool:
    """Whether goods for these ages are for an audience; for one without an age all are.

    Args:
        word: names the audience.
        groups: the groups of audiences that have the word.
        ages: as the supplier states them; None if it states none.
    """
    known = _spans()
    spans = [known[name] for name in ({word} if word in known else groups & known.keys())]
    return ages is None or not spans or any(ages[0] < last and ages[1] > first for first, last in spans)


def _span_in(text: str) -> tuple[int, int] | None:
    if "from birth" in text:
        return 0, OLDEST
    if found := _SPAN.search(text):
        return _months(found[1], found[3]), _months(found[2], found[3])
    if found := _FROM.search(text):
        return _months(found[1] or found[2], found[3]), OLDEST
    return None


def _months(number: str, unit: str) -> int:
    return int(number) * (1 if unit.startswith("m") else 12)


@cache
def _spans() -> dict[str, tuple[int, int]]:
    return {name: (first, last) for name, (first, last) in lexicon()["ages"].items()}
