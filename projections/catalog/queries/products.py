"""Queries about products, their categories and variants."""

# ruff: noqa: S608  # the parts are this module's constants; values are arguments

from collections.abc import Callable, Collection
from operator import attrgetter
from typing import Any
from uuid import UUID

import msgspec

from domain.merchant.events import SupplierProvider
from domain.money import Money
from domain.product.events import ProductStatus
from domain.text import fold
from projections.catalog.queries.scoped import within
from projections.catalog.tables import SCORE_KEY, TITLE_KEY
from projections.catalog.views import (
    CategoryCount,
    CopyNotes,
    ProductFilter,
    ProductSort,
    ProductView,
    Source,
    VariantView,
)
from projections.reading.columns import Attribute, Only, ViewColumns, column, constant, grouped
from projections.reading.paging import Conditions, Order, Reader, Slice, Window, paginate
from projections.reading.scope import Scope

PRODUCT_STATUS = "case when p.status = 'ACTIVE' and p.available <= 0 then 'OUT_OF_STOCK' else p.status end"

_TEXTS = " join product_texts t on t.id = p.id"
_PRODUCT_COLUMNS = {
    "status": PRODUCT_STATUS,
    **{name: f"p.{name}" for name in ("id", "store_id", "title", "slug", "category", "currency", "price_minor")},
    **{name: f"p.{name}" for name in ("compare_at_minor", "cost_minor", "lowest_offset_minor", "highest_offset_minor")},
    **{name: f"p.{name}" for name in ("on_hand", "available", "short", "created_at", "updated_at")},
    **{name: f"t.{name}" for name in ("description", "meta_title", "meta_description", "copy", "tags", "source")},
    **{name: f"t.{name}" for name in ("original_title", "original_description")},
}

_texts = msgspec.json.Decoder(list[str]).decode
_labels = msgspec.json.Decoder(dict[str, str]).decode


class _Copy(msgspec.Struct):
    """The parts of ``views.CopyNotes`` that are no model of their own."""

    features: list[str]
    benefits: list[str]
    call_to_action: str
    written_by: str


class _Source(msgspec.Struct):
    """The parts of ``views.Source`` that are no model of their own."""

    provider: SupplierProvider
    source_id: str
    url: str | None
    generation_id: UUID
    shipping_days: tuple[int, int]
    attributes: dict[str, str] = {}


_copy = msgspec.json.Decoder(_Copy).decode
_source = msgspec.json.Decoder(_Source).decode


def _of_copy(read: Callable[[_Copy], Any], otherwise: Any = None) -> Attribute:
    return Attribute(("copy",), lambda record: otherwise if record["copy"] is None else read(_copy(record["copy"])))


def _of_source(read: Callable[[_Source], Any], otherwise: Any = None) -> Attribute:
    return Attribute(
        ("source",), lambda record: otherwise if record["source"] is None else read(_source(record["source"]))
    )


def _money(name: str) -> Attribute:
    def read(record: Any) -> Money | None:
        minor = record[name]
        return None if minor is None else Money(minor=minor, currency=record["currency"])

    return Attribute((name, "currency"), read)


def _price_range(record: Any) -> tuple[Money, Money]:
    price, currency = record["price_minor"], record["currency"]
    return (
        Money(minor=price + record["lowest_offset_minor"], currency=currency),
        Money(minor=price + record["highest_offset_minor"], currency=currency),
    )


_MONEY = {"cost": _money("cost_minor"), "price": _money("price_minor"), "compare_at": _money("compare_at_minor")}

PRODUCTS: ViewColumns[ProductView] = ViewColumns(
    ProductView,
    _PRODUCT_COLUMNS,
    {
        "status": column("status", ProductStatus.__members__.__getitem__),
        "tags": column("tags", lambda tags: tuple(_texts(tags))),
        "features": _of_copy(lambda copy: tuple(copy.features), ()),
        "benefits": _of_copy(lambda copy: tuple(copy.benefits), ()),
        "call_to_action": _of_copy(lambda copy: copy.call_to_action or None),
        "copy_scores": column("copy", lambda copy: CopyNotes.model_validate_json(copy).scores),
        "copy_written_by": _of_copy(lambda copy: copy.written_by),
        "source_provider": _of_source(lambda source: source.provider),
        "source_id": _of_source(lambda source: source.source_id),
        "source_url": _of_source(lambda source: source.url),
        "generation_id": _of_source(lambda source: source.generation_id),
        "score": column("source", lambda source: Source.model_validate_json(source).score),
        "shipping_days": _of_source(lambda source: source.shipping_days),
        "attributes": _of_source(lambda source: source.attributes, {}),
        "price_range": Attribute(
            ("price_minor", "lowest_offset_minor", "highest_offset_minor", "currency"), _price_range
        ),
        "track_inventory": constant(True),
        **_MONEY,
    },
    always=frozenset({"id", "store_id"}),
)
"""The columns of a product, of the tables ``p`` and ``t`` of :func:`_tables`."""

_VARIANT_COLUMNS = {
    "price_minor": "p.price_minor + v.price_offset_minor",
    "compare_at_minor": "p.compare_at_minor + v.price_offset_minor",
    "currency": "p.currency",
    "available": "greatest(v.on_hand - v.reserved, 0)",
    "short": "v.missing + greatest(v.reserved - v.on_hand, 0)",
    **{name: f"v.{name}" for name in ("id", "product_id", "position", "sku", "title", "options", "cost_minor")},
    **{name: f"v.{name}" for name in ("on_hand", "created_at", "updated_at")},
}
VARIANTS: ViewColumns[VariantView] = ViewColumns(
    VariantView,
    _VARIANT_COLUMNS,
    {"options": column("options", _labels), **_MONEY},
    always=frozenset({"id", "product_id"}),
)
"""The columns of a variant ``v`` of a product ``p``."""


