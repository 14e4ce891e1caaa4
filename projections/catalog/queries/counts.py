"""Queries of the counts that are kept with a store's products."""

# ruff: noqa: S608  # the parts are this module's constants; values are arguments

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from domain.media.events import MediaType
from domain.product.events import ProductStatus
from projections.catalog.counts import NO_LABEL, ProductCounts, read_counts
from projections.catalog.queries.scoped import of_store, within
from projections.catalog.views import CategoryCount, ImageState
from projections.engine.tally import read_tally, total
from projections.reading.conditions import Conditions
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


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogTasks:
    """How much of a store's catalog waits for the merchant."""

    images_to_review: int = 0
    out_of_stock: int = 0
    """Products on sale of which no units are available."""


async def catalog_tasks(db: Reader, store_ids: Collection[UUID], *, scope: Scope) -> dict[UUID, CatalogTasks]:
    """Return what waits for the merchant in each store's catalog; unknown stores are left out."""
    where = within(scope, Conditions().add("s.id = any({})", list(store_ids)), "s.id")
    records = await db.fetch(
        "select s.id, m.counts as media, p.counts as products from stores s "
        "left join media_counts m on m.store_id = s.id left join product_counts p on p.store_id = s.id "
        f"where {where.sql}",
        *where.arguments,
    )
    return {
        record["id"]: CatalogTasks(
            images_to_review=_tallied(record["media"], {MediaType.IMAGE}, {ImageState.NEEDS_REVIEW}),
            out_of_stock=0
            if record["products"] is None
            else read_counts(record["products"]).by_category([ProductStatus.OUT_OF_STOCK]).total(),
        )
        for record in records
    }


def _tallied(body: str | None, firsts: Collection[str], seconds: Collection[str]) -> int:
    return 0 if body is None else total(read_tally(body), firsts, seconds)
