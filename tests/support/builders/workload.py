"""The bench's events for tests, made when a test first reads them: every worker collects every module."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import overload

from infra.bench.workload import catalog_events
from schemas.envelope import RawEvent


class Workload(Sequence[RawEvent]):
    """The first events of a seed, in the order of the log."""

    def __init__(self, count: int, *, seed: int, side_by_side: int, per_store: int) -> None:
        """Take the arguments of :func:`infra.bench.workload.catalog_events`."""
        self._count = count
        self._seed, self._side_by_side, self._per_store = seed, side_by_side, per_store

    @cached_property
    def _events(self) -> list[RawEvent]:
        return list(
            catalog_events(self._count, seed=self._seed, side_by_side=self._side_by_side, per_store=self._per_store)
        )

    @overload
    def __getitem__(self, place: int) -> RawEvent: ...

    @overload
    def __getitem__(self, place: slice) -> list[RawEvent]: ...

    def __getitem__(self, place: int | slice) -> RawEvent | list[RawEvent]:
        return self._events[place]

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[RawEvent]:
        return iter(self._events)
