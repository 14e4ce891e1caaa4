"""The ports of agents and policies: sending commands, reading aggregates, and recorded answers from outside."""

from collections.abc import Sequence
from typing import Protocol, TypeAlias, TypeVar, runtime_checkable
from uuid import UUID

from commands.ports import OutsideAnswers, Receipt, reaction_id
from domain.kernel import DomainEvent, StreamKind
from schemas.envelope import Envelope, RawEvent
from schemas.topics import Topic

S = TypeVar("S")

Urgency: TypeAlias = tuple[int, ...]
"""The place of a record among those that wait for a consumer: the lowest is handled first."""


class React(Protocol):
    """Carries out the commands that follow from an event.

    The command id is derived from the event and a name, so a second delivery of the event changes nothing.
    """

    async def __call__(self, command: object, *, cause: Envelope, name: str) -> Receipt:
        """Carry out a command because of an event; return the first receipt if it was carried out before.

        Args:
            command: the command.
            cause: the event that is being handled.
            name: the consumer, and the part of its reaction (``brand-agent``, ``copy-agent:<product id>``).

        Raises:
            DomainError: refused; retrying does not help.
        """
        ...

    async def outcome(self, cause: Envelope, name: str) -> Receipt | None:
        """Return the receipt of the command of that name, or None if it was not carried out. Ask before calling outside."""
        ...


class Aggregates(Protocol):
    """Reads the current state of aggregates from the event store. Unlike a read model, it is never stale."""

    async def get(self, kind: StreamKind[S], id: UUID) -> S:
        """Return an aggregate.

        Raises:
            NotFound: no aggregate of this kind has the id.
        """
        ...


class Consumer(Protocol):
    """An agent or a policy: reacts to some kinds of events. It knows no broker."""

    @property
    def name(self) -> str:
        """Its Kafka consumer group, too, so it never changes."""
        ...

    @property
    def topic(self) -> Topic:
        """The topic it reads."""
        ...

    @property
    def handles(self) -> frozenset[type[DomainEvent]]:
        """The events it reacts to; others are skipped without decoding."""
        ...

    async def __call__(self, envelope: Envelope) -> None:
        """React to one event. The same event comes again after a crash or a failure, so a repeat must be harmless."""
        ...


class StreamHistory(Protocol):
    """The events of single streams. Unlike a read model, they are never behind the log."""

    async def read_streams(self, stream_ids: Sequence[UUID]) -> Sequence[RawEvent]:
        """Return the settled events of these streams, in the order of the log."""
        ...


class TenantHistory(Protocol):
    """The events of one tenant. Unlike a read model, they are never behind the log."""

    async def read_back(self, tenant: UUID, before: int | None, limit: int) -> Sequence[RawEvent]:
        """Return a tenant's newest settled events before a position, the newest first.

        Args:
            tenant: the tenant.
            before: the position; None for the end of the log.
            limit: the most events.
        """
        ...


@runtime_checkable
class Prioritized(Protocol):
    """A consumer that handles some records before earlier ones. The records of one key stay in order."""

    def urgency(self, envelope: Envelope) -> Urgency:
        """Return a record's place among those that wait. It must follow from the record alone."""
        ...


__all__ = [
    "Aggregates",
    "Consumer",
    "OutsideAnswers",
    "Prioritized",
    "React",
    "Receipt",
    "StreamHistory",
    "TenantHistory",
    "Urgency",
    "reaction_id",
]
