"""Ranking of listings: they fit the niche, are likely to sell, differ from each other and are of many kinds. Pure.

Listings that cannot be sold are rejected, then those that do not fit the niche. Of several listings of the same thing the
best one stays. The best of the rest are chosen one by one, and each chosen product lowers the weight of its kind. Each
rejected listing has one reason, so the counts add up to the number of listings.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from domain.merchant.events import SupplierProvider
from domain.product.events import WinningScore
from domain.sourcing.fit import Fit, FitMeasure
from domain.sourcing.landed import Destination
from domain.sourcing.listing import Listing
from domain.sourcing.pricing import Pricing, price_listing
from domain.sourcing.relevance import words
from domain.sourcing.scoring import winning_score
from domain.sourcing.screening import Rejection, Repair, Screened, screen
from domain.store.aggregate import PROMISE_DAYS
from domain.store.niche import NicheReading

TARGET_COUNT = 18
"""Number of products of a new store, if enough listings fit."""
HANDFUL = 5
"""With fewer products, the merchant is asked what to do."""

SAME_PHOTO = 6
"""Bits in which the fingerprints of the same photo may differ."""
SAME_TITLE = 0.8
"""Share of common title words from which two listings are the same thing."""

LIKE_TITLE = 0.3
"""Share of common title words from which two titles name similar things."""

REPEATED_KIND = 0.87
"""Factor on a candidate's worth for each chosen product of its kind."""
KIND_SHARE = 3
"""At most one in this many products is of one kind, as long as others fit."""

Key = tuple[SupplierProvider, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A listing that can be sold, with its price, score and fit."""

    listing: Listing
    pricing: Pricing
    score: WinningScore
    fit: Fit

    @property
    def key(self) -> Key:
        return key_of(self.listing)

    @property
    def worth(self) -> float:
        """The score that candidates are chosen by: score and fit together."""
        return self.score.total * math.pow(self.fit.value, 1.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """The candidates among a search's listings."""

    candidates: Sequence[Candidate]
    """Those that fit first, then by worth."""
    total: int
    """The number of listings."""
    fitting: int
    """The number of different listings that fit the niche, whether they can be sold or not."""
    rejected: Mapping[Rejection, int]
    repaired: Mapping[Repair, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """The result of a ranking. ``chosen`` and ``rejected`` together are all ``total`` listings."""

    chosen: Sequence[Candidate]
    """Best first."""
    total: int = 0
    fitting: int = 0
    """The number of different listings that fit the niche, whether they can be sold or not."""
    rejected: Mapping[Rejection, int] = field(default_factory=dict)
    repaired: Mapping[Repair, int] = field(default_factory=dict)

    @property
    def duplicates(self) -> int:
        """The number of candidates that were the same thing as a better one."""
        return self.rejected.get(Rejection.SAME_THING, 0)


def key_of(listing: Listing) -> Key:
    """Return a listing's unique key."""
    return listing.provider, listing.source_id


def candidates(
    listings: Sequence[Listing],
    reading: NicheReading,
    *,
    destination: Destination | None = None,
    promise_days: int = PROMISE_DAYS,
) -> Pool:
    """Return the listings that can be sold, priced and scored. Neither order nor other listings change their fit.

    Args:
        listings: as the suppliers sent them.
        reading: what the niche means.
        destination: where goods are sent; without one there is no duty in the landed cost.
        promise_days: the longest delivery time that the store promises.
    """
    measure = FitMeasure(reading)
    screened = screen(listings, promise_days=promise_days)
    different, repeated = _different_keys([(each, measure(each.listing)) for each in screened])
    rejected = Counter({Rejection.LISTED_TWICE: repeated})
    found: list[Candidate] = []
    for each, fit in different:
        pricing = None if each.rejection else price_listing(each.listing, destination)
        if pricing is None:
            rejected[each.rejection or Rejection.NO_MARGIN] += 1
            continue
        score = winning_score(each.listing, pricing, fit=fit, destination=destination)
        found.append(Candidate(listing=each.listing, pricing=pricing, score=score, fit=fit))
    return Pool(
        candidates=sorted(found, key=_order),
        total=len(listings),
        fitting=sum(fit.is_enough for _, fit in different),
        rejected=+rejected,
        repaired=Counter(repair for each, _ in different for repair in each.repairs),
    )


def rank(pool: Pool, *, fingerprints: Mapping[Key, int], count: int = TARGET_COUNT) -> Ranking:
    """Choose the products of a new store.

    Args:
        pool: the result of :func:`candidates`.
        fingerprints: of main photos, if known.
        count: the largest number of products.
    """
    fitting = [candidate for candidate in pool.candidates if candidate.fit.is_enough]
    different = _without_duplicates(fitting, fingerprints)
    chosen = _choose_varied(different, count)
    rejected = Counter(dict(pool.rejected))
    rejected[Rejection.DOES_NOT_FIT] += len(pool.candidates) - len(fitting)
    rejected[Rejection.SAME_THING] += len(fitting) - len(different)
    rejected[Rejection.SURPLUS] += len(different) - len(chosen)
    return Ranking(
        chosen=chosen, total=pool.total, fitting=pool.fitting, rejected=+rejected, repaired=dict(pool.repaired)
    )


def _different_keys(
    screened: Sequence[tuple[Screened, Fit]],
) -> tuple[Sequence[tuple[Screened, Fit]], int]:
    """Return one listing of each key, the one that fits best, and the number of the others."""
    versions: defaultdict[Key, list[tuple[Screened, Fit]]] = defaultdict(list)
    for each, fit in screened:
        versions[key_of(each.listing)].append((each, fit))
    best = [
        # The text decides between equal fits, so that the suppliers' order changes nothing.
        same[0] if len(same) == 1 else max(same, key=lambda pair: (pair[1].value, pair[0].listing.model_dump_json()))
        for same in versions.values()
    ]
    return best, len(screened) - len(best)


def same_thing(one: Candidate, other: Candidate, fingerprints: Mapping[Key, int]) -> bool:
    """Whether two listings are the same thing, by photo or by title.

    One supplier lists a thing in one category, so its equal photos in two categories show two things.
    """
    alike = title_similarity(one.listing.title, other.listing.title)
    if alike >= SAME_TITLE:
        return True
    mine, theirs = fingerprints.get(one.key), fingerprints.get(other.key)
    if mine is None or theirs is None or (mine ^ theirs).bit_count() > SAME_PHOTO:
        return False
    elsewhere = one.listing.provider is not other.listing.provider
    return elsewhere or one.listing.category == other.listing.category or alike >= LIKE_TITLE


def title_similarity(one: str, other: str) -> float:
    """Return the share of common words of two titles, without sales talk; 0 for a title without words."""
    mine, theirs = frozenset(words(one)), frozenset(words(other))
    return len(mine & theirs) / len(mine | theirs) if mine and theirs else 0.0


def _without_duplicates(fitting: Sequence[Candidate], fingerprints: Mapping[Key, int]) -> list[Candidate]:
    """Keep the best offer of each thing."""
    best_offers: list[Candidate] = []
    for candidate in sorted(fitting, key=lambda candidate: (-candidate.score.total, candidate.key)):
        if not any(same_thing(candidate, better, fingerprints) for better in best_offers):
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


def _order(candidate: Candidate) -> tuple[bool, float, Key]:
    return not candidate.fit.is_enough, -candidate.worth, candidate.key
