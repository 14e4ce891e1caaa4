"""Visits to stores, counted without anything about the visitors (ADR 0080)."""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from uuid import UUID

Counts = Mapping[tuple[UUID, date], int]
"""Visits by store and day of the store's time zone."""


class VisitCounts:
    """What a process counted and has not written yet."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[UUID, date]] = Counter()

    def count(self, store_id: UUID, day: date) -> None:
        """Count a visit."""
        self._counts[store_id, day] += 1

    def take(self) -> Counts:
        """Return what was counted, and begin again."""
        taken, self._counts = self._counts, Counter()
        return taken

    def put_back(self, counts: Counts) -> None:
        """Add counts that could not be written."""
        self._counts.update(counts)
