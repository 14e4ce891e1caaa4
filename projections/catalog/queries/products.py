"""Queries of the catalog. Each takes a scope; see :mod:`projections.reading.scope`."""

# ruff: noqa: S608  # the parts are this module's constants; values are arguments

from collections.abc import Callable, Collection
from typing import Any, TypeVar
from uuid import UUID

from domain.media.events import MediaType
from domain.store.events import StoreStatus
from domain.text import fold
from projections.catalog.row_views import (
    IMAGE_COLUMNS,
    MEDIA_COLUMNS,
    PAGE_COLUMNS,
    PRODUCT_COLUMNS,
    PRODUCT_SOURCE,
    PRODUCT_STATUS,
    STORE_COLUMNS,
    VARIANT_COLUMNS,
    image_view,
    media_view,
    page_view,
    product_view,
    store_view,
    variant_view,
)
from projections.catalog.views import (
    CategoryCount,
    ImageState,
    ImageView,
    MediaAssetView,
    PageView,
    ProductFilter,
    ProductSort,
    ProductView,
    StoreView,
    VariantView,
)
from projections.reading.paging import Conditions, Order, Reader, Slice, Window, paginate
from projections.reading.scope import Scope, restrict

V = TypeVar("V")

NEWEST_STORES = Order(name="created", key="s.created_at", type="timestamptz", descending=True)
NEWEST_MEDIA = Order(name="created", key="m.created_at", type="timestamptz", descending=True)
PRODUCT_ORDERS = {
    ProductSort.NEWEST: Order(name="newest", key="p.created_at", type="timestamptz", descending=True),
    ProductSort.PRICE_LOW: Order(name="price-low", key="p.price_minor", type="bigint"),
    ProductSort.PRICE_HIGH: Order(name="price-high", key="p.price_minor", type="bigint", descending=True),
    ProductSort.TITLE: Order(name="title", key='p.title_folded collate "C"', type="text"),
    ProductSort.SCORE: Order(name="score", key="coalesce(p.score_total, -1)", type="double precision", descending=True),
}


def _one(read: Callable[[Any], V], record: Any) -> V | None:
    return None if record is None else read(record)


def _within(scope: Scope, where: Conditions, store: str) -> Conditions:
    """Keep a query of rows that belong to a store within a scope; ``store`` is the column with the store's id."""
    return restrict(where, scope, merchant=f"{store} in (select id from stores where merchant_id = {{}})", store=store)


def _stores_within(scope: Scope, where: Conditions) -> Conditions:
    return restrict(where, scope, merchant="s.merchant_id = {}", store="s.id")


async def stores_of_merchant(
    db: Reader, merchant_id: UUID, window: Window, *, scope: Scope, statuses: Collection[StoreStatus] = ()
) -> Slice[StoreView]:
    """Return a merchant's stores, the newest first.

    Args:
        db: what to read from.
        merchant_id: the owner.
        window: which page.
        scope: whose rows may be returned.
        statuses: only stores in one of these; empty means any.

    Raises:
        InvalidInput: the window makes no sense.
    """
    return await paginate(
        db,
        select=STORE_COLUMNS,
        source="stores s",
        where=_stores(merchant_id, statuses, scope),
        order=NEWEST_STORES,
        window=window,
        id="s.id",
        read=store_view,
    )


async def count_stores(db: Reader, merchant_id: UUID, *, scope: Scope, statuses: Collection[StoreStatus] = ()) -> int:
    """Return how many stores :func:`stores_of_merchant` lists."""
    where = _stores(merchant_id, statuses, scope)
    return int(await db.fetchval(f"select count(*) from stores s where {where.sql}", *where.arguments))


def _stores(merchant_id: UUID, statuses: Collection[StoreStatus], scope: Scope) -> Conditions:
    where = _stores_within(scope, Conditions().add("s.merchant_id = {}", merchant_id))
    return where.add("s.status = any({})", list(statuses)) if statuses else where


async def store_by_id(db: Reader, store_id: UUID, *, scope: Scope) -> StoreView | None:
    """Return a store."""
    return (await stores_by_ids(db, [store_id], scope=scope)).get(store_id)


async def stores_by_ids(db: Reader, ids: Collection[UUID], *, scope: Scope) -> dict[UUID, StoreView]:
    """Return the stores with these ids; unknown ones are left out."""
    where = _stores_within(scope, Conditions().add("s.id = any({})", list(ids)))
    records = await db.fetch(f"select {STORE_COLUMNS} from stores s where {where.sql}", *where.arguments)
    return {store.id: store for store in map(store_view, records)}


