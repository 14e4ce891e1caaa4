"""The fit of a listing with a niche, judged by words. Pure; supplier text is data, never instructions."""

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
"""A word's weight by its place. Descriptions weigh least, because they are full of sales words."""

NOISE = frozenset(
    """a an and at best big by brand buy cheap day delivery direct dropshipping factory fast for free from gift good high
    hot idea in item lot new of on or original pack piece product quality sale seller set ship shipping shop stock
    store style supply that the this to top trending us use wholesale with your 1pc 2pc pcs 2024 2025 2026 2027 arrival""".split()  # noqa: SIM905 - reads better as text
)
"""Words without meaning for the kind of thing."""

WEAK = frozenset(
    """accessory art classic collection cool decor decoration design essential gear home house indoor kit large light
    luxury lover mini modern must nice outdoor perfect personal premium room small smart stylish super unique white black
    """.split()  # noqa: SIM905 - reads better as text
)
"""Words that describe too many things; they have a lower weight."""


@lru_cache(maxsize=65_536)
def words(text: str) -> tuple[str, ...]:
    """Return the words of a text in comparable form: lower-case, no accents, singular, no sales talk, in order."""
    plain = fold(text).encode("ascii", "ignore").decode()
    singulars = (_singular(word) for word in re.findall(r"[a-z0-9]+", plain))
    return tuple(dict.fromkeys(word for word in singulars if word not in NOISE and len(word) > 1))


def _singular(word: str) -> str:
    """Return the singular of an English word. The rule is rough, but the same for both texts that are compared."""
    if len(word) <= 3 or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ses", "xes", "ches", "shes")):
        return word[:-2]
    return word.removesuffix("s")


ABOUT_GOODS = 0.75
"""Factor for a listing *about* the niche's goods compared with the goods: a camera poster compared with a camera."""
UNTAGGED_GOODS = 0.87
"""The same factor if only tags name the goods. It is higher, because tags are careless."""


@dataclass(frozen=True, slots=True)
class Relevance:
    """The measure of listings against a niche and its search phrases.

    A phrase fits by the share of its words in the listing; words that are rare among the candidates weigh more. The niche
    and the first phrases weigh most. If the niche's last word names a category (“Vintage *cameras*”), listings of other
    categories weigh less. If it is only a tag (“Home *gym*”), listings without the tag weigh less.
    """

    phrases: Sequence[tuple[tuple[str, ...], float]]
    """Words and weight of each phrase, the niche first."""
    rarity: Mapping[str, float]
    goods: str | None
    """The niche's last word, which names the goods; None if no candidate has it."""
    by_category: bool
    """Whether categories contain the goods' name; otherwise tags and titles are searched."""

    @classmethod
    def of(cls, niche: str, keywords: Sequence[str], listings: Iterable[Listing]) -> Self:
        """Return the measure for ``listings``, which also give the rarity of words."""
        phrases = {words(niche): 1.0}
        for n, keyword in enumerate(keywords):
            phrases.setdefault(words(keyword), 0.95 - 0.5 * n / max(1, len(keywords)))
        phrases.pop((), None)
        listings = list(listings)
        weights = [_word_weights(listing) for listing in listings]
        goods = next(reversed(words(niche)), None)
        by_category = goods is not None and any(goods in words(listing.category) for listing in listings)
        if not by_category and not any(own.get(goods or "", 0.0) >= TAGS for own in weights):
            goods = None
        seen = Counter(word for own in weights for word in own)
        # The square root limits the weight of very rare words.
        rarity = {
            word: math.sqrt(math.log(2 + len(weights)) - math.log(1 + count) + 0.2) for word, count in seen.items()
        }
        return cls(tuple(phrases.items()), rarity, goods, by_category)

    def __call__(self, listing: Listing) -> float:
        """Return the fit from 0 (no common words) to 1 (all words of the phrases)."""
        weights = _word_weights(listing)
        fits = sorted((weight * self._fit(phrase, weights) for phrase, weight in self.phrases), reverse=True)
        # One phrase can match by chance, so the three best are combined.
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
    """Return a listing's words with their weights."""
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
