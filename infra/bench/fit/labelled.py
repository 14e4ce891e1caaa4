"""How well fit and ranking agree with listings that were judged by hand."""

import math
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import Field

from domain.kernel import Value
from domain.merchant.events import SupplierProvider
from domain.money import Money
from domain.sourcing.fit import FitMeasure
from domain.sourcing.listing import Listing, ListingVariant
from domain.sourcing.ranking import candidates
from domain.store.niche import NicheReading

HALVES = ("tuning", "held_out")
DEPTH = 20
"""Positions of a ranking that are judged."""


class Pair(Value):
    """A listing with a verdict on whether it fits its niche."""

    fits: bool
    title: str
    category: str
    tags: list[str] = []
    text: str = ""
    facts: dict[str, str] = {}
    why: str = Field(min_length=3)

    @property
    def listing(self) -> Listing:
        return _listing(
            self.title, self.category, tags=self.tags, description=self.text, attributes=self.facts, cost=1_000
        )


class LabelledNiche(Value):
    """A niche and its pairs."""

    name: str
    reading: NicheReading
    pairs: list[Pair]


class Graded(Value):
    """A listing with a grade from 0 (does not fit) to 3 (fits, and a good offer)."""

    grade: int = Field(ge=0, le=3)
    title: str
    category: str
    cost: int
    market: int
    freight: int
    days: tuple[int, int]
    rating: float
    reviews: int
    orders: int
    photos: tuple[int, int]

    def listing(self, id: str) -> Listing:
        """Return the listing."""
        count, edge = self.photos
        return _listing(
            self.title,
            self.category,
            source_id=id,
            cost=self.cost,
            market_price=Money(minor=self.market),
            shipping_cost=Money(minor=self.freight),
            shipping_days=self.days,
            rating=self.rating,
            review_count=self.reviews,
            order_count=self.orders,
            image_urls=[f"http://supplier.test/{id}-{n}.jpg" for n in range(count)],
            image_sizes=[(edge, edge)] * count,
        )


class RankedNiche(Value):
    """A niche and its graded listings."""

    name: str
    reading: NicheReading
    listings: list[Graded]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Precision of what is imported, and recall of what fits."""

    precision: float
    recall: float


@cache
def labelled(half: str) -> Sequence[LabelledNiche]:
    """Return the niches of one half of the labelled set, ``tuning`` or ``held_out``."""
    return [LabelledNiche.model_validate(niche) for niche in _read(half)["niche"]]


@cache
def ranked() -> Sequence[RankedNiche]:
    """Return the niches with graded listings."""
    return [RankedNiche.model_validate(niche) for niche in _read("ranked")["niche"]]


def agreement(niches: Sequence[LabelledNiche]) -> Agreement:
    """Return how far the measure of fit agrees with the verdicts."""
    verdicts = [
        (measure(pair.listing).is_enough, pair.fits)
        for niche in niches
        for measure in [FitMeasure(niche.reading)]
        for pair in niche.pairs
    ]
    hits = sum(is_enough and fits for is_enough, fits in verdicts)
    return Agreement(
        precision=hits / max(1, sum(is_enough for is_enough, _ in verdicts)),
        recall=hits / max(1, sum(fits for _, fits in verdicts)),
    )


def mean_ndcg(order: Callable[[NicheReading, Sequence[Listing]], Sequence[Listing]]) -> float:
    """Return the mean NDCG@20 of a ranking over the graded niches; each ranks the listings of all of them."""
    everything = {
        f"{niche.name} {n}": (niche.name, graded, graded.listing(f"{niche.name} {n}"))
        for niche in ranked()
        for n, graded in enumerate(niche.listings)
    }
    scores = []
    for niche in ranked():
        grades = {id: graded.grade if name == niche.name else 0 for id, (name, graded, _) in everything.items()}
        ordered = order(niche.reading, [listing for _, _, listing in everything.values()])
        scores.append(_ndcg([grades[listing.source_id] for listing in ordered], list(grades.values())))
    return sum(scores) / len(scores)


def by_worth(reading: NicheReading, listings: Sequence[Listing]) -> Sequence[Listing]:
    """Return listings in the scout's order."""
    return [candidate.listing for candidate in candidates(listings, reading).candidates]


def by_orders(reading: NicheReading, listings: Sequence[Listing]) -> Sequence[Listing]:  # noqa: ARG001
    """Return listings with the most orders first."""
    return sorted(listings, key=lambda listing: -(listing.order_count or 0))


def _ndcg(grades: Sequence[int], all_grades: Sequence[int]) -> float:
    """Return the normalized discounted cumulative gain of the first positions (Järvelin and Kekäläinen, 2002)."""
    return _gain(grades) / _gain(sorted(all_grades, reverse=True))


def _gain(grades: Sequence[int]) -> float:
    return sum((2.0**grade - 1) / math.log2(n + 2) for n, grade in enumerate(grades[:DEPTH]))


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name(f"{name}.toml").read_text("utf-8"))


def _listing(title: str, category: str, *, cost: int, **more: Any) -> Listing:
    price = Money(minor=cost)
    given: dict[str, Any] = {
        "source_id": title,
        "description": "",
        "shipping_days": (4, 8),
        "shipping_cost": Money(minor=200),
        "image_urls": ["http://supplier.test/1.jpg"],
    } | more
    return Listing(
        provider=SupplierProvider.SAMPLE,
        url=None,
        title=title,
        category=category,
        cost=price,
        variants=[ListingVariant(title="Default", cost=price, stock=50)],
        **given,
    )
