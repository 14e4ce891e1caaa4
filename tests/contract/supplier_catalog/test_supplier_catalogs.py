"""What every supplier catalog promises. A new adapter adds itself to the fixture ``catalog``."""

from collections.abc import AsyncIterator

import httpx
import pytest

from domain.sourcing.ports import SupplierCatalog
from domain.sourcing.ranking import key_of
from infra.adapters.suppliers.sample import SampleSupplier
from infra.sandbox.sample_supplier.app import sample_supplier_app
from tests.support.fakes.supply import MemoryCatalog, listing, served

KEYWORDS = ("ceramic planter", "flower pot", "bonsai pot")


@pytest.fixture(scope="module", params=["memory", "sample"])
async def catalog(request: pytest.FixtureRequest) -> AsyncIterator[SupplierCatalog]:
    if request.param == "memory":
        yield MemoryCatalog([listing(str(n), title=f"Ceramic planter model{n}") for n in range(160)])
        return
    async with served(sample_supplier_app()) as address, httpx.AsyncClient() as client:
        yield SampleSupplier(address, client)


async def test_a_niche_gets_more_than_a_hundred_candidates(catalog: SupplierCatalog) -> None:
    assert 100 <= len(await catalog.search(KEYWORDS, limit=150)) <= 150


async def test_no_more_than_the_limit_and_the_best_fitting_of_them(catalog: SupplierCatalog) -> None:
    few = await catalog.search(KEYWORDS, limit=10)
    assert len(few) == 10
    assert all("planter" in f"{found.title} {found.tags}".lower() for found in few)


async def test_every_listing_once_and_of_this_supplier(catalog: SupplierCatalog) -> None:
    found = await catalog.search(KEYWORDS, limit=150)
    assert len({key_of(each) for each in found}) == len(found)
    assert {each.provider for each in found} == {catalog.provider}


async def test_a_listing_can_be_imported_as_it_is(catalog: SupplierCatalog) -> None:
    for found in await catalog.search(KEYWORDS, limit=150):
        assert found.title.strip()
        assert found.source_id
        assert found.cost.minor > 0
        assert found.shipping_cost.minor >= 0
        assert 0 <= found.shipping_days[0] <= found.shipping_days[1]
        assert found.rating is None or 0 <= found.rating <= 5
        assert found.variants
        assert len({variant.sku for variant in found.variants}) == len(found.variants)
        assert min(variant.cost.minor for variant in found.variants) >= found.cost.minor
        assert all(variant.stock >= 0 for variant in found.variants)
        assert found.image_urls
        assert all(url.startswith(("http://", "https://")) for url in found.image_urls)
        assert len(found.image_sizes) in {0, len(found.image_urls)}


async def test_asking_again_gives_the_same_answer(catalog: SupplierCatalog) -> None:
    assert await catalog.search(KEYWORDS, limit=40) == await catalog.search(KEYWORDS, limit=40)


async def test_a_listing_is_found_by_its_id_as_it_is_now_and_an_unknown_one_is_not(catalog: SupplierCatalog) -> None:
    found = (await catalog.search(KEYWORDS, limit=1))[0]
    assert await catalog.find(found.source_id) == found
    for unknown in ("SS-1", "../products", "a b", "%00", "x" * 300):
        assert await catalog.find(unknown) is None


@pytest.mark.parametrize("keywords", [(), ("",), ("   ",)])
async def test_nothing_asked_is_nothing_found(catalog: SupplierCatalog, keywords: tuple[str, ...]) -> None:
    assert list(await catalog.search(keywords, limit=50)) == []


@pytest.mark.parametrize("keyword", ["\u0000", "a" * 5_000, "'; drop table products; --", "%&=?#/../", "日本の鉢"])
async def test_unusual_keywords_break_nothing(catalog: SupplierCatalog, keyword: str) -> None:
    assert len(await catalog.search((keyword, "planter"), limit=5)) == 5
