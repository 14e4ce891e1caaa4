"""What agents and policies are given: a way to command, a way to look, and a memory for answers from outside."""

from typing import Protocol, TypeVar
from uuid import UUID

from commands.ports import OutsideAnswers, Receipt, reaction_id
from domain.kernel import DomainEvent, StreamKind
from schemas.envelope import Envelope
from schemas.topics import Topic

S = TypeVar("S")


class Dispatch(Protocol):
    """Sends commands because of events. The command id is derived from the event, so that redelivery is harmless."""

    async def __call__(self, command: object, *, cause: Envelope, name: str) -> Receipt:
        """Carry out a command because of an event; the first receipt again if that was done.

        Args:
            command: the command.
            cause: the event that is being handled.
            name: who reacts and to what part of the event (``brand-agent``, ``copywriter:<product id>``).

        Raises:
            DomainError: refused; retrying cannot help.
        """
        ...

    async def outcome(self, cause: Envelope, name: str) -> Receipt | None:
        """Return what the command of that name came to, or None if it was not carried out. Ask before calling outside."""
        ...


class Aggregates(Protocol):
    """Reads the present state of an aggregate from the event store: never stale, unlike a read model."""

    async def get(self, kind: StreamKind[S], id: UUID) -> S:
        """Return an aggregate.

        Raises:
            NotFound: there is none.
        """
        ...


class Consumer(Protocol):
    """An agent or a policy: one reaction to some kinds of event. It knows no broker."""

    @property
    def name(self) -> str:
        """Who it is; also its Kafka consumer group, so it never changes."""
        ...

    @property
    def topic(self) -> Topic:
        """Where it listens."""
        ...

    @property
    def handles(self) -> frozenset[type[DomainEvent]]:
        """The events it reacts to; all others are skipped without being decoded."""
        ...

    async def __call__(self, envelope: Envelope) -> None:
        """React to one event. Called again for the same event after a crash or a failure, so repeats are harmless."""
        ...


__all__ = ["Aggregates", "Consumer", "Dispatch", "OutsideAnswers", "Receipt", "reaction_id"]
