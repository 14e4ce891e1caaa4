"""Isolates poison records: applies suspects in small chunks, then one by one, with the tries counted in PostgreSQL."""

import asyncio
import logging
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from aiokafka import ConsumerRecord

from domain.ids import derived
from domain.kernel import Clock, DomainEvent, Transient
from projections.engine.records import POISON, at_fault
from projections.engine.tables import Connection
from schemas.headers import event_id_in, kind_in
from schemas.internal.deliveries import Crashed, DeadLetter, DeadLetters, DeliveryLedger, Place
from schemas.registry import EVENTS

CHUNK = 64
"""How many suspected records are applied at once."""
TRIES = 5
"""How often a record is tried before it is parked."""
UNCOUNTED = 2
"""The tries in a batch and in a chunk, which the ledger does not count for each record."""

logger = logging.getLogger(__name__)

_FOREIGN = UUID("5d2f8a4e-7c1b-4f0a-9d3e-2b6c8e1a0f47")


class Writer(Protocol):
    """Applies records, and moves the checkpoints in the same transaction."""

    async def read_and_write(self, records: Sequence[ConsumerRecord], connection: Connection) -> None:
        """Apply records."""
        ...

    async def pass_over(self, records: Sequence[ConsumerRecord], connection: Connection) -> None:
        """Move the checkpoints past records that change nothing."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PoisonRecordPorts:
    """What isolating and parking poison records needs; one value for all runners of a process."""

    dead_letters: DeadLetters
    """Where records go that cannot be applied."""
    ledger: DeliveryLedger
    """Counts the tries of suspected records."""
    clock: Clock
    """When a record was parked."""
    solo: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while a suspected record is applied, so that a crash is blamed on no other record."""


class PoisonRecordIsolator:
    """Applies the records of suspected partitions, and parks those that cannot be applied."""

    def __init__(
        self,
        writer: Writer,
        group: str,
        handles: Collection[type[DomainEvent]],
        ports: PoisonRecordPorts,
    ) -> None:
        """Suspect nothing yet.

        Args:
            writer: applies the records.
            group: the consumer group, which the tries are counted for.
            handles: the kinds of event that the read model folds.
            ports: counts tries and takes the dead letters.
        """
        self._writer = writer
        self._group = group
        self._passed_over = frozenset(EVENTS) - {event.wire_name for event in handles}
        self._ports = ports
        self._ledger = ports.ledger
        self.suspected: dict[int, int] = {}
        """The suspected partitions, and how many records of each are left to watch."""
        self._singly: dict[int, int] = {}
        """Partitions where a chunk failed, and how many records are left to apply one by one."""

    def suspect(self, records: Sequence[ConsumerRecord]) -> None:
        """Suspect the partitions of these records for as long as these records last."""
        for record in records:
            self.suspected[record.partition] = self.suspected.get(record.partition, 0) + 1

    def suspect_partition(self, number: int, count: int) -> None:
        """Suspect the next ``count`` records of a partition."""
        self.suspected[number] = count

    def trust(self, numbers: Iterable[int]) -> None:
        """Stop suspecting partitions."""
        for number in numbers:
            self.suspected.pop(number, None)
            self._singly.pop(number, None)

    async def apply(self, records: Sequence[ConsumerRecord], connection: Connection) -> None:
        """Apply records chunk by chunk with counted tries; apply a failed chunk record by record."""
        by_partition: dict[int, list[ConsumerRecord]] = {}
        for record in records:
            by_partition.setdefault(record.partition, []).append(record)
        for number, batch in by_partition.items():
            for start in range(0, len(batch), CHUNK):
                chunk = batch[start : start + CHUNK]
                async with self._ports.solo:
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
            # The chunk raised, or killed the process the last time.
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
                # One write for all records passed over so far, because each write costs a transaction.
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
                await self._park(record, error, count=TRIES)
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
                await self._park(record, error, count=tries)
                break
            else:
                await self._ledger.done(place)
                return
        await self._writer.pass_over([record], connection)
        await self._ledger.done(place)

    async def _park(self, record: ConsumerRecord, error: Exception, *, count: int) -> None:
        """Put a record among the dead letters.

        Raises:
            Transient: that did not work; the record must not be passed over.
        """
        letter = DeadLetter.of(record, error, group=self._group, count=count, at=self._ports.clock.now())
        await self._ports.dead_letters.park(letter)
        logger.error("%s parked %s after %d tries: %s", self._group, letter.id, count, type(error).__name__)

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
    """Return the id of a record's event, or an id derived from its place if the record names none."""
    return event_id_in(record.headers) or derived(_FOREIGN, record.topic, str(record.partition), str(record.offset))
