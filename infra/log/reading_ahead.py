"""Reads the event store for the publisher, a batch ahead while there is a backlog."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from infra.adapters.kafka.record_batches import TargetedBatch, prepare
from infra.adapters.postgres.pools import Connection
from infra.adapters.postgres.settled_log import SettledLog
from schemas.record_columns import POSITION, Row, outgoing

Read = Callable[[int], Awaitable[list[Row]]]
"""Returns the settled events after a position as columns of their records, a batch at most."""


@asynccontextmanager
async def reading_ahead(
    log: SettledLog, connection: Connection, *, batch: int, until: int | None
) -> AsyncIterator[Read]:
    """Read batches, and in a backlog begin to read each one while the caller works on the one before.

    Args:
        log: the event store.
        connection: what to read with; it is in use until the context ends.
        batch: the most events of a batch.
        until: the last position that the caller wants; None if it wants all.
    """
    ahead: tuple[int, asyncio.Task[list[Row]]] | None = None

    def begin(after: int) -> asyncio.Task[list[Row]]:
        return asyncio.create_task(log.read_records(after, batch, connection=connection))

    async def read(after: int) -> list[Row]:
        nonlocal ahead
        if ahead is None:
            ahead = after, begin(after)
        assert ahead[0] == after, "batches are read in order"
        events = await ahead[1]
        last = events[-1][POSITION] if len(events) == batch else None
        ahead = None if last is None or (until is not None and last >= until) else (last, begin(last))
        return events

    try:
        yield read
    finally:
        if ahead is not None:
            ahead[1].cancel()
            await asyncio.gather(ahead[1], return_exceptions=True)


async def read_and_prepare(read: Read, after: int) -> tuple[list[Row], list[TargetedBatch]]:
    """Return the events after a position, and their batches for the topic."""
    events = await read(after)
    return events, await prepare(map(outgoing, events))
