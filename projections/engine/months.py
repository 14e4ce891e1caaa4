"""Months as rows are kept by them."""

from datetime import UTC, date, datetime


def first_of_month(at: datetime) -> date:
    """Return the first day of the month of a moment, in UTC."""
    return at.astimezone(UTC).date().replace(day=1)