async def store_by_slug(db: Reader, slug: str, *, scope: Scope) -> StoreView | None:
    """Return the store whose storefront has this host label, whatever its status."""
    return await _store(db, _stores_within(scope, Conditions().add("s.slug = {}", slug)))


async def store_by_domain(db: Reader, domain: str, *, scope: Scope) -> StoreView | None:
    """Return the store that has this custom domain, whatever its status."""
    return await _store(db, _stores_within(scope, Conditions().add("s.custom_domain = {}", domain.lower())))


async def _store(db: Reader, where: Conditions) -> StoreView | None:
    query = f"select {STORE_COLUMNS} from stores s where {where.sql}"
    return _one(store_view, await db.fetchrow(query, *where.arguments))


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
        InvalidInput: the window makes no sense, or a cursor is of another sorting.
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
    query = f"select count(*) from {PRODUCT_SOURCE} where {conditions.sql}"
    return int(await db.fetchval(query, *conditions.arguments))


async def categories_of_store(
    db: Reader,
    store_id: UUID,
    *,
    scope: Scope,
    where: ProductFilter = ProductFilter(),  # noqa: B008  # frozen
) -> tuple[CategoryCount, ...]:
    """Return the categories of a store's products by name, with how many are in each."""
    conditions = _products(store_id, where, scope).add("p.category is not null")
    records = await db.fetch(
        f"select p.category, count(*) as products from {PRODUCT_SOURCE} where {conditions.sql} "
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
    """Return the fewest and most days that any of a store's products takes; None if no supplier says."""
    conditions = _products(store_id, where, scope).add("t.source is not null")
    record = await db.fetchrow(
        "select min((t.source -> 'shipping_days' ->> 0)::int) as fewest, "
        f"max((t.source -> 'shipping_days' ->> 1)::int) as most from {PRODUCT_SOURCE} where {conditions.sql}",
        *conditions.arguments,
    )
    return None if record is None or record["fewest"] is None else (record["fewest"], record["most"])


def _products(store_id: UUID, filter: ProductFilter, scope: Scope) -> Conditions:
    where = _within(scope, Conditions().add("p.store_id = {}", store_id), "p.store_id")
    if filter.statuses:
        where.add(f"{PRODUCT_STATUS} = any({{}})", list(filter.statuses))
    if filter.category is not None:
        where.add("p.category = {}", filter.category)
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
    """Return a store's product by its slug; if several had it in turn, the one not archived, then the newest."""
    where = Conditions().add("p.store_id = {}", store_id).add("p.slug = {}", slug)
    record = await db.fetchrow(
        f"select {PRODUCT_COLUMNS} from {PRODUCT_SOURCE} where {_within(scope, where, 'p.store_id').sql} "
        "order by (p.status = 'ARCHIVED'), p.created_at desc, p.id desc limit 1",
        *where.arguments,
    )
    return _one(product_view, record)


async def products_by_ids(db: Reader, ids: Collection[UUID], *, scope: Scope) -> dict[UUID, ProductView]:
    """Return the products with these ids; unknown ones are left out."""
    where = _within(scope, Conditions().add("p.id = any({})", list(ids)), "p.store_id")
    query = f"select {PRODUCT_COLUMNS} from {PRODUCT_SOURCE} where {where.sql}"
    return {product.id: product for product in map(product_view, await db.fetch(query, *where.arguments))}


async def images_by_products(
    db: Reader, product_ids: Collection[UUID], *, scope: Scope
) -> dict[UUID, tuple[ImageView, ...]]:
    """Return each product's images in their order; every id asked for is a key."""
    where = _within(scope, Conditions().add("m.product_id = any({})", list(product_ids)), "m.store_id")
    records = await db.fetch(
        f"select {IMAGE_COLUMNS} from media m where {where.sql} order by m.position, m.created_at, m.id",
        *where.arguments,
    )
    images = [image_view(record) for record in records]
    return {id: tuple(image for image in images if image.product_id == id) for id in product_ids}


async def variants_by_products(
    db: Reader, product_ids: Collection[UUID], *, scope: Scope
) -> dict[UUID, tuple[VariantView, ...]]:
    """Return each product's variants in their order; every id asked for is a key."""
    where = _within(scope, Conditions().add("v.product_id = any({})", list(product_ids)), "p.store_id")
    records = await db.fetch(
        f"select {VARIANT_COLUMNS} from variants v join products p on p.id = v.product_id "
        f"where {where.sql} order by v.position, v.id",
        *where.arguments,
    )
    variants = [variant_view(record) for record in records]
    return {id: tuple(variant for variant in variants if variant.product_id == id) for id in product_ids}


async def pages_by_stores(db: Reader, store_ids: Collection[UUID], *, scope: Scope) -> dict[UUID, tuple[PageView, ...]]:
    """Return each store's pages: about, contact and questions first, then policies, then the merchant's own."""
    where = _within(scope, Conditions().add("g.store_id = any({})", list(store_ids)), "g.store_id")
    records = await db.fetch(
        f"select {PAGE_COLUMNS} from pages g where {where.sql} order by array_position("
        "array['ABOUT', 'CONTACT', 'FAQ', 'REFUND_POLICY', 'PRIVACY_POLICY', 'TERMS_OF_SERVICE'], g.type) nulls last, "
        'g.title collate "C", g.id',
        *where.arguments,
    )
    pages = [page_view(record) for record in records]
    return {id: tuple(page for page in pages if page.store_id == id) for id in store_ids}


async def page_by_id(db: Reader, page_id: UUID, *, scope: Scope) -> PageView | None:
    """Return a page."""
    where = _within(scope, Conditions().add("g.id = {}", page_id), "g.store_id")
    return _one(page_view, await db.fetchrow(f"select {PAGE_COLUMNS} from pages g where {where.sql}", *where.arguments))


async def page_by_slug(db: Reader, store_id: UUID, slug: str, *, scope: Scope) -> PageView | None:
    """Return a store's page by its slug."""
    where = _within(scope, Conditions().add("g.store_id = {}", store_id).add("g.slug = {}", slug), "g.store_id")
    query = f"select {PAGE_COLUMNS} from pages g where {where.sql} order by g.created_at, g.id limit 1"
    return _one(page_view, await db.fetchrow(query, *where.arguments))


async def media_of_store(
    db: Reader,
    store_id: UUID,
    window: Window,
    *,
    scope: Scope,
    types: Collection[MediaType] = (),
    statuses: Collection[ImageState] = frozenset({ImageState.PROCESSED}),
) -> Slice[MediaAssetView]:
    """Return a store's media assets, the newest first; of a product's image its own time counts.

    Args:
        db: what to read from.
        store_id: whose.
        window: which page.
        scope: whose rows may be returned.
        types: only these types; empty means any.
        statuses: only assets in one of these; empty means any.

    Raises:
        InvalidInput: the window makes no sense.
    """
    return await paginate(
        db,
        select=MEDIA_COLUMNS,
        source="media m",
        where=_media(store_id, types, statuses, scope),
        order=NEWEST_MEDIA,
        window=window,
        id="m.id",
        read=media_view,
    )


async def count_media(
    db: Reader,
    store_id: UUID,
    *,
    scope: Scope,
    types: Collection[MediaType] = (),
    statuses: Collection[ImageState] = frozenset({ImageState.PROCESSED}),
) -> int:
    """Return how many assets :func:`media_of_store` lists."""
    where = _media(store_id, types, statuses, scope)
    return int(await db.fetchval(f"select count(*) from media m where {where.sql}", *where.arguments))


def _media(store_id: UUID, types: Collection[MediaType], statuses: Collection[ImageState], scope: Scope) -> Conditions:
    where = _within(scope, Conditions().add("m.store_id = {}", store_id), "m.store_id")
    if types:
        where.add("m.type = any({})", list(types))
    if statuses:
        where.add("m.status = any({})", list(statuses))
    return where


async def media_by_id(db: Reader, id: UUID, *, scope: Scope) -> MediaAssetView | None:
    """Return a media asset, whatever its status."""
    return (await media_by_ids(db, [id], scope=scope)).get(id)


async def media_by_ids(db: Reader, ids: Collection[UUID], *, scope: Scope) -> dict[UUID, MediaAssetView]:
    """Return the media assets with these ids; unknown ones are left out."""
    where = _within(scope, Conditions().add("m.id = any({})", list(ids)), "m.store_id")
    records = await db.fetch(f"select {MEDIA_COLUMNS} from media m where {where.sql}", *where.arguments)
    return {asset.id: asset for asset in map(media_view, records)}
