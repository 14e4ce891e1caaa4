"""A product's variants: their price and stock."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from domain.kernel import InvalidInput
from domain.money import Money

STOCK_MOST = 1_000_000
"""Highest stock of one variant. More is a typing mistake, and more than some readers of the log can hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantState:
    """A variant's price and stock."""

    title: str
    price: Money
    on_hand: int
    sku: str | None = None
    """The supplier's; None if the supplier gives none, and for a product added by hand."""
    cost: Money | None = None
    """What one piece cost when the product was imported; None if it is unknown."""
    reserved: Mapping[UUID, int] = field(default_factory=dict)
    """Reserved quantity by order id."""

    @property
    def reserved_total(self) -> int:
        """How many unpaid orders reserve."""
        return sum(self.reserved.values())

    @property
    def available(self) -> int:
        """How many can still be ordered; never below zero, although a count may be below the reserved total."""
        return max(0, self.on_hand - self.reserved_total)


def check_stock(stock: int) -> None:
    """Refuse a stock below zero or above ``STOCK_MOST``.

    Raises:
        InvalidInput: it is out of range.
    """
    if not 0 <= stock <= STOCK_MOST:
        raise InvalidInput("stockQuantity", f"Stock cannot be {stock:,}; 0 is the least and {STOCK_MOST:,} the most.")
