"""A supplier's listing in one form for all suppliers."""

from typing import Annotated

from pydantic import AfterValidator

from domain.kernel import Value
from domain.merchant.events import SupplierProvider
from domain.money import Money

COUNT_MOST = 1_000_000
"""Largest count of a supplier. Greater ones are reduced to it, because suppliers send numbers of any length."""

Count = Annotated[int, AfterValidator(lambda count: min(count, COUNT_MOST))]


class ListingVariant(Value):
    """One buyable form of a listing."""

    sku: str | None = None
    title: str
    options: dict[str, str] = {}
    cost: Money
    stock: Count


class Listing(Value):
    """A supplier's offer. ``cost`` is what the merchant pays for one piece, before shipping."""

    provider: SupplierProvider
    source_id: str
    url: str | None
    title: str
    description: str
    category: str
    tags: list[str] = []
    attributes: dict[str, str] = {}
    """Facts that the supplier states: ``{"Material": "stoneware", "Capacity": "350 ml"}``."""
    cost: Money
    market_price: Money | None = None
    """The usual retail price; None if the supplier names none."""
    rating: float | None = None
    """0 to 5; None if unrated."""
    review_count: Count = 0
    order_count: Count | None = None
    """None if the supplier does not say."""
    shipping_days: tuple[Count, Count]
    shipping_cost: Money
    image_urls: list[str]
    image_sizes: list[tuple[int, int]] = []
    """Width and height of each image in pixels; empty if unknown."""
    variants: list[ListingVariant]
    """At least one; ``Default`` if the supplier has none."""

    @property
    def stock(self) -> int:
        return sum(variant.stock for variant in self.variants)
