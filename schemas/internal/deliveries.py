"""Records on their way into a consumer group, and the letters that are left of those nobody could digest."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Protocol
from uuid import UUID

from schemas.headers import Headers, event_id_in

PREFIX = "dlq_"
"""Our headers beside the record's own."""
REASON_MAX = 500


class Record(Protocol):
    """A record as any Kafka client hands it over."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Headers: ...


class Crashed(Exception):
    """The process died each time it handled a record. Dead letters show the class's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Which group handles which event, and where that lies."""

    group: str
    event_id: UUID
    """Tells a record apart even where a topic was wiped and refilled, which moves offsets."""
    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery of a record, counted."""

    count: int
    """1 for the first."""
    crashes: int
    """How many earlier deliveries ended without a word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A record that was given up by one group; other groups are not concerned."""

    group: str
    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    """The record's own, unchanged."""
    reason: str
    """What went wrong, for people: the error's type and message."""
    traceback_digest: str
    """16 hex digits that are equal for failures at the same place in the code; empty where no code raised."""
    count: int
    """How often it was delivered."""
    parked_at: datetime

    @classmethod
    def of(cls, record: Record, error: Exception, *, group: str, count: int, at: datetime) -> "DeadLetter":
        """Return the letter of a record that a group gave up because of an error."""
        return cls(
            group=group,
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            key=record.key,
            value=record.value,
            headers=tuple(record.headers),
            reason=f"{type(error).__name__}: {error}",
            traceback_digest=digest_traceback(error.__traceback__),
            count=count,
            parked_at=at,
        )

    @property
    def id(self) -> str:
        """Names the letter: parking the same event twice gives the same id, wherever a refilled topic has it.

        A record that names no event is known by its place.
        """
        event_id = event_id_in(self.headers)
        return self.place if event_id is None else f"{self.group}/{event_id}"

    @property
    def place(self) -> str:
        """Where the record lay; letters were once named so."""
        return f"{self.group}/{self.topic}/{self.partition}/{self.offset}"

    def to_headers(self) -> list[tuple[str, bytes | None]]:
        """Return the parked record's headers: its own, then ours."""
        ours = {
            "group": self.group,
            "topic": self.topic,
            "partition": str(self.partition),
            "offset": str(self.offset),
            "reason": self.reason[:REASON_MAX],
            "traceback": self.traceback_digest,
            "count": str(self.count),
            "parkedat": self.parked_at.isoformat(),
        }
        return [*self.headers, *((PREFIX + name, text.encode()) for name, text in ours.items())]


class DeliveryLedger(Protocol):
    """Counts deliveries where a crash cannot reach. Every method raises ``Transient`` while it is out of reach."""

    async def begin(self, place: Place) -> Delivery:
        """Count a delivery, before anything is done with it."""
        ...

    async def failed(self, place: Place, reason: str) -> None:
        """Note that the delivery raised: it did not crash."""
        ...

    async def withdraw(self, place: Place) -> None:
        """Take the last delivery back: it was broken off by us."""
        ...

    async def done(self, place: Place) -> None:
        """Forget the record: it is handled or parked."""
        ...


class DeadLetters(Protocol):
    """Where records go that nobody could digest, for a person to find."""

    async def park(self, letter: DeadLetter) -> None:
        """Keep a letter for good.

        Raises:
            Transient: it could not be kept; retrying may help.
        """
        ...


def read_dead_letter(record: Record) -> DeadLetter:
    """Read a record of the dead letter topic back.

    Raises:
        ValueError: it is none of ours.
    """
    ours = {
        name.removeprefix(PREFIX): (value or b"").decode(errors="replace")
        for name, value in record.headers
        if name.startswith(PREFIX)
    }
    try:
        return DeadLetter(
            group=ours["group"],
            topic=ours["topic"],
            partition=int(ours["partition"]),
            offset=int(ours["offset"]),
            key=record.key,
            value=record.value,
            headers=tuple((name, value) for name, value in record.headers if not name.startswith(PREFIX)),
            reason=ours["reason"],
            traceback_digest=ours["traceback"],
            count=int(ours["count"]),
            parked_at=datetime.fromisoformat(ours["parkedat"]),
        )
    except KeyError as missing:
        raise ValueError(
            f"record {record.offset} of {record.topic} is no dead letter: no header {missing}"
        ) from missing


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterDone:
    """A letter needs no attention any more. Parking the record again opens it again."""

    id: str
    """:attr:`DeadLetter.id`."""
    how: str
    """``replayed`` or ``dropped``."""
    at: datetime

    def to_headers(self) -> list[tuple[str, bytes]]:
        """Return the headers of the record that says so; it has no value."""
        return [
            (f"{PREFIX}done", self.how.encode()),
            (f"{PREFIX}id", self.id.encode()),
            (f"{PREFIX}doneat", self.at.isoformat().encode()),
        ]


def read_letter_done(record: Record) -> LetterDone | None:
    """Read a record of the dead letter topic that closes a letter; None if it is something else."""
    fields = {name: value or b"" for name, value in record.headers}
    try:
        return LetterDone(
            id=fields[f"{PREFIX}id"].decode(),
            how=fields[f"{PREFIX}done"].decode(),
            at=datetime.fromisoformat(fields[f"{PREFIX}doneat"].decode()),
        )
    except (KeyError, ValueError):
        return None


def digest_traceback(traceback: TracebackType | None) -> str:
    """Return 16 hex digits of where an error was raised: modules, functions and lines, no paths and no values."""
    places = []
    while traceback is not None:
        frame = traceback.tb_frame
        places.append(f"{frame.f_globals.get('__name__')}:{frame.f_code.co_name}:{traceback.tb_lineno}")
        traceback = traceback.tb_next
    return hashlib.sha256("\n".join(places).encode()).hexdigest()[:16] if places else ""
