"""Numbers of rows by two labels, kept as one document while events are folded, so that no query counts rows."""

from collections.abc import Collection

import msgspec

Tally = dict[str, dict[str, int]]
"""The number of rows by a first and a second label; none is zero."""


def add(tally: Tally, first: str, second: str, number: int) -> None:
    """Add a number of rows, or take them away if it is negative."""
    numbers = tally.setdefault(first, {})
    numbers[second] = numbers.get(second, 0) + number
    # A rebuild has no row for what came and went.
    if not numbers[second]:
        del numbers[second]
    if not numbers:
        del tally[first]


def total(tally: Tally, firsts: Collection[str] = (), seconds: Collection[str] = ()) -> int:
    """Return the number of rows with one of the labels; no label stands for any."""
    return sum(
        number
        for first, numbers in tally.items()
        if not firsts or first in firsts
        for second, number in numbers.items()
        if not seconds or second in seconds
    )


read_tally = msgspec.json.Decoder(Tally).decode
"""Returns the tally that a query read."""
