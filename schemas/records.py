"""An event as a record in Kafka, byte for byte.

Every event passes here when it is published, verified and read in bulk. So this module writes the format itself in place
of a library: it takes a third of the time, and two events can be compared as bytes. Any Kafka client reads the records as
CloudEvents in binary mode; ``tests/unit/schemas/test_records.py`` compares the two.

A record's *content* does not depend on its place in a batch: key, value and headers.
"""

import re
from binascii import hexlify
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

import msgspec

from schemas.envelope import RawEvent
from schemas.headers import header, number
from schemas.internal.provenance import Claim, claim, claim_in
from schemas.record_batches import read_varint, varint

_SMALL = [varint(number) for number in range(16_384)]
"""Varints of lengths, up to all but the longest bodies."""


def _length(number: int) -> bytes:
    return _SMALL[number] if number < 16_384 else varint(number)


def _name(name: str) -> bytes:
    """Return the start of a header: its name without its value."""
    return varint(len(name)) + name.encode()


def _header(name: str, value: bytes) -> bytes:
    return _name(name) + varint(len(value)) + value


_OF_36 = varint(36)
"""The length of an id as text; in a header it follows the name."""
_FIRST = _header("content-type", b"application/json") + _header("ce_specversion", b"1.0") + _name("ce_id") + _OF_36
_TYPE, _SOURCE, _SUBJECT = _name("ce_type"), _name("ce_source"), _name("ce_subject") + _OF_36
_TIME, _POSITION, _VERSION = _name("ce_time"), _name("ce_position"), _name("ce_streamversion")
_TENANT, _CORRELATION = _name("ce_tenant") + _OF_36, _name("ce_correlationid") + _OF_36
_RECORDED, _PREVIOUS, _HASH = _name("ce_recordedtime"), _name("ce_previoushash"), _name("ce_hash")
_ALWAYS = 14
"""Number of headers that every event has; those below are optional."""
_CAUSATION, _TRACE = _name("ce_causationid") + _OF_36, _name("ce_traceparent")
_COMMAND, _DIGEST, _RESULT = (
    _name("ce_commandid") + _OF_36,
    _name("ce_commanddigest"),
    _name("ce_commandresult"),
)
_ACTOR = _name("ce_actor")

_kinds: dict[str, bytes] = {}
"""By type: the headers from type to subject, which all its events share."""


def _kind(type: str) -> bytes:
    source = b"/zyenta/" + type.partition(".")[0].encode()
    return _header("ce_type", type.encode()) + _SOURCE + varint(len(source)) + source + _SUBJECT


_json_of_time = msgspec.json.Encoder().encode


def _recorded(at: datetime) -> bytes:
    """Return ``at.isoformat()``, in a tenth of the time."""
    text = _json_of_time(at)
    return text[1:-2] + b"+00:00" if text.endswith(b'Z"') else at.isoformat().encode()


class _OccurredAt(msgspec.Struct):
    occurred_at: str = ""


_read_time = msgspec.json.Decoder(_OccurredAt).decode


def _occurred(data: bytes) -> bytes:
    """Return the time in an event's body; empty if it has none."""
    try:
        return _read_time(data).occurred_at.encode()
    except msgspec.DecodeError:  # an event of a library application need not be JSON
        return b""


def content_of(raw: RawEvent) -> bytes:
    """Return an event's key, value and headers as they are in a topic (CloudEvents Kafka binding, binary mode).

    The key is the tenant.
    """
    kind = _kinds.get(raw.type)
    if kind is None:
        kind = _kinds[raw.type] = _kind(raw.type)
    tenant = str(raw.tenant).encode()
    recorded = _recorded(raw.recorded_at)
    occurred = _occurred(raw.data) or recorded
    position, version = b"%d" % raw.position, b"%d" % raw.version
    previous, hash_ = hexlify(raw.previous_hash), hexlify(raw.hash)
    parts = [
        _OF_36, tenant,
        _length(len(raw.data)), raw.data,
        b"",  # the number of headers
        _FIRST, str(raw.id).encode(),
        kind, str(raw.stream_id).encode(),
        _TIME, _SMALL[len(occurred)], occurred,
        _POSITION, _SMALL[len(position)], position,
        _VERSION, _SMALL[len(version)], version,
        _TENANT, tenant,
        _CORRELATION, str(raw.correlation_id).encode(),
        _RECORDED, _SMALL[len(recorded)], recorded,
        _PREVIOUS, _SMALL[len(previous)], previous,
        _HASH, _SMALL[len(hash_)], hash_,
    ]  # fmt: skip
    count = _ALWAYS
    if raw.causation_id is not None:
        count += 1
        parts += (_CAUSATION, str(raw.causation_id).encode())
    if raw.traceparent is not None:
        count += 1
        trace = raw.traceparent.encode()
        parts += (_TRACE, _length(len(trace)), trace)
    if raw.command_id is not None:
        count += 1
        parts += (_COMMAND, str(raw.command_id).encode())
    if raw.command_digest is not None:
        count += 1
        digest = hexlify(raw.command_digest)
        parts += (_DIGEST, _SMALL[len(digest)], digest)
    if raw.command_result is not None:
        count += 1
        result = raw.command_result.encode()
        parts += (_RESULT, _length(len(result)), result)
    if raw.actor is not None:
        count += 1
        actor = raw.actor.encode()
        parts += (_ACTOR, _length(len(actor)), actor)
    parts[4] = _SMALL[count]
    return b"".join(parts)


