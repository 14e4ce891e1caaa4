"""When an order arrives: dates for the shopper, from the days that suppliers state."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from statistics import median_low
from zoneinfo import ZoneInfo

from domain.kernel import Value

DeliveryDays = tuple[int, int]
"""Fewest and most calendar days from the order to the shopper's door."""


class ArrivalWindow(Value):
    """The first and the last day on which an order arrives, in the store's time zone."""

    earliest: date
    latest: date


def arrival_window(delivery: Iterable[DeliveryDays | None], *, ordered_on: date) -> ArrivalWindow | None:
    """Return when products that are ordered together have all arrived; the slowest product decides.

    Args:
        delivery: the delivery days of each product, in calendar days; None if the supplier states none.
        ordered_on: the day of the order.

    Returns:
        None without products, or if the days of one of them are unknown.
    """
    known: list[DeliveryDays] = []
    for days in delivery:
        if days is None:
            return None
        known.append(days)
    if not known:
        return None
    fewest, most = max(fewest for fewest, _ in known), max(most for _, most in known)
    return ArrivalWindow(earliest=ordered_on + timedelta(days=fewest), latest=ordered_on + timedelta(days=most))


def typical_days(delivery: Sequence[DeliveryDays]) -> DeliveryDays | None:
    """Return the delivery days of the middle product, for texts about a whole store; None without products."""
    if not delivery:
        return None
    return median_low(fewest for fewest, _ in delivery), median_low(most for _, most in delivery)


def day_in(time_zone: str, at: datetime) -> date:
    """Return the day that a time falls on in a time zone (IANA name)."""
    return at.astimezone(ZoneInfo(time_zone)).date()
