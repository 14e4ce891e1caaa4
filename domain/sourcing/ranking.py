"""Which listings a store should sell: fitting the niche, likely to sell well, each thing once, of many kinds. Pure.

Four sieves, in order: what should not be sold (nothing in stock, no picture, no margin, unhappy buyers) is out; what has nothing to do
with the niche is out; of several listings of the same thing the best stays; and of what remains the best are taken one
by one, each kind of product counting a little less with every one of it that was taken before.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from domain.merchant.events import SupplierProvider
from domain.product.events import WinningScore
from domain.sourcing.listing import Listing
from domain.sourcing.pricing import Pricing, price_listing
from domain.sourcing.relevance import Relevance, words

TARGET_COUNT = 18
"""How many products a store starts with, where there are enough that fit."""
MINIMUM_COUNT = 15
"""Below this many, listings from the neighbourhood of the niche fill up, the closest first."""

NEUTRAL = 0.5
"""A term's value where the supplier does not say: neither a bonus nor a punishment."""

WEIGHTS: Mapping[str, float] = {
    "reviews": 0.25,
    "orders": 0.20,
    "margin": 0.20,
    "shipping": 0.15,
    "image_quality": 0.10,
    "price_point": 0.10,
}
"""Each term's share of the total: what buyers said and did first, then what we earn and how soon it arrives."""

TRUSTED_REVIEWS = 25
"""Reviews at which a rating counts as much as the neutral prior."""
MANY_ORDERS = 10_000
"""Orders at which the scale ends."""
SWEET_SPOT = (15.0, 90.0)
"""Prices, in major units, that people pay without much thought and that still leave something."""
FAST_DAYS, SLOW_DAYS = 5, 30
GOOD_EDGE = 1_000
"""Pixels of the shorter side from which a picture is good for a shop."""
GOOD_IMAGES = 4
LOW_MARGIN, HIGH_MARGIN = 2_500, 7_000
"""Basis points between the cost and the market's price where the scale begins and ends."""

POOR_RATING, POOR_RATING_REVIEWS = 3.5, 5
"""Below this many stars, given by at least so many people, no score makes up for it."""

SAME_PHOTO = 6
"""Bits in which two fingerprints of one photo may differ."""
SAME_TITLE = 0.8
"""Share of title words from which two listings are the same thing."""

LIKE_TITLE = 0.3
"""Share of title words from which two titles speak of like things."""

FITTING = 0.62
"""Relevance, as a share of the best candidate's, from which a listing counts as fitting."""
FITTING_AT_LEAST = 0.12
"""Relevance below which nothing counts as fitting, however poor the best is."""
REPEATED_KIND = 0.87
"""What one more of a kind that was taken before is worth, per piece taken."""
KIND_SHARE = 3
"""At most one in this many products is of one kind, as long as others fit."""

