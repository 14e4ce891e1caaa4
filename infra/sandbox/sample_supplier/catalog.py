"""The sample supplier's catalog: all goods are listed once, many again by other sellers, some with faults.

Everything follows from the data files and fixed seeds, so the catalog is the same on every machine and every day. The
faults are those a scout meets at real suppliers: the same thing under another title and price, the same photo resized
or cropped a little, poor or missing ratings, nothing in stock, hardly any margin, weeks of shipping, marks on photos.
"""

import hashlib
import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache

from domain.kernel import Value
from infra.sandbox.sample_supplier.goods import Crop, Goods, all_goods
from infra.sandbox.sample_supplier.pictures import Shot
from infra.sandbox.sample_supplier.printing import SIZES
from infra.sandbox.sample_supplier.staging import scene_shots

NOISE_BEFORE = ("2026 New", "Hot Sale", "Free Shipping", "Wholesale", "New Arrival", "[Fast Ship]", "Factory Direct")
NOISE_AFTER = ("1pc", "High Quality", "Dropshipping", "Best Gift Idea", "In Stock", "Trending 2026", "Top Seller")
NOTES = (
    "Please allow 1-2 cm error due to manual measurement.",
    "Colors may differ slightly from the picture because of your monitor.",
    "Any problem please contact us before leaving feedback, we reply in 24 hours.",
    "Thank you for your support dear friend!",
)
PARCEL_DUTY = 330
"""US cents of customs duty on a parcel to the European Union, about three euro."""
LEAST_MARKUP = 1.55
"""Retail prices of cheap goods cover freight and duty too: no shop would sell them otherwise."""
GROWING = frozenset({"Size", "Diameter", "Length", "Height", "Memory", "Storage", "Capacity", "Age", "Frame"})
"""Options whose later values have higher prices."""


class Fault(StrEnum):
    """A fault of a listing."""

    POOR_RATING = "poor rating"
    FEW_REVIEWS = "few reviews"
    SOLD_OUT = "sold out"
    OVERPRICED = "overpriced"
    SLOW = "slow shipping"


class Echo(StrEnum):
    """How a listing repeats another one."""

    EXACT = "same pictures"
    NEAR = "nearly the same pictures"


class Sku(Value):
    """One variant with a price and a stock."""

    sku: str
    name: str
    attributes: dict[str, str]
    cents: int
    available: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One listing, in the supplier's own terms. Amounts are US cents."""

    id: str
    goods: Goods
    title: str
    description: str
    tags: tuple[str, ...]
    cents: int
    retail_cents: int | None
    rating: float | None
    reviews: int
    sold: int | None
    fee_cents: int
    days: tuple[int, int]
    shots: tuple[Shot, ...]
    skus: tuple[Sku, ...]
    echo: Echo | None = None
    fault: Fault | None = None

    def image_file(self, index: int) -> str:
        """Return the file name of a picture, which does not say what it shows."""
        return f"{self.id.lower()}-{index + 1}.jpg"

    def changed(self, *, cents: int, fee_cents: int, skus: tuple[Sku, ...]) -> "Offer":
        """Return the listing with other amounts and stock."""
        return replace(self, cents=cents, fee_cents=fee_cents, skus=skus)


@cache
def offers() -> tuple[Offer, ...]:
    """Return the whole catalog, always in the same arbitrary order."""
    found = sorted(_all_offers(), key=lambda offer: offer.id)
    if len({offer.id for offer in found}) != len(found):
        raise AssertionError("two listings share an id: rename one of the goods")
    return tuple(found)


def offer_by_id(id: str) -> Offer | None:
    """Return a listing; None if there is none with this id."""
    return _offers_by_id().get(id)


@cache
def _offers_by_id() -> dict[str, Offer]:
    return {offer.id: offer for offer in offers()}


def _all_offers() -> Iterator[Offer]:
    for goods in all_goods():
        rng = random.Random(f"zyenta sample supplier, {goods.id}")  # noqa: S311 - a catalog, not a secret
        yield _offer(goods, "main", rng, fault=_fault(goods, rng))
        if rng.random() < (0.5 if goods.printed_on is None else 0.12):
            again = rng.choice((Fault.POOR_RATING, Fault.FEW_REVIEWS, Fault.OVERPRICED, Fault.SLOW, None, None))
            yield _offer(goods, "again", rng, fault=again, echo=Echo.EXACT)
        if rng.random() < (0.2 if goods.printed_on is None else 0.08):
            yield _offer(goods, "copy", rng, fault=rng.choice((Fault.SOLD_OUT, Fault.SLOW, None)), echo=Echo.NEAR)


def _fault(goods: Goods, rng: random.Random) -> Fault | None:
    """Return a fault for some first listings of printed goods. All other goods keep one listing without a fault."""
    return rng.choice(tuple(Fault)) if goods.printed_on is not None and rng.random() < 0.3 else None


