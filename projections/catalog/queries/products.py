"""Queries about products, their categories and variants."""

# ruff: noqa: S608  # the parts are this module's constants; values are arguments

from collections.abc import Callable, Collection
from dataclasses import replace
from functools import lru_cache
from operator import attrgetter
from typing import Any
from uuid import UUID

import msgspec

from domain.merchant.events import SupplierProvider
from domain.money import Money
from domain.product.events import ProductStatus
from projections.catalog.queries.filters import in_parts
from projections.catalog.queries.scoped import within
from projections.catalog.queries.search import (
    CANDIDATES,
    WALKED,
    SearchTerms,
    search_in,
    words_meant,
)
from projections.catalog.tables.products import SCORE_KEY, TITLE_KEY
from projections.catalog.views import (
    CopyNotes,
    ProductFilter,
    ProductSort,
    ProductView,
    Source,
    VariantView,
)
from projections.reading.columns import Attribute, Only, Selection, ViewColumns, column, constant, grouped
from projections.reading.conditions import IS_FEW, Conditions
from projections.reading.cursors import Order, order_of_cursor
from projections.reading.paging import Reader, Slice, Window, paginate
from projections.reading.scope import Scope

_TEXTS = " join product_texts t on t.id = p.id"
_PRODUCT_COLUMNS = {
    **{
        name: f"p.{name}"
        for name in ("id", "store_id", "status", "title", "slug", "category", "currency", "price_minor")
    },
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
        "status": column("status", ProductStatus),
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
    ProductSort.RELEVANCE: Order(name="relevance", key="found.rank", type="double precision", descending=True),
}
OF_SCORE = 0.01
"""How much a product's score, 0 to 1, counts beside its relevance: it decides among products that match equally."""
_NOTHING: Slice[ProductView] = Slice(edges=(), has_next=False, has_previous=False)


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
        sort: the order; by score if there is no text to be relevant to. Of what a search finds, the ``CANDIDATES`` with
            the best score are ranked by relevance, and that list ends with them.
        only: the attributes that the caller reads; see :mod:`projections.reading.columns`.

    Raises:
        InvalidInput: the window is invalid, or a cursor is from another sorting.
    """
    selection = PRODUCTS.selection(only)
    if where.text is None:
        sort = ProductSort.SCORE if sort is ProductSort.RELEVANCE else sort
    else:
        return await _found(db, store_id, window, scope=scope, where=where, sort=sort, selection=selection)
    conditions = in_parts(store_id, where, scope, sort)
    return await paginate(
        db,
        selection=selection,
        table="products p",
        joins=_joins(selection.columns),
        where=conditions,
        order=PRODUCT_ORDERS[sort],
        window=window,
        id="p.id",
    )


async def _found(
    db: Reader,
    store_id: UUID,
    window: Window,
    *,
    scope: Scope,
    where: ProductFilter,
    sort: ProductSort,
    selection: Selection[ProductView],
) -> Slice[ProductView]:
    """Return a page of the products that a search finds, or that the words find that were probably meant."""
    terms = SearchTerms.parse(where.text or "")
    if terms is None:
        window.check()
        return _NOTHING

    async def page(terms: SearchTerms, order: Order) -> Slice[ProductView]:
        if sort is not ProductSort.RELEVANCE:
            conditions = in_parts(store_id, where, scope, sort)
            search_in(conditions, terms, store_id, where.tags)
            table, joins, id = "products p", _joins(selection.columns), "p.id"
        else:
            conditions, ranked = _ranked(store_id, where, scope, terms)
            table, id = f"({ranked}) found", "found.id"
            joins = f" join products p on p.id = found.id{_joins(selection.columns)}"
        return await paginate(
            db,
            selection=selection,
            table=table,
            joins=joins,
            where=conditions,
            order=order,
            window=window,
            id=id,
        )

    order = PRODUCT_ORDERS[sort]
    of_meant = replace(order, name=f"{order.name}, of words meant")
    cursor = window.after or window.before
    if cursor is None or order_of_cursor(cursor) != of_meant.name:
        found = await page(terms, order)
        if found.edges or cursor is not None or window.size == 0:
            return found
    meant = await words_meant(db, store_id, terms)
    return _NOTHING if meant is None else await page(meant, of_meant)


def _ranked(store_id: UUID, filter: ProductFilter, scope: Scope, terms: SearchTerms) -> tuple[Conditions, str]:
    """Return the query of the ids and ranks that a search finds, and conditions with its arguments."""
    inner = in_parts(store_id, filter, scope, ProductSort.RELEVANCE)
    found = search_in(inner, terms, store_id, filter.tags)
    scored = f"select p.id, {SCORE_KEY} as score"
    of_part = f"where {inner.sql} order by {SCORE_KEY} desc, p.id desc"
    # "offset 0" keeps this a look at the words of each product.
    words = "cross join lateral (select w.document from product_words w where w.id = p.id offset 0) w"
    # A common word is found soon enough among the products with the best score. The statuses are named one by one: so
    # PostgreSQL merges their lists and ends with the last candidate.
    parts = [
        f"(select p.id, p.score, w.document from ({scored} from (select '{status.value}'::text as name) part "
        f"cross join products p {of_part} limit {WALKED}) p {words} where not ({IS_FEW}) and {found.sql} "
        f"order by p.score desc, p.id desc limit {CANDIDATES})"
        for status in sorted(filter.statuses or ProductStatus)
    ]
    few = f"{scored}, few.document {inner.from_few('products p', 'p.id')}"
    outer = Conditions()
    outer.arguments = inner.arguments
    return outer, (
        f"{inner.with_few(f'select p.* from products p {of_part}', 'p')}"
        f"select best.id, ts_rank(best.document, {found.terms})::double precision + {OF_SCORE} * best.score as rank from ("
        f"select top.* from ((select p.* from ({' union all '.join(parts)}) p "
        f"order by p.score desc, p.id desc limit {CANDIDATES}) union all ({few})) top "
        f"order by top.score desc, top.id desc limit {CANDIDATES}) best"
    )


@lru_cache(maxsize=256)
def _joins(columns: frozenset[str]) -> str:
    """Return the joins that columns need."""
    return _TEXTS if any(_PRODUCT_COLUMNS[name].startswith("t.") for name in columns) else ""


def _tables(columns: frozenset[str]) -> str:
    return f"products p{_joins(columns)}"


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


async def variants_by_ids(
    db: Reader, ids: Collection[UUID], *, scope: Scope, only: Only = None
) -> dict[UUID, VariantView]:
    """Return the variants with these ids; unknown ids are left out."""
    selection = VARIANTS.selection(only)
    where = within(scope, Conditions().add("v.id = any({})", list(ids)), "p.store_id")
    records = await db.fetch(
        f"select {selection.sql} from variants v join products p on p.id = v.product_id where {where.sql}",
        *where.arguments,
    )
    return {variant.id: variant for variant in map(selection.read, records)}


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
