"""One answer, one moment: no operation shows two read models, or two queries of one, at different positions."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from domain.generation.aggregate import generation_of
from gateway.app import create_app
from projections.reading.moment import MomentReader, begin_moment, move_moment
from projections.reading.paging import Reader
from schemas.envelope import ConsistencyToken
from tests.support.platforms.gateway import Merchant, Platform

QUERY = """query ($store: ID!, $generation: ID!) {
  store(id: $store) { niche generation { error store { niche } } }
  generation(id: $generation) { error store { niche } }
}"""


class Meddled:
    """Implements ``Reader``: after each query, one transaction changes the rows of two read models."""

    def __init__(self, reader: Reader, writer: asyncpg.Connection, store_id: UUID) -> None:
        self._reader, self._writer, self._store_id = reader, writer, store_id
        self._turn = asyncio.Lock()
        self.changes = 0

    async def fetch(self, query: str, *args: Any) -> Any:
        return await self._then_change(await self._reader.fetch(query, *args))

    async def fetchrow(self, query: str, *args: Any) -> Any:
        return await self._then_change(await self._reader.fetchrow(query, *args))

    async def fetchval(self, query: str, *args: Any) -> Any:
        return await self._then_change(await self._reader.fetchval(query, *args))

    async def change(self) -> None:
        async with self._turn, self._writer.transaction():
            self.changes += 1
            await self._writer.execute(
                "update catalog.stores set niche = $1 where id = $2", str(self.changes), self._store_id
            )
            await self._writer.execute(
                "update jobs.generations set error = $1 where store_id = $2", str(self.changes), self._store_id
            )

    async def _then_change(self, rows: Any) -> Any:
        await self.change()
        return rows


@asynccontextmanager
async def meddled(platform: Platform, store_id: UUID) -> AsyncIterator[Meddled]:
    pool: Any = platform.deps.reader
    async with pool.present.acquire() as writer:
        reader = Meddled(platform.deps.reader, writer, store_id)
        await reader.change()
        yield reader


@pytest.mark.parametrize("plans", [True, False], ids=["planned", "executed"])
async def test_a_query_shows_both_read_models_at_one_position(platform: Platform, owner: Merchant, plans: bool) -> None:
    store_id = await platform.store(owner)
    async with meddled(platform, store_id) as reader:
        app = create_app(replace(platform.deps, reader=reader), plans=plans)
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="http://zyenta.localhost"
        ) as client:
            variables = {"store": str(store_id), "generation": str(generation_of(store_id))}
            response = await client.post(
                "/graphql",
                json={"query": QUERY, "variables": variables},
                headers={"authorization": f"Bearer {owner.token}"},
            )
    data = response.json()["data"]
    assert reader.changes >= 3
    assert data["store"]["niche"] == "1"
    assert data["store"]["generation"] == data["generation"] == {"error": "1", "store": {"niche": "1"}}


async def test_a_moment_that_waited_for_a_write_shows_it(platform: Platform, owner: Merchant) -> None:
    store_id = await platform.store(owner)
    async with meddled(platform, store_id) as reader:
        moment = begin_moment()
        niche = "select niche from stores where id = $1"
        token = ConsistencyToken(partition=1, position=7)
        # Reached before the snapshot, so it covers the token.
        await move_moment([token])
        assert [await reader.fetchval(niche, store_id) for _ in range(2)] == ["1", "1"]
        await move_moment([token])
        assert await reader.fetchval(niche, store_id) == "1"
        await move_moment([ConsistencyToken(partition=1, position=8)])
        assert await reader.fetchval(niche, store_id) == "4"
        moment.end()
        assert [await reader.fetchval(niche, store_id) for _ in range(2)] == ["5", "6"]


async def test_a_failed_query_does_not_fail_the_next(platform: Platform) -> None:
    reader = platform.deps.reader
    moment = begin_moment()
    with pytest.raises(asyncpg.UndefinedTableError):
        await reader.fetch("select from nothing_of_this_name")
    assert await reader.fetchval("select 1") == 1
    moment.end()


class Recorded:
    """A pool of connections that remembers whether statements ran in a snapshot or in the present."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self.snapshots = 0
        self.present = 0

    async def acquire(self) -> Any:
        self.snapshots += 1
        return await self._pool.acquire()

    async def release(self, connection: Any) -> None:
        await self._pool.release(connection)

    async def fetch(self, query: str, *args: Any) -> list[Any]:
        self.present += 1
        rows: list[Any] = await self._pool.fetch(query, *args)
        return rows


@pytest.mark.parametrize(
    ("query", "snapshots", "present"),
    [
        ("stores { nodes { name } }", 0, 1),
        ('store(id: "STORE") { name }', 0, 1),
        ('product(id: "PRODUCT") { title description }', 0, 1),
        ('product(id: "PRODUCT") { title images { id } }', 1, 0),
        ('product(id: "PRODUCT") { title } stores { nodes { id } }', 1, 0),
    ],
)
async def test_an_object_of_one_statement_is_read_without_a_snapshot(
    platform: Platform, owner: Merchant, query: str, snapshots: int, present: int
) -> None:
    store_id = await platform.stocked_store(owner)
    pool: Any = platform.deps.reader
    product_id = await pool.present.fetchval("select id from products where store_id = $1 limit 1", store_id)
    recorded: Any = Recorded(pool.present)
    app = create_app(replace(platform.deps, reader=MomentReader(recorded)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://zyenta.localhost") as client:
        response = await client.post(
            "/graphql",
            json={"query": f"{{ {query} }}".replace("STORE", str(store_id)).replace("PRODUCT", str(product_id))},
            headers={"authorization": f"Bearer {owner.token}"},
        )
    assert "errors" not in response.json(), response.text
    assert (recorded.snapshots, recorded.present) == (snapshots, present)


@pytest.mark.parametrize(
    ("selection", "snapshots", "present"),
    [
        ("products { nodes { title } pageInfo { endCursor } }", 0, 1),
        ("products { totalCount nodes { title } }", 1, 0),
        ("products { nodes { title variants { id } } }", 1, 0),
        ('products(search: "x") { nodes { title } }', 1, 0),
        ("products { nodes { title } } media { nodes { id } }", 1, 0),
        ("name products { nodes { title } }", 1, 0),
    ],
)
async def test_only_a_query_of_one_statement_reads_without_a_snapshot(
    platform: Platform, owner: Merchant, selection: str, snapshots: int, present: int
) -> None:
    store_id = await platform.stocked_store(owner)
    platform.deps.known_stores.remember(owner.id, store_id)
    pool: Any = platform.deps.reader
    recorded: Any = Recorded(pool.present)
    app = create_app(replace(platform.deps, reader=MomentReader(recorded)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://zyenta.localhost") as client:
        response = await client.post(
            "/graphql",
            json={"query": f'{{ store(id: "{store_id}") {{ {selection} }} }}'},
            headers={"authorization": f"Bearer {owner.token}"},
        )
    assert response.json()["data"]["store"]["products"]["nodes"] or "search" in selection, response.text
    assert (recorded.snapshots, recorded.present) == (snapshots, present)
