"""Queries about stores and their pages."""

# ruff: noqa: S608  # the parts are this module's constants; values are arguments

from collections.abc import Collection
from uuid import UUID

from domain.shipping.rates import ShippingRates
from domain.store.events import CopyScores, PageType, Preferences, StoreStatus
from domain.store.return_policy import ReturnPolicy
from domain.store.taxes import TaxSettings
from projections.catalog.queries.scoped import of_store, within
from projections.catalog.tables.stores import NAME_KEY
from projections.catalog.views import (
    BrandResult,
    PageVersionView,
    PageView,
    ScoutingResult,
    StoreSort,
    StoreView,
)
from projections.reading.columns import Only, ViewColumns, column, grouped
from projections.reading.conditions import Conditions
from projections.reading.counting import Count, count_rows
from projections.reading.cursors import Order
from projections.reading.paging import Reader, Slice, Window, paginate
from projections.reading.scope import MerchantScope, Scope, restrict

_STORE_COLUMNS = {
    **{name: f"s.{name}" for name in StoreView.__dataclass_fields__},
    # The merchants read model is on the same search path.
    "business_country": "(select i.country from business_identities i where i.merchant_id = s.merchant_id "
    "order by i.number desc limit 1)",
    # Old stores have no CurrencyChosen event: they sell in the currency of their products, active ones first.
    "currency": "coalesce(s.currency, (select p.currency from "
    "(values ('ACTIVE', 1), ('OUT_OF_STOCK', 1), ('DRAFT', 2), ('ARCHIVED', 3)) l (status, place), lateral ("
    "select c.currency, c.created_at, c.id from products c where c.store_id = s.id and c.status = l.status "
    "order by c.created_at, c.id limit 1) p order by l.place, p.created_at, p.id limit 1))",
}
STORES: ViewColumns[StoreView] = ViewColumns(
    StoreView,
    _STORE_COLUMNS,
    {
        "status": column("status", StoreStatus),
        "preferences": column("preferences", Preferences.model_validate_json),
        "brand": column("brand", BrandResult.model_validate_json),
        "scouting": column("scouting", ScoutingResult.model_validate_json),
        "shipping": column("shipping", ShippingRates.model_validate_json),
        "returns": column("returns", ReturnPolicy.model_validate_json),
        "taxes": column("taxes", TaxSettings.model_validate_json),
    },
    always=frozenset({"id", "merchant_id"}),
)
"""The columns of a store ``s``."""

PAGES = ViewColumns(
    PageView,
    {name: f"g.{name}" for name in PageView.__dataclass_fields__},
    {"type": column("type", PageType), "scores": column("scores", CopyScores.model_validate_json)},
    always=frozenset({"id", "store_id", "type", "title"}),
)
"""The columns of a page ``g``. Its place in a list needs those that are always read."""
PAGE_ORDER = (
    PageType.ABOUT,
    PageType.CONTACT,
    PageType.FAQ,
    PageType.REFUND_POLICY,
    PageType.PRIVACY_POLICY,
    PageType.TERMS_OF_SERVICE,
)
"""The first pages of a list; the others follow by title."""


def place_of_page(page: PageView) -> tuple[int, str, str]:
    """Return what orders the pages of a store."""
    rank = PAGE_ORDER.index(page.type) if page.type in PAGE_ORDER else len(PAGE_ORDER)
    return rank, page.title, str(page.id)


NEWEST_STORES = Order(name="created", key="s.created_at", type="timestamptz", descending=True)
STORE_ORDERS = {
    StoreSort.NEWEST: NEWEST_STORES,
    StoreSort.OLDEST: NEWEST_STORES.reverse("created-oldest"),
    StoreSort.NAME: Order(name="store-name", key=NAME_KEY, type="text"),
}


def _stores_within(scope: Scope, where: Conditions) -> Conditions:
    return restrict(where, scope, merchant="s.merchant_id = {}", store="s.id", team="s.id")


