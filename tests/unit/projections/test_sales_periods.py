"""The sums that are kept of a store's sales say what its orders and its ledger say."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from domain.ledger.postings import Account, EntryKind
from projections.sales import model as sales
from projections.sales.fold.periods import periods_at
from projections.sales.rows import SalesRows
from projections.sales.tables.orders import BLOCK, QUARTER
from tests.support.builders.histories import History

INCOME, REPAID = {Account.SALES, Account.TAXES}, {Account.REFUNDS, Account.TAXES}


@pytest.fixture(scope="module")
def rows() -> SalesRows:
    moves = [
        (name, number) for number in range(120) for name in ("import", "edit", "order", "payment", "refund", "bank")
    ]
    history = History(2).play(
        moves + [("payment", number) for number in range(200)] + [("after sale", 3), ("refund", 9)]
    )
    return sales.MODEL.fold(SalesRows(), [(one.event, one.tenant) for one in history.envelopes])


@pytest.mark.parametrize(
    "zone", ["UTC", "Asia/Kathmandu", "America/St_Johns", "America/Los_Angeles", "Pacific/Auckland"]
)
def test_a_days_sums_are_those_of_its_orders_and_postings(rows: SalesRows, zone: str) -> None:
    def day_of(at: datetime) -> date:
        return at.astimezone(ZoneInfo(zone)).date()

    expected: Counter[tuple[UUID, date, str, str]] = Counter()
    for order in rows.orders.values():
        key = order.store_id, day_of(order.placed_at), order.currency
        expected[*key, "placed"] += 1
        expected[*key, "placed_and_paid"] += order.paid_at is not None
    paid = set()
    for posting in rows.ledger_postings.values():
        key = posting.book, day_of(posting.at), posting.currency
        if posting.kind is EntryKind.CHARGE:
            paid.add((*key, posting.stream_id))
            expected[*key, "revenue_minor"] -= posting.minor if posting.account in INCOME else 0
        if posting.kind in {EntryKind.REFUND, EntryKind.REFUND_RETURNED} and posting.account in REPAID:
            expected[*key, "refunds_minor"] += posting.minor
        if posting.account is Account.PLATFORM_FEES:
            expected[*key, "platform_fees_minor"] += posting.minor
    for book, day, currency, _ in paid:
        expected[book, day, currency, "paid"] += 1

    counted: Counter[tuple[UUID, date, str, str]] = Counter()
    for period in rows.sales_periods.values():
        if period.minutes != QUARTER:
            continue
        for column in ("placed", "placed_and_paid", "paid", "revenue_minor", "refunds_minor", "platform_fees_minor"):
            key = period.store_id, day_of(period.begins_at), period.currency
            counted[*key, column] += getattr(period, column)
    assert {key: number for key, number in counted.items() if number} == {
        key: number for key, number in expected.items() if number
    }
    for column in ("placed", "placed_and_paid", "paid", "revenue_minor", "refunds_minor", "platform_fees_minor"):
        assert any(key[3] == column and number for key, number in counted.items()), column


def test_three_hours_have_the_sums_of_their_quarters(rows: SalesRows) -> None:
    def summed(minutes: int) -> Counter[tuple[UUID, datetime, str, str]]:
        sums: Counter[tuple[UUID, datetime, str, str]] = Counter()
        for period in rows.sales_periods.values():
            begins_at = period.begins_at.replace(hour=period.begins_at.hour // 3 * 3, minute=0)
            if period.minutes == minutes:
                for column in ("placed", "placed_and_paid", "paid", "revenue_minor", "refunds_minor"):
                    sums[period.store_id, begins_at, period.currency, column] += getattr(period, column)
        return sums

    assert summed(BLOCK) == summed(QUARTER) != Counter()


def test_a_period_is_a_quarter_of_an_hour_in_utc() -> None:
    kathmandu = ZoneInfo("Asia/Kathmandu")

    def quarter(at: datetime) -> datetime:
        return periods_at(UUID(int=1), at, "NPR")[0][2]

    midnight = datetime(2026, 11, 29, tzinfo=kathmandu)
    assert quarter(midnight) == midnight == datetime(2026, 11, 28, 18, 15, tzinfo=UTC)
    assert quarter(midnight + timedelta(seconds=899)) == midnight
    assert quarter(midnight - timedelta(microseconds=1)) == midnight - timedelta(minutes=15)
