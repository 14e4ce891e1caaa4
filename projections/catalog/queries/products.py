"""Queries about products, their categories and variants."""

# ruff: noqa: S608  # the parts are this module's constants; values are arguments

import json
from collections.abc import Collection
from typing import Any
from uuid import UUID

from domain.money import Money
from domain.product.events import ProductStatus
from domain.text import fold
from projections.catalog.queries.scoped import within
from projections.catalog.views import (
    CategoryCount,
    CopyNotes,
    ProductFilter,
    ProductSort,
    ProductView,
    Source,
    VariantView,
)
from projections.reading.paging import Conditions, Order, Reader, Slice, Window, paginate
from projections.reading.scope import Scope

PRODUCT_STATUS = "case when p.status = 'ACTIVE' and p.available <= 0 then 'OUT_OF_STOCK' else p.status end"

_TEXTS = " join product_texts t on t.id = p.id"
PRODUCT_SOURCE = f"products p{_TEXTS}"

PRODUCT_COLUMNS = (
    f"p.id, p.store_id, {PRODUCT_STATUS} as status, p.title, p.slug, p.category, p.currency, p.price_minor, "
    "p.compare_at_minor, p.cost_minor, p.lowest_offset_minor, p.highest_offset_minor, p.created_at, p.updated_at, "
    "t.description, t.meta_title, t.meta_description, t.copy, t.tags, t.original_title, t.original_description, "
    "t.source, p.on_hand, p.available, p.short"
)

VARIANT_COLUMNS = (
    "v.id, v.product_id, v.position, v.sku, v.title, v.options, p.price_minor + v.price_offset_minor as price_minor, "
    "p.compare_at_minor + v.price_offset_minor as compare_at_minor, v.cost_minor, p.currency, v.on_hand, "
    "greatest(v.on_hand - v.reserved, 0) as available, v.missing + greatest(v.reserved - v.on_hand, 0) as short, "
    "v.created_at, v.updated_at"
)


def product_view(record: Any) -> ProductView:
    """Return the view of a row."""
    currency, compare_at = record["currency"], record["compare_at_minor"]
    copy = None if record["copy"] is None else CopyNotes.model_validate_json(record["copy"])
    source = None if record["source"] is None else Source.model_validate_json(record["source"])
    return ProductView(
        id=record["id"],
        store_id=record["store_id"],
        status=ProductStatus(record["status"]),
        title=record["title"],
        slug=record["slug"],
        description=record["description"],
        features=() if copy is None else tuple(copy.features),
        benefits=() if copy is None else tuple(copy.benefits),
        call_to_action=None if copy is None else copy.call_to_action or None,
        meta_title=record["meta_title"],
        meta_description=record["meta_description"],
        copy_scores=None if copy is None else copy.scores,
        copy_written_by=None if copy is None else copy.written_by,
        category=record["category"],
        tags=tuple(json.loads(record["tags"])),
        source_provider=None if source is None else source.provider,
        source_id=None if source is None else source.source_id,
        source_url=None if source is None else source.url,
        original_title=record["original_title"],
        original_description=record["original_description"],
        generation_id=None if source is None else source.generation_id,
        score=None if source is None else source.score,
        shipping_days=None if source is None else source.shipping_days,
        attributes={} if source is None else source.attributes,
        cost=Money(minor=record["cost_minor"], currency=currency),
        price=Money(minor=record["price_minor"], currency=currency),
        compare_at=None if compare_at is None else Money(minor=compare_at, currency=currency),
        price_range=(
            Money(minor=record["price_minor"] + record["lowest_offset_minor"], currency=currency),
            Money(minor=record["price_minor"] + record["highest_offset_minor"], currency=currency),
        ),
        on_hand=record["on_hand"],
        available=record["available"],
        short=record["short"],
        track_inventory=True,
        created_at=record["created_at"],
        updated_at=record["updated_at"],
    )


def variant_view(record: Any) -> VariantView:
    """Return the view of a row."""
    currency, compare_at = record["currency"], record["compare_at_minor"]
    return VariantView(
        id=record["id"],
        product_id=record["product_id"],
        position=record["position"],
        sku=record["sku"],
        title=record["title"],
        options=json.loads(record["options"]),
        price=Money(minor=record["price_minor"], currency=currency),
        compare_at=None if compare_at is None else Money(minor=compare_at, currency=currency),
        cost=Money(minor=record["cost_minor"], currency=currency),
        on_hand=record["on_hand"],
        available=record["available"],
        short=record["short"],
        created_at=record["created_at"],
        updated_at=record["updated_at"],
    )


PRODUCT_ORDERS = {
    ProductSort.NEWEST: Order(name="newest", key="p.created_at", type="timestamptz", descending=True),
    ProductSort.PRICE_LOW: Order(name="price-low", key="p.price_minor", type="bigint"),
    ProductSort.PRICE_HIGH: Order(name="price-high", key="p.price_minor", type="bigint", descending=True),
    ProductSort.TITLE: Order(name="title", key='p.title_folded collate "C"', type="text"),
    ProductSort.SCORE: Order(name="score", key="coalesce(p.score_total, -1)", type="double precision", descending=True),
}


