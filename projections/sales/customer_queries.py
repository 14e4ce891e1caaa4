"""The shoppers of a store, to find a person in. Each query takes a scope; see :mod:`projections.reading.scope`."""

# ruff: noqa: S608  # the parts are this module's constants; values are arguments

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.order.events import OrderStatus
from domain.privacy import Sealed
from projections.reading.conditions import Conditions
from projections.reading.paging import Reader
from projections.reading.scope import Scope
from projections.sales.orders import ORDERS, orders_of_rows
from projections.sales.scoped import of_store, within
from projections.sales.views import OrderView


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopperAddress:
    """The sealed e-mail address of an order or a stock notice."""

    id: UUID
    """Of the order or the notice."""
    email: Sealed
    at: datetime
    status: OrderStatus | None
    """None for a notice."""


async def addresses_of_orders(
    db: Reader, store_id: UUID, *, scope: Scope, before: tuple[datetime, UUID] | None, limit: int
) -> list[ShopperAddress]:
    """Return the addresses of a store's orders, the newest first; shoppers see none.

    Args:
        db: the database.
        store_id: the store.
        scope: whose rows may be returned.
        before: time and id of the last order that the caller has.
        limit: the most rows.
    """
    where = of_store(scope, "o.store_id", store_id, shoppers=False)
    if before is not None:
        where = where.add("(o.placed_at, o.id) < ({}, {}::uuid)", *before)
    return await _orders(db, where, limit)


async def addresses_of_notices(
    db: Reader, store_id: UUID, *, scope: Scope, before: tuple[datetime, UUID] | None, limit: int
) -> list[ShopperAddress]:
    """Return the addresses of a store's stock notices that have not ended, the newest first; shoppers see none.

    The arguments are those of :func:`addresses_of_orders`.
    """
    where = of_store(scope, "n.store_id", store_id, shoppers=False).add("n.status <> 'ENDED'")
    if before is not None:
        where = where.add("(n.created_at, n.id) < ({}, {}::uuid)", *before)
    return await _notices(db, where, limit)


async def orders_of_shoppers(
    db: Reader, store_id: UUID, shopper_ids: Collection[UUID], *, scope: Scope, limit: int
) -> list[ShopperAddress]:
    """Return the addresses of the newest orders of some shoppers in a store; shoppers see none."""
    return await _orders(db, _of_shoppers("o", store_id, shopper_ids, scope), limit)


async def notices_of_shoppers(
    db: Reader, store_id: UUID, shopper_ids: Collection[UUID], *, scope: Scope, limit: int
) -> list[ShopperAddress]:
    """Return the addresses of the newest stock notices of some shoppers that have not ended; shoppers see none."""
    return await _notices(db, _of_shoppers("n", store_id, shopper_ids, scope).add("n.status <> 'ENDED'"), limit)


def _of_shoppers(alias: str, store_id: UUID, shopper_ids: Collection[UUID], scope: Scope) -> Conditions:
    where = Conditions().add(f"{alias}.shopper_id = any({{}})", list(shopper_ids))
    # The shoppers find the rows, and the store only checks them.
    where.add(f"{alias}.store_id is not distinct from {{}}", store_id)
    return within(scope, where, f"{alias}.store_id", shoppers=False)


async def _orders(db: Reader, where: Conditions, limit: int) -> list[ShopperAddress]:
    records = await db.fetch(
        f"select o.id, o.shopper_email, o.placed_at, o.status from orders o where {where.sql} "
        f"order by o.placed_at desc, o.id desc limit {int(limit)}",
        *where.arguments,
    )
    return [
        ShopperAddress(
            id=record["id"],
            email=Sealed.model_validate_json(record["shopper_email"]),
            at=record["placed_at"],
            status=OrderStatus(record["status"]),
        )
        for record in records
    ]


async def _notices(db: Reader, where: Conditions, limit: int) -> list[ShopperAddress]:
    records = await db.fetch(
        f"select n.id, n.email, n.created_at from stock_notices n where {where.sql} "
        f"order by n.created_at desc, n.id desc limit {int(limit)}",
        *where.arguments,
    )
    return [
        ShopperAddress(
            id=record["id"], email=Sealed.model_validate_json(record["email"]), at=record["created_at"], status=None
        )
        for record in records
    ]


async def orders_by_ids(db: Reader, store_id: UUID, ids: Collection[UUID], *, scope: Scope) -> list[OrderView]:
    """Return some orders of a store, the newest first; shoppers see none."""
    where = of_store(scope, "o.store_id", store_id, shoppers=False).add("o.id = any({})", list(ids))
    selection = ORDERS.selection(None)
    records = await db.fetch(
        f"select {selection.sql} from orders o where {where.sql} order by o.placed_at desc, o.id desc",
        *where.arguments,
    )
    return await orders_of_rows(db, records, selection)
