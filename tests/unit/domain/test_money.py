"""Money: exact, in one currency at a time."""

import re
from collections.abc import Callable
from decimal import Decimal
from types import SimpleNamespace
from typing import cast

import pytest
from babel.numbers import get_currency_symbol
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.money import CURRENCIES as KNOWN
from domain.money import (
    LARGEST,
    SYMBOLS,
    THREE_DECIMAL,
    ZERO_DECIMAL,
    AmountOutOfRange,
    CurrencyMismatch,
    Money,
    exponent,
    within_range,
)
from domain.order.events import PaymentUnmatched
from projections.engine.decoding import EventDecoder
from projections.sales.model import MODEL
from projections.sales.rows import SalesRows
from projections.sales.tables.orders import OrderRow
from schemas.registry import decode
from tests.support.builders.records import raw

MINOR = st.integers(-(10**12), 10**12)
CURRENCIES = st.sampled_from(["USD", "EUR", "JPY", "KWD"])


@st.composite
def amounts(draw: st.DrawFn, count: int) -> list[Money]:
    currency = draw(CURRENCIES)
    return [Money(minor=draw(MINOR), currency=currency) for _ in range(count)]


@given(amounts(3))
def test_adding_is_commutative_and_associative(given_: list[Money]) -> None:
    a, b, c = given_
    assert a + b == b + a
    assert (a + b) + c == a + (b + c)


@given(amounts(2))
def test_subtracting_undoes_adding(given_: list[Money]) -> None:
    a, b = given_
    assert a + b - b == a


@given(amounts(1), st.integers(0, 50))
def test_multiplying_is_repeated_adding(given_: list[Money], times: int) -> None:
    (a,) = given_
    assert a * times == Money.total([a] * times, a.currency)


@given(amounts(1))
def test_the_decimal_form_reads_back_as_the_same_amount(given_: list[Money]) -> None:
    (a,) = given_
    assert Money.parse(a.decimal, a.currency) == a
    digits = re.sub(r"[^0-9.−]", "", str(a)).replace("−", "-")
    assert Money.parse(digits, a.currency) == a


@given(amounts(2))
def test_order_is_that_of_the_minor_units(given_: list[Money]) -> None:
    a, b = given_
    assert (a < b) == (a.minor < b.minor)
    assert (a <= b) == (a.minor <= b.minor)


@given(MINOR, st.integers(0, 20_000))
def test_basis_points_are_off_by_at_most_half_a_minor_unit(minor: int, points: int) -> None:
    share = Money(minor=minor).basis_points(points)
    assert abs(Decimal(share.minor) - Decimal(minor) * points / 10_000) <= Decimal("0.5")


@given(st.integers(0, 10**9), st.integers(0, 10_000))
def test_a_share_and_the_rest_add_up(minor: int, points: int) -> None:
    whole = Money(minor=minor)
    share = whole.basis_points(points)
    assert share + (whole - share) == whole
    assert 0 <= share.minor <= minor


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("12.34", "USD", 1234), ("12.345", "USD", 1235), ("-0.005", "USD", -1), ("7", "JPY", 7), ("1.2345", "KWD", 1235)],
)
def test_half_a_minor_unit_rounds_away_from_zero(text: str, currency: str, minor: int) -> None:
    assert Money.parse(text, currency) == Money(minor=minor, currency=currency)


@pytest.mark.parametrize("text", ["", "abc", "NaN", "Infinity", "1,5", "1.2.3", "1e99", "1e9999999"])
def test_a_text_that_is_not_a_number_is_not_an_amount(text: str) -> None:
    with pytest.raises(ValueError, match="is not an amount of money"):
        Money.parse(text)


def test_two_currencies_do_not_mix() -> None:
    with pytest.raises(CurrencyMismatch):
        Money(minor=1, currency="USD") + Money(minor=1, currency="EUR")
    with pytest.raises(CurrencyMismatch):
        _ = Money(minor=1, currency="USD") < Money(minor=1, currency="EUR")


