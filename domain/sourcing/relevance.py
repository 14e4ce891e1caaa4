"""How well a listing fits a niche, judged by its words alone. Pure; supplier text is data and nothing else."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from domain.sourcing.listing import Listing
from domain.text import fold

TITLE, TAGS, CATEGORY, DESCRIPTION = 1.0, 0.9, 0.9, 0.3
"""How far a word is believed, by where it stands: descriptions are stuffed with words that sell."""

NOISE = frozenset(
    """a an and at best big by brand buy cheap day delivery direct dropshipping factory fast for free from gift good high
    hot idea in item lot new of on or original pack piece product quality sale seller set ship shipping shop stock
    store style supply that the this to top trending us use wholesale with your 1pc 2pc pcs 2024 2025 2026 2027 arrival""".split()  # noqa: SIM905 - reads better as text
)
"""Words that say nothing about what a thing is."""

WEAK = frozenset(
    """accessory art classic collection cool decor decoration design essential gear home house indoor kit large light
    luxury lover mini modern must nice outdoor perfect personal premium room small smart stylish super unique white black
    """.split()  # noqa: SIM905 - reads better as text
)
"""Words that say a little, but about too many things: half a vote each."""


@lru_cache(maxsize=65_536)
def words(text: str) -> tuple[str, ...]:
    """Return the words of a text in comparable form: lower-case, no accents, singular, no sales talk, in order."""
    plain = fold(text).encode("ascii", "ignore").decode()
    found = (_singular(word) for word in re.findall(r"[a-z0-9]+", plain))
    return tuple(dict.fromkeys(word for word in found if word not in NOISE and len(word) > 1))


def _singular(word: str) -> str:
    """Take the plural off an English word; a rule of thumb that errs the same way for both sides compared."""
    if len(word) <= 3 or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ses", "xes", "ches", "shes")):
        return word[:-2]
    return word.removesuffix("s")


ABOUT_GOODS = 0.75
"""What a listing *about* the niche's goods counts beside one that *is* one: a camera poster beside a camera."""
UNTAGGED_GOODS = 0.87
"""The same, where tags are the only sign of what the goods are: people tag carelessly."""


@dataclass(frozen=True, slots=True)
class Relevance:
    """Measures listings against a niche and the phrases searched for it.

    A phrase fits as far as its telling words stand in the listing; rare words among the candidates tell more. The
    niche itself and the first phrases count most. Where the niche's last word names a category (“Vintage *cameras*”),
    listings of other categories count less; where it is at least a tag (“Home *gym*”), listings without it do.
    """

    phrases: Sequence[tuple[tuple[str, ...], float]]
    """Words and weight of each phrase; the niche itself comes first."""
    rarity: Mapping[str, float]
    goods: str | None
    """The niche's last word, which says what the goods are, where candidates know it."""
    by_category: bool
    """Whether categories are named after it; else tags and titles are asked."""

    @classmethod
    def of(cls, niche: str, keywords: Sequence[str], listings: Iterable[Listing]) -> Self:
        """Prepare to measure ``listings``, which also say how rare a word is."""
        phrases = {words(niche): 1.0}
        for n, keyword in enumerate(keywords):
            phrases.setdefault(words(keyword), 0.95 - 0.5 * n / max(1, len(keywords)))
        phrases.pop((), None)
        listings = list(listings)
        weights = [_word_weights(listing) for listing in listings]
        goods = next(reversed(words(niche)), None)
        by_category = goods is not None and any(goods in words(listing.category) for listing in listings)
        if not by_category and not any(found.get(goods or "", 0.0) >= TAGS for found in weights):
            goods = None
        seen = Counter(word for found in weights for word in found)
        # Square roots keep a word that two listings have from drowning all others.
        rarity = {
            word: math.sqrt(math.log(2 + len(weights)) - math.log(1 + count) + 0.2) for word, count in seen.items()
        }
        return cls(tuple(phrases.items()), rarity, goods, by_category)

    def __call__(self, listing: Listing) -> float:
        """Return 0 (nothing in common) to 1 (says everything that was searched for)."""
        weights = _word_weights(listing)
        fits = sorted((weight * self._fit(phrase, weights) for phrase, weight in self.phrases), reverse=True)
        # One phrase matched by chance is not enough: the three best decide together.
        shares = (0.55, 0.27, 0.18)
        fit = sum(share * fit for share, fit in zip(shares, fits, strict=False))
        return min(1.0, fit * self._goods_factor(listing, weights))

    def _goods_factor(self, listing: Listing, weights: Mapping[str, float]) -> float:
        if self.goods is None:
            return 1.0
        if self.by_category:
            return 1.0 if self.goods in words(listing.category) else ABOUT_GOODS
        return 1.0 if weights.get(self.goods, 0.0) >= TAGS else UNTAGGED_GOODS

    def _fit(self, phrase: tuple[str, ...], weights: Mapping[str, float]) -> float:
        unheard = math.sqrt(math.log(2 + len(self.rarity)) + 0.2)
        weighted = [(word, self.rarity.get(word, unheard) * (0.4 if word in WEAK else 1.0)) for word in phrase]
        total = sum(weight for _, weight in weighted)
        return sum(weight * weights.get(word, 0.0) for word, weight in weighted) / total


def _word_weights(listing: Listing) -> dict[str, float]:
    """Return a listing's words and how far each is believed."""
    weights: dict[str, float] = {}
    for text, belief in (
        (listing.description, DESCRIPTION),
        (listing.category, CATEGORY),
        (" ".join(listing.tags), TAGS),
        (listing.title, TITLE),
    ):
        for word in words(text):
            weights[word] = max(belief, weights.get(word, 0.0))
    return weights
