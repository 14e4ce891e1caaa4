"""The content of an event's record from columns that PostgreSQL writes as bytes of the format.

The publisher reads these columns in place of an event's own: PostgreSQL formats ids, numbers and hashes on one core, while
Python joins an earlier batch on another. ``schemas.records`` says what a content is; a test compares both, byte by byte.
"""

from binascii import hexlify
from datetime import datetime
from typing import Final, TypeAlias

import msgspec

from schemas import record_headers as name
from schemas.record_headers import ALWAYS, OF_36, SMALL, kind_of, length, occurred_text, recorded_text

_OF_64 = b"\x80\x01"
"""The length of a hash as text."""


def _text(constant: bytes) -> str:
    """Return bytes as the literal of a text that LATIN1 encodes to them."""
    return "U&'" + "".join(f"\\{each:04x}" for each in constant) + "'"


def _with_length(number: str) -> str:
    return f"chr(2 * length({number}::text)), {number}"


def _bytes(*texts: str) -> str:
    """Return texts joined, as bytes. A null text is left out."""
    return f"convert_to(concat({', '.join(texts)}), 'LATIN1')"


def _hash(column: str) -> str:
    # The store's hashes have 32 bytes. Any other length must not break the format: verification names that event.
    return f"lpad(encode({column}, 'hex'), 64, '0')"


_IDS = _bytes("tenant", "id", "stream_id")
_PLACE = _bytes(
    _text(name.POSITION),
    _with_length("position"),
    _text(name.VERSION),
    _with_length("version"),
    _text(name.TENANT),
    "tenant",
    _text(name.CORRELATION),
    "correlation_id",
    _text(name.RECORDED),
)
_CHAIN = _bytes(
    _text(name.PREVIOUS + _OF_64),
    _hash("previous_hash"),
    _text(name.HASH + _OF_64),
    _hash("hash"),
    f"{_text(name.CAUSATION)} || causation_id",
)
_COMMAND = _bytes(f"{_text(name.COMMAND)} || command_id")
RECORD_COLUMNS = f"""position, recorded_at, type, data, {_IDS}, {_PLACE}, {_CHAIN}, {_COMMAND},
    num_nonnulls(causation_id, command_id, command_digest, traceparent, command_result, actor),
    traceparent, command_digest, command_result, actor"""
"""What :func:`outgoing` takes, as columns of a table of events."""

Row: TypeAlias = tuple[
    int, datetime, str, bytes, bytes, bytes, bytes, bytes, int, str | None, bytes | None, str | None, str | None
]  # fmt: skip
"""A row of :data:`RECORD_COLUMNS`."""
POSITION: Final = 0
"""The place of an event's position in its row."""


class Outgoing(msgspec.Struct, frozen=True, gc=False):
    """An event as a record of the topic."""

    type: str
    tenant: bytes
    """Its id as text."""
    stream: bytes
    """Its id as text."""
    milliseconds: int
    """When it was recorded, since 1970."""
    content: bytes
    """See ``schemas.records``."""


def outgoing(row: Row) -> Outgoing:
    """Return the record of an event.

    Args:
        row: see :data:`RECORD_COLUMNS`.
    """
    _, recorded_at, type, data, ids, place, chain, command, optional, trace, digest, result, actor = row
    tenant, stream = ids[:36], ids[72:]
    recorded = recorded_text(recorded_at)
    occurred = occurred_text(data) or recorded
    parts = [
        OF_36, tenant,
        length(len(data)), data,
        SMALL[ALWAYS + optional],
        name.FIRST, ids[36:72],
        kind_of(type), stream,
        name.TIME, SMALL[len(occurred)], occurred,
        place, SMALL[len(recorded)], recorded,
        chain,
    ]  # fmt: skip
    if trace is not None:
        text = trace.encode()
        parts += (name.TRACE, length(len(text)), text)
    parts.append(command)
    if digest is not None:
        text = hexlify(digest)
        parts += (name.DIGEST, length(len(text)), text)
    if result is not None:
        text = result.encode()
        parts += (name.RESULT, length(len(text)), text)
    if actor is not None:
        text = actor.encode()
        parts += (name.ACTOR, length(len(text)), text)
    return Outgoing(type, tenant, stream, int(recorded_at.timestamp() * 1000), b"".join(parts))
