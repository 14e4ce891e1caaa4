"""Options that analysts type: events, times and places."""

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from uuid import uuid4

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from infra.analysis.selection import BadSelection, Selection, instant, place, spelled, table_name, wire_names
from infra.analysis.summary import summary
from infra.analysis.tables import open_tables, types_needed
from schemas.contracts.sampling import sample_of
from schemas.registry import EVENTS
from schemas.topics import PARTITIONS, partition_of

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "name", ["order.order_paid.v1", "order.order_paid", "order_paid", "OrderPaid", "*OrderPaid", "order.*paid"]
)
def test_an_event_has_several_accepted_names(name: str) -> None:
    assert set(wire_names([name]) or ()) == {"order.order_paid.v1"}


def test_several_names_select_their_union_and_no_name_selects_all() -> None:
    assert set(wire_names(["OrderPaid", "product.stock_*"]) or ()) == {
        "order.order_paid.v1", "product.stock_counted.v1", "product.stock_reserved.v1", "product.stock_released.v1",
        "product.stock_sold.v1", "product.stock_short.v1", "product.stock_returned.v1",
    }  # fmt: skip
    assert wire_names([]) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-20", datetime(2026, 11, 20, tzinfo=UTC)),
        ("2026-11-20T10:30", datetime(2026, 11, 20, 10, 30, tzinfo=UTC)),
        ("2026-11-20T10:30:00+02:00", datetime(2026, 11, 20, 10, 30, tzinfo=timezone(timedelta(hours=2)))),
        ("2026-11-20T10:30:00Z", datetime(2026, 11, 20, 10, 30, tzinfo=UTC)),
        ("90s", NOW - timedelta(seconds=90)),
        ("15m", NOW - timedelta(minutes=15)),
        ("2h", NOW - timedelta(hours=2)),
        ("3d", NOW - timedelta(days=3)),
        ("1w", NOW - timedelta(weeks=1)),
    ],
)
def test_a_time_is_a_day_an_instant_or_an_age(text: str, expected: datetime) -> None:
    assert instant(text, now=NOW) == expected


@for_all(st.text(max_size=20))
def test_any_other_text_is_rejected_with_a_message(text: str) -> None:
    for read in (lambda: wire_names([text]), lambda: instant(text, now=NOW)):
        try:
            read()
        except BadSelection as error:
            assert repr(text) in str(error)  # noqa: PT017 - either outcome is allowed


def test_one_store_is_in_one_partition() -> None:
    store = uuid4()
    assert Selection(tenant=store).partitions == [partition_of(store)]
    assert Selection().partitions == list(range(PARTITIONS))


def test_every_event_has_a_table_of_its_own_name() -> None:
    names = [table_name(name) for name in EVENTS]
    assert len({*names, "events", "currencies"}) == len(names) + 2
    with open_tables() as tables:
        shown = {name for (name,) in tables.ask("show tables").as_text(1000)}
    assert shown == {*names, "events", "currencies"}


@pytest.mark.parametrize(
    ("query", "needed"),
    [
        ("select * from order_paid", {"order.order_paid.v1"}),
        ("with x as (select * from order_paid) select * from x join stock_sold using (tenant)",
         {"order.order_paid.v1", "product.stock_sold.v1"}),
        ("select 1", set()),
        ("select * from events where type like 'order%'", None),
        ("show tables", set()),
        ("FROM Order_Paid", {"order.order_paid.v1"}),
        ("from query_table('order_' || 'paid')", None),
    ],
)  # fmt: skip
def test_a_query_reads_only_the_events_it_names(query: str, needed: set[str] | None) -> None:
    assert types_needed(query) == needed


def test_a_summary_shows_amounts_and_no_sealed_values() -> None:
    text = summary(sample_of(EVENTS["order.order_placed.v1"]))
    assert "total=$29.90" in text
    assert "lines=[1]" in text
    assert "v1." not in text
    for name, event in EVENTS.items():
        line = summary(sample_of(event) | {"more": "two\nlines " * 30})
        assert "\n" not in line, name
        assert "…" in line


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("start", 0),
        ("0", 0),
        ("1042", 1042),
        ("20261128", datetime(2026, 11, 28, tzinfo=UTC)),
        ("2026-11-28", datetime(2026, 11, 28, tzinfo=UTC)),
        ("@20261128", 20261128),
        ("20261399", 20261399),
        ("120261128", 120261128),
        ("2h", NOW - timedelta(hours=2)),
    ],
)
def test_a_place_is_a_position_or_a_time(text: str, expected: object) -> None:
    assert place(text, now=NOW) == expected
    if isinstance(expected, datetime):
        assert instant(text, now=NOW) == expected


@pytest.mark.parametrize(
    "text", ["999999w", "9" * 400 + "s", "0001-01-01", "9999-12-31T23:59:59.999999", "-5", "١٢", "٣d", "@", "", "1.5"]
)
def test_an_invalid_time_is_named_in_the_error(text: str) -> None:
    for read in (instant, place):
        with pytest.raises(BadSelection, match=re.escape(repr(text))):
            read(text, now=NOW)


@for_all(st.text(max_size=20))
def test_any_text_is_a_place_or_rejected_with_a_message(text: str) -> None:
    try:
        place(text, now=NOW)
    except BadSelection as error:
        assert repr(text) in str(error)  # noqa: PT017 - either outcome is allowed


def test_an_instant_is_shown_with_its_zone() -> None:
    assert spelled(instant("2026-11-28", now=NOW)) == "2026-11-28 00:00:00 UTC"
    assert spelled(instant("2026-11-28T01:00+02:00", now=NOW)) == (
        "2026-11-28 01:00:00+02:00 (2026-11-27 23:00:00 UTC)"
    )


def test_columns_have_the_same_names_as_the_rows() -> None:
    with open_tables() as tables:
        answer = tables.ask("select 1 as x, 'a' as x_1, 2 as x, 3 as X;")
        (row,) = answer.as_json()
        assert [name for name, _ in answer.columns] == list(json.loads(row)) == ["x", "x_1", "x_2", "X_3"]
        assert [kind for _, kind in answer.columns] == ["INTEGER", "VARCHAR", "INTEGER", "INTEGER"]
