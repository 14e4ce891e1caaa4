"""Counts of lists whose cost does not grow with the list."""

# ruff: noqa: S608  # the parts are constants of the queries; values are arguments

from dataclasses import dataclass
from typing import Any

from projections.reading.paging import Reader

COUNTED_MOST = 1_000
"""Where counting ends."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many entries a list has."""

    number: int
    is_exact: bool = True
    """Whether the list has no more than ``number`` entries."""


async def count_rows(db: Reader, rows: str, *arguments: Any) -> Count:
    """Return how many rows a query finds; it stops at ``COUNTED_MOST``.

    Args:
        db: the database.
        rows: the text after ``select``: its tables and conditions, without an order.
        arguments: of the conditions.
    """
    query = f"select count(*) from (select {rows} limit {COUNTED_MOST + 1}) counted"
    return counted(int(await db.fetchval(query, *arguments)))


def counted(number: int) -> Count:
    """Return the count of a list of which no more than ``COUNTED_MOST`` + 1 entries were counted."""
    return Count(min(number, COUNTED_MOST), is_exact=number <= COUNTED_MOST)
