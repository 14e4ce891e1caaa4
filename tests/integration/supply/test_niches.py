"""Whether the products fit: eight niches through keywords, search over HTTP, and ranking."""

from collections import Counter
from collections.abc import AsyncIterator

import httpx
import pytest

from domain.sourcing.phrases import search_phrases
from domain.sourcing.ranking import TARGET_COUNT, Ranking, candidates, rank
from domain.store.niche import NicheReading
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
    "Garden & Balcony",
    "Ornaments",
}
FURNITURE = {"Desks", "Side Tables", "Chairs", "Stools", "Sofas", "Coffee Tables"}
CAMERAS = {"Film Cameras", "Instant Cameras", "Digital Cameras", "Video Cameras"}
WALLS = {"Wall Art", "Canvas Art", "Wall Clocks", "Light Boxes", "Coasters", "Cushions"}
DESK = {
    "Desk Mats",
    "Desk Supplies",
    "Gaming",
    "Office Machines",
    "Keyboards",
    "Mice",
    "Monitors",
    "Laptops",
    "Notebooks",
    "Keycaps",
    "Desks",
    "Cables",
    "Tablets",
}
SPORT = {"Fitness Gear", "Balls", "Running Shoes", "Sneakers", "Shoes"}


@pytest.fixture(scope="module")
async def supplier() -> AsyncIterator[SampleSupplier]:
    async with served(sample_supplier_app()) as address, httpx.AsyncClient() as client:
        yield SampleSupplier(address, client)


READINGS = {
    "Cyberpunk home decor": NicheReading(
        things=["home decor", "wall art", "wall clock", "cushion", "desk mat", "led light", "light box", "coaster"],
        categories=["home decor", "wall art"],
        style=["cyberpunk"],
    ),
    "Ceramic planters": NicheReading(
        things=["ceramic planter", "flower pot"], categories=["planter"], style=["ceramic"]
    ),
    "Vintage cameras": NicheReading(
        things=["film camera", "instant camera", "camera", "camera strap"], categories=["camera"], style=["vintage"]
    ),
    "Desk setup": NicheReading(
        things=["desk mat", "keyboard", "mouse", "monitor", "desk", "notebook", "laptop"], categories=["desk accessory"]
    ),
    "Minimalist furniture": NicheReading(
        things=["chair", "writing desk", "stool", "sofa", "side table", "coffee table", "bed frame"],
        categories=["furniture"],
        style=["minimalist"],
    ),
    "Streetwear sneakers": NicheReading(things=["sneaker", "running shoe"], categories=["sneaker", "shoe"]),
}


async def choice(supplier: SampleSupplier, niche: str, seed: str = "1") -> Ranking:
    phrases = search_phrases(niche, READINGS[niche], await RuleKeywords().keywords(niche, seed=seed))
    listings = await supplier.search(phrases, limit=150)
    # Photos are left out here: without them the only protection against duplicates is the title.
    return rank(candidates(listings, READINGS[niche]), fingerprints={})


@pytest.mark.parametrize(
    ("niche", "expected"),
    [
        ("Cyberpunk home decor", WALLS | {"Desk Mats", "LED Lights", "Lanterns & Bulbs"}),
        ("Ceramic planters", PLANTS),
        ("Vintage cameras", CAMERAS | {"Camera Straps", "Tripods"}),
        ("Desk setup", DESK),
        ("Minimalist furniture", FURNITURE),
        ("Streetwear sneakers", SPORT),
    ],
)
async def test_products_fit_their_niche(supplier: SampleSupplier, niche: str, expected: set[str]) -> None:
    ranking = await choice(supplier, niche)
    kinds = Counter(candidate.listing.category for candidate in ranking.chosen)
    assert sum(kinds[kind] for kind in expected) >= 0.85 * len(ranking.chosen) > 0, kinds
    assert len(ranking.chosen) <= TARGET_COUNT
    assert len(ranking.chosen) + sum(ranking.rejected.values()) == ranking.total
    assert all(candidate.fit.is_enough for candidate in ranking.chosen)
    assert all(candidate.listing.rating is None or candidate.listing.rating >= 3.5 for candidate in ranking.chosen)


async def test_cyberpunk_stores_have_nothing_rustic(supplier: SampleSupplier) -> None:
    chosen = (await choice(supplier, "Cyberpunk home decor")).chosen
    dark = sum(bool({"cyberpunk", "neon"} & set(candidate.listing.tags)) for candidate in chosen)
    assert dark >= 0.8 * len(chosen)


async def test_different_niches_get_different_stores(supplier: SampleSupplier) -> None:
    one = {
        GOODS[candidate.listing.source_id].id for candidate in (await choice(supplier, "Cyberpunk home decor")).chosen
    }
    other = {GOODS[candidate.listing.source_id].id for candidate in (await choice(supplier, "Ceramic planters")).chosen}
    assert len(one & other) <= 1
