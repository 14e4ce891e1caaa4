"""A lost half of the log is rebuilt from the other: the event store from the topic, the topic from the event store."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import asyncpg
import msgspec
import pytest

from commands.ports import CommandReused
from infra.adapters.kafka.topic import delete_topics, published_position
from infra.adapters.postgres.event_store import PostgresEventLog
from infra.clock import SystemClock
from infra.embedded.kafka import ApacheKafka
from infra.log.restoration import Restoration, republish, restore_store
from infra.log.verification import Difference, verify_log
from projections.registry import READ_MODELS
from schemas.topics import EVENTS
from tests.chaos.services import Service
from tests.integration.log.halves import append, caught_up, published, publishing, rows_of
from tests.support.builders.commands import Ask, Write, bus_on, context
from tests.support.servers.topic import record_of, write_topic

pytestmark = pytest.mark.kafka


async def test_a_lost_store_is_rebuilt_row_by_row_and_goes_on(
    pool: asyncpg.Pool,
    log: PostgresEventLog,
    other_pool: asyncpg.Pool,
    other_log: PostgresEventLog,
    kafka: ApacheKafka,
) -> None:
    stores = await append(log, 10)
    known = context()
    first = await bus_on(log, SystemClock()).dispatch(Ask(store_id=uuid4()), known)
    async with publishing(pool, log, kafka):
        await published(log, kafka)

    restored = await restore_store(other_pool, kafka.bootstrap_servers)

    assert restored == Restoration(events=21, known=0, commands=21, position=21)
    assert await rows_of(other_pool, "events", but="transaction_id") == await rows_of(
        pool, "events", but="transaction_id"
    )
    assert await rows_of(other_pool, "commands") == await rows_of(pool, "commands")
    bus = bus_on(other_log, SystemClock())
    with pytest.raises(CommandReused):
        await bus.dispatch(Ask(store_id=uuid4()), known)
    assert await other_log.outcome(known.command_id) == replace(first, replayed=True)
    async with publishing(other_pool, other_log, kafka):
        await bus.dispatch(Write(store_id=stores[0]), context())
        parity = await caught_up(other_log, kafka)
    assert (parity.equal, parity.events) == (True, 22)


async def test_read_models_of_a_restored_store_equal_the_ones_before(
    pool: asyncpg.Pool,
    log: PostgresEventLog,
    database: str,
    other_pool: asyncpg.Pool,
    other_log: PostgresEventLog,
    other_database: str,
    kafka: ApacheKafka,
    tmp_path: Path,
) -> None:
    await append(log, 20)
    async with publishing(pool, log, kafka):
        await published(log, kafka)
    async with projecting(database, kafka, tmp_path):
        await projected(pool)
    await restore_store(other_pool, kafka.bootstrap_servers)
    async with projecting(other_database, kafka, tmp_path):
        await projected(other_pool)
    before, after = await read_models(pool), await read_models(other_pool)
    assert sum(len(rows) for rows in before.values()) >= 40
    assert after == before


async def test_an_older_copy_is_brought_up_to_the_topic(
    pool: asyncpg.Pool, log: PostgresEventLog, other_pool: asyncpg.Pool, kafka: ApacheKafka
) -> None:
    async with publishing(pool, log, kafka):
        await append(log, 5)
        await published(log, kafka)
    await restore_store(other_pool, kafka.bootstrap_servers)
    async with publishing(pool, log, kafka):
        await append(log, 5)
        await published(log, kafka)
    assert await restore_store(other_pool, kafka.bootstrap_servers) == Restoration(
        events=10, known=10, commands=10, position=20
    )
    assert await restore_store(other_pool, kafka.bootstrap_servers) == Restoration(
        events=0, known=20, commands=0, position=20
    )
    assert await rows_of(other_pool, "commands") == await rows_of(pool, "commands")


async def test_a_store_that_went_its_own_way_is_left_as_it_is(
    pool: asyncpg.Pool,
    log: PostgresEventLog,
    other_pool: asyncpg.Pool,
    other_log: PostgresEventLog,
    kafka: ApacheKafka,
) -> None:
    async with publishing(pool, log, kafka):
        await append(log, 3)
        await published(log, kafka)
    await append(other_log, 2)
    before = await rows_of(other_pool, "events")
    with pytest.raises(Difference, match="gone different ways"):
        await restore_store(other_pool, kafka.bootstrap_servers)
    assert await rows_of(other_pool, "events") == before


async def test_a_damaged_topic_restores_nothing_and_is_named(
    pool: asyncpg.Pool, log: PostgresEventLog, other_pool: asyncpg.Pool, kafka: ApacheKafka
) -> None:
    await append(log, 3, partition=3)
    events = await log.read_settled(0, 100)
    await write_topic(kafka.bootstrap_servers, events[1:])
    with pytest.raises(Difference, match=r"position 2 .* does not carry the hash of the event before it"):
        await restore_store(other_pool, kafka.bootstrap_servers)
    assert await rows_of(other_pool, "events") == []


async def test_foreign_records_and_copies_are_not_restored(
    pool: asyncpg.Pool, log: PostgresEventLog, other_pool: asyncpg.Pool, kafka: ApacheKafka
) -> None:
    async with publishing(pool, log, kafka):
        await append(log, 3)
        await published(log, kafka)
    first = (await log.read_settled(0, 1))[0]
    renamed = msgspec.structs.replace(first, id=uuid4(), position=999_999)
    await write_topic(kafka.bootstrap_servers, [(2, b"{}", []), record_of(renamed), record_of(first)])
    restored = await restore_store(other_pool, kafka.bootstrap_servers)
    assert (restored.events, restored.foreign) == (6, 3)
    columns = {"but": "transaction_id"}
    assert await rows_of(other_pool, "events", **columns) == await rows_of(pool, "events", **columns)


async def test_a_publisher_on_an_empty_store_waits_and_goes_on_after_the_restoration(
    pool: asyncpg.Pool,
    log: PostgresEventLog,
    other_pool: asyncpg.Pool,
    other_log: PostgresEventLog,
    kafka: ApacheKafka,
) -> None:
    async with publishing(pool, log, kafka):
        await append(log, 5)
        await published(log, kafka)
    async with publishing(other_pool, other_log, kafka):
        assert (await restore_store(other_pool, kafka.bootstrap_servers)).events == 10
        await append(other_log, 5)
        assert (await caught_up(other_log, kafka)).events == 20


@pytest.mark.parametrize("at_work", [True, False], ids=["beside a publisher", "alone"])
async def test_a_topic_is_republished(
    pool: asyncpg.Pool, log: PostgresEventLog, kafka: ApacheKafka, at_work: bool
) -> None:
    async with publishing(pool, log, kafka):
        await append(log, 10)
        await published(log, kafka)
        if at_work:
            assert await republish(pool, log, kafka.bootstrap_servers) == 20
    if not at_work:
        assert await republish(pool, log, kafka.bootstrap_servers) == 20
    assert (await verify_log(log, kafka.bootstrap_servers)).events == 20


async def test_a_deleted_topic_is_republished(pool: asyncpg.Pool, log: PostgresEventLog, kafka: ApacheKafka) -> None:
    async with publishing(pool, log, kafka):
        await append(log, 10)
        await published(log, kafka)
    await delete_topics(kafka.bootstrap_servers, [EVENTS])
    assert await published_position(kafka.bootstrap_servers) == 0
    assert await republish(pool, log, kafka.bootstrap_servers) == 20
    assert (await verify_log(log, kafka.bootstrap_servers)).events == 20


@asynccontextmanager
async def projecting(database: str, kafka: ApacheKafka, directory: Path) -> AsyncIterator[None]:
    service = await Service.launch(
        "projectors", database=database, kafka=kafka.bootstrap_servers, log_file=directory / "projectors.log"
    )
    try:
        yield
    finally:
        await service.kill()


async def projected(pool: asyncpg.Pool) -> None:
    """Wait until every read model has applied the last event."""
    last = await pool.fetchval("select max(position) from events")
    async with asyncio.timeout(60):
        while await pool.fetchval(
            "select count(*) from (select schema_name from checkpoints group by schema_name having max(position) >= $1) s",
            last,
        ) < len(READ_MODELS):
            await asyncio.sleep(0.1)


async def read_models(pool: asyncpg.Pool) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every read model, by table."""
    return {
        table.name: [
            tuple(row)
            for row in await pool.fetch(f"select * from {model.name}.{table.name} order by {', '.join(table.key)}")
        ]
        for model in READ_MODELS.values()
        for table in model.tables
    }
