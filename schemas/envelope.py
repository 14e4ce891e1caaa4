"""An event on its way: CloudEvents 1.0, Kafka binary mode, plus where it stands in the log."""

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
    """One stored event, undecoded: what the event store and the topic both hold, byte for byte.

    A struct, not a dataclass: the publisher and every verification make one for each event there is.
    """

    position: int
    """Its place in the whole log: strictly increasing in the order of the topic, not without gaps."""
    id: UUID
    type: str
    stream_id: UUID
    version: int
    tenant: UUID
    correlation_id: UUID
    causation_id: UUID | None
    recorded_at: datetime
    """When it was appended, aware UTC."""
    traceparent: str | None
    data: bytes
    previous_hash: bytes
    hash: bytes
    command_id: UUID | None = None
    """The command that appended it; None where there was none (an application of the `eventsourcing` library)."""
    command_digest: bytes | None = None
    """SHA-256 of that command's payload; on the last event of its transaction alone."""
    command_result: str | None = None
    """What that command answered, as JSON; on the last event of its transaction alone, None for an empty answer.

    Digest and result are what a restored event store needs to know the command again (see decision 0010).
    """

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
        )

    @property
    def computed_hash(self) -> bytes:
        """The hash that the event's bytes give, whatever ``hash`` says."""
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
    """A decoded event and its context; what projections, agents and policies are given."""

    id: UUID
    position: int
    tenant: UUID
    """Store id; merchant id for what happens to a merchant. Also the Kafka key."""
    correlation_id: UUID
    """Shared by everything that one request set off."""
    causation_id: UUID | None
    """The event or command this one answers."""
    recorded_at: datetime
    traceparent: str | None
    event: DomainEvent
    hash: bytes
    """Computed from the bytes that were received: a reaction is carried out only if the event store has the same."""


@dataclass(frozen=True, slots=True)
class ConsistencyToken:
    """A place in the log that a reader may ask a read model to have passed: read your own writes."""

    partition: int
    position: int

    def __str__(self) -> str:
        return f"{self.partition}-{self.position}"

    @classmethod
    def parse(cls, text: str) -> "ConsistencyToken":
        """Read ``"3-1042"``.

        Raises:
            ValueError: it is no token.
        """
        if not TOKEN.fullmatch(text):
            raise ValueError(f"{text!r} is no consistency token; pass one as a mutation returned it, such as 3-1042")
        partition, _, position = text.partition("-")
        return cls(int(partition), int(position))

    @classmethod
    def of(cls, tenant: UUID, position: int) -> "ConsistencyToken":
        return cls(partition_of(tenant), position)


def chain_hash(previous: bytes, *, id: UUID, type: str, stream_id: UUID, version: int, data: bytes) -> bytes:
    """Return SHA-256 over an event and its predecessor's hash; the append function in the database does the same."""
    return hashlib.sha256(
        b"%b%b%b%b%b\0%b" % (previous, id.bytes, stream_id.bytes, _int4(version), type.encode(), data)
    ).digest()


def from_record(headers: Headers, value: bytes | None) -> RawEvent:
    """Read back a Kafka record that ``schemas.records`` wrote, whatever the order of its headers.

    Raises:
        UndecodableEvent: a header is missing or makes no sense, or there is no value.
    """
    fields = {name: said or b"" for name, said in headers}
    if value is None:
        raise UndecodableEvent(_type_of(fields), "the record has no value")
    position, version = number(fields.get("ce_position")), number(fields.get("ce_streamversion"), most=2**31 - 1)
    if position is None or version is None:
        raise UndecodableEvent(
            _type_of(fields), "its envelope is not ours: no ce_position or ce_streamversion that fits"
        )
    try:
        causation, trace = fields.get("ce_causationid"), fields.get("ce_traceparent")
        command, digest = fields.get("ce_commandid"), fields.get("ce_commanddigest")
        result = fields.get("ce_commandresult")
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
        )
    except (KeyError, ValueError) as error:
        raise UndecodableEvent(_type_of(fields), f"its envelope is not ours ({error!r})") from error


def _type_of(fields: Mapping[str, bytes]) -> str:
    return fields.get("ce_type", b"").decode(errors="replace") or "a record without ce_type"
