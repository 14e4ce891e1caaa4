"""The headers of an event's record, in their order, as bytes of the format.

``schemas.records`` joins them in Python, ``schemas.record_columns`` in PostgreSQL.
"""

import re
from datetime import datetime

import msgspec

from schemas.record_batches import varint

SMALL = [varint(number) for number in range(16_384)]
"""Varints of lengths, up to all but the longest bodies."""


def length(number: int) -> bytes:
    """Return the length of a body or text as the format has it."""
    return SMALL[number] if number < 16_384 else varint(number)


def _name(name: str) -> bytes:
    """Return the start of a header: its name without its value."""
    return varint(len(name)) + name.encode()


def _header(name: str, value: bytes) -> bytes:
    return _name(name) + varint(len(value)) + value


OF_36 = varint(36)
"""The length of an id as text; in a header it follows the name."""
FIRST = _header("content-type", b"application/json") + _header("ce_specversion", b"1.0") + _name("ce_id") + OF_36
TYPE, SOURCE, SUBJECT = _name("ce_type"), _name("ce_source"), _name("ce_subject") + OF_36
TIME, POSITION, VERSION = _name("ce_time"), _name("ce_position"), _name("ce_streamversion")
TENANT, CORRELATION = _name("ce_tenant") + OF_36, _name("ce_correlationid") + OF_36
RECORDED, PREVIOUS, HASH = _name("ce_recordedtime"), _name("ce_previoushash"), _name("ce_hash")
ALWAYS = 14
"""Number of headers that every event has; those below are optional."""
CAUSATION, TRACE = _name("ce_causationid") + OF_36, _name("ce_traceparent")
COMMAND, DIGEST, RESULT = (
    _name("ce_commandid") + OF_36,
    _name("ce_commanddigest"),
    _name("ce_commandresult"),
)
ACTOR = _name("ce_actor")

_kinds: dict[str, bytes] = {}
"""By type: the headers from type to subject, which all its events share."""


def kind_of(type: str) -> bytes:
    """Return the headers from type to subject, without the subject's value."""
    kind = _kinds.get(type)
    if kind is None:
        source = b"/zyenta/" + type.partition(".")[0].encode()
        kind = _header("ce_type", type.encode()) + SOURCE + varint(len(source)) + source + SUBJECT
        _kinds[type] = kind
    return kind


_json_of_time = msgspec.json.Encoder().encode


def recorded_text(at: datetime) -> bytes:
    """Return ``at.isoformat()``, in a tenth of the time."""
    text = _json_of_time(at)
    return text[1:-2] + b"+00:00" if text.endswith(b'Z"') else at.isoformat().encode()


class _OccurredAt(msgspec.Struct):
    occurred_at: str = ""


_read_time = msgspec.json.Decoder(_OccurredAt).decode
_first_fields = re.compile(rb'\{"originator_id":"[^"]{36}","originator_version":\d+,"occurred_at":"([^"\\]+)"').match


def occurred_text(data: bytes) -> bytes:
    """Return the time in an event's body; empty if it has none."""
    own = _first_fields(data)
    if own is not None:
        return own[1]
    try:
        return _read_time(data).occurred_at.encode()
    except msgspec.DecodeError:  # an event of a library application need not be JSON
        return b""
