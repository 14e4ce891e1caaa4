"""Cursors: texts that name a place in an order of rows.

A cursor holds the sort key and id of its row, so it stays valid when that row changes or is deleted.
"""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from domain.kernel import InvalidInput

Place = tuple[str | int, ...]
"""What orders the entries of a list that is in memory. No two entries have the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order of rows: by a key, ties by id, both in the same direction."""

    name: str
    """Part of every cursor, so that a cursor of another order is rejected."""
    key: str
    """SQL expression, never null."""
    type: str
    """Its SQL type: one of ``KEY_TYPES``."""
    descending: bool = False
    id_type: str = "uuid"
    """SQL type of the id: one of ``KEY_TYPES``."""

    def reverse(self, name: str) -> "Order":
        """Return the opposite order, which the same index serves, under a name of its own."""
        return replace(self, name=name, descending=not self.descending)


def order_of_cursor(cursor: str) -> str | None:
    """Return the name of the order that a cursor belongs to; None if it is not a cursor."""
    try:
        name = decode_cursor(cursor)[0]
    except (ValueError, TypeError, LookupError, RecursionError):
        return None
    return name if isinstance(name, str) else None


def decode_cursor(cursor: str) -> Any:
    """Return what a cursor was made of.

    Raises:
        ValueError: the text is not a cursor.
    """
    return json.loads(base64.b64decode(cursor.encode() + b"=" * (-len(cursor) % 4), b"-_", validate=True))


def cursor_of(order: Order, key: Any, id: UUID | str) -> str:
    """Return the cursor of the row with a key and an id."""
    return encode_cursor(order.name, key.isoformat() if isinstance(key, datetime) else key, str(id))


def encode_cursor(order: str, *place: str | float) -> str:
    """Return the cursor of a place in an order."""
    return base64.urlsafe_b64encode(json.dumps([order, *place]).encode()).decode().rstrip("=")


def read_cursor(argument: str, cursor: str, order: Order) -> tuple[Any, Any]:
    """Return the sort key and the id that a cursor holds.

    Args:
        argument: the argument that has the cursor.
        cursor: the text.
        order: the order of the list.

    Raises:
        InvalidInput: the text is not a cursor of the order.
    """
    refusal = InvalidInput(
        argument,
        f"{cursor[:80]!r} is not a cursor of this list. Pass a cursor that this list returned, with the same sorting.",
    )
    try:
        name, key, id = decode_cursor(cursor)
        place = KEY_TYPES[order.type](key), KEY_TYPES[order.id_type](id)
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise refusal from error
    if name != order.name:
        raise refusal
    return place


def _time(key: str) -> datetime:
    moment = datetime.fromisoformat(key)
    if moment.tzinfo is None:
        raise ValueError("no time zone")
    return moment.astimezone(UTC)


def _whole(key: int) -> int:
    if isinstance(key, bool) or not isinstance(key, int) or key.bit_length() > 63:
        raise ValueError("not a whole number of 64 bits")
    return key


def _text(key: str) -> str:
    if not isinstance(key, str) or "\0" in key:
        raise ValueError("not a text")
    key.encode()  # refuses a lone surrogate
    return key


KEY_TYPES: Mapping[str, Callable[[Any], Any]] = {
    "timestamptz": _time,
    "bigint": _whole,
    "double precision": float,
    "text": _text,
    "uuid": UUID,
}
"""How to parse the key of a cursor, by SQL type."""
