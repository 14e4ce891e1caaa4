"""The event store: idempotent, atomic, in an order that readers can trust."""

import asyncio
from dataclasses import replace
from uuid import uuid4

import asyncpg
import pytest

from commands.ports import CommandReused
from commands.reactions import EventLogAggregates
from domain.kernel import NotFound
from domain.order.aggregate import ORDER
from domain.store.aggregate import STORE
from infra.adapters.postgres.event_store import PostgresEventLog
from infra.adapters.postgres.snapshots import SNAPSHOT_EVERY
from infra.clock import SystemClock
from schemas.envelope import GENESIS, chain_hash
from tests.support.builders.commands import Ask, Write, bus_on, context

APPEND_BLINDLY = """
select append_events(null, null, null, null, null, $1, null, null, array[$1::uuid], array[$2::uuid], array[$3::integer],
                     array['store.store_paused.v1'], array[$2::uuid], array['{}'::bytea])
"""


async def test_repeating_a_command_returns_its_first_result_and_appends_nothing(log: PostgresEventLog) -> None:
    bus, store, same = bus_on(log, SystemClock()), uuid4(), context()
    first = await bus.dispatch(Ask(store_id=store), same)
    second = await bus.dispatch(Ask(store_id=store), same)
    assert second == replace(first, replayed=True)
    assert len(await log.read_settled(0, 10)) == 1


async def test_a_group_whose_connection_is_killed_appends_every_command_once(
    log: PostgresEventLog, pool: asyncpg.Pool
) -> None:
    bus, stores = bus_on(log, SystemClock()), [uuid4() for _ in range(6)]
    async with pool.acquire() as other:
        async with other.transaction():
            await other.execute("lock table commands in share mode")
            asked = [asyncio.create_task(bus.dispatch(Ask(store_id=store), context())) for store in stores]
            async with asyncio.timeout(20):
                while not await pool.fetchval(
                    "select count(pg_terminate_backend(pid)) from pg_stat_activity"
                    " where wait_event_type = 'Lock' and query like '%append_group%' and datname = current_database()"
                ):
                    await asyncio.sleep(0.01)
        receipts = await asyncio.gather(*asked)
    assert len({receipt.command_id for receipt in receipts}) == len(stores)
    assert sorted(event.stream_id for event in await log.read_settled(0, 20)) == sorted(stores)


async def test_a_command_id_with_another_payload_is_refused(log: PostgresEventLog) -> None:
    bus, store, same = bus_on(log, SystemClock()), uuid4(), context()
    await bus.dispatch(Ask(store_id=store), same)
    with pytest.raises(CommandReused):
        await bus.dispatch(Ask(store_id=store, niche="Neon signs"), same)
    assert len(await log.read_settled(0, 10)) == 1


async def test_a_refused_command_appends_nothing_and_leaves_its_id_free(log: PostgresEventLog) -> None:
    bus, store, same = bus_on(log, SystemClock()), uuid4(), context()
    with pytest.raises(NotFound):
        await bus.dispatch(Write(store_id=store), same)
    assert await log.read_settled(0, 10) == []
    assert await log.outcome(same.command_id) is None


async def test_an_id_of_another_kind_is_not_found_however_it_is_asked_for(log: PostgresEventLog) -> None:
    store = uuid4()
    await bus_on(log, SystemClock()).dispatch(Ask(store_id=store), context())
    aggregates = EventLogAggregates(log)
    with pytest.raises(NotFound):
        await aggregates.get(ORDER, store)
    assert (await aggregates.get(STORE, store)).id == store


async def test_writers_of_one_stream_all_get_through_one_after_the_other(log: PostgresEventLog) -> None:
    bus, store = bus_on(log, SystemClock()), uuid4()
    await bus.dispatch(Ask(store_id=store), context())
    await asyncio.gather(*(bus.dispatch(Write(store_id=store, text=str(n)), context()) for n in range(8)))
    versions = [event.version for event in await log.read_settled(0, 100)]
    assert versions == list(range(1, 10))


