"""Both halves of the log in a test: fills the store, publishes, and waits for the topic."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from infra.adapters.kafka.topic import published_position
from infra.adapters.postgres.event_store import PostgresEventLog
from infra.clock import SystemClock
from infra.embedded.kafka import ApacheKafka
from infra.log.publisher import Publisher
from infra.log.verification import Parity, verify_log
from schemas.topics import partition_of
from tests.support.builders.commands import Ask, Write, bus_on, context


@asynccontextmanager
async def publishing(pool: asyncpg.Pool, log: PostgresEventLog, kafka: ApacheKafka) -> AsyncIterator[Publisher]:
    """Run a publisher in this process."""
    publisher = Publisher(pool, log, kafka.bootstrap_servers)
    task = asyncio.create_task(publisher.run())
    try:
        yield publisher
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def published(log: PostgresEventLog, kafka: ApacheKafka) -> None:
    """Wait until every event of the store is in the topic."""
    async with asyncio.timeout(30):
        while (
            await published_position(kafka.bootstrap_servers, are_own=log.provenance.are_own)
            < await log.last_position()
        ):
            await asyncio.sleep(0.05)


async def caught_up(log: PostgresEventLog, kafka: ApacheKafka) -> Parity:
    """Wait until every event of the store is in the topic, and verify the log."""
    await published(log, kafka)
    return await verify_log(log, kafka.bootstrap_servers)


async def append(log: PostgresEventLog, count: int, *, partition: int | None = None) -> list[UUID]:
    """Request stores with a page each and return their ids; all in one partition if given."""
    bus = bus_on(log, SystemClock())
    stores = [uuid4() if partition is None else store_in(partition) for _ in range(count)]
    for store in stores:
        await bus.dispatch(Ask(store_id=store), context())
        await bus.dispatch(Write(store_id=store), context())
    return stores


def store_in(partition: int) -> UUID:
    """Return an id whose events go to a partition."""
    return next(id for id in iter(uuid4, None) if partition_of(id) == partition)


async def rows_of(pool: asyncpg.Pool, table: str, *, but: str = "") -> list[dict[str, Any]]:
    """Return every row of a table, in order, without one of its columns."""
    rows = [dict(row) for row in await pool.fetch(f"select * from {table} order by 1")]
    for row in rows:
        row.pop(but, None)
    return rows
