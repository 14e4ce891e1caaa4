"""One page, one moment: a page never shows rows of two states of a store."""

import re
from typing import Any
from uuid import UUID

import asyncpg
import httpx

from projections.engine.revisions import move_revisions
from projections.reading.moment import MomentReader
from projections.reading.paging import Reader
from storefront.read_models import ReadModelQueries
from tests.support.platforms.storefront import BRAND, StorefrontPlatform, Variant


class Meddled(MomentReader):
    """After each query, in the moment or beside it, one transaction renames store and products, and moves the revision."""

    def __init__(self, pool: asyncpg.Pool, writer: asyncpg.Pool, store_id: UUID) -> None:
        super().__init__(pool)
        self.present: Reader = Beside(self, pool)
        self._writer, self._store_id = writer, store_id
        self.changes = 0

    async def fetch(self, query: str, *args: Any) -> list[Any]:
        rows: list[Any] = await self.then_change(await super().fetch(query, *args))
        return rows

    async def fetchrow(self, query: str, *args: Any) -> Any:
        return await self.then_change(await super().fetchrow(query, *args))

    async def fetchval(self, query: str, *args: Any) -> Any:
        return await self.then_change(await super().fetchval(query, *args))

    async def then_change(self, rows: Any) -> Any:
        async with self._writer.acquire() as connection, connection.transaction():
            self.changes += 1
            await connection.execute(
                "update catalog.stores set brand = jsonb_set(brand, '{identity,name}', to_jsonb($1::text)) where id = $2",
                f"State-{self.changes}",
                self._store_id,
            )
            await connection.execute(
                "update catalog.products set title = $1 where store_id = $2", f"State-{self.changes}", self._store_id
            )
            await connection.execute(
                "update catalog.variants set title = $1 where product_id in"
                " (select id from catalog.products where store_id = $2)",
                f"State-{self.changes}",
                self._store_id,
            )
            await move_revisions(connection, {"catalog": [self._store_id]})
        return rows


class Beside:
    """Implements ``Reader``: the present, with a change after each query too."""

    def __init__(self, meddled: Meddled, pool: asyncpg.Pool) -> None:
        self._meddled, self._pool = meddled, pool

    async def fetch(self, query: str, *args: Any) -> list[Any]:
        rows: list[Any] = await self._meddled.then_change(await self._pool.fetch(query, *args))
        return rows

    async def fetchrow(self, query: str, *args: Any) -> Any:
        return await self._meddled.then_change(await self._pool.fetchrow(query, *args))

    async def fetchval(self, query: str, *args: Any) -> Any:
        return await self._meddled.then_change(await self._pool.fetchval(query, *args))


async def test_a_page_shows_store_and_products_of_one_state(floor: StorefrontPlatform, pool: asyncpg.Pool) -> None:
    store_id = await floor.open_store("fern", BRAND)
    await floor.stock(store_id, "Pot", slug="pot", variants=[Variant("Small", 1_000, 3), Variant("Large", 2_000, 3)])
    meddled = Meddled(floor.readers, pool, store_id)
    app = floor.app(queries=ReadModelQueries(meddled))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://fern.shops.test") as browser:
        for path in ("/", "/products", "/products/pot", "/contact", "/cart") * 2:
            before, answer = meddled.changes, await browser.get(path)
            states = set(re.findall(r"State-\d+", answer.text))
            assert len(states) == 1, (path, states)
            assert meddled.changes >= before + 3
