"""Discount codes: how they are written, when they count, what they take off, and who gets the last use."""

import re
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from domain.discount.aggregate import DISCOUNT, DiscountCode, create_discount
from domain.discount.errors import (
    DiscountNotYet,
    DiscountOver,
    DiscountRefused,
    DiscountTakesNothing,
    DiscountUsedUp,
    UnknownDiscount,
)
from domain.discount.events import (
    DiscountCodePaused,
    DiscountCodeResumed,
    DiscountEvent,
    DiscountKind,
    DiscountTerms,
    DiscountUsed,
    DiscountUseReleased,
    DiscountUseReserved,
)
from domain.discount.terms import DiscountedLine, check_terms, checked_code, discount_id, normal_code
from domain.kernel import InvalidInput
from domain.money import Money
from domain.order.errors import TooSmallToPay
from domain.order.quote import AppliedCode, Quote, payment_step, quote, smallest_payment
from domain.shipping.rates import RateBand, ShippingRates, ShippingZone, default_rates
from tests.support.builders.samples import NOON, dollars

LAMP, MUG, STORE = UUID(int=1), UUID(int=2), UUID(int=3)
TENTH = DiscountTerms(kind=DiscountKind.PERCENTAGE, basis_points=1000)
FREE = DiscountTerms(kind=DiscountKind.FREE_SHIPPING)
PAID_DELIVERY = ShippingRates(
    zones=[ShippingZone(name="Germany", countries=["DE"], bands=[RateBand(price=dollars("4.90"))])]
)


def amount(off: str) -> DiscountTerms:
    return DiscountTerms(kind=DiscountKind.AMOUNT, amount=dollars(off))


def code(terms: DiscountTerms = TENTH, *events: DiscountEvent) -> DiscountCode:
    created = create_discount(uuid4(), store_id=STORE, code="SUMMER", terms=terms, at=NOON)
    folded = DISCOUNT.fold([*created, *events])
    assert folded is not None
    return folded


def after(discount: DiscountCode, *orders: tuple[UUID, str]) -> DiscountCode:
    for order, shopper in orders:
        discount = DISCOUNT.fold(discount.reserve(order_id=order, shoppers=[shopper], at=NOON), discount) or discount
    return discount


def priced(
    terms: DiscountTerms | None, *, lamp: str = "40", mug: str = "10", rates: ShippingRates = PAID_DELIVERY
) -> Quote:
    lines = [
        DiscountedLine(product_id=LAMP, total=dollars(lamp)),
        DiscountedLine(product_id=MUG, total=dollars(mug)),
    ]
    applied = None if terms is None else AppliedCode(code="SUMMER", terms=terms)
    return quote(lines, grams=1, rates=rates, country="DE", code=applied)


@pytest.mark.parametrize("typed", ["summer10", " SUMMER 10 ", "Summer-10", "sum_mer10", "\u2009ＳＵＭＭＥＲ10"])
def test_spaces_and_case_of_a_code_are_forgiven(typed: str) -> None:
    assert normal_code(typed) == "SUMMER10"
    assert discount_id(STORE, typed) == discount_id(STORE, "SUMMER10")


def test_a_code_of_another_store_is_another_code() -> None:
    assert discount_id(STORE, "SUMMER10") != discount_id(uuid4(), "SUMMER10")


@pytest.mark.parametrize("typed", ["", "  ", "AB", "X" * 25, "Größe", "<script>alert(1)</script>" * 9])
def test_a_text_that_no_code_is_written_like_is_refused(typed: str) -> None:
    with pytest.raises(UnknownDiscount):
        discount_id(STORE, typed)
    with pytest.raises(InvalidInput):
        checked_code(typed)


@pytest.mark.parametrize(
    ("terms", "discount", "shipping", "total"),
    [
        (None, "0", "4.90", "54.90"),
        (TENTH, "5", "4.90", "49.90"),
        (TENTH.model_copy(update={"product_ids": [MUG]}), "1", "4.90", "53.90"),
        (amount("7.50"), "7.50", "4.90", "47.40"),
        (amount("12").model_copy(update={"product_ids": [MUG]}), "10", "4.90", "44.90"),
        (FREE, "0", "0", "50"),
        (TENTH.model_copy(update={"minimum": dollars("50")}), "5", "4.90", "49.90"),
    ],
)
def test_a_code_takes_off_what_its_terms_say(
    terms: DiscountTerms | None, discount: str, shipping: str, total: str
) -> None:
    price = priced(terms)
    assert (price.discount, price.delivery.price, price.total) == (dollars(discount), dollars(shipping), dollars(total))
    assert not price.is_capped


