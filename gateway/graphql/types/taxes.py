"""Taxes of a store and of an order."""

from decimal import Decimal
from typing import Self

import strawberry

from domain.store.taxes import OrderTax, TaxKind, TaxMode, TaxSettings
from gateway.graphql.types.money import MoneyType


@strawberry.type(description="A country's tax rate.")
class TaxRate:
    country: str = strawberry.field(description="ISO 3166-1 alpha-2.")
    percent: Decimal


@strawberry.type(description="How a store's taxes are known.")
class Taxes:
    mode: TaxMode
    rates: list[TaxRate]
    included: bool = strawberry.field(
        description="Of AT_PAYMENT: whether prices include the tax. Else Stripe adds it and shows it before the payment."
    )
    code: str | None = strawberry.field(description="Of AT_PAYMENT: Stripe's tax code of the goods.")

    @classmethod
    def of(cls, taxes: TaxSettings | None) -> Self:
        known = taxes or TaxSettings()
        rates = [TaxRate(country=rate.country, percent=percent(rate.basis_points)) for rate in known.rates]
        return cls(mode=known.mode, rates=rates, included=known.included, code=known.code)


@strawberry.type(description="The tax of an order.")
class OrderTaxes:
    kind: TaxKind
    percent: Decimal | None = strawberry.field(description="The stated rate. Null if Stripe computes the tax.")
    amount: Decimal | None = strawberry.field(description="Null until Stripe says how much it is.")
    amount_money: MoneyType | None

    @classmethod
    def of(cls, tax: OrderTax) -> Self:
        rate = None if tax.basis_points is None else percent(tax.basis_points)
        return cls(
            kind=tax.kind,
            percent=rate,
            amount=None if tax.amount is None else tax.amount.decimal,
            amount_money=MoneyType.maybe(tax.amount),
        )


def percent(basis_points: int) -> Decimal:
    """Return basis points as a percentage."""
    return Decimal(basis_points) / 100
