"""Amounts of money."""

from typing import NewType, Self

import strawberry
from strawberry.types.scalar import scalar

from domain.money import Money
from gateway.graphql.derived import Derived, Source, derived, made, of_view

MinorUnits = NewType("MinorUnits", int)
MINOR_UNITS = scalar(
    name="MinorUnits",
    description="A whole number of the currency's smallest unit: cents of USD, yen of JPY. It may exceed 32 bits.",
    serialize=int,
    parse_value=int,
)


@strawberry.type(
    name="Money",
    description="An amount of money. A field such as `totalMoney` is the amount of the field `total` beside it.",
)
class MoneyType(Derived):
    amount_minor: MinorUnits
    currency: str = strawberry.field(description="ISO 4217 code.")
    formatted: str = strawberry.field(description="For people, in English: such as $1,249.00 or −€0.50.")
    view: strawberry.Private[Money]

    sources = {"amount_minor": of_view("minor"), "formatted": derived(lambda one: str(one.view))}

    @classmethod
    def of(cls, amount: Money) -> Self:
        return made(cls, amount)

    @classmethod
    def maybe(cls, amount: Money | None) -> Self | None:
        """Return an amount; None for None."""
        return None if amount is None else made(cls, amount)


def money_of(attribute: str) -> Source:
    """Return the source of a field that is an amount of the view."""
    return of_view(attribute, MoneyType.of)
