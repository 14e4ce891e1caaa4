"""Documents are changed in place by folds, and are columns like others for everything else."""

import asyncio
from typing import Any
from uuid import UUID

from hypothesis import given as for_all
from hypothesis import strategies as st

from projections.catalog.counts import ProductCounts
from projections.catalog.tables.media import MEDIA_COUNTS, MediaCountsRow
from projections.catalog.tables.products import PRODUCT_COUNTS, ProductCountsRow
from projections.engine.tables import Table
from projections.engine.tally import add

STORE = UUID(int=1)
TALLIES = st.dictionaries(st.text(max_size=4), st.dictionaries(st.text(max_size=4), st.integers(-9, 2**62)), max_size=3)


class Stored:
    """A table's only row, as PostgreSQL returns it."""

    def __init__(self, values: tuple[Any, ...]) -> None:
        self.values = values

    async def fetch(self, _sql: str, *_arguments: object) -> list[tuple[Any, ...]]:
        return [self.values]


def loaded(table: Table[Any], values: tuple[Any, ...]) -> Any:
    connection: Any = Stored(values)
    return asyncio.run(table.load([STORE], connection))[STORE]


@for_all(TALLIES, TALLIES, st.integers(0, 2**62))
def test_a_document_is_loaded_as_it_was_written(one: Any, other: Any, number: int) -> None:
    media = MediaCountsRow(store_id=STORE, counts=one)
    assert loaded(MEDIA_COUNTS, MEDIA_COUNTS.hot_of(media)) == media
    counts = ProductCounts(categories=one, facts=other, ever_on_sale=number)
    products = ProductCountsRow(store_id=STORE, counts=counts)
    assert loaded(PRODUCT_COUNTS, PRODUCT_COUNTS.all_of(products)) == products


@for_all(TALLIES)
def test_a_document_that_changed_in_place_makes_its_row_a_changed_one(tally: Any) -> None:
    row = loaded(MEDIA_COUNTS, MEDIA_COUNTS.hot_of(MediaCountsRow(store_id=STORE, counts=tally)))
    before = MEDIA_COUNTS.hot_of(row)
    assert MEDIA_COUNTS.hot_of(row) == before
    add(row.counts, "first", "second", 1)
    assert MEDIA_COUNTS.hot_of(row) != before
    assert list(MEDIA_COUNTS.changed_values([row])) == [(STORE,), (MEDIA_COUNTS.hot_of(row)[1],)]