def _offer(goods: Goods, seller: str, rng: random.Random, *, fault: Fault | None, echo: Echo | None = None) -> Offer:
    cents = _about(goods.cost, rng, 0.12)
    fee = _about(goods.fee, rng, 0.2)
    retail = _about(goods.market, rng, 0.1)
    states_retail = True
    if fault is Fault.OVERPRICED:
        cents = max(cents, round(goods.market * rng.uniform(0.95, 1.2)))
    else:
        retail = max(retail, round(LEAST_MARKUP * (cents + fee + PARCEL_DUTY)))
        states_retail = echo is not None or rng.random() >= 0.12
    rating, reviews, sold = _reputation(rng, fault)
    days = goods.days if fault is not Fault.SLOW else (goods.days[0] + 18, goods.days[1] + rng.randint(22, 34))
    id = _listing_id(goods.id, seller)
    return Offer(
        id=id,
        goods=goods,
        title=_title(goods.names[0 if echo is None else 1], rng),
        description=_description(goods, rng),
        tags=tuple(goods.tags),
        cents=cents,
        retail_cents=retail if states_retail else None,
        rating=rating,
        reviews=reviews,
        sold=sold,
        fee_cents=fee,
        days=days,
        shots=tuple(
            _shots(goods, echo, rng) if goods.render is None else scene_shots(goods, seller, near=echo is Echo.NEAR)
        ),
        skus=tuple(_skus(id, goods, cents, rng, sold_out=fault is Fault.SOLD_OUT)),
        echo=echo,
        fault=fault,
    )


def _listing_id(goods: str, seller: str) -> str:
    digest = hashlib.sha256(f"{goods}|{seller}".encode()).digest()
    return f"SS-{int.from_bytes(digest[:6]) % 90_000_000 + 10_000_000}"


def _about(cents: int, rng: random.Random, spread: float) -> int:
    return max(1, round(cents * rng.uniform(1 - spread, 1 + spread)))


def _reputation(rng: random.Random, fault: Fault | None) -> tuple[float | None, int, int | None]:
    """Return rating, reviews and pieces sold."""
    sold = round(10 ** rng.uniform(2.0, 4.2))
    reviews = max(5, round(sold * rng.uniform(0.06, 0.3)))
    rating: float | None = round(min(5.0, rng.gauss(4.6, 0.18)), 1)
    if fault is Fault.POOR_RATING:
        rating = round(rng.uniform(2.1, 3.4), 1)
    if fault is Fault.FEW_REVIEWS:
        reviews, sold = rng.randint(0, 3), rng.randint(0, 9)
        rating = None if reviews == 0 else float(rng.choice((4, 5)))
    return rating, reviews, None if rng.random() < 0.08 else sold


def _title(name: str, rng: random.Random) -> str:
    words = [name]
    if rng.random() < 0.45:
        words.insert(0, rng.choice(NOISE_BEFORE))
    if rng.random() < 0.5:
        words.append(rng.choice(NOISE_AFTER))
    return " ".join(words)


def _description(goods: Goods, rng: random.Random) -> str:
    lines = [f"{goods.names[0]}!!", "", "Features:"]
    lines += [f"* {fact}" for fact in goods.facts]
    lines += ["", "Specification:", f"Category: {goods.category}"]
    lines += [f"{name}: {value}" for name, value in goods.attributes.items()]
    lines += [f"{name}: {' / '.join(values)}" for name, values in goods.options.items()]
    if goods.photo is not None:
        lines += ["", "Package Includes: 1 x " + goods.category.removesuffix("s")]
    lines += ["", "Note:", *rng.sample(NOTES, 2)]
    return "\n".join(lines)


def _shots(goods: Goods, echo: Echo | None, rng: random.Random) -> Iterator[Shot]:
    assert goods.photo is not None
    edge = 1200 if goods.printed_on is None else max(SIZES[goods.printed_on])
    main = Shot(photo=goods.photo, crop=goods.crop, printed_on=goods.printed_on, long_edge=edge)
    if echo is Echo.NEAR:
        # Resellers save a picture smaller, at a lower quality and slightly cropped.
        crop = goods.crop if goods.printed_on else _scaled(goods.crop, 0.975)
        yield Shot(photo=goods.photo, crop=crop, printed_on=goods.printed_on, long_edge=720, quality=58)
        yield Shot(photo=goods.photo, crop=goods.crop, long_edge=720, quality=58, watermark=True)
        return
    yield main
    rest = [
        Shot(photo=goods.photo, crop=_scaled(goods.crop, 0.66)),
        Shot(photo=goods.photo, crop=goods.crop if goods.printed_on else _scaled(goods.crop, 1.3)),
    ]
    for shot in rest:
        if shot.crop == main.crop and shot.printed_on == main.printed_on:
            continue
        marked = rng.random() < (0.5 if echo else 0.12)
        yield Shot(photo=shot.photo, crop=shot.crop, long_edge=1000, watermark=marked)


def _scaled(crop: Crop, factor: float) -> Crop:
    """Return a crop scaled around its middle, kept inside the photo."""
    left, top, right, bottom = crop
    x, y = (left + right) / 2, (top + bottom) / 2
    half_width, half_height = (right - left) / 2 * factor, (bottom - top) / 2 * factor
    return (
        round(max(0.0, x - half_width), 4),
        round(max(0.0, y - half_height), 4),
        round(min(1.0, x + half_width), 4),
        round(min(1.0, y + half_height), 4),
    )


def _skus(id: str, goods: Goods, cents: int, rng: random.Random, *, sold_out: bool) -> Iterator[Sku]:
    names = list(goods.options)
    for number, values in enumerate(itertools.product(*goods.options.values()), start=1):
        steps = sum(
            goods.options[name].index(value) for name, value in zip(names, values, strict=True) if name in GROWING
        )
        in_stock = rng.choice((0, *range(8, 400, 7))) if number > 1 else rng.randint(12, 400)
        yield Sku(
            sku=f"{id}-{number:02d}",
            name=" / ".join(values) or "Default",
            attributes=dict(zip(names, values, strict=True)),
            cents=cents + cents * 4 * steps // 100,
            available=0 if sold_out else in_stock,
        )
