"""Applies records of which one may be bad: in small chunks, then singly, counting tries where a crash cannot reach."""

import asyncio
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Protocol
from uuid import UUID

from aiokafka import ConsumerRecord

from domain.ids import derived
from domain.kernel import DomainEvent, Transient
from projections.engine.records import POISON, at_fault
from projections.engine.tables import Connection
from schemas.headers import event_id_in, kind_in
from schemas.internal.deliveries import Crashed, DeliveryLedger, Place
from schemas.registry import EVENTS

CHUNK = 64
"""How many records are applied at once where there is reason for care."""
TRIES = 5
"""How often a record is tried before it is parked."""
UNCOUNTED = 2
"""Of these, the tries within a batch and a chunk, which are not counted for each record."""

_FOREIGN = UUID("5d2f8a4e-7c1b-4f0a-9d3e-2b6c8e1a0f47")


class Writer(Protocol):
    """Applies records, and moves the checkpoints in the same transaction."""

    async def read_and_write(self, records: Sequence[ConsumerRecord], connection: Connection) -> None:
        """Apply records."""
        ...

    async def pass_over(self, records: Sequence[ConsumerRecord], connection: Connection) -> None:
        """Move the checkpoints past records that change nothing."""
        ...

    async def park(self, record: ConsumerRecord, error: Exception, *, count: int) -> None:
        """Put a record among the dead letters."""
        ...


class PoisonRecordIsolator:
    """Knows which partitions to be careful with, and is."""

    def __init__(
        self,
        writer: Writer,
        group: str,
        handles: Collection[type[DomainEvent]],
        ledger: DeliveryLedger,
        alone: asyncio.Lock,
    ) -> None:
        self._writer = writer
        self._group = group
        self._passed_over = frozenset(EVENTS) - {event.wire_name for event in handles}
        self._ledger = ledger
        self._alone = alone
        self.suspected: dict[int, int] = {}
        """Partitions to be careful with, and for how many records."""
        self._singly: dict[int, int] = {}
        """Partitions where a chunk failed, and how many records are to be applied one by one."""

    def suspect(self, records: Sequence[ConsumerRecord]) -> None:
        """Be careful with these records."""
        for record in records:
            self.suspected[record.partition] = self.suspected.get(record.partition, 0) + 1

    def suspect_partition(self, number: int, count: int) -> None:
        """Be careful with the next so many records of a partition."""
        self.suspected[number] = count

    def relax(self, number: int | None = None) -> None:
        """Trust a partition again, or all of them."""
        if number is None:
            self.suspected.clear()
            self._singly.clear()
        else:
            self.suspected.pop(number, None)
            self._singly.pop(number, None)

    async def apply(self, records: Sequence[ConsumerRecord], connection: Connection) -> None:
        """Apply chunk by chunk, counting tries; a chunk that failed, record by record."""
        by_partition: dict[int, list[ConsumerRecord]] = {}
        for record in records:
            by_partition.setdefault(record.partition, []).append(record)
        for number, mine in by_partition.items():
            for start in range(0, len(mine), CHUNK):
                chunk = mine[start : start + CHUNK]
                async with self._alone:
                    await self._apply_chunk(chunk, connection)
                left = self.suspected.get(number, 0) - len(chunk)
                if left > 0:
                    self.suspected[number] = left
                else:
                    self.suspected.pop(number, None)

    async def _apply_chunk(self, chunk: Sequence[ConsumerRecord], connection: Connection) -> None:
        number, place = chunk[0].partition, self._place(chunk[0])
        if self._singly.get(number, 0) <= 0:
            delivery = await self._ledger.begin(place)
            if not delivery.crashes:
                try:
                    await self._writer.read_and_write(chunk, connection)
                except BaseException as error:
                    if not isinstance(error, Exception) or not at_fault(error):
                        await self._take_back(place)
                        raise
                else:
                    await self._ledger.done(place)
                    return
            # It raised, or the process died of it the last time.
            await self._ledger.withdraw(place)
            if kind_in(chunk[0].headers) in self._passed_over:
                await self._ledger.done(place)
            self._singly[number] = CHUNK
        self._singly[number] -= len(chunk)
        await self._apply_singly(chunk, connection)

    async def _apply_singly(self, chunk: Sequence[ConsumerRecord], connection: Connection) -> None:
        passed_over: list[ConsumerRecord] = []
        for record in chunk:
            if kind_in(record.headers) in self._passed_over:
                passed_over.append(record)
            else:
                # One write for all that was passed over: each costs a transaction.
                await self._writer.pass_over(passed_over, connection)
                passed_over.clear()
                await self._apply_one(record, connection)
        await self._writer.pass_over(passed_over, connection)

    async def _apply_one(self, record: ConsumerRecord, connection: Connection) -> None:
        place = self._place(record)
        while True:
            delivery = await self._ledger.begin(place)
            tries = delivery.count + UNCOUNTED
            if tries > TRIES:
                error: Exception = Crashed(
                    f"the process died or was killed while applying it, {delivery.crashes} times"
                )
                await self._writer.park(record, error, count=TRIES)
                break
            try:
                await self._writer.read_and_write([record], connection)
            except BaseException as error:
                if not isinstance(error, Exception) or not at_fault(error):
                    await self._take_back(place)
                    raise
                if tries < TRIES and not isinstance(error, POISON):
                    await self._ledger.failed(place, type(error).__name__)
                    continue
                await self._writer.park(record, error, count=tries)
                break
            else:
                await self._ledger.done(place)
                return
        await self._writer.pass_over([record], connection)
        await self._ledger.done(place)

    def _place(self, record: ConsumerRecord) -> Place:
        return Place(
            group=self._group,
            event_id=_id(record),
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
        )

    async def _take_back(self, place: Place) -> None:
        with suppress(Transient):
            await self._ledger.withdraw(place)


def _id(record: ConsumerRecord) -> UUID:
    """Return the id of a record's event, or one for its place where it says none."""
    return event_id_in(record.headers) or derived(_FOREIGN, record.topic, str(record.partition), str(record.offset))
