"""Numbers as people type them.

Python's ``int`` and ``Decimal`` also read ``1_000``, full-width and Arabic digits, ``+5``, ``1e3``, ``NaN`` and white space
around a number. Quantities and prices are read more strictly: people and programs must read a text as the same number.
"""

import re
from decimal import Decimal

_WHOLE = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_DECIMAL = re.compile(r"-?[0-9]{1,28}(?:\.[0-9]{1,28})?", re.ASCII)


def whole_number(text: str) -> int | None:
    """Return the number of a text of 1 to 18 digits (0 to 9) after an optional minus; None if it is another text."""
    return int(text) if _WHOLE.fullmatch(text) else None


def decimal_number(text: str) -> Decimal | None:
    """Return the number of a text of digits (0 to 9) with at most one point between them; None if it is another text."""
    return Decimal(text) if _DECIMAL.fullmatch(text) else None
