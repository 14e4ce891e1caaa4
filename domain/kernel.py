"""What every aggregate shares: the event base class, refusals, and how a stream is folded."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Generic, Protocol, TypedDict, TypeVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict


class Value(BaseModel):
    """A frozen value that an event may contain; unknown fields are refused."""

    # A process meets few of the kinds of event; the others' validators would cost each process 2 MB and 70 ms.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class DomainEvent(Value):
    """A fact of the domain, named in the past tense. A recorded event never changes.

    Concrete events name their wire form: ``class OrderPaid(DomainEvent, wire_name="order.order_paid.v1")``.
    The log stores the wire name instead of a class path, so that code can move.
    """

    wire_name: ClassVar[str]
    """``<stream>.<event>.v<n>``; it never changes."""

    originator_id: UUID
    """The stream (aggregate) of the event."""
    originator_version: int
    """The event's number in its stream: 1, 2, 3 ... without gaps."""
    occurred_at: AwareDatetime
    """When it happened, aware UTC."""

    def __init_subclass__(cls, wire_name: str | None = None, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if wire_name is not None:
            cls.wire_name = wire_name

    @classmethod
    def __pydantic_init_subclass__(cls, wire_name: str | None = None, **kwargs: Any) -> None:
        # pydantic passes class keywords here too; ``__init_subclass__`` has used them.
        super().__pydantic_init_subclass__(**kwargs)


class DomainError(Exception):
    """A refusal in the words of the domain. Retrying cannot help: the same command is refused again."""

    code: ClassVar[str] = "REFUSED"
    """Stable, for programs; the message is for people."""
    field: str | None = None
    """The wrong input field as a dotted path in the command's names; None if the refusal is about no field."""


class InvalidInput(DomainError):
    """A value that no rule could accept."""

    code = "INVALID_INPUT"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field: str = field

    def within(self, path: str) -> "InvalidInput":
        """Return the same refusal with the field below ``path``, such as ``images.3``."""
        return InvalidInput(f"{path}.{self.field}", str(self))


class NotFound(DomainError):
    """No thing has the id, or it belongs to another owner. Both read the same, so the refusal reveals nothing."""

    code = "NOT_FOUND"

    def __init__(self, kind: str, id: UUID | str) -> None:
        # Ids of a provider are any text of the client.
        super().__init__(f"No {kind} with id {str(id)[:80]} was found. Check the id, and that it is yours.")
        self.kind, self.id = kind, id


class CorruptStream(Exception):
    """An event cannot follow the events before it in its stream. Retrying cannot help; a person must look."""

    def __init__(self, event: DomainEvent) -> None:
        super().__init__(
            f"{event.wire_name} (version {event.originator_version}) cannot follow "
            f"the events before it in stream {event.originator_id}"
        )
        self.event = event


class Clock(Protocol):
    """A source of the current time."""

    def now(self) -> datetime:
        """Return the current time, aware UTC."""
        ...


class EventHeader(TypedDict):
    """The fields that every event has."""

    originator_id: UUID
    originator_version: int
    occurred_at: datetime


class Aggregate(Protocol):
    """An aggregate's state: a stream and the version it stands at."""

    @property
    def id(self) -> UUID: ...

    @property
    def version(self) -> int: ...


def first_header(stream_id: UUID, at: datetime) -> EventHeader:
    """Return the header of the event that begins a stream."""
    return {"originator_id": stream_id, "originator_version": 1, "occurred_at": at}


def next_header(aggregate: Aggregate, at: datetime, offset: int = 1) -> EventHeader:
    """Return the header of an aggregate's next event, or of the one ``offset`` versions ahead."""
    return {"originator_id": aggregate.id, "originator_version": aggregate.version + offset, "occurred_at": at}


def header_after(aggregate: Aggregate | None, stream_id: UUID, at: datetime) -> EventHeader:
    """Return the header of a stream's next event, which is its first if there is no aggregate yet."""
    return first_header(stream_id, at) if aggregate is None else next_header(aggregate, at)


S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class StreamKind(Generic[S]):
    """One kind of stream: its state, and how events change it."""

    name: str
    """The kind's name for people: ``store``, ``order``. Also the first part of its events' wire names."""
    state: type[S]
    evolve: Callable[[S | None, Any], S]
    """The pure fold step. It checks no rule, because recorded events have happened."""

    def begins_with(self, wire_name: str) -> bool:
        """Whether a stream is of this kind, judged by the wire name of its first event."""
        return wire_name.startswith(f"{self.name}.")

    def fold(self, events: Iterable[DomainEvent], state: S | None = None) -> S | None:
        """Return the state after ``events``, starting from ``state``; None if the stream is new."""
        for event in events:
            state = self.evolve(state, event)
        return state


class Transient(Exception):
    """An outside system did not answer properly; the same call may work later.

    Adapters raise this, and no vendor's exception, for an outage, a time-out, a rate limit or a senseless answer.
    """

    def __init__(self, who: str, what: str, *, retry_after: float | None = None) -> None:
        super().__init__(f"{who}: {what}")
        self.who, self.what = who, what
        self.retry_after = retry_after
        """Seconds to wait, as the outside system asked; None if it did not say."""
        self.attempts = 1
        """Attempts that were made before this was raised; above 1, a caller must not retry as well."""