async def test_every_event_carries_the_hash_of_its_predecessor(log: PostgresEventLog) -> None:
    bus, store = bus_on(log, SystemClock()), uuid4()
    await bus.dispatch(Ask(store_id=store), context())
    await bus.dispatch(Write(store_id=store), context())
    previous = GENESIS
    for event in await log.read_settled(0, 10):
        assert event.previous_hash == previous
        previous = chain_hash(
            previous, id=event.id, type=event.type, stream_id=event.stream_id, version=event.version, data=event.data
        )
        assert event.hash == previous


async def test_a_slow_transaction_holds_back_what_came_after_it_and_is_not_overtaken(
    log: PostgresEventLog, database: str
) -> None:
    slow, quick = await asyncpg.connect(database), await asyncpg.connect(database)
    try:
        transaction = slow.transaction()
        await transaction.start()
        await slow.execute(APPEND_BLINDLY, uuid4(), uuid4(), 1)
        await quick.execute(APPEND_BLINDLY, uuid4(), uuid4(), 1)
        assert await log.read_settled(0, 10) == []
        await transaction.commit()
        assert [event.position for event in await log.read_settled(0, 10)] == [1, 2]
    finally:
        await slow.close()
        await quick.close()


async def test_a_rolled_back_append_leaves_a_gap_that_no_reader_waits_for(log: PostgresEventLog, database: str) -> None:
    connection = await asyncpg.connect(database)
    try:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(APPEND_BLINDLY, uuid4(), uuid4(), 1)
        await transaction.rollback()
        await connection.execute(APPEND_BLINDLY, uuid4(), uuid4(), 1)
    finally:
        await connection.close()
    assert [event.position for event in await log.read_settled(0, 10)] == [2]


async def test_an_append_must_be_the_first_write_of_its_transaction(database: str) -> None:
    connection = await asyncpg.connect(database)
    try:
        async with connection.transaction():
            await connection.execute("insert into answers (key, answer) values ($1, ''::bytea)", uuid4())
            with pytest.raises(asyncpg.ActiveSQLTransactionError):
                await connection.execute(APPEND_BLINDLY, uuid4(), uuid4(), 1)
    finally:
        await connection.close()


async def test_a_stream_can_have_no_gap(pool: asyncpg.Pool) -> None:
    with pytest.raises(asyncpg.UniqueViolationError, match="has no version 2"):
        await pool.execute(APPEND_BLINDLY, uuid4(), uuid4(), 3)


async def test_a_long_stream_loads_from_its_snapshot(log: PostgresEventLog, pool: asyncpg.Pool) -> None:
    bus, store = bus_on(log, SystemClock()), uuid4()
    await bus.dispatch(Ask(store_id=store), context())
    for n in range(SNAPSHOT_EVERY):
        await bus.dispatch(Write(store_id=store, text=str(n)), context())
    await log.drain()
    assert await pool.fetchval("select version from snapshots where stream_id = $1", store) == SNAPSHOT_EVERY
    cold, whole = PostgresEventLog(pool, SystemClock()), PostgresEventLog(pool, SystemClock())
    from_snapshot = await cold.load(STORE, store)
    await pool.execute("delete from snapshots")
    assert await whole.load(STORE, store) == from_snapshot


async def test_a_state_in_memory_never_hides_what_another_process_appended(
    log: PostgresEventLog, pool: asyncpg.Pool
) -> None:
    ours, theirs = bus_on(log, SystemClock()), bus_on(PostgresEventLog(pool, SystemClock()), SystemClock())
    store = uuid4()
    await ours.dispatch(Ask(store_id=store), context())
    await theirs.dispatch(Write(store_id=store), context())
    loaded = await log.load(STORE, store)
    assert loaded is not None
    assert loaded.version == 2


async def test_a_command_on_cached_state_notices_what_another_process_appended(
    pool: asyncpg.Pool, log: PostgresEventLog
) -> None:
    mine, theirs, store = (
        bus_on(log, SystemClock()),
        bus_on(other := PostgresEventLog(pool, SystemClock()), SystemClock()),
        uuid4(),
    )
    await mine.dispatch(Ask(store_id=store), context())
    for text in ("theirs", "again"):
        await theirs.dispatch(Write(store_id=store, text=text), context())
        await mine.dispatch(Write(store_id=store, text="mine"), context())
    await other.drain()
    assert [event.version for event in await log.read_settled(0, 10)] == [1, 2, 3, 4, 5]
    remembered, stored = log.cached(STORE, store), await log.load(STORE, store)
    assert remembered == stored