def test_the_sum_of_nothing_is_zero_in_the_currency_asked_for() -> None:
    assert Money.total([], "JPY") == Money(minor=0, currency="JPY")


@pytest.mark.parametrize(("currency", "places"), [("USD", 2), ("JPY", 0), ("KWD", 3)])
def test_the_exponent_is_that_of_iso_4217(currency: str, places: int) -> None:
    assert exponent(currency) == places


def test_an_amount_is_printed_with_its_currency() -> None:
    assert str(Money(minor=123456789)) == "$1,234,567.89"
    assert str(Money(minor=-5000, currency="JPY")) == "−¥5,000"
    assert str(Money(minor=4900, currency="CHF")) == "49.00\N{NO-BREAK SPACE}CHF"


def test_the_symbols_are_those_of_american_english() -> None:
    cldr = {code: get_currency_symbol(code, "en_US") for code in KNOWN}
    # CLDR shortens the francs of Africa and the Pacific, and the Caribbean guilder, to letters. Their codes say as much.
    lettered = {"XAF", "XOF", "XPF", "XCG"}
    assert {code: sign for code, sign in cldr.items() if sign != code and code not in lettered} == SYMBOLS


def test_every_currency_with_minor_units_of_its_own_is_a_known_one() -> None:
    assert ZERO_DECIMAL | THREE_DECIMAL < KNOWN
    assert {"USD", "EUR", "JPY", "KWD"} < KNOWN
    assert not {"ZZZ", "XXX", "XAU", "DEM"} & KNOWN


@given(st.integers(min_value=LARGEST + 1) | st.integers(max_value=-LARGEST - 1))
def test_no_amount_beyond_the_largest_is_made(minor: int) -> None:
    with pytest.raises(ValidationError):
        Money(minor=minor)
    with pytest.raises(ValidationError):
        Money.model_validate({"minor": minor, "currency": "USD"})
    with pytest.raises(AmountOutOfRange):
        Money.of(minor, "USD")
    with pytest.raises(AmountOutOfRange):
        Money.parse(Decimal(minor), "JPY") if abs(minor) < 10**28 else Money.of(minor, "JPY")
    assert abs(within_range(minor)) == LARGEST
    assert issubclass(AmountOutOfRange, ValueError), "who reads prices of shoppers catches those"


def test_arithmetic_beyond_the_largest_is_refused_in_words() -> None:
    most, least = Money(minor=LARGEST), Money(minor=-LARGEST)
    decisions: list[Callable[[], Money]] = [
        lambda: most + most,
        lambda: least - most,
        lambda: most * 2,
        lambda: most.basis_points(20_000),
    ]
    for decide in decisions:
        with pytest.raises(AmountOutOfRange, match="out of range"):
            decide()


def test_a_recorded_amount_beyond_the_largest_still_decodes() -> None:
    body = (
        b'{"originator_id":"01890000-0000-7000-8000-000000000001","originator_version":2,'
        b'"occurred_at":"2026-11-23T12:00:00Z","intent_id":"pi","reason":"MISMATCH",'
        b'"amount":{"minor":%d,"currency":"XXX"},"platform_fee":{"minor":-5,"currency":"XXX"}}' % 10**30
    )
    event = decode("order.payment_unmatched.v1", body)
    assert isinstance(event, PaymentUnmatched)
    assert event.amount.minor == 10**30
    # The read models decode it too, and their tables hold the nearest amount in range.
    found = EventDecoder([PaymentUnmatched]).decode_stored(raw(event, tenant=event.originator_id))
    assert found is not None
    rows = SalesRows(orders={event.originator_id: cast("OrderRow", SimpleNamespace(updated_at=None))})
    MODEL.fold(rows, [found])
    (row,) = rows.unmatched_payments.values()
    assert row.amount_minor == LARGEST
