"""What an order costs: goods, discount and delivery. The page and the command compute it alike. Pure."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from domain.discount.errors import DiscountTakesNothing
from domain.discount.events import DiscountKind, DiscountTerms
from domain.discount.terms import DiscountedLine, shares, taken_off
from domain.money import THREE_DECIMAL, Money
from domain.order.errors import TooSmallToPay
from domain.shipping.rates import Delivery, Parcel, ShippingRates, deliver


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedCode:
    """A code that an order uses."""

    code: str
    terms: DiscountTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """The parts of an order's price."""

    subtotal: Money
    """All goods."""
    discount: Money
    """What a code takes off the goods, from zero up; a code for free delivery takes off the delivery instead."""
    delivery: Delivery
    """The zone and the price after a code for free delivery."""
    shares: Sequence[Money] = ()
    """The part of ``discount`` that each line bears; empty without a code."""
    is_capped: bool = False
    """Whether the code would take off more, and the smallest payment is left."""

    @property
    def total(self) -> Money:
        """The amount due."""
        return self.subtotal - self.discount + self.delivery.price


def quote(
    lines: Sequence[DiscountedLine], *, grams: int, rates: ShippingRates, country: str, code: AppliedCode | None = None
) -> Quote:
    """Return what lines cost in a country.

    A discount leaves at least the smallest amount that can be paid, so no order is free.

    Raises:
        NoDelivery, TooHeavy: the store does not deliver it there.
        DiscountTakesNothing: the code does not fit the order; it can be placed without it.
        TooSmallToPay: the price without a discount is below the smallest payment.
    """
    currency = lines[0].total.currency
    subtotal = Money.total((line.total for line in lines), currency)
    delivery = deliver(rates, country, Parcel(subtotal=subtotal, grams=grams))
    whole = subtotal + delivery.price
    least = smallest_payment(currency)
    if whole < least:
        raise TooSmallToPay(whole, least=least)
    if code is None:
        return Quote(subtotal=subtotal, discount=Money.zero(currency), delivery=delivery)
    off = taken_off(code.code, code.terms, lines, shipping=delivery.price)
    if code.terms.kind is DiscountKind.FREE_SHIPPING:
        # The goods alone may be below the smallest payment; then a part of the delivery is paid.
        left = max(least.minor - subtotal.minor, 0)
        if left >= delivery.price.minor:
            raise DiscountTakesNothing(code.code, f"the order costs the smallest payment already, {least}.")
        free = Delivery(zone=delivery.zone, price=Money.of(left, currency))
        return Quote(subtotal=subtotal, discount=off, delivery=free, is_capped=left > 0)
    step = payment_step(currency)
    most = whole - least
    allowed = min(off.minor, most.minor)
    discount = Money.of(allowed - allowed % step, currency)
    if discount.minor == 0:
        why = "it is below the smallest amount" if off < most else "the order costs the smallest payment already"
        known = Money.of(step, currency) if off < most else least
        raise DiscountTakesNothing(code.code, f"{why}, {known}.")
    borne = shares(discount, code.terms, lines)
    return Quote(subtotal=subtotal, discount=discount, delivery=delivery, shares=borne, is_capped=most < off)


def smallest_payment(currency: str) -> Money:
    """Return the smallest amount that can be paid; one step of the currency if no limit is known."""
    amount = _smallest().get(currency)
    return Money.of(payment_step(currency), currency) if amount is None else Money.parse(amount, currency)


def payment_step(currency: str) -> int:
    """Return the minor units of which a payment is a multiple: cards know two decimal places, and ariary has none there."""
    if currency == "MGA":
        return 100
    return 10 if currency in THREE_DECIMAL else 1


@cache
def _smallest() -> Mapping[str, str]:
    return tomllib.loads(Path(__file__).with_name("smallest_payments.toml").read_text("utf-8"))
