"""Facts of a store are read once per revision."""

from typing import Any, cast
from uuid import UUID

import pytest

from projections.catalog.views import StoreView
from storefront.visit.store_facts import KeptByRevision


class Store:
    def __init__(self, number: int) -> None:
        self.id = UUID(int=number)


def store(number: int = 1) -> StoreView:
    return cast("StoreView", Store(number))


class Rows:
    """Counts its readings, and fails when a test says so."""

    def __init__(self) -> None:
        self.readings = 0
        self.is_away = False

    async def read(self, store: StoreView) -> tuple[Any, int]:
        if self.is_away:
            raise ConnectionResetError
        self.readings += 1
        return store.id, self.readings


async def test_a_fact_is_read_again_for_another_revision_and_not_for_the_same() -> None:
    rows = Rows()
    kept = KeptByRevision(rows.read)
    values = [(await kept.of(store(), revision))[1] for revision in (("a",), ("a",), ("b",), ("b",), ("a",))]
    assert values == [1, 1, 2, 2, 3]


async def test_a_fact_of_a_closed_store_is_not_kept() -> None:
    rows = Rows()
    kept = KeptByRevision(rows.read)
    assert [(await kept.of(store(), None))[1] for _ in range(2)] == [1, 2]


async def test_a_reading_that_fails_is_not_kept() -> None:
    rows = Rows()
    kept = KeptByRevision(rows.read)
    rows.is_away = True
    with pytest.raises(ConnectionResetError):
        await kept.of(store(), ("a",))
    rows.is_away = False
    assert (await kept.of(store(), ("a",)))[1] == 1


async def test_stores_have_their_own_facts_and_the_longest_unused_goes_first() -> None:
    rows = Rows()
    kept = KeptByRevision(rows.read, most=2)
    for number in (1, 2, 1, 3):
        assert (await kept.of(store(number), ("a",)))[0] == UUID(int=number)
    before = rows.readings
    await kept.of(store(1), ("a",))
    assert rows.readings == before
    await kept.of(store(2), ("a",))
    assert rows.readings == before + 1