@pytest.mark.parametrize(
    "terms", [TENTH.model_copy(update={"basis_points": 10_000}), amount("1000"), amount("50")], ids=str
)
def test_a_discount_leaves_the_smallest_payment(terms: DiscountTerms) -> None:
    price = priced(terms, rates=default_rates("USD"))
    assert (price.total, price.discount, price.is_capped) == (dollars("0.50"), dollars("49.50"), True)


@pytest.mark.parametrize("products", [[], [LAMP], [MUG]])
def test_the_lines_bear_the_discount_in_proportion_and_to_the_cent(products: list[UUID]) -> None:
    price = priced(TENTH.model_copy(update={"basis_points": 3333, "product_ids": products}), lamp="40.01", mug="9.97")
    lamp, mug = price.shares
    assert lamp + mug == price.discount
    assert (lamp.minor > 0, mug.minor > 0) == (MUG not in products, LAMP not in products)


def test_free_delivery_leaves_the_smallest_payment() -> None:
    price = priced(FREE, lamp="0.10", mug="0.10")
    assert (price.total, price.delivery.price, price.is_capped) == (dollars("0.50"), dollars("0.30"), True)


@pytest.mark.parametrize(
    ("terms", "lamp", "delivery", "why"),
    [
        (TENTH.model_copy(update={"basis_points": 10}), "0.60", "0", "below the smallest amount, $0.01"),
        (TENTH, "0.40", "0", "costs the smallest payment already, $0.50"),
        (FREE, "0.10", "0.30", "costs the smallest payment already, $0.50"),
    ],
)
def test_a_code_that_takes_nothing_off_is_refused_so_that_no_use_is_lost(
    terms: DiscountTerms, lamp: str, delivery: str, why: str
) -> None:
    zone = ShippingZone(name="Germany", countries=["DE"], bands=[RateBand(price=dollars(delivery))])
    with pytest.raises(DiscountTakesNothing, match=re.escape(why)):
        priced(terms, lamp=lamp, mug="0.10", rates=ShippingRates(zones=[zone]))


def test_an_order_below_the_smallest_payment_is_refused_with_both_amounts() -> None:
    with pytest.raises(TooSmallToPay, match=r"costs \$0\.20, and \$0\.50 is the smallest payment"):
        priced(None, lamp="0.10", mug="0.10", rates=default_rates("USD"))


def test_a_discount_is_a_number_that_cards_know() -> None:
    lines = [DiscountedLine(product_id=LAMP, total=Money(minor=12_340, currency="KWD"))]
    third = AppliedCode(code="THIRD", terms=TENTH.model_copy(update={"basis_points": 3333}))
    price = quote(lines, grams=1, rates=default_rates("KWD"), country="DE", code=third)
    assert price.discount == Money(minor=4110, currency="KWD")
    assert price.total.minor % payment_step("KWD") == 0


def test_currencies_without_a_known_limit_can_be_paid_from_one_step_on() -> None:
    assert smallest_payment("JPY") == Money(minor=50, currency="JPY")
    assert smallest_payment("KWD") == Money(minor=10, currency="KWD")
    assert smallest_payment("ISK") == Money(minor=1, currency="ISK")


@pytest.mark.parametrize(
    ("terms", "why"),
    [
        (TENTH.model_copy(update={"minimum": dollars("50.01")}), "for goods from $50.01 on"),
        (TENTH.model_copy(update={"product_ids": [uuid4()]}), "other products"),
        (DiscountTerms(kind=DiscountKind.AMOUNT, amount=Money(minor=5, currency="EUR")), "another currency"),
    ],
)
def test_terms_that_do_not_fit_are_refused_with_the_reason(terms: DiscountTerms, why: str) -> None:
    with pytest.raises(DiscountTakesNothing, match=re.escape(why)):
        priced(terms)


