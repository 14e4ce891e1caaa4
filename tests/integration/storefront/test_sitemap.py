"""The sitemap: every page of a store in exactly one part, and parts that keep their products."""

import re
from datetime import datetime, timedelta

import httpx
import pytest

from domain.kernel import DomainEvent
from domain.product.aggregate import PRODUCT
from domain.product.events import (
    ProductActivated,
    ProductArchived,
    ProductDeactivated,
    ProductRetitled,
    StockCounted,
)
from domain.store.events import PageType
from projections.catalog.fold import sitemap as parts_of_sitemap
from tests.integration.storefront.shopping import sitemap
from tests.support.platforms.storefront import BRAND, Product, StorefrontPlatform

PARTS = [f"/sitemap-{name}.xml" for name in ("pages", 1, 2, 3)]


async def dates(browser: httpx.AsyncClient) -> dict[str, datetime]:
    """Return the parts that the index names, with their dates."""
    found = re.findall(
        r"<sitemap><loc>http://fern.shops.test(.+?)</loc><lastmod>(.+?)</lastmod></sitemap>",
        (await browser.get("/sitemap.xml")).text,
    )
    return {path: datetime.fromisoformat(date) for path, date in found}


async def products_in(browser: httpx.AsyncClient, part: str) -> list[str]:
    return sorted(re.findall(r"<url><loc>http://fern.shops.test/products/(.+?)</loc>", (await browser.get(part)).text))


async def test_each_product_on_sale_is_in_one_part_of_the_sitemap_and_stays_in_it(
    floor: StorefrontPlatform, browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts_of_sitemap, "MOST_IN_PART", 2)
    store, now = await floor.open_store("fern", BRAND), floor.clock.now()
    await floor.write_page(store, PageType.ABOUT, "About", "about", "Text.")
    pots = [await floor.stock(store, f"Pot {n}", slug=f"pot-{n}") for n in range(5)]

    async def change(product: Product, event: type[DomainEvent], hours: int, **fields: object) -> None:
        state = await floor.log.load(PRODUCT, product.id)
        assert state is not None
        changed = event(
            originator_id=product.id,
            originator_version=state.version + 1,
            occurred_at=now + timedelta(hours=hours),
            **fields,
        )
        await floor.record(PRODUCT, store, changed)

    first = await dates(browser)
    assert list(first) == PARTS
    assert [await products_in(browser, part) for part in PARTS[1:]] == [
        ["pot-0", "pot-1"],
        ["pot-2", "pot-3"],
        ["pot-4"],
    ]
    found = await sitemap(browser)
    for path in ("/", "/products", "/c/things", "/pages/about", *(f"/products/{pot.slug}" for pot in pots)):
        assert found.count(f"<url><loc>http://fern.shops.test{path}</loc>") == 1, path
    assert found.count("<image:loc>http://fern.shops.test/media/sha256/") == len(pots)

    await change(pots[2], ProductRetitled, 1, title="Vase")
    await change(pots[0], StockCounted, 2, variant_id=pots[0].variants[0], on_hand=3)
    edited = await dates(browser)
    at = (now + timedelta(hours=1)).replace(microsecond=0)
    assert edited == first | {PARTS[2]: at}, "an edit changes one part, and the number in stock is not an edit"
    assert f"/products/pot-2</loc><lastmod>{at.isoformat()}</lastmod>" in (await browser.get(PARTS[2])).text

    await change(pots[4], ProductArchived, 3)
    await change(pots[1], ProductDeactivated, 4)
    hidden = await dates(browser)
    assert hidden == {PARTS[0]: edited[PARTS[0]], PARTS[1]: at + timedelta(hours=3), PARTS[2]: at}
    assert await products_in(browser, PARTS[1]) == ["pot-0"]

    await floor.stock(store, "Pot 5", slug="pot-5")
    await change(pots[1], ProductActivated, 5)
    assert [await products_in(browser, part) for part in PARTS[1:]] == [
        ["pot-0", "pot-1"],
        ["pot-2", "pot-3"],
        ["pot-5"],
    ]

    for path in ("/sitemap-0.xml", "/sitemap-4.xml", "/sitemap-01.xml", "/sitemap-x.xml", f"/sitemap-{10**30}.xml"):
        assert (await browser.get(path)).status_code == 404, path
