"""The sample supplier's search: by words, synonyms and categories.

Like a real supplier's search it returns all listings, the least relevant last.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import cache

from domain.sourcing.relevance import words
from infra.sandbox.sample_supplier.catalog import Offer, offers
from infra.sandbox.sample_supplier.goods import taxonomy

SYNONYM_SHARE = 0.6
"""Weight of a synonym, compared with the word itself."""


def search(keyword: str) -> Sequence[Offer]:
    """Return the whole catalog, the most relevant first, and the more popular first among equals."""
    query_words = _query_words(keyword)
    if not query_words:
        return sorted(offers(), key=_popularity, reverse=True)
    inverse_frequency = _inverse_frequency()
    relevance: dict[str, float] = {}
    departments: Counter[str] = Counter()
    for offer in offers():
        weights = _index()[offer.id]
        relevance[offer.id] = sum(
            weight * weights.get(word, 0.0) * inverse_frequency.get(word, 0.0) for word, weight in query_words.items()
        )
        if relevance[offer.id] > 0:
            departments[taxonomy().department_of(offer.goods.category)] += 1
    department_ranks = _department_ranks(departments)
    return sorted(
        offers(),
        key=lambda offer: (
            relevance[offer.id],
            department_ranks.get(taxonomy().department_of(offer.goods.category), 0),
            _popularity(offer),
        ),
        reverse=True,
    )


def _query_words(keyword: str) -> dict[str, float]:
    """Return the words of a keyword and their synonyms, with weights."""
    plain = words(keyword)
    query_words = dict.fromkeys(plain, 1.0)
    for group in _synonyms():
        if any(set(phrase) <= set(plain) for phrase in group):
            for phrase in group:
                for word in phrase:
                    query_words.setdefault(word, SYNONYM_SHARE / len(phrase))
    return query_words


def _department_ranks(departments: Counter[str]) -> dict[str, int]:
    """Rank departments: first the one with most hits, then those related to it, then the rest."""
    if not departments:
        return {}
    home = departments.most_common(1)[0][0]
    return {home: 2} | dict.fromkeys(taxonomy().departments[home].related, 1)


def _popularity(offer: Offer) -> float:
    return math.log1p(offer.sold or 0) + (offer.rating or 3.0)


@cache
def _index() -> dict[str, dict[str, float]]:
    """Return the words of each listing, with weights."""
    return {offer.id: _word_weights(offer) for offer in offers()}


def _word_weights(offer: Offer) -> dict[str, float]:
    weights: defaultdict[str, float] = defaultdict(float)
    for text, weight in (
        (offer.title, 3.0),
        (offer.goods.category, 2.0),
        (" ".join(offer.tags), 2.0),
        (offer.description, 0.5),
    ):
        for word in words(text):
            weights[word] = max(weights[word], weight)
    return dict(weights)


@cache
def _inverse_frequency() -> dict[str, float]:
    """Return the inverse document frequency of each word."""
    seen = Counter(word for weights in _index().values() for word in weights)
    return {word: math.log((1 + len(offers())) / count) for word, count in seen.items()}


@cache
def _synonyms() -> tuple[tuple[tuple[str, ...], ...], ...]:
    return tuple(tuple(words(phrase) for phrase in group) for group in taxonomy().synonyms)
