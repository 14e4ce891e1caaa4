"""Taxes: what a store states, what an order has, what the payment adds, and what refunds give back."""

from uuid import uuid4

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.kernel import InvalidInput
from domain.ledger.books import Books
from domain.ledger.postings import Account, entry_of
from domain.money import Money
from domain.order.after_sale.events import RefundedPieces, RefundSucceeded
from domain.order.after_sale.state import RefundStatus
from domain.order.aggregate import Order, OrderPrice, ShopperDetails, place
from domain.order.events import OrderPaid, PaymentUnmatched
from domain.order.refund_ports import RefundAnswer
from domain.order.refunds import RefundWish, record_refund, request_refund
from domain.store.taxes import (
    OrderTax,
    TaxKind,
    TaxMode,
    TaxRate,
    TaxSettings,
    checked_taxes,
    part_of,
    tax_of,
)
from tests.support.builders.samples import NOON, dollars, sealed
from tests.unit.domain.test_order import ID, LINES, STORE_ID, fold

GERMANY = TaxSettings(mode=TaxMode.INCLUSIVE, rates=[TaxRate(country="DE", basis_points=1900)])
ADDED = OrderTax(kind=TaxKind.ADDED_AT_PAYMENT)


def ordered(taxes: OrderTax | None) -> Order:
    """Return an unpaid order of 49.98 with a delivery of 4.00."""
    shopper = uuid4()
    events = place(
        ID,
        store_id=STORE_ID,
        lines=LINES,
        price=OrderPrice(shipping=dollars("4.00"), tax=dollars("0.00"), taxes=taxes),
        shopper=ShopperDetails(id=shopper, name=sealed(shopper), email=sealed(shopper), address=sealed(shopper)),
        at=NOON,
    )
    return fold(events)


def pay(order: Order, amount: str, *, tax: str | None) -> tuple[Order, OrderPaid | PaymentUnmatched]:
    (event,) = order.record_payment(
        dollars(amount), fee=dollars("2.50"), intent_id="pi_1", at=NOON, tax=None if tax is None else dollars(tax)
    )
    assert isinstance(event, OrderPaid | PaymentUnmatched)
    return fold([event], order), event


def test_a_stated_rate_is_within_the_price_of_its_country_and_of_no_other() -> None:
    tax = tax_of(GERMANY, dollars("119.00"), "DE")
    assert tax == OrderTax(kind=TaxKind.INCLUDED, basis_points=1900, amount=dollars("19.00"))
    none = OrderTax(kind=TaxKind.INCLUDED, basis_points=0, amount=dollars("0.00"))
    assert tax_of(GERMANY, dollars("119.00"), "US") == none
    assert tax_of(GERMANY, dollars("119.00"), None) is None
    assert tax_of(TaxSettings(), dollars("119.00"), "DE") is None


