"""Ports of the write side: the event log, the unit of work and recorded answers of outside calls."""

import hashlib
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from pydantic import TypeAdapter

from domain.calls.context import CallContext
from domain.calls.events import CallUse
from domain.ids import derived
from domain.kernel import DomainEvent, StreamKind
from domain.team.roles import Role
from schemas.envelope import ConsistencyToken, Envelope

S = TypeVar("S")
T = TypeVar("T")

IN_GROUP = 2**62
"""The group's nth event has this position plus n until the group is committed."""


class ConcurrencyConflict(Exception):
    """Another writer appended to one of the streams first. The bus reloads and decides again."""


class StreamBusy(ConcurrencyConflict):
    """Too many commands wait for one stream. Nothing was appended; retrying after ``retry_after`` seconds may help."""

    def __init__(self, what: str, *, retry_after: float) -> None:
        super().__init__(what)
        self.retry_after = retry_after


class KnownCommands(Exception):
    """A group has commands that ran before. Nothing was appended; decide them outside of a group."""


class CommandReused(Exception):
    """The command id was used before with another payload. Retrying cannot help; use a new id."""

    def __init__(self, command_id: UUID) -> None:
        super().__init__(f"Command id {command_id} was already used with another payload. Use a new id.")
        self.command_id = command_id


class StreamKindMismatch(Exception):
    """The id belongs to a stream of another kind, so no stream of the requested kind has it."""

    def __init__(self, kind: StreamKind[Any], stream_id: UUID) -> None:
        super().__init__(f"Stream {stream_id} is of another kind than {kind.name}.")


class UnknownCause(Exception):
    """The event that a command reacts to is not in the event store: another program wrote it to the topic.

    Retrying cannot help, unless the event store was reset to an earlier state and is restored.
    """

    def __init__(self, event_id: UUID | None, position: int) -> None:
        super().__init__(
            f"The event store has no event {event_id} with these bytes at position {position}: the record is foreign. "
            "If the event store was reset to an earlier state, run “zyenta log restore” and replay the dead letter; "
            "otherwise drop the dead letter."
        )


@dataclass(frozen=True, slots=True)
class Cause:
    """Position and hash that the event store must have for the event that a command reacts to."""

    position: int
    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """A command's id, its correlation, and its cause."""

    command_id: UUID
    correlation_id: UUID
    causation_id: UUID | None = None
    traceparent: str | None = None
    actor: str | None = None
    """Who sends it: a :class:`domain.team.actors.Actor` as text. None if no person does."""
    cause: Cause | None = None
    """Set if ``causation_id`` is an event from the topic; the log verifies it at the append."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The outcome of a command."""

    command_id: UUID
    result: Any
    """The handler's return value, as JSON types."""
    token: ConsistencyToken | None
    """The token with which a query sees this command's effect; None if the command changed and read nothing."""
    replayed: bool
    """Whether the command ran before, and this is its first result again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """Events to append to one stream, and the version they follow."""

    kind: StreamKind[Any]
    stream_id: UUID
    tenant: UUID
    expected_version: int
    events: Sequence[DomainEvent]
    state: Any
    """The state after the events, for a snapshot."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A stream's state, and the position of its last event in the log."""

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
    """The newest position that the command read; the receipt's token if no event is appended."""
    assumed: Mapping[UUID, int] = field(default_factory=dict)
    """Assumed versions of streams that the command neither loaded nor appends to; 0 for one assumed not to exist."""


class StreamStates(Protocol):
    """The states of streams, which commands are decided on."""

    async def load(self, kind: StreamKind[S], stream_id: UUID) -> Loaded | None:
        """Return a stream's state from its snapshot and later events; None if the stream does not exist.

        Raises:
            StreamKindMismatch: the stream is of another kind.
        """
        ...

    def cached(self, kind: StreamKind[S], stream_id: UUID) -> Loaded | None:
        """Return a stream's cached state, which may be out of date; None if it is not cached."""
        ...


class EventLog(StreamStates, Protocol):
    """The event store, as the bus sees it."""

    async def commit(self, commit: Commit) -> Receipt:
        """Append all staged events and the command's record in one transaction.

        If the command id is known, no event is appended, and its first receipt is returned with ``replayed`` set.

        Raises:
            ConcurrencyConflict: a stream is not at its expected or assumed version.
            CommandReused: the id is known with another digest.
            UnknownCause: the event store does not hold the event that the context names as its cause.
        """
        ...

    async def commit_group(self, commits: Sequence[Commit]) -> Sequence[Receipt]:
        """Append commits in their order, all of them in one transaction or none; return their receipts.

        A commit's expected and assumed versions count the events of the commits before it. What a commit read may be an
        event of the group; see :data:`IN_GROUP`.

        Raises:
            KnownCommands: the id of a command is known.
            ConcurrencyConflict, UnknownCause: as for :meth:`commit`, of one of them.
        """
        ...

    async def outcome(self, command_id: UUID) -> Receipt | None:
        """Return a command's receipt; None if it has not run."""
        ...

    async def known(self, command_ids: Collection[UUID]) -> frozenset[UUID]:
        """Return those of the commands that have run."""
        ...

    async def outdated(self, assumed: Collection[tuple[UUID, int]]) -> frozenset[UUID]:
        """Return the streams that have gone on from the versions that they are assumed to be at."""
        ...


