"""The shares of a report about sales."""

from datetime import date

import pytest

from gateway.graphql.types.statistics import SalesReport
from projections.sales.statistics import SalesDay


@pytest.mark.parametrize(
    ("visits", "paid", "share"), [(4, 1, 0.25), (4, 4, 1.0), (4, 5, None), (0, 5, None), (4, 0, 0.0)]
)
def test_the_share_of_visits_that_buy_is_never_more_than_all(visits: int, paid: int, share: float | None) -> None:
    days = [SalesDay(day=date(2026, 11, 23), visits=visits), SalesDay(day=date(2026, 11, 24), paid=paid)]
    assert SalesReport.of(days, time_zone="UTC", currency="USD").visit_conversion == share
