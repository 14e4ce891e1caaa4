"""A log in memory, and the subjects that moves select by number."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.ids import derived
from domain.kernel import DomainError, DomainEvent, StreamKind
from domain.merchant import aggregate as merchants
from schemas.envelope import GENESIS, Envelope, RawEvent, chain_hash
from schemas.registry import encode
from tests.support.builders.samples import NOON, sealed

NAMESPACE = UUID("00000000-0000-0000-0000-00000000a11e")


class HistoryLog:
    """A log in memory with two merchants.

    Attributes:
        at: when the next event is recorded.
        shows: the product that an image shows.
    """

    def __init__(self) -> None:
        self.raw: list[RawEvent] = []
        self._states: dict[UUID, Any] = {}
        self._hashes: dict[UUID, bytes] = {}
        self._ids = 0
        self.at: datetime = NOON
        self.merchants = [self.new_id() for _ in range(2)]
        self.stores: list[UUID] = []
        self.products: list[UUID] = []
        self.images: list[UUID] = []
        self.shows: dict[UUID, UUID] = {}
        self.orders: list[UUID] = []
        self.notices: list[UUID] = []
        self.drafts: list[UUID] = []
        for n, id in enumerate(self.merchants):
            name = sealed(id) if n else None
            self.append(merchants.MERCHANT, id, merchants.register(id, email=sealed(id), name=name, at=self.at))

    @property
    def envelopes(self) -> list[Envelope]:
        return [raw.decode() for raw in self.raw]

    def state(self, id: UUID) -> Any:
        return self._states[id]

    def find(self, id: UUID) -> Any:
        """Return the state of a stream; None if it has no event."""
        return self._states.get(id)

    def new_id(self) -> UUID:
        self._ids += 1
        return derived(NAMESPACE, str(self._ids))

    def append(self, kind: StreamKind[Any], tenant: UUID, events: Sequence[DomainEvent]) -> None:
        for event in events:
            stream, data = event.originator_id, encode(event)
            id, previous = self.new_id(), self._hashes.get(stream, GENESIS)
            digest = chain_hash(
                previous, id=id, type=event.wire_name, stream_id=stream, version=event.originator_version, data=data
            )
            self._hashes[stream] = digest
            self._states[stream] = kind.evolve(self.find(stream), event)
            self.raw.append(
                RawEvent(
                    position=len(self.raw) + 1,
                    id=id,
                    type=event.wire_name,
                    stream_id=stream,
                    version=event.originator_version,
                    tenant=tenant,
                    correlation_id=NAMESPACE,
                    causation_id=None,
                    recorded_at=self.at,
                    traceparent=None,
                    data=data,
                    previous_hash=previous,
                    hash=digest,
                )
            )

    def pick(self, among: Sequence[UUID], number: int) -> UUID:
        """Return one of some ids.

        Raises:
            DomainError: there is none.
        """
        if not among:
            raise DomainError("nothing there yet")
        return among[number % len(among)]
