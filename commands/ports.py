"""What the write side needs: a log to append to, and a book of answers from outside."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar
from uuid import UUID

from domain.ids import derived
from domain.kernel import DomainEvent, StreamKind
from schemas.envelope import ConsistencyToken, Envelope

S = TypeVar("S")
T = TypeVar("T")


class ConcurrencyConflict(Exception):
    """Another writer was first in one of the streams. Reload and decide again."""


class CommandReused(Exception):
    """The command id was used before with another payload. Retrying cannot help: take a new id."""

    def __init__(self, command_id: UUID) -> None:
        super().__init__(f"Command id {command_id} was already used with another payload. Use a new id.")
        self.command_id = command_id


class StreamKindMismatch(Exception):
    """The id is taken, by a stream of another kind. To whoever asked for it there is no such thing."""

    def __init__(self, kind: StreamKind[Any], stream_id: UUID) -> None:
        super().__init__(f"Stream {stream_id} is no {kind.name}.")


class UnknownCause(Exception):
    """The event that a command reacts to is not in the event store: somebody else wrote it to the topic.

    Retrying cannot help, unless the event store was set back and is restored.
    """

    def __init__(self, event_id: UUID | None, position: int) -> None:
        super().__init__(
            f"The event store has no event {event_id} with these bytes at position {position}: the record is foreign. "
            "If the event store was set back, run “zyenta log restore” and replay the letter; else drop the letter."
        )


@dataclass(frozen=True, slots=True)
class Cause:
    """Where the event that a command reacts to must stand in the event store, and its hash."""

    position: int
    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Who asks, in which conversation, and because of what."""

    command_id: UUID
    correlation_id: UUID
    causation_id: UUID | None = None
    traceparent: str | None = None
    cause: Cause | None = None
    """Given where ``causation_id`` is an event that came from the topic; the log proves it as it appends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of a command."""

    command_id: UUID
    result: Any
    """The handler's return value, as JSON types."""
    token: ConsistencyToken | None
    """What a query passes to see this command's effect; None if the command changed nothing and read nothing."""
    replayed: bool
    """Whether this command had been carried out before, and this is the first result again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """Events to append to one stream, and the version they follow."""

    kind: StreamKind[Any]
    stream_id: UUID
    tenant: UUID
    expected_version: int
    events: Sequence[DomainEvent]
    state: Any
    """The state after the events; what a snapshot would hold."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A stream's state, and where its last event stands in the log."""

    state: Any
    version: int
    position: int
    tenant: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One transaction of the log."""

    context: Context
    digest: bytes
    """SHA-256 of the command's type and payload."""
    result: Any
    staged: Sequence[Staged] = field(default_factory=tuple)
    read: ConsistencyToken | None = None
    """The newest thing the command has read; its token if it appends nothing."""
    assumed: Mapping[UUID, int] = field(default_factory=dict)
    """Streams the command relied on without asking for them or appending to them, and the version each was believed
    to be at; 0 for one believed not to be there."""


class EventLog(Protocol):
    """The event store, as the bus sees it."""

    async def load(self, kind: StreamKind[S], stream_id: UUID) -> Loaded | None:
        """Return a stream's state (snapshot and what followed), or None if there is no such stream.

        Raises:
            OfAnotherKind: there is one, but its first event is not of this kind.
        """
        ...

    def cached(self, kind: StreamKind[S], stream_id: UUID) -> Loaded | None:
        """Return a stream's state as this process remembers it, without asking: it may be out of date by now."""
        ...

    async def commit(self, commit: Commit) -> Receipt:
        """Append all staged events and the command's record in one transaction, or nothing.

        If the command id is known, nothing is appended and its first receipt returns with ``replayed`` true.

        Raises:
            ConcurrencyConflict: some stream is not at its expected version, or has gone on from the one it was believed
                to be at.
            CommandReused: the id is known with another digest.
            UnknownCause: the event store does not hold the event that the context names as its cause; nothing was
                appended.
        """
        ...

    async def outcome(self, command_id: UUID) -> Receipt | None:
        """Return the receipt of a command that was carried out, or None."""
        ...


class Work(Protocol):
    """One attempt at one command: loads aggregates, stages what they decide."""

    async def find(self, kind: StreamKind[S], stream_id: UUID) -> S | None:
        """Return an aggregate, staged events included, or None; what is of another kind is none."""
        ...

    async def is_new(self, kind: StreamKind[S], stream_id: UUID) -> bool:
        """Return whether the id is free, whatever the kind; for a stream that the command is to begin.

        Cheaper than :meth:`find`: of a stream it never saw, the first attempt believes so. The log checks that as it
        appends, and where it was wrong the command is decided again.
        """
        ...

    async def get(self, kind: StreamKind[S], stream_id: UUID) -> S:
        """Return an aggregate.

        Raises:
            NotFound: there is none, or the id is that of something else.
        """
        ...

    def append(self, kind: StreamKind[S], events: Sequence[Any], *, tenant: UUID) -> S | None:
        """Stage events of one stream (load it first unless it is new) and return its state after them.

        Raises:
            InvalidInput: it is to begin under an id that something of another kind has.
        """
        ...


class OutsideAnswers(Protocol):
    """Remembers what outside calls answered, so that a redelivered event does not ask again."""

    async def once(self, key: UUID, model: type[T], ask: Callable[[], Awaitable[T]]) -> T:
        """Return the recorded answer of ``key``, or ask, record and return it.

        Args:
            key: derived from the event being handled.
            model: a pydantic model or any type pydantic can validate; how the answer is stored and read back.
            ask: the outside call.
        """
        ...


Handler = Callable[[Any, Work], Awaitable[Any]]
Handlers = Mapping[type, Handler]


def reaction_id(cause: Envelope, name: str) -> UUID:
    """Return the id of what ``name`` does because of an event: a command, or an outside call.

    The same event and name always have the same id, so a redelivery repeats nothing.
    """
    return derived(cause.id, name)


__all__ = [
    "Cause",
    "CommandReused",
    "Commit",
    "ConcurrencyConflict",
    "Context",
    "EventLog",
    "Handler",
    "Handlers",
    "Loaded",
    "OutsideAnswers",
    "Receipt",
    "Staged",
    "StreamKindMismatch",
    "UnknownCause",
    "Work",
    "reaction_id",
]