async def stores_of_merchant(
    db: Reader,
    merchant_id: UUID,
    window: Window,
    *,
    scope: Scope,
    statuses: Collection[StoreStatus] = (),
    sort: StoreSort = StoreSort.NEWEST,
    only: Only = None,
) -> Slice[StoreView]:
    """Return a merchant's stores and those that are shared with them.

    Args:
        db: the database.
        merchant_id: the owner.
        window: the page.
        scope: whose rows may be returned.
        statuses: only stores in one of these; empty means any.
        sort: the order of the list.
        only: the attributes that the caller reads; see :mod:`projections.reading.columns`.

    Raises:
        InvalidInput: the window or a cursor is invalid.
    """
    selection = STORES.selection(only)
    return await paginate(
        db,
        selection=selection,
        table="stores s",
        where=_stores(merchant_id, statuses, scope),
        order=STORE_ORDERS[sort],
        window=window,
        id="s.id",
    )


async def count_stores(db: Reader, merchant_id: UUID, *, scope: Scope, statuses: Collection[StoreStatus] = ()) -> Count:
    """Return how many stores :func:`stores_of_merchant` lists."""
    where = _stores(merchant_id, statuses, scope)
    return await count_rows(db, f"from stores s where {where.sql}", *where.arguments)


def _stores(merchant_id: UUID, statuses: Collection[StoreStatus], scope: Scope) -> Conditions:
    is_shared = isinstance(scope, MerchantScope) and bool(scope.shared)
    # The scope alone has the stores that other merchants share with this one.
    where = _stores_within(scope, Conditions() if is_shared else Conditions().add("s.merchant_id = {}", merchant_id))
    return where.add("s.status = any({})", list(statuses)) if statuses else where


async def store_by_id(db: Reader, store_id: UUID, *, scope: Scope, only: Only = None) -> StoreView | None:
    """Return a store."""
    return (await stores_by_ids(db, [store_id], scope=scope, only=only)).get(store_id)


async def stores_by_ids(db: Reader, ids: Collection[UUID], *, scope: Scope, only: Only = None) -> dict[UUID, StoreView]:
    """Return the stores with these ids; unknown ids are left out."""
    selection = STORES.selection(only)
    where = _stores_within(scope, Conditions().add("s.id = any({})", list(ids)))
    records = await db.fetch(f"select {selection.sql} from stores s where {where.sql}", *where.arguments)
    return {store.id: store for store in map(selection.read, records)}


async def store_by_slug(db: Reader, slug: str, *, scope: Scope) -> StoreView | None:
    """Return the store with this host label, in any status."""
    return await _store(db, _stores_within(scope, Conditions().add("s.slug = {}", slug)))


async def store_by_domain(db: Reader, domain: str, *, scope: Scope) -> StoreView | None:
    """Return the store that has this domain verified, in any status."""
    # For a moment two rows may say so: a store's loss may be read after another store's proof.
    owner = (
        "s.id = (select d.store_id from domains d where d.name = {} and d.status = 'VERIFIED' "
        "order by d.verified_at desc limit 1)"
    )
    return await _store(db, _stores_within(scope, Conditions().add(owner, domain.lower())))


async def _store(db: Reader, where: Conditions) -> StoreView | None:
    selection = STORES.selection(None)
    record = await db.fetchrow(f"select {selection.sql} from stores s where {where.sql}", *where.arguments)
    return None if record is None else selection.read(record)


async def pages_by_stores(
    db: Reader, store_ids: Collection[UUID], *, scope: Scope, only: Only = None
) -> dict[UUID, tuple[PageView, ...]]:
    """Return each store's pages: about, contact and FAQ first, then the policies, then the merchant's own."""
    where = within(scope, Conditions().add("g.store_id = any({})", list(store_ids)), "g.store_id")
    selection = PAGES.selection(only)
    records = await db.fetch(
        f"select {selection.sql} from pages g where {where.sql} and not g.removed", *where.arguments
    )
    pages = sorted(map(selection.read, records), key=place_of_page)
    return grouped(pages, store_ids, by=lambda page: page.store_id)


