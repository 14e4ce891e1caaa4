"""The sample supplier's search: by words, synonyms and categories.

Like a real supplier's search it returns all listings, the least relevant last.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import cache, lru_cache

from domain.sourcing.relevance import words
from infra.sandbox.sample_supplier.catalog import Offer, offers
from infra.sandbox.sample_supplier.goods import department_of, departments, synonyms

SYNONYM_SHARE = 0.6
"""Weight of a synonym, compared with the word itself."""
PARTIAL = 0.5
"""Least factor on a listing that has only some of a phrase's words; one with all of them keeps its full weight."""


@lru_cache(maxsize=512)
def search(keyword: str) -> Sequence[Offer]:
    """Return the whole catalog, the most relevant first, and the more popular first among equals."""
    query_words = _query_words(keyword)
    if not query_words:
        return tuple(sorted(offers(), key=_popularity, reverse=True))
    relevance = _relevance(query_words)
    found = Counter(department_of(offer.goods.category) for offer in offers() if offer.id in relevance)
    ranks = _department_ranks(found)
    return tuple(
        sorted(
            offers(),
            key=lambda offer: (
                relevance.get(offer.id, 0.0),
                ranks.get(department_of(offer.goods.category), 0),
                _popularity(offer),
            ),
            reverse=True,
        )
    )


def _relevance(query_words: dict[str, float]) -> dict[str, float]:
    """Return the relevance of each listing that has a word of the query."""
    index = _index()
    sums: defaultdict[str, float] = defaultdict(float)
    known: defaultdict[str, float] = defaultdict(float)
    whole = sum(weight for weight in query_words.values() if weight == 1.0) or 1.0
    for word, weight in query_words.items():
        entries = index.get(word, ())
        rarity = math.log((1 + len(offers())) / max(1, len(entries)))
        for id, place in entries:
            sums[id] += weight * place * rarity
            known[id] += weight
    return {id: value * (PARTIAL + (1 - PARTIAL) * min(1.0, known[id] / whole)) for id, value in sums.items()}


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


def _department_ranks(found: Counter[str]) -> dict[str, int]:
    """Rank departments: first the one with most hits, then those related to it, then the rest."""
    if not found:
        return {}
    home = found.most_common(1)[0][0]
    return {home: 2} | dict.fromkeys(departments()[home].related, 1)


def _popularity(offer: Offer) -> float:
    return math.log1p(offer.sold or 0) + (offer.rating or 3.0)


@cache
def _index() -> dict[str, tuple[tuple[str, float], ...]]:
    """Return the listings that each word is in, with the word's weight there."""
    index: defaultdict[str, list[tuple[str, float]]] = defaultdict(list)
    for offer in offers():
        for word, weight in _word_weights(offer).items():
            index[word].append((offer.id, weight))
    return {word: tuple(entries) for word, entries in index.items()}


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
def _synonyms() -> tuple[tuple[tuple[str, ...], ...], ...]:
    return tuple(tuple(words(phrase) for phrase in group) for group in synonyms())
