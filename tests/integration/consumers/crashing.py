"""A consumer process that one record kills. Run by ``test_crashes``; prints what it handles."""

import asyncio
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import asyncpg

from consumers.app import ConsumerApp
from consumers.runtime.delivery import REDELIVERY
from domain.kernel import DomainEvent
from domain.product.events import ProductActivated
from infra.adapters.kafka.dead_letter_producer import DeadLetterProducer
from infra.adapters.postgres.deliveries import PostgresDeliveries
from infra.clock import SystemClock
from schemas.envelope import Envelope, RawEvent
from schemas.internal.provenance import ForeignRecord
from schemas.topics import Topic


class Trusting:
    """Takes every event for one of the store: the records of this test were never appended."""

    async def holds(self, event: RawEvent) -> bool:
        return event.version > 0

    async def note(self, records: Sequence[ForeignRecord]) -> None:
        raise AssertionError(records)


class Mortal:
    """Dies of the poisoned tenant's events; handles the others slowly enough to be caught in the crash."""

    handles: frozenset[type[DomainEvent]] = frozenset({ProductActivated})

    def __init__(self, name: str, topic: Topic, poisoned: UUID) -> None:
        self.name, self.topic, self._poisoned = name, topic, poisoned

    async def __call__(self, envelope: Envelope) -> None:
        if envelope.tenant == self._poisoned:
            os._exit(9)
        await asyncio.sleep(0.05)
        sys.stdout.write(f"{envelope.tenant} {envelope.event.originator_version}\n")
        sys.stdout.flush()


async def main(kafka: str, dsn: str, group: str, topic: str, poisoned: str) -> None:
    async with asyncpg.create_pool(dsn, min_size=1, max_size=4) as pool:
        app = ConsumerApp(
            [Mortal(group, Topic(topic, 4, ()), UUID(poisoned))],
            bootstrap_servers=kafka,
            ledger=PostgresDeliveries(pool),
            dead_letters=DeadLetterProducer(kafka),
            provenance=Trusting(),
            clock=SystemClock(),
            redelivery=replace(REDELIVERY, first_pause=0.02),
            grace_seconds=0.3,
            session_seconds=1.0,
        )
        await app.run(asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