async def page_by_id(
    db: Reader, page_id: UUID, *, scope: Scope, only: Only = None, even_removed: bool = False
) -> PageView | None:
    """Return a page. One that was removed has the text that it had last."""
    where = within(scope, Conditions().add("g.id = {}", page_id), "g.store_id")
    return await _page(db, where, only, even_removed=even_removed)


async def pages_by_ids(db: Reader, ids: Collection[UUID], *, scope: Scope, only: Only = None) -> dict[UUID, PageView]:
    """Return the pages with these ids; unknown ids are left out."""
    selection = PAGES.selection(only)
    where = within(scope, Conditions().add("g.id = any({})", list(ids)), "g.store_id")
    records = await db.fetch(
        f"select {selection.sql} from pages g where {where.sql} and not g.removed", *where.arguments
    )
    return {page.id: page for page in map(selection.read, records)}


async def page_by_slug(db: Reader, store_id: UUID, slug: str, *, scope: Scope) -> PageView | None:
    """Return a store's page by its slug."""
    where = of_store(scope, "g.store_id", store_id).add("g.slug = {}", slug)
    return await _page(db, where)


async def versions_of_page(
    db: Reader, page_id: UUID, *, scope: Scope, numbers: Collection[int] = ()
) -> tuple[PageVersionView, ...]:
    """Return the texts that a page had, the newest first.

    Args:
        db: the database.
        page_id: the page.
        scope: whose rows may be returned.
        numbers: only these versions; empty means all.
    """
    if numbers:
        found = await page_versions(db, [(page_id, number) for number in numbers], scope=scope)
        return tuple(sorted(found.values(), key=lambda version: -version.number))
    return (await versions_of_pages(db, [page_id], scope=scope))[page_id]


async def versions_of_pages(
    db: Reader, page_ids: Collection[UUID], *, scope: Scope
) -> dict[UUID, tuple[PageVersionView, ...]]:
    """Return the texts that each page had, the newest first. Each id is a key."""
    where = within(scope, Conditions().add("v.page_id = any({})", list(page_ids)), "v.store_id")
    versions = await _versions(db, f"page_versions v where {where.sql}", where)
    return grouped(versions, page_ids, by=lambda version: version.page_id)


async def page_versions(
    db: Reader, keys: Collection[tuple[UUID, int]], *, scope: Scope
) -> dict[tuple[UUID, int], PageVersionView]:
    """Return texts of pages by page and number; unknown ones are left out."""
    where = Conditions()
    pages, numbers = where.value([page_id for page_id, _ in keys]), where.value([number for _, number in keys])
    wanted = f"unnest({pages}::uuid[], {numbers}::bigint[]) as wanted (page_id, number)"
    where = within(scope, where, "v.store_id")
    versions = await _versions(db, f"{wanted} join page_versions v using (page_id, number) where {where.sql}", where)
    return {(version.page_id, version.number): version for version in versions}


async def _versions(db: Reader, source: str, where: Conditions) -> list[PageVersionView]:
    records = await db.fetch(
        "select v.page_id, v.number, v.type, v.title, v.content, v.written_by, v.written_at "
        f"from {source} order by v.number desc",
        *where.arguments,
    )
    return [PageVersionView(**dict(record) | {"type": PageType(record["type"])}) for record in records]


async def _page(db: Reader, where: Conditions, only: Only = None, *, even_removed: bool = False) -> PageView | None:
    selection = PAGES.selection(only)
    if not even_removed:
        where.add("not g.removed")
    query = f"select {selection.sql} from pages g where {where.sql} order by g.created_at, g.id limit 1"
    record = await db.fetchrow(query, *where.arguments)
    return None if record is None else selection.read(record)
