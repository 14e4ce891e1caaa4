"""The publisher: every committed event is in the topic once, per key in order, whatever happens to publishers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg
import pytest

from infra.adapters.event_store import PostgresEventLog
from infra.adapters.publisher import Publisher
from infra.adapters.topic import published_position
from infra.adapters.verification import Parity, verify_log
from infra.bootstrap import SystemClock
from infra.embedded.kafka import ApacheKafka
from tests.fakes.commands import Ask, Write, bus_on, context

pytestmark = pytest.mark.kafka


@pytest.fixture
async def log(pool: asyncpg.Pool) -> AsyncIterator[PostgresEventLog]:
    log = PostgresEventLog(pool, SystemClock())
    yield log
    await log.drain()


@asynccontextmanager
async def publishing(pool: asyncpg.Pool, log: PostgresEventLog, kafka: ApacheKafka) -> AsyncIterator[Publisher]:
    publisher = Publisher(pool, log, kafka.bootstrap_servers)
    task = asyncio.create_task(publisher.run())
    try:
        yield publisher
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def caught_up(log: PostgresEventLog, kafka: ApacheKafka) -> Parity:
    async with asyncio.timeout(30):
        while await published_position(kafka.bootstrap_servers) < await log.last_position():
            await asyncio.sleep(0.05)
    return await verify_log(log, kafka.bootstrap_servers)


async def append(log: PostgresEventLog, count: int) -> None:
    bus = bus_on(log, SystemClock())
    for _ in range(count):
        store = uuid4()
        await bus.dispatch(Ask(store_id=store), context())
        await bus.dispatch(Write(store_id=store), context())


async def test_what_is_committed_is_in_the_topic_once_and_in_order(
    pool: asyncpg.Pool, log: PostgresEventLog, kafka: ApacheKafka
) -> None:
    await append(log, 20)
    async with publishing(pool, log, kafka):
        await append(log, 20)
        assert await caught_up(log, kafka) == Parity(
            equal=True, events=80, by_type={"store.store_requested.v1": 40, "store.page_written.v1": 40}
        )


async def test_a_second_publisher_stands_by_and_takes_over(
    pool: asyncpg.Pool, log: PostgresEventLog, kafka: ApacheKafka
) -> None:
    async with publishing(pool, log, kafka) as second:
        async with publishing(pool, log, kafka):
            await append(log, 10)
            assert (await caught_up(log, kafka)).equal
        await append(log, 10)
        assert (await caught_up(log, kafka)).events == 40
        assert second.position > 0


async def test_a_broker_that_goes_away_and_comes_back_gets_everything(
    pool: asyncpg.Pool, log: PostgresEventLog, kafka: ApacheKafka
) -> None:
    async with publishing(pool, log, kafka):
        await append(log, 5)
        assert (await caught_up(log, kafka)).equal
        await kafka.kill()
        await append(log, 5)
        await kafka.start()
        assert (await caught_up(log, kafka)).events == 20


async def test_a_wiped_broker_is_refilled(pool: asyncpg.Pool, log: PostgresEventLog, kafka: ApacheKafka) -> None:
    async with publishing(pool, log, kafka):
        await append(log, 5)
        assert (await caught_up(log, kafka)).equal
        await kafka.kill()
        await kafka.wipe()
        await kafka.start()
        assert (await caught_up(log, kafka)).events == 10


async def test_a_changed_byte_in_the_past_is_found_and_named(
    pool: asyncpg.Pool, log: PostgresEventLog, kafka: ApacheKafka
) -> None:
    async with publishing(pool, log, kafka):
        await append(log, 3)
        assert (await caught_up(log, kafka)).equal
    await pool.execute("update events set data = overlay(data placing 'X' from 20) where position = 4")
    found = await verify_log(log, kafka.bootstrap_servers)
    assert not found.equal
    assert found.difference is not None
    assert "store.page_written.v1 at position 4" in found.difference
    assert "was changed in the event store" in found.difference


async def test_an_event_missing_from_the_store_is_named(
    pool: asyncpg.Pool, log: PostgresEventLog, kafka: ApacheKafka
) -> None:
    async with publishing(pool, log, kafka):
        await append(log, 3)
        assert (await caught_up(log, kafka)).equal
    await pool.execute("delete from events where position = 5")
    found = await verify_log(log, kafka.bootstrap_servers)
    assert found.difference is not None
    assert "position 5" in found.difference or "position 6" in found.difference
