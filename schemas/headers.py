"""Reads the headers of a record, which any client may have written.

Clients give None for a header without a value. A record is an event of the platform only if its headers name the event and
its position in the log. No function here raises.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from typing import TypeAlias
from uuid import UUID

Headers: TypeAlias = Sequence[tuple[str, bytes | None]]
"""Names and values as any client gives them; None means the same as an empty value."""

BIGINT_MAX = 2**63 - 1
"""Largest ``bigint`` of PostgreSQL."""
MOST_DIGITS = len(str(BIGINT_MAX))


def header(headers: Headers, name: str) -> bytes:
    """Return the value of the first header with a name; empty if there is none."""
    return next((value or b"" for each, value in headers if each == name), b"")


def number(text: bytes | None, *, most: int = BIGINT_MAX) -> int | None:
    """Read a number; None if the text is not plain digits, or the number is above ``most``."""
    # int() raises for thousands of digits, so the length is checked first.
    if not text or len(text) > MOST_DIGITS or not text.isdigit():
        return None
    value = int(text)
    return value if value <= most else None


def kind_in(headers: Headers) -> str:
    """Return the wire name of a record's event, bytes that are not UTF-8 replaced; empty if it has none."""
    return header(headers, "ce_type").decode(errors="replace")


def event_id_in(headers: Headers) -> UUID | None:
    """Return the id of a record's event; None if it has none."""
    with suppress(ValueError):
        return UUID(header(headers, "ce_id").decode())
    return None


_ID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").fullmatch
"""An id as the platform writes it."""


def position_in(headers: Headers) -> int | None:
    """Return a record's position in the log; None if it is not an event of the platform."""
    # Every record of the log passes here, so this is one loop, and makes no UUID.
    id: bytes | None = None
    position: bytes | None = None
    for name, value in headers:
        if name == "ce_id" and id is None:
            id = value or b""
        elif name == "ce_position" and position is None:
            position = value or b""
        else:
            continue
        if id is not None and position is not None:
            return number(position) if _ID(id) or event_id_in(headers) is not None else None
    return None