@for_all(st.integers(0, 10**9), st.integers(0, 5_000))
def test_the_part_of_a_price_is_right_to_half_a_minor_unit(minor: int, basis_points: int) -> None:
    part = part_of(Money(minor=minor), basis_points).minor
    assert abs(part * (10_000 + basis_points) - minor * basis_points) * 2 <= 10_000 + basis_points


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        (TaxSettings(mode=TaxMode.INCLUSIVE), "rates"),
        (TaxSettings(mode=TaxMode.AT_PAYMENT, rates=GERMANY.rates), "rates"),
        (TaxSettings(mode=TaxMode.INCLUSIVE, rates=GERMANY.rates * 2), "rates"),
        (TaxSettings(mode=TaxMode.INCLUSIVE, rates=[TaxRate(country="XX", basis_points=1)]), "rates.0.country"),
        (TaxSettings(mode=TaxMode.INCLUSIVE, rates=[TaxRate(country="DE", basis_points=5001)]), "rates.0.percent"),
        (TaxSettings(mode=TaxMode.INCLUSIVE, rates=[TaxRate(country="DE", basis_points=-1)]), "rates.0.percent"),
        (TaxSettings(mode=TaxMode.AT_PAYMENT, code="shoes"), "code"),
        (TaxSettings(included=True), "code"),
    ],
)
def test_settings_that_make_no_sense_name_their_field(settings: TaxSettings, field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        checked_taxes(settings)
    assert refusal.value.field == field


def test_a_stated_tax_is_in_the_payment_whatever_the_provider_says() -> None:
    order = ordered(OrderTax(kind=TaxKind.INCLUDED, basis_points=1900, amount=dollars("7.98")))
    order, event = pay(order, str(order.total.decimal), tax="0.00")
    assert isinstance(event, OrderPaid)
    assert event.tax == dollars("7.98")


def test_a_payment_differs_from_the_confirmed_total_only_by_the_tax_that_the_provider_added() -> None:
    total = ordered(None).total
    due = str((total + dollars("4.10")).decimal)
    order, event = pay(ordered(ADDED), due, tax="4.10")
    assert isinstance(event, OrderPaid)
    assert (event.tax, order.total) == (dollars("4.10"), total + dollars("4.10"))
    for amount, tax, taxes in ((due, "4.09", ADDED), (due, None, ADDED), (due, "4.10", None)):
        _, refused = pay(ordered(taxes), amount, tax=tax)
        assert isinstance(refused, PaymentUnmatched)
    within = OrderTax(kind=TaxKind.INCLUDED_AT_PAYMENT)
    _, event = pay(ordered(within), str(total.decimal), tax="4.10")
    assert isinstance(event, OrderPaid)
    assert event.tax == dollars("4.10")


@for_all(st.lists(st.integers(1, 2_000), min_size=1, max_size=6), st.integers(0, 1_200))
def test_refunds_give_the_tax_back_in_proportion_and_a_full_one_all_of_it(amounts: list[int], tax: int) -> None:
    total = ordered(None).total
    due = Money(minor=total.minor + tax)
    order, paid = pay(ordered(ADDED), str(due.decimal), tax=str(Money(minor=tax).decimal))
    books, given = Books(), 0
    charged = entry_of(paid)
    assert charged is not None
    books.post(STORE_ID, charged)
    for number, minor in enumerate([*amounts, None]):
        left = order.after.left("pi_1")
        if left.minor == 0 or (minor is not None and minor > left.minor):
            continue
        wish = RefundWish(refund_id=uuid4(), amount=None if minor is None else Money(minor=minor))
        (asked,) = request_refund(order, wish, at=NOON)
        order = fold([asked], order)
        answer = RefundAnswer(
            refund_id=wish.refund_id,
            external_id=f"re_{number}",
            intent_id="pi_1",
            amount=order.after.refunds[wish.refund_id].amount,
            status=RefundStatus.SUCCEEDED,
        )
        (event,) = record_refund(order, answer, at=NOON)
        assert isinstance(event, RefundSucceeded)
        assert event.tax is not None
        assert abs(event.tax.minor * due.minor - event.amount.minor * tax) <= due.minor
        given += event.tax.minor
        order = fold([event], order)
        entry = entry_of(event)
        assert entry is not None
        books.post(STORE_ID, entry)
    assert given == tax
    assert books.balances[STORE_ID, "USD", Account.TAXES] == 0


def test_a_refunded_line_costs_its_price_and_its_share_of_the_added_tax() -> None:
    total = ordered(None).total
    order, _ = pay(ordered(ADDED), str((total * 2).decimal), tax=str(total.decimal))
    line = LINES[1]
    piece = RefundedPieces(variant_id=line.variant_id, quantity=1, restock=False)
    assert order.price_of([piece]) == line.unit_price * 2


def test_taxes_are_in_the_books_apart_from_sales() -> None:
    total = ordered(None).total
    _, event = pay(ordered(ADDED), str((total + dollars("4.10")).decimal), tax="4.10")
    entry = entry_of(event)
    assert entry is not None
    books = Books()
    books.post(STORE_ID, entry)
    balances = {account: minor for (_, _, account), minor in books.balances.items()}
    assert (balances[Account.SALES], balances[Account.TAXES]) == (-total.minor, -410)
