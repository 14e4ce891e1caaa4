"""Queries of the counts that are kept with a store's products."""

# ruff: noqa: S608  # the parts are this module's constants; values are arguments

from collections import Counter
from collections.abc import Collection, Mapping
from uuid import UUID

from domain.product.events import ProductStatus
from projections.catalog.counts import NO_LABEL, ProductCounts, read_counts
from projections.catalog.queries.scoped import of_store
from projections.catalog.views import CategoryCount
from projections.reading.paging import Reader
from projections.reading.scope import Scope


async def categories_of_store(
    db: Reader, store_id: UUID, *, scope: Scope, statuses: Collection[ProductStatus] = ()
) -> tuple[CategoryCount, ...]:
    """Return the categories of a store's products in some statuses by name, with their product counts."""
    counts = (await counts_of_store(db, store_id, scope)).by_category(statuses)
    return tuple(
        CategoryCount(category=category, products=number)
        for category, number in sorted(counts.items())
        if category != NO_LABEL
    )


async def delivery_of_store(
    db: Reader, store_id: UUID, *, scope: Scope, statuses: Collection[ProductStatus] = ()
) -> tuple[int, int] | None:
    """Return the delivery days of a store's middle product; None if no supplier states any.

    Texts about the whole store use it: the slowest product would speak for all of them otherwise.
    """
    counts = (await counts_of_store(db, store_id, scope)).by_shipping_days(statuses)
    if not counts:
        return None
    return _middle({pair: pair[0] for pair in counts}, counts), _middle({pair: pair[1] for pair in counts}, counts)


def _middle(values: Mapping[tuple[int, int], int], counts: Counter[tuple[int, int]]) -> int:
    """Return the lower median of values that each occur as often as their key is counted."""
    half, seen = counts.total() / 2, 0
    for pair in sorted(values, key=values.__getitem__):
        seen += counts[pair]
        if seen >= half:
            break
    return values[pair]


async def counts_of_store(db: Reader, store_id: UUID, scope: Scope) -> ProductCounts:
    """Return the counts of a store's products."""
    where = of_store(scope, "k.store_id", store_id)
    body = await db.fetchval(f"select k.counts from product_counts k where {where.sql}", *where.arguments)
    return ProductCounts() if body is None else read_counts(body)
