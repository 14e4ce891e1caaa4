"""How rows are sorted by an amount of money."""

from domain.money import LARGEST


def amount_key(minor: str) -> str:
    """Return the SQL key that sorts by currency first, then by amount: no comparison crosses currencies.

    Args:
        minor: the column of the amount, beside a column ``currency``. Negative amounts come before positive ones.
    """
    return f"currency || lpad(({minor} + {LARGEST})::text, 19, '0') collate \"C\""
