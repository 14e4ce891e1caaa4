"""Substitutes and supplier orders of orders that a scoped query returned."""

from collections.abc import Collection, Mapping
from uuid import UUID

from domain.merchant.events import SupplierProvider
from domain.money import Money
from domain.order.after_sale.sourcing_state import SupplierOrderStatus
from projections.reading.paging import Reader
from projections.sales.views import SubstituteView, SupplierOrderView


async def substitutes_of_orders(db: Reader, order_ids: Collection[UUID]) -> Mapping[UUID, tuple[SubstituteView, ...]]:
    """Return what is sent instead of lines; the caller has checked that the orders may be seen.

    A line whose substitute could not be had either has its latest one. Orders' lines are in the order of their decisions.
    """
    found: dict[UUID, dict[UUID, SubstituteView]] = {}
    if not order_ids:
        return {}
    for record in await db.fetch(
        "select b.order_id, b.variant_id, b.quantity, b.product_id, b.substitute_id, b.title, b.variant_title, b.extra_cost "
        "from substitutes b where b.order_id = any($1) order by b.order_id, b.number",
        list(order_ids),
    ):
        view = SubstituteView(
            variant_id=record["variant_id"],
            quantity=record["quantity"],
            product_id=record["product_id"],
            substitute_id=record["substitute_id"],
            title=record["title"],
            variant_title=record["variant_title"],
            extra_cost=Money.model_validate_json(record["extra_cost"]),
        )
        found.setdefault(record["order_id"], {})[view.variant_id] = view
    return {order_id: tuple(views.values()) for order_id, views in found.items()}


async def supplier_orders_of_orders(
    db: Reader, order_ids: Collection[UUID]
) -> Mapping[UUID, tuple[SupplierOrderView, ...]]:
    """Return orders at suppliers; the caller has checked that the orders may be seen."""
    found: dict[UUID, tuple[SupplierOrderView, ...]] = {}
    if not order_ids:
        return found
    for record in await db.fetch(
        "select p.order_id, p.provider, p.status, p.attempt, p.external_id, p.surplus, p.failure, p.requested_at, "
        "p.answered_at "
        "from supplier_orders p where p.order_id = any($1) order by p.order_id, p.provider",
        list(order_ids),
    ):
        view = SupplierOrderView(
            provider=SupplierProvider(record["provider"]),
            status=SupplierOrderStatus(record["status"]),
            attempt=record["attempt"],
            external_id=record["external_id"],
            surplus=record["surplus"],
            failure=record["failure"],
            requested_at=record["requested_at"],
            answered_at=record["answered_at"],
        )
        found[record["order_id"]] = (*found.get(record["order_id"], ()), view)
    return found