async def products_of_store(
    db: Reader,
    store_id: UUID,
    window: Window,
    *,
    scope: Scope,
    where: ProductFilter = ProductFilter(),  # noqa: B008  # frozen
    sort: ProductSort = ProductSort.NEWEST,
) -> Slice[ProductView]:
    """Return a store's products.

    Raises:
        InvalidInput: the window is invalid, or a cursor is from another sorting.
    """
    return await paginate(
        db,
        select=PRODUCT_COLUMNS,
        source=PRODUCT_SOURCE,
        where=_products(store_id, where, scope),
        order=PRODUCT_ORDERS[sort],
        window=window,
        id="p.id",
        read=product_view,
    )


async def count_products(
    db: Reader,
    store_id: UUID,
    *,
    scope: Scope,
    where: ProductFilter = ProductFilter(),  # noqa: B008  # frozen
) -> int:
    """Return how many products :func:`products_of_store` lists."""
    conditions = _products(store_id, where, scope)
    query = f"select count(*) from {_filtered(where)} where {conditions.sql}"
    return int(await db.fetchval(query, *conditions.arguments))


async def categories_of_store(
    db: Reader,
    store_id: UUID,
    *,
    scope: Scope,
    where: ProductFilter = ProductFilter(),  # noqa: B008  # frozen
) -> tuple[CategoryCount, ...]:
    """Return the categories of a store's products by name, with their product counts."""
    conditions = _products(store_id, where, scope).add("p.category is not null")
    records = await db.fetch(
        f"select p.category, count(*) as products from {_filtered(where)} where {conditions.sql} "
        'group by p.category order by p.category collate "C"',
        *conditions.arguments,
    )
    return tuple(CategoryCount(category=record["category"], products=record["products"]) for record in records)


async def delivery_of_store(
    db: Reader,
    store_id: UUID,
    *,
    scope: Scope,
    where: ProductFilter = ProductFilter(),  # noqa: B008  # frozen
) -> tuple[int, int] | None:
    """Return the delivery days of a store's middle product; None if no supplier states any.

    Texts about the whole store use it: the slowest product would speak for all of them otherwise.
    """
    conditions = _products(store_id, where, scope).add("t.source is not null")
    record = await db.fetchrow(
        "select percentile_disc(0.5) within group (order by (t.source -> 'shipping_days' ->> 0)::int) as fewest, "
        "percentile_disc(0.5) within group (order by (t.source -> 'shipping_days' ->> 1)::int) as most "
        f"from {PRODUCT_SOURCE} where {conditions.sql}",
        *conditions.arguments,
    )
    return None if record is None or record["fewest"] is None else (record["fewest"], record["most"])


def _filtered(filter: ProductFilter) -> str:
    """Return the tables that a filter's conditions need: texts are read only if it asks for them."""
    return PRODUCT_SOURCE if filter.text else "products p"


def _products(store_id: UUID, filter: ProductFilter, scope: Scope) -> Conditions:
    where = within(scope, Conditions().add("p.store_id = {}", store_id), "p.store_id")
    if filter.statuses:
        where.add(f"{PRODUCT_STATUS} = any({{}})", list(filter.statuses))
    if filter.category is not None:
        where.add("p.category = {}", filter.category)
    if filter.categories:
        where.add("p.category = any({})", list(filter.categories))
    if filter.price_min is not None:
        where.add("p.price_minor >= {}", filter.price_min)
    if filter.price_max is not None:
        where.add("p.price_minor <= {}", filter.price_max)
    for word in fold(filter.text or "").split():
        pattern = "%" + word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        where.add("concat_ws(' ', p.title_folded, t.labels_folded, t.description_folded) like {}", pattern)
    return where


async def product_by_id(db: Reader, product_id: UUID, *, scope: Scope) -> ProductView | None:
    """Return a product."""
    return (await products_by_ids(db, [product_id], scope=scope)).get(product_id)


async def product_by_slug(db: Reader, store_id: UUID, slug: str, *, scope: Scope) -> ProductView | None:
    """Return a store's product by its slug; of several, the one that is not archived, then the newest."""
    where = Conditions().add("p.store_id = {}", store_id).add("p.slug = {}", slug)
    record = await db.fetchrow(
        f"select {PRODUCT_COLUMNS} from {PRODUCT_SOURCE} where {within(scope, where, 'p.store_id').sql} "
        "order by (p.status = 'ARCHIVED'), p.created_at desc, p.id desc limit 1",
        *where.arguments,
    )
    return None if record is None else product_view(record)


async def products_by_ids(db: Reader, ids: Collection[UUID], *, scope: Scope) -> dict[UUID, ProductView]:
    """Return the products with these ids; unknown ids are left out."""
    where = within(scope, Conditions().add("p.id = any({})", list(ids)), "p.store_id")
    query = f"select {PRODUCT_COLUMNS} from {PRODUCT_SOURCE} where {where.sql}"
    return {product.id: product for product in map(product_view, await db.fetch(query, *where.arguments))}


async def variants_by_products(
    db: Reader, product_ids: Collection[UUID], *, scope: Scope
) -> dict[UUID, tuple[VariantView, ...]]:
    """Return each product's variants by position; each id of ``product_ids`` is a key."""
    where = within(scope, Conditions().add("v.product_id = any({})", list(product_ids)), "p.store_id")
    records = await db.fetch(
        f"select {VARIANT_COLUMNS} from variants v join products p on p.id = v.product_id "
        f"where {where.sql} order by v.position, v.id",
        *where.arguments,
    )
    variants = [variant_view(record) for record in records]
    return {id: tuple(variant for variant in variants if variant.product_id == id) for id in product_ids}
