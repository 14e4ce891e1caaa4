"""Visits are counted without anything about the visitors."""

import asyncpg

from domain.order.delivery import day_in
from domain.store.visits import VisitCounts
from infra.adapters.postgres.visits import PostgresVisits
from tests.integration.storefront.test_direct_pages import browser_of
from tests.support.platforms.storefront import BRAND, StorefrontPlatform

TYPED = {"sec-fetch-site": "none", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}


async def test_pages_opened_from_outside_are_visits_and_nothing_else_is(floor: StorefrontPlatform) -> None:
    store_id = await floor.open_store("fern", BRAND)
    counts = VisitCounts()
    key = (store_id, day_in("UTC", floor.clock.now()))
    async with browser_of(floor.app(visits=counts)) as browser:

        async def counted(path: str, **headers: str) -> int:
            sent = TYPED | {name.replace("_", "-"): value for name, value in headers.items()}
            await browser.get(path, headers=sent)
            return counts.take().get(key, 0)

        # The second one is a kept page, which is answered before the routes.
        assert [await counted("/"), await counted("/"), await counted("/products", sec_fetch_site="cross-site")] == [
            1
        ] * 3
        assert await counted("/products", sec_fetch_site="same-origin") == 0
        assert await counted("/", sec_purpose="prefetch") == 0
        assert await counted("/", sec_fetch_dest="iframe") == 0
        assert await counted("/", user_agent="Examplebot/2.1") == 0
        assert await counted("/products/unknown") == 0
        assert await counted("/cart") == 0
        await browser.get("/")
        assert counts.take() == {}


async def test_counts_are_added_up_and_wait_while_the_database_is_away(
    floor: StorefrontPlatform, pool: asyncpg.Pool
) -> None:
    store_id, day = await floor.open_store("fern", BRAND), day_in("UTC", floor.clock.now())
    counts, visits = VisitCounts(), PostgresVisits(pool)
    for _ in range(2):
        counts.count(store_id, day)
        await visits.flush(counts)
    counts.count(store_id, day)
    await pool.execute("alter table visits rename to visits_away")
    await visits.flush(counts)
    await pool.execute("alter table visits_away rename to visits")
    counts.count(store_id, day)
    await visits.flush(counts)
    assert await pool.fetchval("select visits from visits where store_id = $1 and day = $2", store_id, day) == 4
