"""Ranking of listings: they fit the niche, are likely to sell, differ from each other and are of many kinds. Pure.

Four filters run in order. Listings without stock, picture or margin, or with a poor rating, are dropped. Listings that
do not fit the niche are dropped. Of several listings of the same thing the best one stays. The best of the rest are chosen
one by one, and each chosen product lowers the weight of its kind.
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
"""Number of products of a new store, if enough listings fit."""
MINIMUM_COUNT = 15
"""With fewer fitting listings, the closest other listings are added up to this number."""

NEUTRAL = 0.5
"""A term's value if the supplier does not say."""

WEIGHTS: Mapping[str, float] = {
    "reviews": 0.25,
    "orders": 0.20,
    "margin": 0.20,
    "shipping": 0.15,
    "image_quality": 0.10,
    "price_point": 0.10,
}
"""Each term's weight: buyers' opinions and orders first, then margin and delivery."""

TRUSTED_REVIEWS = 25
"""Number of reviews at which the rating weighs as much as the neutral prior."""
MANY_ORDERS = 10_000
"""Number of orders at the end of the scale."""
SWEET_SPOT = (15.0, 90.0)
"""Prices of impulse purchases that leave a margin, in major units."""
FAST_DAYS, SLOW_DAYS = 5, 30
GOOD_EDGE = 1_000
"""Pixels on the shorter side of a good picture."""
GOOD_IMAGES = 4
LOW_MARGIN, HIGH_MARGIN = 2_500, 7_000
"""Margins in basis points at which the scale begins and ends."""

POOR_RATING, POOR_RATING_REVIEWS = 3.5, 5
"""Listings below this many stars from at least this many reviews are dropped."""

SAME_PHOTO = 6
"""Bits in which the fingerprints of the same photo may differ."""
SAME_TITLE = 0.8
"""Share of common title words from which two listings are the same thing."""

LIKE_TITLE = 0.3
"""Share of common title words from which two titles name similar things."""

FITTING = 0.62
"""Relevance of a fitting listing, as a share of the best candidate's."""
FITTING_AT_LEAST = 0.12
"""Minimum relevance of a fitting listing, whatever the best candidate has."""
REPEATED_KIND = 0.87
"""Factor on a candidate's worth for each chosen product of its kind."""
KIND_SHARE = 3
"""At most one in this many products is of one kind, as long as others fit."""

