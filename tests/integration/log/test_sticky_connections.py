"""Sticky connections stay acquired while there is work, and no statement leaves anything for the next."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from infra.adapters.postgres.sticky_connections import StickyConnections


@pytest.fixture
async def small_pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    async with asyncpg.create_pool(database, min_size=1, max_size=4) as pool:
        yield pool


async def all_given_back(pool: asyncpg.Pool) -> None:
    async with asyncio.timeout(60):
        while pool.get_idle_size() < pool.get_size():
            await asyncio.sleep(0.005)


async def test_statement_after_statement_runs_on_the_same_connection(small_pool: asyncpg.Pool) -> None:
    statements = StickyConnections(small_pool)
    backends = {(await statements.fetch("select pg_backend_pid() as pid"))[0]["pid"] for _ in range(20)}
    assert len(backends) == 1
    await all_given_back(small_pool)


async def test_others_find_a_connection_however_much_there_is_to_do(small_pool: asyncpg.Pool, database: str) -> None:
    statements = StickyConnections(small_pool)
    holder = await asyncpg.connect(database)
    await holder.execute("select pg_advisory_lock(78)")
    busy = asyncio.gather(*(statements.fetch("select pg_advisory_xact_lock(78)") for _ in range(8)))
    async with asyncio.timeout(60):
        while not await holder.fetchval(
            "select true from pg_locks where locktype = 'advisory' and not granted limit 1"
        ):
            await asyncio.sleep(0.005)
        assert await small_pool.fetchval("select 1") == 1
    assert not busy.done()
    await holder.close()
    await busy
    await all_given_back(small_pool)


async def test_a_failed_statement_takes_its_locks_with_it(small_pool: asyncpg.Pool) -> None:
    statements = StickyConnections(small_pool)
    with pytest.raises(asyncpg.DivisionByZeroError):
        await statements.fetch("select pg_advisory_lock(77), 1 / 0")
    await all_given_back(small_pool)
    assert await small_pool.fetchval("select count(*) from pg_locks where locktype = 'advisory'") == 0


async def test_a_cancelled_statement_gives_its_connection_back(small_pool: asyncpg.Pool) -> None:
    statements = StickyConnections(small_pool)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await statements.fetch("select pg_sleep(30)")
    await all_given_back(small_pool)
    assert (await statements.fetch("select 1 as one"))[0]["one"] == 1
    await all_given_back(small_pool)


async def test_a_connection_that_died_is_not_used_again(small_pool: asyncpg.Pool) -> None:
    statements = StickyConnections(small_pool)
    (row,) = await statements.fetch("select pg_backend_pid() as pid")
    async with small_pool.acquire() as other:
        await other.execute("select pg_terminate_backend($1)", row["pid"])
    async with asyncio.timeout(60):
        while True:
            try:
                (again,) = await statements.fetch("select pg_backend_pid() as pid")
            except (asyncpg.PostgresError, asyncpg.InterfaceError):
                continue  # the one statement that was running when the connection ended
            break
    assert again["pid"] != row["pid"]
    await all_given_back(small_pool)


async def test_a_connection_for_several_statements_serves_the_next_ones_without_their_transaction(
    small_pool: asyncpg.Pool,
) -> None:
    statements = StickyConnections(small_pool)
    connection = await statements.acquire()
    pid = await connection.fetchval("select pg_backend_pid()")
    await statements.release(connection)
    assert await statements.fetchval("select pg_backend_pid()") == pid

    connection = await statements.acquire()
    await connection.execute("begin; set local application_name = 'within'")
    await statements.release(connection)
    assert await statements.fetchval("select current_setting('application_name')") != "within"
    await all_given_back(small_pool)


async def test_a_connection_that_was_ended_while_it_was_out_makes_room_for_another(small_pool: asyncpg.Pool) -> None:
    statements = StickyConnections(small_pool)
    for _ in range(8):
        connection = await statements.acquire()
        connection.terminate()
        await statements.release(connection)
    assert await statements.fetchval("select 1") == 1
    await all_given_back(small_pool)
