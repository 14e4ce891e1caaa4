"""Counts of a store's products, kept while events are folded."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator

import msgspec

from domain.product.events import ProductStatus
from projections.engine.tally import Tally, add

NO_LABEL = ""
"""Stands for a product without a category, or without delivery days."""
BELOW_COST = "below cost"
NO_MANUFACTURER = "no manufacturer"
"""The supplier does not name it."""


class ProductCounts(msgspec.Struct):
    """How many products a store has, by status, and in each status by category, by delivery days and by other facts."""

    categories: Tally = {}
    shipping_days: Tally = {}
    """Second labels are the fewest and the most days, such as ``4-9``."""
    facts: Tally = {}
    """Second labels are currencies and the constants of this module; a product has several."""
    ever_on_sale: int = 0
    """Products that were on sale at some time."""

    def add(
        self, number: int, *, status: str, category: str | None, shipping_days: str | None, facts: Iterable[str]
    ) -> None:
        """Add a number of products, or take them away if it is negative."""
        add(self.categories, status, category or NO_LABEL, number)
        add(self.shipping_days, status, shipping_days or NO_LABEL, number)
        for fact in facts:
            add(self.facts, status, fact, number)

    def by_category(self, statuses: Collection[ProductStatus]) -> Counter[str]:
        """Return the number of products in each category; no status stands for any."""
        return _summed(self.categories, statuses)

    def by_fact(self, statuses: Collection[ProductStatus]) -> Counter[str]:
        """Return the number of products for which a fact holds."""
        return _summed(self.facts, statuses)

    def by_shipping_days(self, statuses: Collection[ProductStatus]) -> Counter[tuple[int, int]]:
        """Return the number of products with each pair of fewest and most days; no status stands for any."""
        days: Counter[tuple[int, int]] = Counter()
        for label, number in _summed(self.shipping_days, statuses).items():
            if label != NO_LABEL:
                fewest, _, most = label.partition("-")
                days[int(fewest), int(most)] = number
        return days


def _summed(counts: Tally, statuses: Collection[ProductStatus]) -> Counter[str]:
    summed: Counter[str] = Counter()
    for of_status in _chosen(counts, statuses):
        summed.update(of_status)
    return summed


def _chosen(counts: Tally, statuses: Collection[ProductStatus]) -> Iterator[dict[str, int]]:
    return (of_status for status, of_status in counts.items() if not statuses or status in statuses)


read_counts = msgspec.json.Decoder(ProductCounts).decode
"""Returns the counts that a query read."""
