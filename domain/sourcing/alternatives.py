"""What a supplier has instead, if too little fits a niche. Pure."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from domain.generation.events import CategoryCount
from domain.sourcing.fit import FLOOR
from domain.sourcing.ranking import HANDFUL, Candidate
from domain.sourcing.supplier_words import tokens, word_set
from domain.store.niche import NicheReading

TOP_CATEGORIES = 6
SUGGESTIONS = 3
FEWEST_SEEN = 3
"""Goods that a category needs to be suggested if few have a handful: a search of its own finds more of them."""


@dataclass(frozen=True, slots=True)
class Alternatives:
    """What can be sold instead."""

    categories: Sequence[CategoryCount]
    """The largest first."""
    niches: Sequence[str]
    """Niches that the supplier serves, the nearest first; fewer than three if it serves fewer."""


def alternatives(candidates: Sequence[Candidate], reading: NicheReading) -> Alternatives:
    """Return what a supplier has for neighboring niches, judged by the listings that a search found."""
    members: defaultdict[str, list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        members[candidate.listing.category].append(candidate)
    counts = Counter({category: len(found) for category, found in members.items() if category})
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    named = frozenset(
        word for text in (*reading.things, *reading.categories, *reading.audience) for word in tokens(text)
    )

    def nearness(category: str) -> tuple[bool, float, int, str]:
        shared = bool(named & set(tokens(category)))
        fit = sum(min(FLOOR, candidate.fit.value) for candidate in members[category]) / counts[category]
        return not shared, -round(fit, 2), -counts[category], category

    telling = {category: count for category, count in counts.items() if _says_something(category)}
    enough = [category for category, count in telling.items() if count > HANDFUL]
    if len(enough) < SUGGESTIONS:
        enough = [category for category, count in telling.items() if count >= FEWEST_SEEN]
    return Alternatives(
        categories=[CategoryCount(category=category, count=count) for category, count in ordered[:TOP_CATEGORIES]],
        niches=[_niche(category) for category in sorted(enough, key=nearness)[:SUGGESTIONS]],
    )


def _says_something(category: str) -> bool:
    """Whether a category narrows goods down: “Kitchen Tools” does, “Home & Garden” does not."""
    parts = (tokens(part) for part in re.split(r"[&/,>]", category))
    return any(len(part) > 1 or any(word not in word_set("broad") for word in part) for part in parts)


def _niche(category: str) -> str:
    """Return a category's last part as a niche: ``Pet Supplies > Cat Toys`` becomes ``Cat toys``."""
    last = category.replace("/", ">").split(">")[-1].strip()
    return last[:1].upper() + last[1:].lower()
