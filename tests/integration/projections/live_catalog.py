"""A catalog that a runner keeps current from a real Kafka, and an event store on a list."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from infra.adapters.postgres.deliveries import PostgresDeliveries
from infra.clock import SystemClock
from infra.embedded.kafka import ApacheKafka
from projections.catalog import model as catalog
from projections.engine.checkpoints import positions_of
from projections.engine.poison_records import PoisonRecordPorts
from projections.engine.rebuild.rebuilder import Rebuilder
from projections.engine.runner import ProjectionRunner
from schemas.envelope import RawEvent
from tests.support.fakes.deliveries import RecordedDeadLetters
from tests.support.servers.topic import all_rows, last_positions, rows_by_the_log

MODEL = catalog.MODEL


class Histories:
    """Implements ``row_diff.Histories`` on a list."""

    def __init__(self, events: Sequence[RawEvent]) -> None:
        self._events = events

    async def tenants_of(self, ids: Sequence[Any]) -> list[Any]:
        return list({each.tenant for each in self._events if each.tenant in ids or each.stream_id in ids})

    async def read_tenant(self, tenant: Any, up_to: int) -> list[RawEvent]:
        return [each for each in self._events if each.tenant == tenant and each.position <= up_to]


@asynccontextmanager
async def live(
    pool: asyncpg.Pool, kafka: ApacheKafka, *, model: Any = MODEL, letters: RecordedDeadLetters | None = None
) -> AsyncIterator[ProjectionRunner]:
    """Run the read model's runner for as long as the context lasts."""
    rebuilder = Rebuilder(pool, kafka.bootstrap_servers)
    runner = ProjectionRunner(
        [model],
        pool,
        kafka.bootstrap_servers,
        PoisonRecordPorts(
            dead_letters=letters or RecordedDeadLetters(), ledger=PostgresDeliveries(pool), clock=SystemClock()
        ),
        rebuild=rebuilder.rebuild_when_due,
    )
    task = asyncio.create_task(runner.run())
    try:
        yield runner
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def applied(pool: asyncpg.Pool, events: Sequence[RawEvent]) -> None:
    """Wait until these events are applied."""
    ends = last_positions(events)
    async with asyncio.timeout(60), pool.acquire() as connection:
        while {n: each.position for n, each in (await positions_of(connection, MODEL.name)).items()} != ends:
            await asyncio.sleep(0.02)


async def expect_rows_of(pool: asyncpg.Pool, events: Sequence[RawEvent]) -> None:
    """Compare the live rows with a fold of these events."""
    async with rows_by_the_log(pool, MODEL, events) as expected:
        assert await all_rows(pool, MODEL, MODEL.name) == await all_rows(pool, MODEL, expected)
