"""What the headers of a record say, whoever wrote it.

Anybody who may write to the topic may write anything, and clients give a header without a value as None. A record is
one of ours only if it names its event and its place in the log; nothing here raises.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import TypeAlias
from uuid import UUID

Headers: TypeAlias = Sequence[tuple[str, bytes | None]]
"""As any client gives them; a header without a value has None, which means the same as an empty one."""

BIGGEST = 2**63 - 1
"""What PostgreSQL's ``bigint`` holds at most."""


def header(headers: Headers, name: str) -> bytes:
    """Return the value of the first header of a name; empty where there is none."""
    return next((value or b"" for each, value in headers if each == name), b"")


def number(text: bytes | None, *, most: int = BIGGEST) -> int | None:
    """Read a number; None for what is not plain digits, and for more than ``most``."""
    # int() refuses thousands of digits, so their count is looked at first.
    if not text or len(text) > len(str(BIGGEST)) or not text.isdigit():
        return None
    found = int(text)
    return found if found <= most else None


def kind_in(headers: Headers) -> str:
    """Return the wire name of a record's event, as far as it can be read; empty where it has none."""
    return header(headers, "ce_type").decode(errors="replace")


def event_id_in(headers: Headers) -> UUID | None:
    """Return the id of a record's event; None where it has none."""
    with suppress(ValueError):
        return UUID(header(headers, "ce_id").decode())
    return None


def position_in(headers: Headers) -> int | None:
    """Return a record's place in the log; None for a record that is not one of ours."""
    position = number(header(headers, "ce_position"))
    return None if position is None or event_id_in(headers) is None else position
