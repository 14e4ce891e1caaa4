"""What a store's prices have to do with taxes: a rate that they include, or what the payment provider computes."""

import re
from collections.abc import Sequence
from enum import StrEnum

from domain.kernel import InvalidInput, Value
from domain.money import Money
from domain.shipping.countries import DELIVERABLE

HIGHEST = 5_000
"""The highest rate in basis points; the highest value added tax is 27 %."""
CODE = re.compile(r"txcd_[0-9]{8}")
GENERAL_GOODS = "txcd_99999999"
"""Stripe's code of tangible goods without a rate of their own."""


class TaxMode(StrEnum):
    """How a store's taxes are known."""

    UNSTATED = "UNSTATED"
    """The store says nothing about taxes beyond its imprint."""
    INCLUSIVE = "INCLUSIVE"
    """Prices include the stated rate of the country that is delivered to."""
    AT_PAYMENT = "AT_PAYMENT"
    """Stripe Tax computes them on the payment page, from the goods and the address."""


class TaxRate(Value):
    """A country's rate."""

    country: str
    """ISO 3166-1 alpha-2."""
    basis_points: int
    """1900 is 19 %."""


class TaxSettings(Value):
    """A store's taxes."""

    mode: TaxMode = TaxMode.UNSTATED
    rates: list[TaxRate] = []
    """Of INCLUSIVE: the rate of each country; prices to others include none."""
    included: bool = False
    """Of AT_PAYMENT: whether prices include the tax, or Stripe adds it before the payment."""
    code: str | None = None
    """Of AT_PAYMENT: Stripe's code of the goods, ``txcd_...``; null for tangible goods in general."""

    @property
    def are_added(self) -> bool:
        """Whether shoppers pay taxes in addition to the prices."""
        return self.mode is TaxMode.AT_PAYMENT and not self.included


class TaxKind(StrEnum):
    """How an order's tax relates to its prices."""

    INCLUDED = "INCLUDED"
    """Prices include it, at a stated rate. The rate is zero where the store states none, so prices include no tax there."""
    INCLUDED_AT_PAYMENT = "INCLUDED_AT_PAYMENT"
    """Prices include it; the payment provider says how much it is."""
    ADDED_AT_PAYMENT = "ADDED_AT_PAYMENT"
    """The payment provider adds it, and shows it before the payment."""


class OrderTax(Value):
    """The tax of an order."""

    kind: TaxKind
    basis_points: int | None = None
    """The stated rate; null if the payment provider computes the tax."""
    amount: Money | None = None
    """How much it is; null until the payment provider says so."""
    code: str | None = None
    """The payment provider's code of the goods."""

    @property
    def is_added(self) -> bool:
        """Whether the shopper pays it in addition to the prices."""
        return self.kind is TaxKind.ADDED_AT_PAYMENT


def checked_taxes(taxes: TaxSettings) -> TaxSettings:
    """Return a merchant's settings in their stored form.

    Raises:
        InvalidInput: names the field.
    """
    if taxes.mode is not TaxMode.INCLUSIVE and taxes.rates:
        raise InvalidInput(
            "rates", f"rates belong to the mode {TaxMode.INCLUSIVE}, not to {taxes.mode}. Leave them out."
        )
    if taxes.mode is TaxMode.INCLUSIVE and not taxes.rates:
        raise InvalidInput("rates", "rates is empty. State the rate of each country whose tax your prices include.")
    if taxes.mode is not TaxMode.AT_PAYMENT and (taxes.included or taxes.code is not None):
        raise InvalidInput("code", f"included and code belong to the mode {TaxMode.AT_PAYMENT}. Leave them out.")
    if taxes.code is not None and not CODE.fullmatch(taxes.code):
        raise InvalidInput("code", f"Invalid code '{taxes.code[:40]}'. Use one of Stripe's, such as {GENERAL_GOODS}.")
    for n, rate in enumerate(taxes.rates):
        if rate.country not in DELIVERABLE:
            raise InvalidInput(
                f"rates.{n}.country", f"Unknown country '{rate.country[:10]}'. Use ISO 3166-1, such as DE."
            )
        if not 0 <= rate.basis_points <= HIGHEST:
            raise InvalidInput(
                f"rates.{n}.percent", f"A rate cannot be {rate.basis_points / 100:g}%. Use 0 to {HIGHEST // 100}%."
            )
    if len({rate.country for rate in taxes.rates}) < len(taxes.rates):
        raise InvalidInput("rates", "rates names one country twice. Name each once.")
    return taxes.model_copy(update={"rates": sorted(taxes.rates, key=lambda rate: rate.country)})


def tax_of(taxes: TaxSettings, total: Money, country: str | None) -> OrderTax | None:
    """Return the tax of an order; None if the store says nothing about it, or the country is unknown.

    Args:
        taxes: the store's.
        total: goods less discount, and delivery.
        country: where it is delivered; None if it is unknown.
    """
    match taxes.mode:
        case TaxMode.UNSTATED:
            return None
        case TaxMode.AT_PAYMENT:
            kind = TaxKind.INCLUDED_AT_PAYMENT if taxes.included else TaxKind.ADDED_AT_PAYMENT
            return OrderTax(kind=kind, code=taxes.code)
        case TaxMode.INCLUSIVE:
            if country is None:
                return None
            rate = rate_in(taxes.rates, country) or 0
            return OrderTax(kind=TaxKind.INCLUDED, basis_points=rate, amount=part_of(total, rate))


def rate_in(rates: Sequence[TaxRate], country: str | None) -> int | None:
    """Return a country's rate in basis points; None if there is none, or it is zero."""
    return next((rate.basis_points for rate in rates if rate.country == country and rate.basis_points), None)


def part_of(total: Money, basis_points: int) -> Money:
    """Return the tax within an amount, rounded to the nearest minor unit, half up."""
    whole = 10_000 + basis_points
    return Money.of((total.minor * basis_points * 2 + whole) // (2 * whole), total.currency)


def share(tax: Money, part: int, whole: int) -> Money:
    """Return the tax that a part of a payment has, rounded to the nearest minor unit, half up."""
    return Money.of((tax.minor * part * 2 + whole) // (2 * whole) if whole else 0, tax.currency)
