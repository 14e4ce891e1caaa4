"""Columns of rows are read by place if the rows are one statement's records, and by name if they are not."""

import asyncpg
import pytest

from domain.store.events import StoreStatus
from projections.reading.columns import Rows, column, column_of


def test_rows_without_places_are_read_by_name_whatever_the_order_of_their_columns() -> None:
    rows = [{"id": 1, "status": "ACTIVE"}, {"status": "PAUSED", "id": 2}]
    assert column_of(rows, "status") == column_of(Rows(rows), "status") == ["ACTIVE", "PAUSED"]
    assert column_of(Rows([]), "status") == []


async def test_records_of_one_statement_are_read_by_place(db: asyncpg.Connection) -> None:
    records = await db.fetch("select n as id, 'ACTIVE' as status, n * 2 as twice from generate_series(1, 3) n")
    rows = Rows(records)
    for name in ("id", "status", "twice"):
        assert column_of(rows, name) == column_of(list(records), name)
    with pytest.raises(KeyError):
        column_of(rows, "missing")


def test_a_column_of_an_enumeration_has_its_members_and_null_stays_none() -> None:
    status = column("status", StoreStatus)
    assert status.members == {each.value: each for each in StoreStatus}
    assert status.read_all is not None
    assert status.read_all([{"status": "ACTIVE"}, {"status": None}]) == [StoreStatus.ACTIVE, None]
    with pytest.raises(KeyError):
        status.read({"status": "unknown"})
