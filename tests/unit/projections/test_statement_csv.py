"""A statement opens in a spreadsheet: amounts are numbers in the currency's places, totals are sums, no text is a formula."""

import csv
import io
from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from domain.ledger.postings import EntryKind
from domain.money import Money, exponent
from projections.sales.ledger_queries import StatementLine, as_csv, harmless
from tests.support.examples import drawn

AMOUNT = st.integers(-(10**9), 10**9)
LINES = st.lists(st.tuples(st.sampled_from(["USD", "JPY", "KWD"]), AMOUNT, AMOUNT, st.text(max_size=12)), max_size=12)


def line(currency: str, amount: int, fee: int, reference: str) -> StatementLine:
    return StatementLine(
        at=datetime(2026, 11, 30, 23, 30, tzinfo=UTC),
        book=UUID(int=1),
        kind=EntryKind.CHARGE,
        order_number="ZY-7Q2M4K",
        reference=reference,
        amount=Money(minor=amount, currency=currency),
        fee=Money(minor=fee, currency=currency),
        stream_id=UUID(int=2),
        version=3,
    )


@settings(max_examples=drawn(100), deadline=None)
@for_all(LINES)
def test_totals_are_the_sums_of_their_currency_and_net_is_amount_less_fee(
    drawn_lines: list[tuple[str, int, int, str]],
) -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv([line(*each) for each in drawn_lines]), newline="")))
    entries = [row for row in rows if row["kind"] != "TOTAL"]
    assert len(entries) == len(drawn_lines)
    sums = defaultdict[str, list[Decimal]](lambda: [Decimal(0)] * 3)
    for row in entries:
        money = [Decimal(row[name]) for name in ("amount", "fee", "net")]
        assert money[0] - money[1] == money[2]
        assert all(-each.as_tuple().exponent == exponent(row["currency"]) for each in money)  # type: ignore[operator]
        sums[row["currency"]] = [a + b for a, b in zip(sums[row["currency"]], money, strict=True)]
    totals = {
        row["currency"]: [Decimal(row[name]) for name in ("amount", "fee", "net")] for row in rows[len(entries) :]
    }
    assert totals == sums
    assert not any(row["reference"][:1] in set("=+-@\t\r\n＝＋－＠") for row in entries)


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1", "－1", "＠A1"]
)
def test_a_text_that_a_spreadsheet_would_run_begins_with_an_apostrophe(text: str) -> None:
    assert harmless(text) == f"'{text}"
    assert harmless(f"pi_{text}") == f"pi_{text}"
