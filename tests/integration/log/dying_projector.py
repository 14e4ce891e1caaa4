"""A projector process that one event kills. Run by ``test_projection_runner``."""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg

from infra.adapters.kafka.dead_letter_producer import DeadLetterProducer
from infra.adapters.postgres.deliveries import PostgresDeliveries
from infra.clock import SystemClock
from projections.catalog import model as catalog
from projections.engine.checkpoints import Projection
from projections.engine.decoding import DecodedEvent
from projections.engine.poison_records import PoisonRecordPorts
from projections.engine.runner import ProjectionRunner
from projections.engine.tables import Connection, TableChange


class Mortal:
    """The catalog read model, which dies at one event."""

    def __init__(self, stream: UUID, version: int) -> None:
        self._stream, self._version = stream, version

    def __getattr__(self, name: str) -> Any:
        return getattr(catalog.MODEL, name)

    async def apply(self, batch: Sequence[DecodedEvent], tx: Connection) -> None:
        self._die_at(batch)
        await catalog.MODEL.apply(batch, tx)

    async def changes(self, batch: Sequence[DecodedEvent], tx: Connection) -> Sequence[TableChange[Any]]:
        self._die_at(batch)
        return await catalog.MODEL.changes(batch, tx)

    def _die_at(self, batch: Sequence[DecodedEvent]) -> None:
        if any(event.originator_id == self._stream and event.originator_version == self._version for event, _ in batch):
            os._exit(9)


async def never(_: Projection) -> None:
    """There is nothing to rebuild."""


async def main(kafka: str, dsn: str, stream: str, version: str) -> None:
    async with asyncpg.create_pool(dsn, min_size=1, max_size=4) as pool:
        letters = DeadLetterProducer(kafka)
        runner = ProjectionRunner(
            [Mortal(UUID(stream), int(version))],
            pool,
            kafka,
            PoisonRecordPorts(dead_letters=letters, ledger=PostgresDeliveries(pool), clock=SystemClock()),
            rebuild=never,
        )
        task = asyncio.create_task(runner.run())
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        await asyncio.gather(task, return_exceptions=True)
        await letters.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
