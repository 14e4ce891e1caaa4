"""Whether the products fit: eight niches through keywords, search over HTTP, and ranking."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence

import httpx
import pytest

from domain.sourcing.ranking import MINIMUM_COUNT, TARGET_COUNT, Candidate, candidates, rank
from infra.adapters.suppliers.sample import SampleSupplier
from infra.sandbox.sample_supplier.app import sample_supplier_app
from infra.sandbox.sample_supplier.catalog import offers
from infra.writers.rules.keywords import RuleKeywords
from tests.support.fakes.supply import served

GOODS = {offer.id: offer.goods for offer in offers()}
PLANTS = {
    "Ceramic Planters",
    "Terracotta Pots",
    "Hanging Planters",
    "Succulents",
    "Cacti",
    "Bonsai",
    "Artificial Plants",
}
FURNITURE = {"Desks", "Side Tables", "Chairs", "Stools", "Sofas", "Coffee Tables"}
CAMERAS = {"Film Cameras", "Instant Cameras", "Digital Cameras"}
WALLS = {"Wall Art", "Canvas Art", "Wall Clocks", "Light Boxes", "Coasters", "Cushions"}
DESK = {"Desk Mats", "Keyboards", "Mice", "Monitors", "Laptops", "Notebooks", "Keycaps", "Desks", "Cables", "Tablets"}
SPORT = {"Fitness Gear", "Balls", "Running Shoes", "Sneakers"}


@pytest.fixture(scope="module")
async def supplier() -> AsyncIterator[SampleSupplier]:
    async with served(sample_supplier_app()) as address, httpx.AsyncClient() as client:
        yield SampleSupplier(address, client)


async def queries(supplier: SampleSupplier, niche: str, seed: str = "1") -> Sequence[Candidate]:
    phrases = await RuleKeywords().keywords(niche, seed=seed)
    listings = await supplier.search(phrases, limit=150)
    assert len(listings) >= 100
    # Photos are left out here: without them the only protection against duplicates is the title.
    return rank(candidates(listings, niche=niche, keywords=phrases), fingerprints={}, total=len(listings)).chosen


@pytest.mark.parametrize(
    ("niche", "expected", "at_least"),
    [
        ("Cyberpunk home decor", WALLS | {"Desk Mats", "LED Lights"}, 14),
        ("Ceramic planters", PLANTS, 12),
        ("Vintage cameras", CAMERAS | {"Camera Straps", "Tripods"}, 6),
        ("Home gym", SPORT, 5),
        ("Desk setup", DESK, 12),
        ("Minimalist furniture", FURNITURE, 8),
        ("Zen garden", PLANTS | {"Sculptures", "Garden Tools"}, 10),
        ("Streetwear sneakers", SPORT | {"Skateboards"}, 4),
    ],
)
async def test_products_fit_their_niche(
    supplier: SampleSupplier, niche: str, expected: set[str], at_least: int
) -> None:
    chosen = await queries(supplier, niche)
    assert MINIMUM_COUNT <= len(chosen) <= TARGET_COUNT
    kinds = Counter(candidate.listing.category for candidate in chosen)
    assert sum(kinds[kind] for kind in expected) >= at_least, kinds
    assert chosen[0].listing.category in expected
    assert len(kinds) >= 6
    assert all(candidate.listing.rating is None or candidate.listing.rating >= 3.5 for candidate in chosen)


async def test_cyberpunk_stores_have_nothing_rustic(supplier: SampleSupplier) -> None:
    chosen = await queries(supplier, "Cyberpunk home decor")
    dark = sum(bool({"cyberpunk", "neon"} & set(candidate.listing.tags)) for candidate in chosen)
    assert dark >= 14


async def test_a_niche_without_suppliers_still_gets_a_store(supplier: SampleSupplier) -> None:
    assert len(await queries(supplier, "Alpaca yoga for cats")) >= MINIMUM_COUNT


async def test_different_niches_get_different_stores(supplier: SampleSupplier) -> None:
    one = {GOODS[candidate.listing.source_id].id for candidate in await queries(supplier, "Cyberpunk home decor")}
    other = {GOODS[candidate.listing.source_id].id for candidate in await queries(supplier, "Ceramic planters")}
    assert len(one & other) <= 1
