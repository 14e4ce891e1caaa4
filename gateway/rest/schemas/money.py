"""The body of an amount."""

from decimal import Decimal
from typing import Annotated, Self

from pydantic import WithJsonSchema

from domain.money import Money
from gateway.rest.schemas.body import Body
from gateway.rest.selections import SCALARS

Amount = Annotated[Decimal, WithJsonSchema(dict(SCALARS["Decimal"]))]
"""An amount as digits. Its currency is beside it."""


class MoneyBody(Body):
    """An amount of money. A field such as ``priceMoney`` is the amount of the field ``price`` beside it."""

    amount_minor: int
    """A whole number of the currency's smallest unit: cents of USD, yen of JPY."""
    currency: str
    """ISO 4217 code."""
    formatted: str
    """For people, in English: such as $1,249.00 or −€0.50."""

    @classmethod
    def of(cls, amount: Money) -> Self:
        return cls(amount_minor=amount.minor, currency=amount.currency, formatted=str(amount))

    @classmethod
    def maybe(cls, amount: Money | None) -> Self | None:
        """Return an amount; None for None."""
        return None if amount is None else cls.of(amount)
