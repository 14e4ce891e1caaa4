"""Filling an event store with generated events, fast: several processes and COPY instead of commands."""

import asyncio
import multiprocessing
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from uuid import UUID, uuid4

import asyncpg

from domain.kernel import DomainEvent
from infra.adapters.postgres.pools import Connection
from infra.bench.figures import ReportPhase
from infra.bench.workload import BEGIN, catalog_events
from schemas.envelope import GENESIS, RawEvent, chain_hash
from schemas.registry import encode

SETTLED = 2
"""PostgreSQL's frozen transaction id, which precedes all running transactions, so readers take the rows at once."""
CHUNK = 100_000
"""Events per task of a process; each task has its own stores."""
WORKERS = 2

_COLUMNS = (
    "position", "transaction_id", "id", "stream_id", "version", "type", "tenant", "correlation_id", "causation_id",
    "recorded_at", "traceparent", "data", "previous_hash", "hash",
    "command_id", "command_digest", "command_result", "actor",
)  # fmt: skip


async def fill_with_catalog(dsn: str, count: int, *, seed: int, report: ReportPhase) -> None:
    """Write ``count`` catalog events of many stores. The same seed and count give the same events."""
    begins = range(0, count, CHUNK)
    loop = asyncio.get_running_loop()
    # Spawned, not forked: a forked child would share the parent's sockets and event loop.
    with ProcessPoolExecutor(WORKERS, mp_context=multiprocessing.get_context("spawn")) as processes:
        chunks = [
            loop.run_in_executor(processes, _fill_chunk, dsn, seed * 1000 + n, begin, min(CHUNK, count - begin))
            for n, begin in enumerate(begins)
        ]
        done = 0
        for chunk in asyncio.as_completed(chunks):
            done += await chunk
            report(f"{done:,} of {count:,} events generated")
    connection = await asyncpg.connect(dsn)
    try:
        await _finish(connection, count)
    finally:
        await connection.close()


def _fill_chunk(dsn: str, seed: int, after: int, count: int) -> int:
    """Generate and write one chunk, in a worker process."""
    asyncio.run(_copy_chunk(dsn, seed, after, count))
    return count


async def _copy_chunk(dsn: str, seed: int, after: int, count: int) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        # Few events get few stores instead of young ones, so that the mix of events is that of a long history.
        side_by_side = max(1, min(200, count // 500))
        events = catalog_events(count, seed=seed, side_by_side=side_by_side, after=after)
        while batch := list(islice(events, 20_000)):
            await copy_events(connection, batch)
    finally:
        await connection.close()


async def fill_with_streams(
    dsn: str, streams: Sequence[Sequence[DomainEvent]], *, tenants: Sequence[UUID], after: int
) -> int:
    """Write whole streams, one after the other, and return the last position."""
    raw: list[RawEvent] = []
    for events, tenant in zip(streams, tenants, strict=True):
        previous = GENESIS
        for event in events:
            id, data = uuid4(), encode(event)
            hash_ = chain_hash(
                previous,
                id=id,
                type=event.wire_name,
                stream_id=event.originator_id,
                version=event.originator_version,
                data=data,
            )
            raw.append(
                RawEvent(
                    position=after + len(raw) + 1,
                    id=id,
                    type=event.wire_name,
                    stream_id=event.originator_id,
                    version=event.originator_version,
                    tenant=tenant,
                    correlation_id=tenant,
                    causation_id=None,
                    recorded_at=BEGIN,
                    traceparent=None,
                    data=data,
                    previous_hash=previous,
                    hash=hash_,
                )
            )
            previous = hash_
    connection = await asyncpg.connect(dsn)
    try:
        await copy_events(connection, raw)
        await _finish(connection, after + len(raw))
    finally:
        await connection.close()
    return after + len(raw)


async def copy_events(connection: Connection, events: Iterable[RawEvent]) -> None:
    """Write events unchanged, hash chains included."""
    records = (
        (
            event.position,
            SETTLED,
            event.id,
            event.stream_id,
            event.version,
            event.type,
            event.tenant,
            event.correlation_id,
            event.causation_id,
            event.recorded_at,
            event.traceparent,
            event.data,
            event.previous_hash,
            event.hash,
            event.command_id,
            event.command_digest,
            event.command_result,
            event.actor,
        )
        for event in events
    )
    await connection.copy_records_to_table("events", records=records, columns=_COLUMNS)


async def _finish(connection: asyncpg.Connection, position: int) -> None:
    await connection.execute("select setval('events_position', $1)", position)
    await connection.execute("vacuum (analyze) events")