PRODUCT_ORDERS = {
    ProductSort.NEWEST: Order(name="newest", key="p.created_at", type="timestamptz", descending=True),
    ProductSort.PRICE_LOW: Order(name="price-low", key="p.price_minor", type="bigint"),
    ProductSort.PRICE_HIGH: Order(name="price-high", key="p.price_minor", type="bigint", descending=True),
    ProductSort.TITLE: Order(name="title", key=TITLE_KEY, type="text"),
    ProductSort.SCORE: Order(name="score", key=SCORE_KEY, type="double precision", descending=True),
}


async def products_of_store(
    db: Reader,
    store_id: UUID,
    window: Window,
    *,
    scope: Scope,
    where: ProductFilter = ProductFilter(),  # noqa: B008  # frozen
    sort: ProductSort = ProductSort.NEWEST,
    only: Only = None,
) -> Slice[ProductView]:
    """Return a store's products.

    Args:
        db: the database.
        store_id: the store.
        window: the page.
        scope: whose rows may be returned.
        where: which products.
        sort: the order.
        only: the attributes that the caller reads; see :mod:`projections.reading.columns`.

    Raises:
        InvalidInput: the window is invalid, or a cursor is from another sorting.
    """
    selection = PRODUCTS.selection(only)
    return await paginate(
        db,
        selection=selection,
        source=_tables(selection.columns, where),
        where=_products(store_id, where, scope),
        order=PRODUCT_ORDERS[sort],
        window=window,
        id="p.id",
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
    query = f"select count(*) from {_tables((), where)} where {conditions.sql}"
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
        f"select p.category, count(*) as products from {_tables((), where)} where {conditions.sql} "
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
        f"from {_tables(['source'], where)} where {conditions.sql}",
        *conditions.arguments,
    )
    return None if record is None or record["fewest"] is None else (record["fewest"], record["most"])


def _tables(columns: Collection[str], filter: ProductFilter = ProductFilter()) -> str:  # noqa: B008  # frozen
    """Return the tables that columns and a filter's conditions need."""
    texts = filter.text or any(_PRODUCT_COLUMNS[name].startswith("t.") for name in columns)
    return f"products p{_TEXTS if texts else ''}"


def _products(store_id: UUID, filter: ProductFilter, scope: Scope) -> Conditions:
    where = within(scope, Conditions().add("p.store_id = {}", store_id), "p.store_id")
    if filter.statuses:
        _with_status(where, filter.statuses)
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


def _with_status(where: Conditions, statuses: Collection[ProductStatus]) -> None:
    """Keep products whose ``PRODUCT_STATUS`` is one of these.

    PostgreSQL has no statistics of that expression. It would expect few rows and sort the whole store for a page.
    """
    active, sold_out = ProductStatus.ACTIVE in statuses, ProductStatus.OUT_OF_STOCK in statuses
    if sold_out and not active:
        where.add("(p.status = any({}) or (p.status = 'ACTIVE' and p.available <= 0))", list(statuses))
        return
    where.add("p.status = any({})", list(statuses))
    if active and not sold_out:
        where.add("(p.status <> 'ACTIVE' or p.available > 0)")


async def product_by_id(db: Reader, product_id: UUID, *, scope: Scope, only: Only = None) -> ProductView | None:
    """Return a product."""
    return (await products_by_ids(db, [product_id], scope=scope, only=only)).get(product_id)


async def product_by_slug(db: Reader, store_id: UUID, slug: str, *, scope: Scope) -> ProductView | None:
    """Return a store's product by its slug; of several, the one that is not archived, then the newest."""
    where = Conditions().add("p.store_id = {}", store_id).add("p.slug = {}", slug)
    selection = PRODUCTS.selection(None)
    record = await db.fetchrow(
        f"select {selection.sql} from {_tables(selection.columns)} where {within(scope, where, 'p.store_id').sql} "
        "order by (p.status = 'ARCHIVED'), p.created_at desc, p.id desc limit 1",
        *where.arguments,
    )
    return None if record is None else selection.read(record)


async def products_by_ids(
    db: Reader, ids: Collection[UUID], *, scope: Scope, only: Only = None
) -> dict[UUID, ProductView]:
    """Return the products with these ids; unknown ids are left out."""
    selection = PRODUCTS.selection(only)
    where = within(scope, Conditions().add("p.id = any({})", list(ids)), "p.store_id")
    query = f"select {selection.sql} from {_tables(selection.columns)} where {where.sql}"
    return {product.id: product for product in map(selection.read, await db.fetch(query, *where.arguments))}


async def variants_by_products(
    db: Reader, product_ids: Collection[UUID], *, scope: Scope, only: Only = None
) -> dict[UUID, tuple[VariantView, ...]]:
    """Return each product's variants by position; each id of ``product_ids`` is a key."""
    selection = VARIANTS.selection(only)
    where = within(scope, Conditions().add("v.product_id = any({})", list(product_ids)), "p.store_id")
    records = await db.fetch(
        f"select {selection.sql} from variants v join products p on p.id = v.product_id "
        f"where {where.sql} order by v.position, v.id",
        *where.arguments,
    )
    return grouped(map(selection.read, records), product_ids, by=attrgetter("product_id"))
