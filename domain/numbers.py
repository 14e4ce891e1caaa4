"""Numbers as people type them.

Python's own ``int`` and ``Decimal`` also read ``1_000``, full-width and Arabic digits, ``+5``, ``1e3``, ``NaN`` and white
space around a number. Of those, no form and no API may take one for a quantity or a price: what a reader of the log, a
person and another program take a text for must be the same.
"""

import re
from decimal import Decimal

_WHOLE = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_DECIMAL = re.compile(r"-?[0-9]{1,28}(?:\.[0-9]{1,28})?", re.ASCII)


def whole_number(text: str) -> int | None:
    """Return the whole number that a text is: the digits 0 to 9, up to 18 of them, after a minus at most; else None."""
    return int(text) if _WHOLE.fullmatch(text) else None


def decimal_number(text: str) -> Decimal | None:
    """Return the decimal number that a text is: digits 0 to 9 with at most one point between them; else None."""
    return Decimal(text) if _DECIMAL.fullmatch(text) else None
