"""What a store sold in each quarter of an hour, and in each three hours, so that no query adds up orders.

Every time zone in use is a whole number of quarters from UTC, so the days of any store begin with one. Of a day, most are in
periods of three hours.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from domain.kernel import DomainEvent
from domain.ledger.postings import ENTRIES, Account, Entry, EntryKind
from domain.money import within_range
from projections.sales.rows import SalesRows
from projections.sales.tables.orders import BLOCK, QUARTER, SalesPeriodRow

PeriodKey = tuple[UUID, int, datetime, str]
"""Store, minutes, beginning and currency."""

_INCOME = frozenset({Account.SALES, Account.TAXES})
_REPAID = frozenset({Account.REFUNDS, Account.TAXES})
_REFUND_KINDS = frozenset({EntryKind.REFUND, EntryKind.REFUND_RETURNED})


def periods_at(store_id: UUID, at: datetime, currency: str) -> tuple[PeriodKey, PeriodKey]:
    """Return the keys of the two periods that a moment is in."""
    quarter = at.astimezone(UTC)
    quarter = quarter.replace(minute=quarter.minute // 15 * 15, second=0, microsecond=0)
    block = quarter.replace(hour=quarter.hour // 3 * 3, minute=0)
    return (store_id, QUARTER, quarter, currency), (store_id, BLOCK, block, currency)


def periods_of(kind: type[DomainEvent]) -> Callable[[Any, UUID], frozenset[PeriodKey]]:
    """Return the function that returns the keys of the periods that the money of an event of a kind changes."""

    def keys(event: Any, tenant: UUID) -> frozenset[PeriodKey]:
        entry = ENTRIES[kind](event)
        if entry is None:
            return frozenset()
        return frozenset(key for currency in _changes(entry) for key in periods_at(tenant, event.occurred_at, currency))

    return keys


def period_of_order(rows: SalesRows, event: Any, tenant: UUID) -> frozenset[PeriodKey]:
    """Return the keys of the periods in which the order of an event was placed."""
    order = rows.orders.get(event.originator_id)
    return frozenset() if order is None else frozenset(periods_at(tenant, order.placed_at, order.currency))


def count_money(rows: SalesRows, entry: Entry, at: datetime, tenant: UUID) -> None:
    """Add the money of an entry. The event touches the ``sales_periods`` that :func:`periods_of` names."""
    for currency, changes in _changes(entry).items():
        count(rows, periods_at(tenant, at, currency), changes)


def count(rows: SalesRows, keys: Iterable[PeriodKey], changes: Mapping[str, int]) -> None:
    """Add numbers to columns of periods."""
    for key in keys:
        period = rows.sales_periods.get(key)
        if period is None:
            period = rows.sales_periods[key] = SalesPeriodRow(
                *key, placed=0, placed_and_paid=0, paid=0, revenue_minor=0, refunds_minor=0, platform_fees_minor=0
            )
        for column, number in changes.items():
            setattr(period, column, within_range(getattr(period, column) + number))


def _changes(entry: Entry) -> Mapping[str, Mapping[str, int]]:
    """Return what an entry adds to a period of each currency, by column."""
    found: dict[str, defaultdict[str, int]] = {}
    for posting in entry.postings:
        of_currency = found.setdefault(posting.currency, defaultdict(int))
        if entry.kind is EntryKind.CHARGE:
            of_currency["paid"] = 1
            if posting.account in _INCOME:
                of_currency["revenue_minor"] -= posting.minor
        if entry.kind in _REFUND_KINDS and posting.account in _REPAID:
            of_currency["refunds_minor"] += posting.minor
        if posting.account is Account.PLATFORM_FEES:
            of_currency["platform_fees_minor"] += posting.minor
    return {currency: changes for currency, changes in found.items() if changes}
