"""The sample supplier's own search: words, synonyms and categories, and then everything else, least fitting last.

Like a real supplier's it always has an answer: what does not fit stands at the end of the list, not outside it.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import cache

from domain.sourcing.relevance import words
from infra.sandbox.sample_supplier.catalogue import Offer, offers
from infra.sandbox.sample_supplier.goods import taxonomy

SYNONYM_SHARE = 0.6
"""What a synonym counts, beside the word itself."""


def search(keyword: str) -> Sequence[Offer]:
    """Return the whole catalogue, best fitting first; by popularity where nothing tells two listings apart."""
    asked = _asked(keyword)
    if not asked:
        return sorted(offers(), key=_popularity, reverse=True)
    rarity = _rarity()
    fit: dict[str, float] = {}
    departments: Counter[str] = Counter()
    for offer in offers():
        carried = _index()[offer.id]
        fit[offer.id] = sum(weight * carried.get(word, 0.0) * rarity.get(word, 0.0) for word, weight in asked.items())
        if fit[offer.id] > 0:
            departments[taxonomy().department_of(offer.goods.category)] += 1
    nearness = _nearness(departments)
    return sorted(
        offers(),
        key=lambda offer: (
            fit[offer.id],
            nearness.get(taxonomy().department_of(offer.goods.category), 0),
            _popularity(offer),
        ),
        reverse=True,
    )


def _asked(keyword: str) -> dict[str, float]:
    """Return the words asked for, and their synonyms at a discount."""
    plain = words(keyword)
    asked = dict.fromkeys(plain, 1.0)
    for group in _synonyms():
        if any(set(phrase) <= set(plain) for phrase in group):
            for phrase in group:
                for word in phrase:
                    asked.setdefault(word, SYNONYM_SHARE / len(phrase))
    return asked


def _nearness(departments: Counter[str]) -> dict[str, int]:
    """Rank departments: where most hits were, then its neighbours, then the rest."""
    if not departments:
        return {}
    home = departments.most_common(1)[0][0]
    return {home: 2} | dict.fromkeys(taxonomy().departments[home].related, 1)


def _popularity(offer: Offer) -> float:
    return math.log1p(offer.sold or 0) + (offer.rating or 3.0)


@cache
def _index() -> dict[str, dict[str, float]]:
    """Return the words each listing can be found by, and how much each counts."""
    return {offer.id: _carried(offer) for offer in offers()}


def _carried(offer: Offer) -> dict[str, float]:
    carried: defaultdict[str, float] = defaultdict(float)
    for text, weight in (
        (offer.title, 3.0),
        (offer.goods.category, 2.0),
        (" ".join(offer.tags), 2.0),
        (offer.description, 0.5),
    ):
        for word in words(text):
            carried[word] = max(carried[word], weight)
    return dict(carried)


@cache
def _rarity() -> dict[str, float]:
    """Return how telling each word is in this catalogue: the rarer, the more."""
    seen = Counter(word for carried in _index().values() for word in carried)
    return {word: math.log((1 + len(offers())) / count) for word, count in seen.items()}


@cache
def _synonyms() -> tuple[tuple[tuple[str, ...], ...], ...]:
    return tuple(tuple(words(phrase) for phrase in group) for group in taxonomy().synonyms)