def with_key(content: bytes, key: UUID) -> bytes:
    """Return an event's content with another key."""
    return b"%b%b%b" % (_OF_36, str(key).encode(), content[37:])


def record_of(content: bytes, *, number: int, milliseconds: int) -> tuple[bytes, bytes, bytes]:
    """Return a record with this content, as parts to be joined.

    Args:
        content: see :func:`content_of`.
        number: its place in the batch, from 0.
        milliseconds: its time minus that of the batch's first record; may be negative.
    """
    later = _SMALL[milliseconds] if 0 <= milliseconds < 16_384 else varint(milliseconds)
    place = b"\0" + later + _length(number)
    return _length(len(place) + len(content)), place, content


def contents_in(records: bytes, first: int = 0) -> Iterator[tuple[int, bytes]]:
    """Yield the offset and the content of each record of a batch.

    Args:
        records: the bytes after a batch's header, uncompressed.
        first: the batch's first offset.

    Raises:
        IndexError: the bytes end within a record.
    """
    at, end = 0, len(records)
    while at < end:
        size, at = _varint(records, at)
        stop = at + size
        at += 1  # the attributes
        while records[at] > 0x7F:  # the time
            at += 1
        number, at = _varint(records, at + 1)
        yield first + number, records[at:stop]
        at = stop


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Return a varint and where it ends; one or two bytes, as most have, without a loop."""
    first = data[at]
    if first < 0x80:
        return (first >> 1) ^ -(first & 1), at + 1
    second = data[at + 1]
    if second < 0x80:
        raw = first & 0x7F | second << 7
        return (raw >> 1) ^ -(raw & 1), at + 2
    return read_varint(data, at)


class Record(msgspec.Struct, gc=False):
    """The parts of an event's record that a fold needs."""

    position: int
    """The event's position in the log."""
    type: bytes
    tenant: bytes
    """The tenant's id, as text."""
    value: bytes
    claim: Claim
    """The claim that the event store verifies."""


_OWN_HEADERS = re.compile(
    b"."
    + re.escape(_FIRST)
    + b"(.{36})"
    + re.escape(_TYPE)
    + rb".([a-z0-9_.]+)"
    + re.escape(_SOURCE)
    + b"[^\x14]+?"
    + re.escape(_SUBJECT)
    + b"(.{36})"
    + re.escape(_TIME)
    + b".{1,40}?"
    + re.escape(_POSITION)
    + rb".(\d{1,19})"
    + re.escape(_VERSION)
    + rb".(\d{1,10})"
    + re.escape(_TENANT)
    + b"(.{36})"
    + re.escape(_CORRELATION)
    + b".{36}"
    + re.escape(_RECORDED)
    + b".{1,40}?"
    + re.escape(_PREVIOUS)
    + b"..([0-9a-f]{64})",
    re.DOTALL,
)
"""The headers of a content that :func:`content_of` wrote, from their number to the predecessor's hash."""


def read_own(content: bytes) -> Record | None:
    """Read a content that :func:`content_of` wrote; None for any other, which :func:`parts_of` can read."""
    if content[:1] != _OF_36:
        return None
    size, begin = _varint(content, 37)
    match = _OWN_HEADERS.match(content, begin + size) if size >= 0 else None
    if match is None:
        return None
    id, type_, stream, position, version, tenant, previous = match.groups()
    place = number(position)
    if place is None:
        return None
    value = content[begin : begin + size]
    try:
        claimed = claim(
            position=place,
            previous=previous,
            id=id,
            stream=stream,
            version=int(version),
            type=type_,
            tenant=tenant,
            data=value,
        )
    except ValueError:
        return None
    return Record(claimed.position, type_, tenant, value, claimed)


def read_record(content: bytes) -> Record | None:
    """Read a content that any client may have written; None if it cannot be an event of the platform."""
    record = read_own(content)
    if record is not None:
        return record
    try:
        _, value, headers = parts_of(content)
    except (IndexError, UnicodeDecodeError):
        return None
    claimed = claim_in(headers, value)
    if claimed is None or value is None:
        return None
    return Record(claimed.position, header(headers, "ce_type"), header(headers, "ce_tenant"), value, claimed)


def parts_of(content: bytes) -> tuple[bytes | None, bytes | None, list[tuple[str, bytes]]]:
    """Return the key, value and headers of a record that any client may have written; a missing header value is empty.

    Raises:
        IndexError, UnicodeDecodeError: the bytes are not a record.
    """
    key, at = _bytes(content, 0)
    value, at = _bytes(content, at)
    count, at = _varint(content, at)
    headers = []
    for _ in range(count):
        name, at = _bytes(content, at)
        text, at = _bytes(content, at)
        headers.append(((name or b"").decode(), text or b""))
    return key, value, headers


def _bytes(data: bytes, at: int) -> tuple[bytes | None, int]:
    size, at = _varint(data, at)
    return (None, at) if size < 0 else (data[at : at + size], at + size)
