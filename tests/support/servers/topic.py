"""The topic, written without a publisher, and a read model that can be tampered with while it works."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import asyncpg

from infra.adapters.kafka.producer import TransactionalProducer
from infra.adapters.kafka.record_batches import prepare
from infra.adapters.kafka.topic import ensure_topics
from infra.bench.filling import copy_events
from projections.engine.decoding import DecodedEvent
from projections.engine.tables import Connection, ReadModel
from schemas.envelope import RawEvent
from schemas.headers import Headers
from schemas.topics import EVENTS, PARTITIONS, partition_of
from tests.support.builders.records import headers_of, outgoing

Record = tuple[int, bytes | None, Headers]
"""Partition, value, headers."""


def record_of(raw: RawEvent) -> Record:
    """Return an event as the publisher would send it."""
    return partition_of(raw.tenant), raw.data, headers_of(raw)


async def write_topic(
    bootstrap_servers: str,
    records: Sequence[RawEvent | Record],
    *,
    batch: int = 500,
    store: asyncpg.Pool | None = None,
) -> None:
    """Append records to the topic in transactions of a size; another size gives other offsets.

    Events go as the publisher sends them, other records as any client's. Events are put into a store first, if one is
    given: without that they are foreign.
    """
    if store is not None:
        await hold([each for each in records if isinstance(each, RawEvent)], store)
    await ensure_topics(bootstrap_servers)
    producer = TransactionalProducer(bootstrap_servers=bootstrap_servers, transactional_id="tests")
    await producer.start()
    try:
        for start in range(0, len(records), batch):
            async with producer.transaction():
                for ours, some in groupby(records[start : start + batch], key=lambda each: isinstance(each, RawEvent)):
                    await (_send_events if ours else _send_records)(producer, list(some))
    finally:
        await producer.stop()


async def hold(events: Sequence[RawEvent], store: asyncpg.Pool) -> None:
    """Put events into a store that are not in it yet."""
    rows = await store.fetch("select position from events")
    held = {row["position"] for row in rows}
    missing = {each.position: each for each in events if each.position not in held}
    async with store.acquire() as connection:
        await copy_events(connection, missing.values())


async def _send_events(producer: TransactionalProducer, events: Sequence[Any]) -> None:
    for each in await prepare(map(outgoing, events)):
        if each.topic == EVENTS.name:
            await producer.send_batch(each.batch, each.topic, partition=each.partition)


async def _send_records(producer: TransactionalProducer, records: Sequence[Any]) -> None:
    for partition, value, headers in records:
        await producer.send(EVENTS.name, partition=partition, key=b"k", value=value, headers=headers)


def last_positions(raws: Sequence[RawEvent]) -> dict[int, int]:
    """Return the position each partition ends at."""
    return dict.fromkeys(range(PARTITIONS), 0) | {partition_of(raw.tenant): raw.position for raw in raws}


async def nothing(batch: Sequence[DecodedEvent]) -> None:
    """Tamper with nothing."""


@dataclass
class Tampered:
    """A read model that does something else besides: wait, raise, or die."""

    model: ReadModel[Any]
    before: Callable[[Sequence[DecodedEvent]], Awaitable[None]] = nothing
    after: Callable[[Sequence[DecodedEvent]], Awaitable[None]] = nothing
    """Rows are written then, but not committed."""
    version: int = 0
    applied: int = field(default=0)
    """Batches begun."""

    def __post_init__(self) -> None:
        self.version = self.version or self.model.version
        self.name, self.tables, self.handles = self.model.name, self.model.tables, self.model.handles
        self.tables_ddl, self.indexes_ddl = self.model.tables_ddl, self.model.indexes_ddl
        self.decoder = self.model.decoder

    async def apply(self, batch: Sequence[DecodedEvent], tx: Connection) -> None:
        self.applied += 1
        await self.before(batch)
        await self.model.apply(batch, tx)
        await self.after(batch)


@asynccontextmanager
async def rows_by_the_log(pool: asyncpg.Pool, model: ReadModel[Any], raws: Sequence[RawEvent]) -> AsyncIterator[str]:
    """Fold events into tables of their own; yield their schema."""
    async with pool.acquire() as connection:
        await connection.execute(f"create schema expected; set search_path to expected; {model.ddl}")
        decoded = [each for each in map(model.decoder.decode_stored, raws) if each is not None]
        for start in range(0, len(decoded), 5000):
            async with connection.transaction():
                await model.apply(decoded[start : start + 5000], connection)
    yield "expected"
    await pool.execute("drop schema expected cascade")


async def all_rows(pool: asyncpg.Pool, model: ReadModel[Any], schema: str) -> dict[str, list[tuple[object, ...]]]:
    """Return every row by table, in the order of the keys."""
    return {
        table.name: [
            tuple(row)
            for row in await pool.fetch(f"select * from {schema}.{table.name} order by {', '.join(table.key)}")
        ]
        for table in model.tables
    }
