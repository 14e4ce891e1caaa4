"""Queries about discount codes. Each takes a scope; see :mod:`projections.reading.scope`."""

# ruff: noqa: S608  # the parts are this module's constants; values are arguments

from collections.abc import Collection
from uuid import UUID

from asyncpg import Record

from domain.discount.events import DiscountTerms
from projections.reading.columns import whole_rows
from projections.reading.conditions import Conditions
from projections.reading.cursors import Order
from projections.reading.paging import Reader, Slice, Window, paginate
from projections.reading.scope import Scope
from projections.sales.scoped import of_store, within
from projections.sales.views import DiscountSort, DiscountView


async def discounts_of_store(
    db: Reader,
    store_id: UUID,
    window: Window,
    *,
    scope: Scope,
    paused: bool | None = None,
    sort: DiscountSort = DiscountSort.NEWEST,
) -> Slice[DiscountView]:
    """Return a page of a store's discount codes.

    Args:
        db: the database.
        store_id: the store.
        window: the page.
        scope: whose rows may be returned.
        paused: only codes that are paused, or only those that are not; None means any.
        sort: the order of the list.

    Raises:
        InvalidInput: the window or a cursor is invalid.
    """
    where = of_store(scope, "d.store_id", store_id)
    if paused is not None:
        where.add("d.paused = {}", paused)
    return await paginate(
        db,
        selection=_DISCOUNTS,
        table="discounts d",
        where=where,
        order=DISCOUNT_ORDERS[sort],
        window=window,
        id="d.id",
    )


async def discount_by_id(db: Reader, discount_id: UUID, *, scope: Scope) -> DiscountView | None:
    """Return a discount code."""
    where = within(scope, Conditions().add("d.id = {}", discount_id), "d.store_id")
    record = await db.fetchrow(f"select {_DISCOUNTS.sql} from discounts d where {where.sql}", *where.arguments)
    return None if record is None else _view(record)


async def discounts_by_ids(db: Reader, ids: Collection[UUID], *, scope: Scope) -> dict[UUID, DiscountView]:
    """Return the discount codes with these ids; unknown ids are left out."""
    where = within(scope, Conditions().add("d.id = any({})", list(ids)), "d.store_id")
    records = await db.fetch(f"select {_DISCOUNTS.sql} from discounts d where {where.sql}", *where.arguments)
    return {record["id"]: _view(record) for record in records}


async def has_discounts(db: Reader, store_id: UUID, *, scope: Scope) -> bool:
    """Whether a store has a discount code in use."""
    where = of_store(scope, "d.store_id", store_id).add("not d.paused")
    return bool(await db.fetchval(f"select exists (select from discounts d where {where.sql})", *where.arguments))


def _view(record: Record) -> DiscountView:
    return DiscountView(
        id=record["id"],
        store_id=record["store_id"],
        code=record["code"],
        terms=DiscountTerms.model_validate_json(record["terms"]),
        paused=record["paused"],
        reserved=record["reserved"],
        used=record["used"],
        created_at=record["created_at"],
        updated_at=record["updated_at"],
    )


_DISCOUNTS = whole_rows(
    "d", ("id", "store_id", "code", "terms", "paused", "reserved", "used", "created_at", "updated_at"), _view
)
_NEWEST = Order(name="discounts", key="d.created_at", type="timestamptz", descending=True)
DISCOUNT_ORDERS = {
    DiscountSort.NEWEST: _NEWEST,
    DiscountSort.OLDEST: _NEWEST.reverse("discounts-oldest"),
    DiscountSort.CODE: Order(name="discounts-code", key='d.code collate "C"', type="text"),
    DiscountSort.MOST_USED: Order(name="discounts-used", key="d.used", type="bigint", descending=True),
}
