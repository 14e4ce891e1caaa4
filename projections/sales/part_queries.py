"""Orders by the ids of their parts. Each query takes a scope; see :mod:`projections.reading.scope`."""

# ruff: noqa: S608  # the parts are this module's constants; values are arguments

from collections.abc import Collection
from uuid import UUID

from projections.reading.conditions import Conditions
from projections.reading.paging import Reader
from projections.reading.scope import Scope
from projections.sales.orders import ORDERS, orders_of_rows
from projections.sales.queries import orders_by_ids
from projections.sales.scoped import within
from projections.sales.views import OrderView


async def orders_by_refunds(db: Reader, refund_ids: Collection[UUID], *, scope: Scope) -> dict[UUID, OrderView]:
    """Return the order of each refund, by the refund's id; unknown ids are left out; shoppers see none."""
    where = within(scope, Conditions().add("r.refund_id = any({})", list(refund_ids)), "o.store_id", shoppers=False)
    records = await db.fetch(
        f"select r.refund_id, o.id from refunds r join orders o on o.id = r.order_id where {where.sql}",
        *where.arguments,
    )
    orders = await orders_by_ids(db, {record["id"] for record in records}, scope=scope)
    return {record["refund_id"]: orders[record["id"]] for record in records if record["id"] in orders}


async def orders_by_shoppers(db: Reader, shopper_ids: Collection[UUID], *, scope: Scope) -> dict[UUID, OrderView]:
    """Return the newest order of each shopper, by the shopper's id; unknown ids are left out; shoppers see none."""
    where = within(scope, Conditions().add("o.shopper_id = any({})", list(shopper_ids)), "o.store_id", shoppers=False)
    selection = ORDERS.selection(None)
    records = await db.fetch(
        f"select {selection.sql} from orders o where {where.sql} order by o.placed_at, o.id", *where.arguments
    )
    return {order.shopper_id: order for order in await orders_of_rows(db, records, selection)}
