"""A supplier's listing as the scout sees it, whoever the supplier is."""

from typing import Annotated

from pydantic import AfterValidator

from domain.kernel import Value
from domain.merchant.events import SupplierProvider
from domain.money import Money

COUNT_MOST = 1_000_000
"""Where counts of suppliers end: a greater one says "very many", and some send as many digits as they like."""

Count = Annotated[int, AfterValidator(lambda count: min(count, COUNT_MOST))]


class ListingVariant(Value):
    """One buyable form of a listing."""

    sku: str | None = None
    title: str
    options: dict[str, str] = {}
    cost: Money
    stock: Count


class Listing(Value):
    """What a supplier offers, in our words: cost is what we pay, per piece, before shipping."""

    provider: SupplierProvider
    source_id: str
    url: str | None
    title: str
    description: str
    category: str
    tags: list[str] = []
    cost: Money
    market_price: Money | None = None
    """What it is usually sold for, where the supplier says."""
    rating: float | None = None
    """0 to 5; None: unrated."""
    review_count: Count = 0
    order_count: Count | None = None
    """None: the supplier does not say."""
    shipping_days: tuple[Count, Count]
    shipping_cost: Money
    image_urls: list[str]
    image_sizes: list[tuple[int, int]] = []
    """Width and height in pixels of each image, where known."""
    variants: list[ListingVariant]
    """At least one; ``Default`` where the supplier has none."""

    @property
    def stock(self) -> int:
        return sum(variant.stock for variant in self.variants)