def test_a_code_for_free_delivery_is_not_spent_where_delivery_is_free() -> None:
    with pytest.raises(DiscountTakesNothing, match="free already"):
        priced(FREE, rates=default_rates("USD"))


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        (DiscountTerms(kind=DiscountKind.PERCENTAGE), "percentage"),
        (DiscountTerms(kind=DiscountKind.AMOUNT, basis_points=1, amount=dollars("1")), "percentage"),
        (TENTH.model_copy(update={"basis_points": 10_001}), "percentage"),
        (TENTH.model_copy(update={"basis_points": 0}), "percentage"),
        (DiscountTerms(kind=DiscountKind.AMOUNT), "amount"),
        (amount("0"), "amount"),
        (amount("-5"), "amount"),
        (DiscountTerms(kind=DiscountKind.AMOUNT, amount=Money(minor=5, currency="EUR")), "amount"),
        (TENTH.model_copy(update={"minimum": dollars("0")}), "minimum"),
        (TENTH.model_copy(update={"most_uses": 0}), "most_uses"),
        (TENTH.model_copy(update={"most_uses_per_shopper": -1}), "most_uses_per_shopper"),
        (TENTH.model_copy(update={"starts_at": NOON, "ends_at": NOON}), "ends_at"),
        (TENTH.model_copy(update={"product_ids": [LAMP] * 201}), "product_ids"),
    ],
)
def test_terms_that_make_no_sense_are_refused_with_their_field(terms: DiscountTerms, field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        check_terms(terms, currency="USD")
    assert refusal.value.field == field
    assert "_" not in str(refusal.value), "the message is for people, not in the API's names"


def test_a_code_counts_from_its_beginning_to_its_end() -> None:
    week = timedelta(days=7)
    discount = code(TENTH.model_copy(update={"starts_at": NOON, "ends_at": NOON + week}))
    with pytest.raises(DiscountNotYet):
        discount.reserve(order_id=LAMP, shoppers=[], at=NOON - timedelta(seconds=1))
    assert len(discount.reserve(order_id=LAMP, shoppers=[], at=NOON)) == 1
    with pytest.raises(DiscountOver):
        discount.reserve(order_id=LAMP, shoppers=[], at=NOON + week)


def test_a_use_is_reserved_once_and_counted_once() -> None:
    discount = after(code(), (LAMP, "ada"))
    assert discount.reserve(order_id=LAMP, shoppers=["ada"], at=NOON) == ()
    (used,) = discount.use(order_id=LAMP, at=NOON)
    assert isinstance(used, DiscountUsed)
    discount = DISCOUNT.fold([used], discount) or discount
    assert (discount.used, discount.reserved) == (1, {})
    assert discount.use(order_id=LAMP, at=NOON) == ()
    assert discount.release(order_id=LAMP, at=NOON) == ()


def test_a_released_use_can_be_had_again() -> None:
    discount = after(code(TENTH.model_copy(update={"most_uses": 1})), (LAMP, "ada"))
    with pytest.raises(DiscountUsedUp, match="as often as it may be"):
        discount.reserve(order_id=MUG, shoppers=["ben"], at=NOON)
    (released,) = discount.release(order_id=LAMP, at=NOON)
    assert isinstance(released, DiscountUseReleased)
    discount = DISCOUNT.fold([released], discount) or discount
    (reserved,) = discount.reserve(order_id=MUG, shoppers=["ben"], at=NOON)
    assert isinstance(reserved, DiscountUseReserved)


def test_the_limit_per_shopper_counts_paid_and_unpaid_orders_under_every_key() -> None:
    twice = TENTH.model_copy(update={"most_uses_per_shopper": 2})
    discount = after(code(twice), (LAMP, "ada with the old key"))
    discount = DISCOUNT.fold(discount.use(order_id=LAMP, at=NOON), discount) or discount
    discount = after(discount, (MUG, "ada"))
    with pytest.raises(DiscountUsedUp, match="with this e-mail address"):
        discount.reserve(order_id=uuid4(), shoppers=["ada", "ada with the old key"], at=NOON)
    assert discount.reserve(order_id=uuid4(), shoppers=["ben"], at=NOON)


def test_without_a_limit_per_shopper_nothing_about_the_shopper_is_recorded() -> None:
    (reserved,) = code().reserve(order_id=LAMP, shoppers=["ada"], at=NOON)
    assert isinstance(reserved, DiscountUseReserved)
    assert reserved.shopper is None


def test_a_paused_code_reads_like_an_unknown_one_and_keeps_its_reservations() -> None:
    discount = after(code(), (LAMP, "ada"))
    (paused,) = discount.pause(at=NOON)
    assert isinstance(paused, DiscountCodePaused)
    discount = DISCOUNT.fold([paused], discount) or discount
    assert discount.pause(at=NOON) == ()
    with pytest.raises(UnknownDiscount):
        discount.reserve(order_id=MUG, shoppers=[], at=NOON)
    assert discount.use(order_id=LAMP, at=NOON)
    (resumed,) = discount.resume(at=NOON)
    assert isinstance(resumed, DiscountCodeResumed)
    discount = DISCOUNT.fold([resumed], discount) or discount
    assert discount.resume(at=NOON) == ()
    assert discount.reserve(order_id=MUG, shoppers=[], at=NOON)


def test_every_refusal_of_a_code_is_about_the_same_field() -> None:
    assert {each.field for each in DiscountRefused.__subclasses__()} == {"discount_code"}
