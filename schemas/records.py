"""An event as a record in Kafka, byte for byte.

Every event passes here when it is published, verified and read in bulk. So this module writes the format itself in place
of a library: it takes a third of the time, and two events can be compared as bytes. Any Kafka client reads the records as
CloudEvents in binary mode; ``tests/unit/schemas/test_records.py`` compares the two.

A record's *content* does not depend on its place in a batch: key, value and headers.
"""

import re
from binascii import hexlify
from collections.abc import Iterator

from schemas.envelope import RawEvent
from schemas.headers import BIGINT_MAX, header
from schemas.internal.provenance import Claim, claim_in, claimed_hash, tenant_id
from schemas.record_batches import read_varint, varint
from schemas.record_headers import (
    ACTOR,
    ALWAYS,
    CAUSATION,
    COMMAND,
    CORRELATION,
    DIGEST,
    FIRST,
    HASH,
    OF_36,
    POSITION,
    PREVIOUS,
    RECORDED,
    RESULT,
    SMALL,
    SOURCE,
    SUBJECT,
    TENANT,
    TIME,
    TRACE,
    TYPE,
    VERSION,
    kind_of,
    length,
    occurred_text,
    recorded_text,
)


def content_of(raw: RawEvent) -> bytes:
    """Return an event's key, value and headers as they are in a topic (CloudEvents Kafka binding, binary mode).

    The key is the tenant.
    """
    tenant = str(raw.tenant).encode()
    recorded = recorded_text(raw.recorded_at)
    occurred = occurred_text(raw.data) or recorded
    position, version = b"%d" % raw.position, b"%d" % raw.version
    previous, hash_ = hexlify(raw.previous_hash), hexlify(raw.hash)
    parts = [
        OF_36, tenant,
        length(len(raw.data)), raw.data,
        b"",  # the number of headers
        FIRST, str(raw.id).encode(),
        kind_of(raw.type), str(raw.stream_id).encode(),
        TIME, SMALL[len(occurred)], occurred,
        POSITION, SMALL[len(position)], position,
        VERSION, SMALL[len(version)], version,
        TENANT, tenant,
        CORRELATION, str(raw.correlation_id).encode(),
        RECORDED, SMALL[len(recorded)], recorded,
        PREVIOUS, SMALL[len(previous)], previous,
        HASH, SMALL[len(hash_)], hash_,
    ]  # fmt: skip
    count = ALWAYS
    if raw.causation_id is not None:
        count += 1
        parts += (CAUSATION, str(raw.causation_id).encode())
    if raw.traceparent is not None:
        count += 1
        trace = raw.traceparent.encode()
        parts += (TRACE, length(len(trace)), trace)
    if raw.command_id is not None:
        count += 1
        parts += (COMMAND, str(raw.command_id).encode())
    if raw.command_digest is not None:
        count += 1
        digest = hexlify(raw.command_digest)
        parts += (DIGEST, SMALL[len(digest)], digest)
    if raw.command_result is not None:
        count += 1
        result = raw.command_result.encode()
        parts += (RESULT, length(len(result)), result)
    if raw.actor is not None:
        count += 1
        actor = raw.actor.encode()
        parts += (ACTOR, length(len(actor)), actor)
    parts[4] = SMALL[count]
    return b"".join(parts)


def with_key(content: bytes, key: bytes) -> bytes:
    """Return an event's content with another id as its key, which is given as text."""
    return b"%b%b%b" % (OF_36, key, content[37:])


def record_of(content: bytes, *, number: int, milliseconds: int) -> tuple[bytes, bytes, bytes]:
    """Return a record with this content, as parts to be joined.

    Args:
        content: see :func:`content_of`.
        number: its place in the batch, from 0.
        milliseconds: its time minus that of the batch's first record; may be negative.
    """
    later = SMALL[milliseconds] if 0 <= milliseconds < 16_384 else varint(milliseconds)
    place = b"\0" + later + length(number)
    return length(len(place) + len(content)), place, content


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


class Record(Claim, frozen=True, gc=False):
    """The parts of an event's record that a fold needs, and what the event store verifies."""

    type: bytes
    value: bytes


_TIME_TEXT = b".[0-9T:.+Z-]+"

_match_own = re.compile(
    b"."
    + re.escape(FIRST)
    + b"(.{36})"
    + re.escape(TYPE)
    + rb".([a-z0-9_.]+)"
    + re.escape(SOURCE)
    + b"[^\x14]+"
    + re.escape(SUBJECT)
    + b"(.{36})"
    + re.escape(TIME)
    + _TIME_TEXT
    + re.escape(POSITION)
    + rb".(\d{1,19})"
    + re.escape(VERSION)
    + rb".(\d{1,10})"
    + re.escape(TENANT)
    + b"(.{36})"
    + re.escape(CORRELATION)
    + b".{36}"
    + re.escape(RECORDED)
    + _TIME_TEXT
    + re.escape(PREVIOUS)
    + b"..(.{64})",
    re.DOTALL,
).match
"""Matches the headers of a content that :func:`content_of` wrote, from their number to the predecessor's hash.

No part is tried twice: each ends before the first byte that cannot belong to it. The hash tells which digits are none.
"""


def read_own(content: bytes) -> Record | None:
    """Read a content that :func:`content_of` wrote; None for any other, which :func:`parts_of` can read."""
    if content[:1] != OF_36:
        return None
    size, begin = _varint(content, 37)
    match = _match_own(content, begin + size) if size >= 0 else None
    if match is None:
        return None
    id, type_, stream, digits, version, tenant, previous = match.groups()
    position = int(digits)
    if position > BIGINT_MAX:
        return None
    value = content[begin : begin + size]
    try:
        hash_ = claimed_hash(previous, id, stream, int(version), type_, value)
        return Record(position, hash_, tenant_id(tenant), type_, value)
    except ValueError:
        return None


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
    return Record(claimed.position, claimed.hash, claimed.tenant, header(headers, "ce_type"), value)


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
