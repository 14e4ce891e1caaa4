"""A delivery ledger and a dead-letter queue in memory."""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from domain.kernel import Transient
from schemas.envelope import RawEvent
from schemas.internal.deliveries import DeadLetter, Delivery, Place
from schemas.internal.provenance import ForeignRecord


@dataclass(slots=True)
class MemoryLedger:
    """Implements ``DeliveryLedger``. It outlives its consumers, like the table."""

    counts: dict[tuple[str, UUID], tuple[int, int]] = field(default_factory=dict)
    """From group and event to the number of deliveries and of those that raised."""
    outages: Iterator[bool] = field(default_factory=lambda: iter(()))
    """Whether the next calls fail."""

    async def begin(self, place: Place) -> Delivery:
        self._be_reachable()
        count, failures = self.counts.get((place.group, place.event_id), (0, 0))
        self.counts[place.group, place.event_id] = (count + 1, failures)
        return Delivery(count + 1, count - failures)

    async def failed(self, place: Place, reason: str) -> None:
        self._be_reachable()
        count, failures = self.counts[place.group, place.event_id]
        self.counts[place.group, place.event_id] = (count, failures + 1)

    async def withdraw(self, place: Place) -> None:
        self._be_reachable()
        count, failures = self.counts[place.group, place.event_id]
        if count <= 1:
            del self.counts[place.group, place.event_id]
        else:
            self.counts[place.group, place.event_id] = (count - 1, failures)

    async def done(self, place: Place) -> None:
        self._be_reachable()
        self.counts.pop((place.group, place.event_id), None)

    def _be_reachable(self) -> None:
        if next(self.outages, False):
            raise Transient("PostgreSQL", "is away")


@dataclass(slots=True)
class RecordedDeadLetters:
    """Implements ``DeadLetters``."""

    letters: list[DeadLetter] = field(default_factory=list)

    async def park(self, letter: DeadLetter) -> None:
        self.letters.append(letter)


@dataclass(slots=True)
class MemoryProvenance:
    """Implements ``Provenance``: every event is in the store, with exceptions."""

    unknown: Container[UUID] = ()
    """Ids of events that the store does not hold."""
    noted: list[ForeignRecord] = field(default_factory=list)

    async def holds(self, event: RawEvent) -> bool:
        return event.id not in self.unknown

    async def note(self, records: Sequence[ForeignRecord]) -> None:
        self.noted.extend(records)