class Work(Protocol):
    """One attempt at one command: loads aggregates and stages their events."""

    @property
    def needs(self) -> Role:
        """The weakest role in a store that the command needs."""
        ...

    async def find(self, kind: StreamKind[S], stream_id: UUID) -> S | None:
        """Return an aggregate with its staged events; None if no stream of this kind has the id."""
        ...

    async def is_new(self, kind: StreamKind[S], stream_id: UUID) -> bool:
        """Whether no stream of any kind has the id, for a stream that the command begins.

        Cheaper than :meth:`find`: the first attempt assumes that an unknown id is free. The log verifies this at the
        append, and the command is decided again if it was wrong.
        """
        ...

    async def get(self, kind: StreamKind[S], stream_id: UUID) -> S:
        """Return an aggregate with its staged events.

        Raises:
            NotFound: no stream of this kind has the id.
        """
        ...

    def append(self, kind: StreamKind[S], stream_id: UUID, events: Sequence[DomainEvent], *, tenant: UUID) -> S:
        """Stage events of one stream and return its state after them; without events, the state it has.

        The stream must be loaded first unless the events begin it.

        Raises:
            InvalidInput: the events begin a stream under an id that is taken.
        """
        ...


@dataclass(frozen=True, slots=True)
class Answered(Generic[T]):
    """A recorded answer of an outside call."""

    value: T
    sha256: str
    """The digest of the answer as it is recorded, in hexadecimal digits."""
    use: CallUse | None
    """What the call used; None for an answer that an earlier release recorded."""


def answered(adapter: TypeAdapter[T], recorded: bytes, use: CallUse | None) -> Answered[T]:
    """Return an answer from its recorded bytes."""
    return Answered(adapter.validate_json(recorded), hashlib.sha256(recorded).hexdigest(), use)


class OutsideAnswers(Protocol):
    """Recorded answers of outside calls, so that a redelivered event does not call again."""

    async def once(
        self, key: UUID, model: type[T], ask: Callable[[], Awaitable[T]], *, context: CallContext
    ) -> Answered[T]:
        """Return the recorded answer of ``key``. If there is none, call outside, record the answer and return it.

        Args:
            key: an id derived from the handled event.
            model: the answer's type, which pydantic stores and validates.
            ask: the outside call. What it uses is counted by :func:`schemas.internal.call_meter.current_meter`.
            context: the part of a generation that the call is made for.
        """
        ...


class Dispatcher(Protocol):
    """Carries out commands; :class:`commands.bus.CommandBus` does."""

    async def dispatch(self, command: object, context: Context) -> Receipt:
        """Carry out a command once, however often it is sent under the same id.

        Raises:
            DomainError: refused; retrying does not help.
            CommandReused: the id belongs to another command; retrying does not help.
            ConcurrencyConflict: other writers were first for too long, or (``StreamBusy``) too many commands wait for the
                stream; retrying may help.
        """
        ...

    async def outcome(self, command_id: UUID) -> Receipt | None:
        """Return the receipt of a command that was carried out, or None."""
        ...


Handler = Callable[[Any, Work], Awaitable[Any]]
Handlers = Mapping[type, Handler]
"""What the bus dispatches to."""
UnboundHandlers = Mapping[type, Callable[..., Awaitable[Any]]]
"""Handlers that still need their dependencies, which :func:`commands.registry.bind` passes by name."""


def after_group(read: ConsistencyToken | None, first_position: int) -> ConsistencyToken | None:
    """Return the token of what a command of a group read, when the position of the group's first event is known."""
    if read is None or read.position < IN_GROUP:
        return read
    return ConsistencyToken(read.partition, first_position + read.position - IN_GROUP - 1)


def reaction_id(cause: Envelope, name: str) -> UUID:
    """Return the id of what ``name`` does because of an event: a command, or an outside call.

    The same event and name always have the same id, so a redelivery repeats nothing.
    """
    return derived(cause.id, name)


__all__ = [
    "IN_GROUP",
    "Answered",
    "Cause",
    "CommandReused",
    "Commit",
    "ConcurrencyConflict",
    "Context",
    "Dispatcher",
    "EventLog",
    "Handler",
    "Handlers",
    "KnownCommands",
    "Loaded",
    "OutsideAnswers",
    "Receipt",
    "Staged",
    "StreamBusy",
    "StreamKindMismatch",
    "StreamStates",
    "UnboundHandlers",
    "UnknownCause",
    "Work",
    "after_group",
    "answered",
    "reaction_id",
]