Key = tuple[SupplierProvider, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A listing that could be sold, and what speaks for it."""

    listing: Listing
    pricing: Pricing
    score: WinningScore
    relevance: float
    """How well it fits the niche, 0 to 1."""

    @property
    def key(self) -> Key:
        return key_of(self.listing)

    @property
    def worth(self) -> float:
        """What the choice goes by: a winner that does not fit the niche is no winner here."""
        return self.score.total * math.pow(self.relevance, 1.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """What came of ranking."""

    chosen: Sequence[Candidate]
    """Best first."""
    duplicates: int
    """How many sellable candidates were the same thing as a better one."""
    unsellable: int
    """How many had nothing in stock, no picture, no margin or unhappy buyers."""
    fitting: int
    """How many different candidates fit the niche closely."""


def key_of(listing: Listing) -> Key:
    """Return what tells a listing from all others."""
    return listing.provider, listing.source_id


def candidates(listings: Sequence[Listing], *, niche: str, keywords: Sequence[str]) -> Sequence[Candidate]:
    """Return the listings that can be sold, priced and scored, the worthiest first.

    The same listing found twice counts once.
    """
    different = list({key_of(listing): listing for listing in listings}.values())
    relevance = Relevance.of(niche, keywords, different)
    found: list[Candidate] = []
    for listing in different:
        pricing = price_listing(listing)
        if pricing is None or not _is_presentable(listing):
            continue
        found.append(
            Candidate(
                listing=listing,
                pricing=pricing,
                score=winning_score(listing, pricing),
                relevance=relevance(listing),
            )
        )
    best = max((candidate.relevance for candidate in found), default=0.0) or 1.0
    found = [replace(candidate, relevance=min(1.0, candidate.relevance / max(best, 0.5))) for candidate in found]
    return sorted(found, key=_order)


def rank(
    found: Sequence[Candidate], *, fingerprints: Mapping[Key, int], total: int, count: int = TARGET_COUNT
) -> Ranking:
    """Choose what the store starts with.

    Args:
        found: what :func:`candidates` returned.
        fingerprints: of main photos, as far as known.
        total: how many listings there were before any was left out.
        count: how many products at most.
    """
    different = _without_duplicates(found, fingerprints)
    best = max((candidate.relevance for candidate in different), default=0.0)
    threshold = max(FITTING * best, FITTING_AT_LEAST)
    fitting = [candidate for candidate in different if candidate.relevance >= threshold]
    chosen = _choose_varied(fitting, count)
    if len(chosen) < MINIMUM_COUNT:
        others = [candidate for candidate in different if candidate.relevance < threshold]
        # Farther than the threshold, nearness to the niche comes before everything else.
        others.sort(key=lambda candidate: (-round(candidate.relevance, 1), *_order(candidate)))
        chosen += others[: min(MINIMUM_COUNT, count) - len(chosen)]
    return Ranking(
        chosen=chosen,
        duplicates=len(found) - len(different),
        unsellable=total - len(found),
        fitting=len(fitting),
    )


def winning_score(listing: Listing, pricing: Pricing) -> WinningScore:
    """Return a listing's score, every term from 0 to 1 (see :data:`WEIGHTS`)."""
    terms = {
        "reviews": review_score(listing.rating, listing.review_count),
        "orders": order_score(listing.order_count),
        "price_point": price_point_score(float(pricing.price.decimal)),
        "shipping": shipping_score(listing),
        "image_quality": image_score(listing),
        "margin": margin_score(listing, pricing),
    }
    total = sum(WEIGHTS[name] * value for name, value in terms.items())
    return WinningScore(total=round(total, 4), **{name: round(value, 4) for name, value in terms.items()})


def review_score(rating: float | None, count: int) -> float:
    """Return the rating (2.5 stars are 0, 5 are 1), pulled towards neutral as long as few people gave it."""
    if rating is None or count <= 0:
        return NEUTRAL
    liked = _clip((rating - 2.5) / 2.5)
    return (TRUSTED_REVIEWS * NEUTRAL + count * liked) / (TRUSTED_REVIEWS + count)


def order_score(count: int | None) -> float:
    """Return orders on a logarithmic scale: the step from 10 to 100 is worth that from 100 to 1,000."""
    return NEUTRAL if count is None else _clip(math.log1p(max(0, count)) / math.log1p(MANY_ORDERS))


def price_point_score(price: float) -> float:
    """Return 1 within the sweet spot, less with every doubling below or above it."""
    low, high = SWEET_SPOT
    if price <= 0:
        return 0.0
    away = math.log2(low / price) / 2 if price < low else math.log2(price / high) / 4 if price > high else 0.0
    return _clip(1 - away)


def shipping_score(listing: Listing) -> float:
    """Return how soon it arrives (seven parts in ten) and how small a part of the cost shipping is (three)."""
    days = _clip((SLOW_DAYS - sum(listing.shipping_days) / 2) / (SLOW_DAYS - FAST_DAYS))
    landed = listing.cost.minor + listing.shipping_cost.minor
    share = listing.shipping_cost.minor / landed if landed > 0 else 0.0
    return 0.7 * days + 0.3 * _clip(1 - 2 * share)


def image_score(listing: Listing) -> float:
    """Return how large the pictures are (six parts in ten) and how many there are (four)."""
    count = _clip(len(listing.image_urls) / GOOD_IMAGES)
    if not listing.image_sizes:
        return 0.6 * NEUTRAL + 0.4 * count
    edges = [min(size) for size in listing.image_sizes]
    return 0.6 * _clip((edges[0] + max(edges)) / 2 / GOOD_EDGE) + 0.4 * count


def margin_score(listing: Listing, pricing: Pricing) -> float:
    """Return what the market's price leaves over our cost; neutral where the supplier does not know the market."""
    if listing.market_price is None or listing.market_price.minor <= 0:
        return NEUTRAL
    left = 10_000 * (listing.market_price.minor - pricing.landed.minor) / listing.market_price.minor
    return _clip((left - LOW_MARGIN) / (HIGH_MARGIN - LOW_MARGIN))


def same_thing(one: Candidate, other: Candidate, fingerprints: Mapping[Key, int]) -> bool:
    """Tell whether two listings are the same thing: by their photo, or by their title."""
    mine, theirs = fingerprints.get(one.key), fingerprints.get(other.key)
    if mine is not None and theirs is not None and (mine ^ theirs).bit_count() <= SAME_PHOTO:
        return True
    return title_similarity(one.listing.title, other.listing.title) >= SAME_TITLE


def title_similarity(one: str, other: str) -> float:
    """Return the share of words two titles have in common, sales talk left out; 0 for a title without words."""
    mine, theirs = frozenset(words(one)), frozenset(words(other))
    return len(mine & theirs) / len(mine | theirs) if mine and theirs else 0.0


def _without_duplicates(found: Sequence[Candidate], fingerprints: Mapping[Key, int]) -> list[Candidate]:
    """Keep the best scored offer of each thing, with the fit of whichever like title says best what it is."""
    kept: list[Candidate] = []
    for candidate in sorted(found, key=lambda candidate: (-candidate.score.total, candidate.key)):
        for n, better in enumerate(kept):
            if same_thing(candidate, better, fingerprints):
                # Photos can deceive, so a fit is only passed on between titles that have something in common.
                if title_similarity(candidate.listing.title, better.listing.title) >= LIKE_TITLE:
                    kept[n] = replace(better, relevance=max(better.relevance, candidate.relevance))
                break
        else:
            kept.append(candidate)
    return sorted(kept, key=_order)


def _choose_varied(fitting: Sequence[Candidate], count: int) -> list[Candidate]:
    """Take the worthiest one by one, each kind counting less the more of it was taken."""
    left = list(fitting)
    taken: list[Candidate] = []
    kinds: Counter[str] = Counter()
    most = max(2, math.ceil(count / KIND_SHARE))
    while left and len(taken) < count:
        allowed = [candidate for candidate in left if kinds[candidate.listing.category] < most] or left
        best = max(
            allowed,
            key=lambda candidate: candidate.worth * REPEATED_KIND ** kinds[candidate.listing.category],
        )
        left.remove(best)
        taken.append(best)
        kinds[best.listing.category] += 1
    return taken


def _is_presentable(listing: Listing) -> bool:
    """Tell whether a store could put it on show without regret, whatever it costs."""
    disliked = (
        listing.rating is not None and listing.rating < POOR_RATING and listing.review_count >= POOR_RATING_REVIEWS
    )
    return listing.stock > 0 and bool(listing.image_urls) and not disliked


def _order(candidate: Candidate) -> tuple[float, Key]:
    return -candidate.worth, candidate.key


def _clip(value: float) -> float:
    return min(1.0, max(0.0, value))
