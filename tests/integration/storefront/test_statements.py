"""A page needs as many statements for thirty products as for one, and those that count a list which goes on."""

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import httpx
import pytest

from tests.integration.storefront.shopping import put_in_cart
from tests.support.builders.samples import proposal
from tests.support.platforms.storefront import READER_SETTINGS, Product, StorefrontPlatform

MANY = 30
COUNTING = 2
"""Most statements that count a list which goes on after its page; a page that is the whole list needs none."""
PAGES = (
    "/",
    "/products",
    "/products?sort=price-low",
    "/products?q=lamp",
    "/products?min=1&max=900",
    "/products?category=Things",
    "/products/lamp-0",
    "/cart",
    "/checkout",
    "/sitemap.xml",
    "/sitemap-pages.xml",
    "/sitemap-1.xml",
)


@pytest.fixture
async def statements() -> list[str]:
    """What the read models were asked, in order."""
    return []


@pytest.fixture
async def floor(
    database: str, pool: asyncpg.Pool, tmp_path: Path, statements: list[str]
) -> AsyncIterator[StorefrontPlatform]:
    def note(record: asyncpg.connection.LoggedQuery) -> None:
        # The driver asks for types in capitals.
        if record.query.startswith(("select", "with")):
            statements.append(record.query)

    async def watch(connection: asyncpg.Connection) -> None:
        connection.add_query_logger(note)

    async with asyncpg.create_pool(
        database, min_size=1, max_size=4, server_settings=READER_SETTINGS, init=watch
    ) as readers:
        yield await StorefrontPlatform.build(pool, readers, tmp_path / "media")


async def a_shop(floor: StorefrontPlatform, slug: str, rows: int) -> list[Product]:
    """Open a store with as many products on sale."""
    store_id = await floor.open_store(slug, proposal().brand)
    await floor.choose_currency(store_id, "USD")
    return [await floor.stock(store_id, f"Lamp {number}", slug=f"lamp-{number}") for number in range(rows)]


async def test_no_page_needs_a_statement_for_each_product(floor: StorefrontPlatform, statements: list[str]) -> None:
    transport = httpx.ASGITransport(app=floor.app(page_cache_bytes=0), raise_app_exceptions=False)
    counts: dict[str, list[Counter[str]]] = {page: [] for page in PAGES}
    for slug, rows in (("one", 1), ("many", MANY)):
        products = await a_shop(floor, slug, rows)
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{slug}.shops.test") as browser:
            for product in products:
                await put_in_cart(browser, product)
            for page in PAGES:
                await browser.get(page)  # connections learn their types, and the store's facts are kept
                statements.clear()
                answer = await browser.get(page)
                assert answer.status_code == 200, page
                counts[page].append(Counter(statements))
    grown = {page: many - one for page, (one, many) in counts.items() if many.total() > one.total() + COUNTING}
    assert grown == {}
    assert all(one for page, (one, _) in counts.items())