Key = tuple[SupplierProvider, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A listing that can be sold, with its price, score and relevance."""

    listing: Listing
    pricing: Pricing
    score: WinningScore
    relevance: float
    """The fit with the niche, 0 to 1."""

    @property
    def key(self) -> Key:
        return key_of(self.listing)

    @property
    def worth(self) -> float:
        """The score that candidates are chosen by: score and relevance together."""
        return self.score.total * math.pow(self.relevance, 1.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """The result of a ranking."""

    chosen: Sequence[Candidate]
    """Best first."""
    duplicates: int
    """The number of candidates that were the same thing as a better one."""
    unsellable: int
    """The number of listings without stock, picture or margin, or with a poor rating."""
    fitting: int
    """The number of different candidates that fit the niche."""


def key_of(listing: Listing) -> Key:
    """Return a listing's unique key."""
    return listing.provider, listing.source_id


def candidates(listings: Sequence[Listing], *, niche: str, keywords: Sequence[str]) -> Sequence[Candidate]:
    """Return the listings that can be sold, priced and scored, those with the highest worth first.

    A listing that occurs twice counts once.
    """
    different = list({key_of(listing): listing for listing in listings}.values())
    relevance = Relevance.of(niche, keywords, different)
    pool: list[Candidate] = []
    for listing in different:
        pricing = price_listing(listing)
        if pricing is None or not _is_presentable(listing):
            continue
        pool.append(
            Candidate(
                listing=listing,
                pricing=pricing,
                score=winning_score(listing, pricing),
                relevance=relevance(listing),
            )
        )
    best = max((candidate.relevance for candidate in pool), default=0.0) or 1.0
    pool = [replace(candidate, relevance=min(1.0, candidate.relevance / max(best, 0.5))) for candidate in pool]
    return sorted(pool, key=_order)


def rank(
    pool: Sequence[Candidate], *, fingerprints: Mapping[Key, int], total: int, count: int = TARGET_COUNT
) -> Ranking:
    """Choose the products of a new store.

    Args:
        pool: the result of :func:`candidates`.
        fingerprints: of main photos, if known.
        total: the number of listings before any was dropped.
        count: the largest number of products.
    """
    different = _without_duplicates(pool, fingerprints)
    best = max((candidate.relevance for candidate in different), default=0.0)
    threshold = max(FITTING * best, FITTING_AT_LEAST)
    fitting = [candidate for candidate in different if candidate.relevance >= threshold]
    chosen = _choose_varied(fitting, count)
    if len(chosen) < MINIMUM_COUNT:
        others = [candidate for candidate in different if candidate.relevance < threshold]
        # Below the threshold, relevance is the first criterion.
        others.sort(key=lambda candidate: (-round(candidate.relevance, 1), *_order(candidate)))
        chosen += others[: min(MINIMUM_COUNT, count) - len(chosen)]
    return Ranking(
        chosen=chosen,
        duplicates=len(pool) - len(different),
        unsellable=total - len(pool),
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
    """Return the rating (2.5 stars are 0, 5 are 1), closer to neutral with fewer reviews."""
    if rating is None or count <= 0:
        return NEUTRAL
    liked = _clip((rating - 2.5) / 2.5)
    return (TRUSTED_REVIEWS * NEUTRAL + count * liked) / (TRUSTED_REVIEWS + count)


def order_score(count: int | None) -> float:
    """Return orders on a logarithmic scale: from 10 to 100 is the same step as from 100 to 1,000."""
    return NEUTRAL if count is None else _clip(math.log1p(max(0, count)) / math.log1p(MANY_ORDERS))


def price_point_score(price: float) -> float:
    """Return 1 within ``SWEET_SPOT``, less with every doubling below or above it."""
    low, high = SWEET_SPOT
    if price <= 0:
        return 0.0
    away = math.log2(low / price) / 2 if price < low else math.log2(price / high) / 4 if price > high else 0.0
    return _clip(1 - away)


def shipping_score(listing: Listing) -> float:
    """Return 0.7 times the speed of delivery plus 0.3 times the smallness of shipping cost."""
    days = _clip((SLOW_DAYS - sum(listing.shipping_days) / 2) / (SLOW_DAYS - FAST_DAYS))
    landed = listing.cost.minor + listing.shipping_cost.minor
    share = listing.shipping_cost.minor / landed if landed > 0 else 0.0
    return 0.7 * days + 0.3 * _clip(1 - 2 * share)


def image_score(listing: Listing) -> float:
    """Return 0.6 times the size of the pictures plus 0.4 times their number."""
    count = _clip(len(listing.image_urls) / GOOD_IMAGES)
    if not listing.image_sizes:
        return 0.6 * NEUTRAL + 0.4 * count
    edges = [min(size) for size in listing.image_sizes]
    return 0.6 * _clip((edges[0] + max(edges)) / 2 / GOOD_EDGE) + 0.4 * count


def margin_score(listing: Listing, pricing: Pricing) -> float:
    """Return the margin at the market price; neutral if the supplier names no market price."""
    if listing.market_price is None or listing.market_price.minor <= 0:
        return NEUTRAL
    left = 10_000 * (listing.market_price.minor - pricing.landed.minor) / listing.market_price.minor
    return _clip((left - LOW_MARGIN) / (HIGH_MARGIN - LOW_MARGIN))


def same_thing(one: Candidate, other: Candidate, fingerprints: Mapping[Key, int]) -> bool:
    """Whether two listings are the same thing, by photo or by title."""
    mine, theirs = fingerprints.get(one.key), fingerprints.get(other.key)
    if mine is not None and theirs is not None and (mine ^ theirs).bit_count() <= SAME_PHOTO:
        return True
    return title_similarity(one.listing.title, other.listing.title) >= SAME_TITLE


def title_similarity(one: str, other: str) -> float:
    """Return the share of common words of two titles, without sales talk; 0 for a title without words."""
    mine, theirs = frozenset(words(one)), frozenset(words(other))
    return len(mine & theirs) / len(mine | theirs) if mine and theirs else 0.0


def _without_duplicates(pool: Sequence[Candidate], fingerprints: Mapping[Key, int]) -> list[Candidate]:
    """Keep the best scored offer of each thing, with the highest relevance among similar titles."""
    best_offers: list[Candidate] = []
    for candidate in sorted(pool, key=lambda candidate: (-candidate.score.total, candidate.key)):
        for n, better in enumerate(best_offers):
            if same_thing(candidate, better, fingerprints):
                # Equal photos can show different things, so relevance passes only between similar titles.
                if title_similarity(candidate.listing.title, better.listing.title) >= LIKE_TITLE:
                    best_offers[n] = replace(better, relevance=max(better.relevance, candidate.relevance))
                break
        else:
            best_offers.append(candidate)
    return sorted(best_offers, key=_order)


def _choose_varied(fitting: Sequence[Candidate], count: int) -> list[Candidate]:
    """Choose candidates by worth one by one; each chosen one lowers the worth of its kind."""
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
    """Whether a listing has stock, a picture and no poor rating, whatever its cost."""
    disliked = (
        listing.rating is not None and listing.rating < POOR_RATING and listing.review_count >= POOR_RATING_REVIEWS
    )
    return listing.stock > 0 and bool(listing.image_urls) and not disliked


def _order(candidate: Candidate) -> tuple[float, Key]:
    return -candidate.worth, candidate.key


def _clip(value: float) -> float:
    return min(1.0, max(0.0, value))
