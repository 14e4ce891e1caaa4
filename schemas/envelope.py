"""An event with its context: CloudEvents 1.0 in Kafka's binary mode, plus its position in the log."""

import hashlib
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from domain.kernel import DomainEvent
from schemas.headers import Headers, number
from schemas.registry import UndecodableEvent, decode
from schemas.topics import partition_of

_int4 = struct.Struct(">i").pack

TOKEN = re.compile(r"[0-9]{1,9}-[0-9]{1,18}")
GENESIS = bytes(32)
"""The predecessor hash of a stream's first event."""


class RawEvent(msgspec.Struct, frozen=True, gc=False):
    """One stored event, undecoded: the bytes that the event store and the topic both hold.

    A struct is faster to make than a dataclass; the publisher and every verification make one for each event.
    """

    position: int
    """Its position in the whole log: strictly increasing in the order of the topic, with gaps."""
    id: UUID
    type: str
    stream_id: UUID
    version: int
    tenant: UUID
    correlation_id: UUID
    causation_id: UUID | None
    recorded_at: datetime
    """Time of the append, aware UTC."""
    traceparent: str | None
    data: bytes
    previous_hash: bytes
    hash: bytes
    command_id: UUID | None = None
    """The command that appended it; None if an application of the `eventsourcing` library did."""
    command_digest: bytes | None = None
    """SHA-256 of that command's payload; only on the command's last event."""
    command_result: str | None = None
    """That command's result as JSON; only on the command's last event, None for an empty result.

    From digest and result a restored event store recognizes a repeat of the command (decision 0010).
    """
    actor: str | None = None
    """Who sent that command: an :class:`domain.team.actors.Actor` as text. None if no person did."""

    def decode(self) -> "Envelope":
        """Return the envelope with its event.

        Raises:
            UnknownEvent, UndecodableEvent: see ``schemas.registry.decode``.
        """
        return Envelope(
            id=self.id,
            position=self.position,
            tenant=self.tenant,
            correlation_id=self.correlation_id,
            causation_id=self.causation_id,
            recorded_at=self.recorded_at,
            traceparent=self.traceparent,
            event=decode(self.type, self.data),
            hash=self.computed_hash,
            actor=self.actor,
        )

    @property
    def computed_hash(self) -> bytes:
        """The hash computed from the event's bytes; a forged event has another ``hash``."""
        return chain_hash(
            self.previous_hash,
            id=self.id,
            type=self.type,
            stream_id=self.stream_id,
            version=self.version,
            data=self.data,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A decoded event and its context; what projections, agents and policies receive."""

    id: UUID
    position: int
    tenant: UUID
    """Store id, or merchant id for a merchant's own events. Also the Kafka key."""
    correlation_id: UUID
    """Shared by all events that one request caused."""
    causation_id: UUID | None
    """The event or command that caused this one."""
    recorded_at: datetime
    traceparent: str | None
    event: DomainEvent
    hash: bytes
    """Computed from the received bytes. A reaction is carried out only if the event store has the same hash."""
    actor: str | None = None
    """Who sent the command: an :class:`domain.team.actors.Actor` as text. None if no person did."""


@dataclass(frozen=True, slots=True)
class ConsistencyToken:
    """A position in the log that a read model must have passed before it answers: read your own writes."""

    partition: int
    position: int

    def __str__(self) -> str:
        return f"{self.partition}-{self.position}"

    @classmethod
    def parse(cls, text: str) -> "ConsistencyToken":
        """Read ``"3-1042"``.

        Raises:
            ValueError: the text is not a token.
        """
        if not TOKEN.fullmatch(text):
            raise ValueError(
                f"Invalid consistency token {text[:80]!r}. Pass one that a mutation returned, such as 3-1042."
            )
        partition, _, position = text.partition("-")
        return cls(int(partition), int(position))

    @classmethod
    def of(cls, tenant: UUID, position: int) -> "ConsistencyToken":
        return cls(partition_of(tenant), position)


def chain_hash(previous: bytes, *, id: UUID, type: str, stream_id: UUID, version: int, data: bytes) -> bytes:
    """Return SHA-256 over an event and its predecessor's hash, as the append function in the database does."""
    return hashlib.sha256(
        b"%b%b%b%b%b\0%b" % (previous, id.bytes, stream_id.bytes, _int4(version), type.encode(), data)
    ).digest()


def from_record(headers: Headers, value: bytes | None) -> RawEvent:
    """Read a Kafka record that ``schemas.records`` wrote; its headers may be in any order.

    Raises:
        UndecodableEvent: a header is missing or invalid, or there is no value.
    """
    fields = {name: text or b"" for name, text in headers}
    if value is None:
        raise UndecodableEvent(_type_of(fields), "the record has no value")
    position, version = number(fields.get("ce_position")), number(fields.get("ce_streamversion"), most=2**31 - 1)
    if position is None or version is None:
        raise UndecodableEvent(
            _type_of(fields), "its envelope is foreign: ce_position or ce_streamversion is missing or invalid"
        )
    try:
        causation, trace = fields.get("ce_causationid"), fields.get("ce_traceparent")
        command, digest = fields.get("ce_commandid"), fields.get("ce_commanddigest")
        result, actor = fields.get("ce_commandresult"), fields.get("ce_actor")
        return RawEvent(
            position=position,
            id=UUID(fields["ce_id"].decode()),
            type=fields["ce_type"].decode(),
            stream_id=UUID(fields["ce_subject"].decode()),
            version=version,
            tenant=UUID(fields["ce_tenant"].decode()),
            correlation_id=UUID(fields["ce_correlationid"].decode()),
            causation_id=None if causation is None else UUID(causation.decode()),
            recorded_at=datetime.fromisoformat(fields["ce_recordedtime"].decode()),
            traceparent=None if trace is None else trace.decode(),
            data=value,
            previous_hash=bytes.fromhex(fields["ce_previoushash"].decode()),
            hash=bytes.fromhex(fields["ce_hash"].decode()),
            command_id=None if command is None else UUID(command.decode()),
            command_digest=None if digest is None else bytes.fromhex(digest.decode()),
            command_result=None if result is None else result.decode(),
            actor=None if actor is None else actor.decode(),
        )
    except (KeyError, ValueError) as error:
        raise UndecodableEvent(_type_of(fields), f"its envelope is foreign ({error!r})") from error


def _type_of(fields: Mapping[str, bytes]) -> str:
    return fields.get("ce_type", b"").decode(errors="replace") or "a record without ce_type"
