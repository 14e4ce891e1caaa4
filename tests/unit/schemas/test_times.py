"""The times of new events have one width, so that their texts sort as they do."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from domain.product.events import ProductActivated
from schemas.records import content_of, parts_of
from schemas.registry import decode, encode
from tests.support.builders.records import raw

SECOND = datetime(2026, 11, 28, 13, 40, 47, tzinfo=UTC)
TIMES = st.integers(0, 3_000_000).map(lambda micros: SECOND + timedelta(microseconds=micros)) | st.integers(0, 3).map(
    lambda seconds: SECOND + timedelta(seconds=seconds)
)


def activated_at(at: datetime) -> ProductActivated:
    return ProductActivated(originator_id=uuid4(), originator_version=1, occurred_at=at)


def ce_time(at: datetime) -> bytes:
    _, _, headers = parts_of(content_of(raw(activated_at(at), tenant=uuid4())))
    return dict(headers)["ce_time"]


def test_a_whole_second_has_its_microseconds_too() -> None:
    assert ce_time(SECOND) == b"2026-11-28T13:40:47.000000Z"
    assert ce_time(SECOND) < ce_time(SECOND + timedelta(milliseconds=500))


@given(st.lists(TIMES, min_size=2))
def test_texts_sort_as_times_do(times: list[datetime]) -> None:
    assert [ce_time(at) for at in sorted(times)] == sorted(ce_time(at) for at in times)


@given(TIMES)
def test_the_event_is_the_same_when_it_is_read_back(at: datetime) -> None:
    event = activated_at(at)
    assert decode(event.wire_name, encode(event)) == event


def test_a_record_of_an_event_that_was_stored_without_microseconds_stays_as_it_was() -> None:
    event = activated_at(SECOND)
    old = encode(event).replace(b".000000Z", b"Z")
    _, value, headers = parts_of(content_of(raw(event, tenant=uuid4(), data=old)))
    assert (value, dict(headers)["ce_time"]) == (old, b"2026-11-28T13:40:47Z")
