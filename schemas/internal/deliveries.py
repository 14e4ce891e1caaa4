"""Deliveries of records to consumer groups, and dead letters of the records that a group gave up."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Protocol
from uuid import UUID

from schemas.headers import Headers, event_id_in

PREFIX = "dlq_"
"""Prefix of the headers that a letter adds to the record's own."""
REASON_MAX = 500


class Record(Protocol):
    """A record as any Kafka client returns it."""

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
    """A group's event and the place of its record."""

    group: str
    event_id: UUID
    """Identifies the record even after a topic was refilled, which changes offsets."""
    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """A counted delivery of a record."""

    count: int
    """1 for the first."""
    crashes: int
    """Earlier deliveries that neither succeeded nor reported a failure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A record that one group gave up; other groups are not affected."""

    group: str
    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    """The record's headers, unchanged."""
    reason: str
    """The error's type and message, for people."""
    traceback_digest: str
    """16 hex digits, equal for failures at the same place in the code; empty if no code raised."""
    count: int
    """Number of deliveries."""
    parked_at: datetime

    @classmethod
    def of(cls, record: Record, error: Exception, *, group: str, count: int, at: datetime) -> "DeadLetter":
        """Return the letter of a record that a group gave up after an error."""
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
        """The letter's id: the same for an event that is parked twice, even at another offset of a refilled topic.

        For a record that names no event, its place.
        """
        event_id = event_id_in(self.headers)
        return self.place if event_id is None else f"{self.group}/{event_id}"

    @property
    def place(self) -> str:
        """The record's place, which was the id of letters once."""
        return f"{self.group}/{self.topic}/{self.partition}/{self.offset}"

    def to_headers(self) -> list[tuple[str, bytes | None]]:
        """Return the headers of the parked record: its own, then those of the letter."""
        added = {
            "group": self.group,
            "topic": self.topic,
            "partition": str(self.partition),
            "offset": str(self.offset),
            "reason": self.reason[:REASON_MAX],
            "traceback": self.traceback_digest,
            "count": str(self.count),
            "parkedat": self.parked_at.isoformat(),
        }
        return [*self.headers, *((PREFIX + name, text.encode()) for name, text in added.items())]


class DeliveryLedger(Protocol):
    """Counts deliveries durably, so that a crash keeps them. Every method raises ``Transient`` during an outage."""

    async def begin(self, place: Place) -> Delivery:
        """Count a delivery before the record is handled."""
        ...

    async def failed(self, place: Place, reason: str) -> None:
        """Note that the delivery failed without a crash."""
        ...

    async def withdraw(self, place: Place) -> None:
        """Take back the count of a delivery that was cancelled."""
        ...

    async def done(self, place: Place) -> None:
        """Forget a record that is handled or parked."""
        ...


class DeadLetters(Protocol):
    """Stores the records that consumer groups gave up, for a person to look at."""

    async def park(self, letter: DeadLetter) -> None:
        """Store a letter permanently.

        Raises:
            Transient: the letter could not be stored; retrying may help.
        """
        ...


def read_dead_letter(record: Record) -> DeadLetter:
    """Read a letter from a record of the dead letter topic.

    Raises:
        ValueError: the record is not a dead letter.
    """
    fields = {
        name.removeprefix(PREFIX): (value or b"").decode(errors="replace")
        for name, value in record.headers
        if name.startswith(PREFIX)
    }
    try:
        return DeadLetter(
            group=fields["group"],
            topic=fields["topic"],
            partition=int(fields["partition"]),
            offset=int(fields["offset"]),
            key=record.key,
            value=record.value,
            headers=tuple((name, value) for name, value in record.headers if not name.startswith(PREFIX)),
            reason=fields["reason"],
            traceback_digest=fields["traceback"],
            count=int(fields["count"]),
            parked_at=datetime.fromisoformat(fields["parkedat"]),
        )
    except KeyError as missing:
        raise ValueError(
            f"record {record.offset} of {record.topic} is not a dead letter: header {missing} is missing"
        ) from missing


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterDone:
    """A letter that was closed. Parking its record again opens it again."""

    id: str
    """:attr:`DeadLetter.id`."""
    how: str
    """``replayed`` or ``dropped``."""
    at: datetime

    def to_headers(self) -> list[tuple[str, bytes]]:
        """Return the headers of the closing record, which has no value."""
        return [
            (f"{PREFIX}done", self.how.encode()),
            (f"{PREFIX}id", self.id.encode()),
            (f"{PREFIX}doneat", self.at.isoformat().encode()),
        ]


def read_letter_done(record: Record) -> LetterDone | None:
    """Read a record of the dead letter topic that closes a letter; None for another record."""
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
    """Return 16 hex digits of the place where an error was raised: modules, functions and lines, no paths or values."""
    places = []
    while traceback is not None:
        frame = traceback.tb_frame
        places.append(f"{frame.f_globals.get('__name__')}:{frame.f_code.co_name}:{traceback.tb_lineno}")
        traceback = traceback.tb_next
    return hashlib.sha256("\n".join(places).encode()).hexdigest()[:16] if places else ""
