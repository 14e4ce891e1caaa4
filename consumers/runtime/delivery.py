"""Takes a record to its consumer: skips, decodes, counts, retries and parks.

The rules, for every consumer:

* A record of a type that the consumer does not handle is skipped by its ``ce_type`` header, without decoding.
* A refusal (``DomainError``) is an answer, not a failure. It is logged, and the record is done.
* Any other exception causes a redelivery after 1, 2, 4 and 8 seconds. Half of each pause is random; a ``Transient`` may ask
  for a longer one. After five deliveries the record is parked in the dead letter topic.
* PostgreSQL holds the count of deliveries, and it is raised before the handler runs, because a crash reports nothing.
* A record that was being handled in two crashes is a suspect. It runs alone in its process, so that a third crash can only
  be its own, and other records are not parked with it. A delivery that a shutdown cancels does not count.
* A record that does not decode, or of an unknown type, is parked at once: a redelivery would not change its bytes.
* A record that the event store does not hold is foreign. It is noted and parked before the consumer sees it
  (``infra/decisions/0017``).
* A parked record is done for its group, and later records of its key follow. A replay therefore comes out of order.
* Other keys are handled in the meantime: a pause between deliveries holds no slot. A consumer may put records of some keys
  before others (``Prioritized``); equals are handled in the order of arrival.
* While PostgreSQL or the dead letter topic is out of reach, records wait. Such an outage does not count as a delivery.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from commands.ports import UnknownCause
from consumers.ports import Consumer, Prioritized, Urgency
from consumers.runtime.slots import UrgentFirstSlots
from domain.kernel import Clock, DomainError, Transient
from infra.retry import RetryPolicy
from schemas.envelope import Envelope, from_record
from schemas.internal.deliveries import Crashed, DeadLetter, DeadLetters, Delivery, DeliveryLedger, Place, Record
from schemas.internal.provenance import ForeignRecord, Provenance
from schemas.registry import EVENTS

T = TypeVar("T")

REDELIVERY = RetryPolicy(attempts=5, first_pause=1.0, longest_pause=60.0)
"""How often a record is delivered before it is parked, and the pauses between deliveries."""
SUSPECT_AFTER = 2
"""Crashes after which a record is handled alone."""
CONCURRENCY = 8
"""Keys that a consumer handles at once."""

logger = logging.getLogger(__name__)


class SoloGate:
    """Lets handlers run side by side, or a suspect alone. One per process, because a crash ends all of its handlers."""

    def __init__(self) -> None:
        self._changed = asyncio.Condition()
        self._running = 0
        self._alone = False
        self._suspects_waiting = 0

    @asynccontextmanager
    async def together(self) -> AsyncIterator[None]:
        """Run beside other handlers; wait while a suspect runs or waits."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self._alone and not self._suspects_waiting)
            self._running += 1
        try:
            yield
        finally:
            await self._leave()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Wait for all other handlers to finish, then run alone."""
        async with self._changed:
            self._suspects_waiting += 1
            try:
                await self._changed.wait_for(lambda: not self._alone and self._running == 0)
                self._alone = True
            finally:
                self._suspects_waiting -= 1
                self._changed.notify_all()
        try:
            yield
        finally:
            await self._leave()

    async def _leave(self) -> None:
        # No handler waits while it holds the condition, so a cancelled one gets it at once.
        async with self._changed:
            if self._alone:
                self._alone = False
            else:
                self._running -= 1
            self._changed.notify_all()


class RecordDelivery:
    """Delivers records to one consumer by the rules above."""

    def __init__(
        self,
        consumer: Consumer,
        *,
        ledger: DeliveryLedger,
        dead_letters: DeadLetters,
        provenance: Provenance,
        solo_gate: SoloGate,
        clock: Clock,
        concurrency: int = CONCURRENCY,
        redelivery: RetryPolicy = REDELIVERY,
    ) -> None:
        self._consumer = consumer
        self._ledger = ledger
        self._dead_letters = dead_letters
        self._provenance = provenance
        self._solo_gate = solo_gate
        self._clock = clock
        self._slots = UrgentFirstSlots(concurrency)
        self._redelivery = redelivery
        self._handled_types = frozenset(event.wire_name.encode() for event in consumer.handles)
        self._skipped_types = frozenset(name.encode() for name in EVENTS) - self._handled_types

    def skips(self, record: Record) -> bool:
        """Whether the record is of a known type that the consumer does not handle."""
        return next((value for name, value in record.headers if name == "ce_type"), None) in self._skipped_types

    async def handle(self, record: Record) -> None:
        """Deliver a record until it is done: handled, refused or parked."""
        try:
            raw = from_record(record.headers, record.value)
            envelope = raw.decode()
        except Exception as error:  # noqa: BLE001 - no retry changes the bytes
            await self._park(record, error, count=1)
            return
        if type(envelope.event) not in self._consumer.handles:
            return  # an old version of an event that became one the consumer does not handle
        if not await self._until_available(lambda: self._provenance.holds(raw)):
            await self._park_foreign(record, envelope)
            return
        place = Place(
            group=self._consumer.name,
            event_id=envelope.id,
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
        )
        while True:
            pause = await self._deliver(record, envelope, place)
            if pause is None:
                return
            await asyncio.sleep(pause)

    async def _park_foreign(self, record: Record, envelope: Envelope) -> None:
        """Park a foreign record: a person can replay it if the event store was set back and is restored."""
        unknown = UnknownCause(envelope.id, envelope.position)
        foreign = ForeignRecord(record.topic, record.partition, record.offset, "its event is not in the event store")
        logger.error("%s got a foreign record: %s", self._consumer.name, foreign)
        await self._until_available(lambda: self._provenance.note([foreign]))
        await self._park(record, unknown, count=1)

    async def _deliver(self, record: Record, envelope: Envelope, place: Place) -> float | None:
        """Deliver once; return the seconds until the next delivery, or None if the record is done."""
        async with self._slots.slot(self._urgency(envelope)):
            async with self._solo_gate.together():
                delivery = await self._until_available(lambda: self._ledger.begin(place))
                if delivery.crashes < SUSPECT_AFTER:
                    return await self._run(record, envelope, place, delivery)
                # It begins again, alone, so this one does not count as a delivery.
                await self._until_available(lambda: self._ledger.withdraw(place))
            async with self._solo_gate.alone():
                logger.warning("handling alone, after %d crashes: %s", delivery.crashes, self._about(envelope))
                delivery = await self._until_available(lambda: self._ledger.begin(place))
                return await self._run(record, envelope, place, delivery)

    def _urgency(self, envelope: Envelope) -> Urgency:
        return self._consumer.urgency(envelope) if isinstance(self._consumer, Prioritized) else ()

    async def _run(self, record: Record, envelope: Envelope, place: Place, delivery: Delivery) -> float | None:
        if delivery.count > self._redelivery.attempts:
            crashed = Crashed(f"the process died or was killed while handling it, {delivery.crashes} times")
            await self._park(record, crashed, count=self._redelivery.attempts)
            await self._until_available(lambda: self._ledger.done(place))
            return None
        try:
            await self._consumer(envelope)
        except asyncio.CancelledError:
            await self._withdraw(place)
            raise
        except DomainError as refusal:
            logger.warning("refused %s: %s", refusal.code, self._about(envelope))
        except UnknownCause as error:
            await self._park(record, error, count=delivery.count)
        except Exception as error:
            if delivery.count < self._redelivery.attempts:
                logger.warning(
                    "delivery %d of %d failed (%s): %s",
                    delivery.count,
                    self._redelivery.attempts,
                    type(error).__name__,
                    self._about(envelope),
                    exc_info=not isinstance(error, Transient),
                )
                reason = type(error).__name__
                await self._until_available(lambda: self._ledger.failed(place, reason))
                return self._pause_after(delivery.count, error)
            await self._park(record, error, count=delivery.count)
        await self._until_available(lambda: self._ledger.done(place))
        return None

    async def _withdraw(self, place: Place) -> None:
        try:
            await self._ledger.withdraw(place)
        except Transient:
            logger.warning("could not take back a delivery of %s to %s", place.event_id, place.group)

    async def _park(self, record: Record, error: Exception, *, count: int) -> None:
        letter = DeadLetter.of(record, error, group=self._consumer.name, count=count, at=self._clock.now())
        await self._until_available(lambda: self._dead_letters.park(letter))
        logger.error(
            "parked %s after %d deliveries (%s, traceback %s)",
            letter.id,
            count,
            type(error).__name__,
            letter.traceback_digest,
        )

    async def _until_available(self, call: Callable[[], Awaitable[T]]) -> T:
        """Retry a call of the ledger or another store until it succeeds; delivery must not continue without it."""
        failures = 0
        while True:
            try:
                return await call()
            except Transient as outage:
                failures += 1
                logger.warning("%s waits: %s", self._consumer.name, outage)
                await asyncio.sleep(self._pause_after(failures, outage))

    def _pause_after(self, failures: int, error: Exception) -> float:
        return self._redelivery.pause_after(failures, error.retry_after if isinstance(error, Transient) else None)

    def _about(self, envelope: Envelope) -> str:
        return (
            f"{envelope.event.wire_name} {envelope.id} at {envelope.position} "
            f"of tenant {envelope.tenant} in {self._consumer.name}"
        )
