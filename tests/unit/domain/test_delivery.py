"""The days on which an order arrives."""

from datetime import UTC, date, datetime

import pytest

from domain.order.delivery import ArrivalWindow, arrival_window, day_in, typical_days

MONDAY = date(2026, 11, 30)


def test_the_slowest_product_decides_when_an_order_has_arrived() -> None:
    assert arrival_window([(5, 9), (7, 8), (2, 10)], ordered_on=MONDAY) == ArrivalWindow(
        earliest=date(2026, 12, 7), latest=date(2026, 12, 10)
    )


@pytest.mark.parametrize("delivery", [[], [None], [(5, 9), None]])
def test_without_the_days_of_every_product_nothing_is_promised(delivery: list[tuple[int, int] | None]) -> None:
    assert arrival_window(delivery, ordered_on=MONDAY) is None


def test_general_texts_use_the_middle_product_and_not_the_slowest() -> None:
    assert typical_days([(4, 8), (5, 9), (20, 45)]) == (5, 9)
    assert typical_days([]) is None


def test_today_is_the_day_in_the_stores_time_zone() -> None:
    late = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
    assert day_in("UTC", late) == MONDAY
    assert day_in("Europe/Berlin", late) == date(2026, 12, 1)
    assert day_in("America/New_York", datetime(2026, 12, 1, 2, 0, tzinfo=UTC)) == MONDAY
