"""How buying an order's goods changes the rows of the sales read model."""

from uuid import UUID

from domain.order.after_sale.sourcing_events import (
    LineSubstituted,
    OrderHeld,
    OrderReleased,
    SourcingChecked,
    SourcingCheckRequested,
    SupplierOrderFailed,
    SupplierOrderPlaced,
    SupplierOrderRequested,
)
from domain.order.after_sale.sourcing_state import SupplierOrderStatus
from projections.engine.tables import Folds, as_json
from projections.sales.fold.orders import mark_attention
from projections.sales.rows import SalesRows
from projections.sales.tables.after_sale import SubstituteRow, SupplierOrderRow

SOURCING_FOLDS: Folds[SalesRows] = Folds()


def _key(event: SupplierOrderRequested | SupplierOrderPlaced | SupplierOrderFailed, _: UUID) -> tuple[UUID, str]:
    return event.originator_id, event.provider


@SOURCING_FOLDS.on(SourcingChecked, orders="originator_id")
def sourcing_checked(rows: SalesRows, event: SourcingChecked, _: UUID) -> None:
    order = rows.orders[event.originator_id]
    order.sourcing, order.hold, order.updated_at = as_json(event), None, event.occurred_at
    mark_attention(order)


@SOURCING_FOLDS.on(OrderHeld, orders="originator_id")
def order_held(rows: SalesRows, event: OrderHeld, _: UUID) -> None:
    order = rows.orders[event.originator_id]
    order.hold, order.updated_at = as_json(event), event.occurred_at
    mark_attention(order)


@SOURCING_FOLDS.on(OrderReleased, orders="originator_id")
def order_released(rows: SalesRows, event: OrderReleased, _: UUID) -> None:
    order = rows.orders[event.originator_id]
    order.hold, order.updated_at = None, event.occurred_at
    mark_attention(order)


@SOURCING_FOLDS.on(SourcingCheckRequested, orders="originator_id")
def sourcing_check_requested(rows: SalesRows, event: SourcingCheckRequested, _: UUID) -> None:
    rows.orders[event.originator_id].updated_at = event.occurred_at


@SOURCING_FOLDS.on(LineSubstituted, orders="originator_id")
def line_substituted(rows: SalesRows, event: LineSubstituted, _: UUID) -> None:
    order = rows.orders[event.originator_id]
    order.substitute_count, order.updated_at = order.substitute_count + 1, event.occurred_at
    rows.substitutes[order.id, order.substitute_count] = SubstituteRow(
        order_id=order.id,
        number=order.substitute_count,
        variant_id=event.variant_id,
        quantity=event.quantity,
        product_id=event.product_id,
        substitute_id=event.substitute_id,
        title=event.title,
        variant_title=event.variant_title,
        extra_cost=as_json(event.extra_cost),
    )


@SOURCING_FOLDS.on(SupplierOrderRequested, orders="originator_id", supplier_orders=_key)
def supplier_order_requested(rows: SalesRows, event: SupplierOrderRequested, _: UUID) -> None:
    order, key = rows.orders[event.originator_id], (event.originator_id, event.provider)
    known = rows.supplier_orders.get(key)
    order.updated_at = event.occurred_at
    if known is None:
        order.supplier_order_count += 1
        rows.supplier_orders[key] = SupplierOrderRow(
            order_id=order.id,
            provider=event.provider,
            status=SupplierOrderStatus.REQUESTED,
            attempt=event.attempt,
            external_id=None,
            surplus=0,
            failure=None,
            requested_at=event.occurred_at,
            answered_at=None,
        )
        return
    order.failed_supplier_orders -= known.status == SupplierOrderStatus.FAILED
    known.status, known.attempt, known.failure = SupplierOrderStatus.REQUESTED, event.attempt, None
    known.answered_at = None
    mark_attention(order)


@SOURCING_FOLDS.on(SupplierOrderPlaced, orders="originator_id", supplier_orders=_key)
def supplier_order_placed(rows: SalesRows, event: SupplierOrderPlaced, _: UUID) -> None:
    row = rows.supplier_orders[event.originator_id, event.provider]
    row.status, row.external_id, row.answered_at = SupplierOrderStatus.PLACED, event.external_id, event.occurred_at
    row.surplus = event.surplus
    rows.orders[event.originator_id].updated_at = event.occurred_at


@SOURCING_FOLDS.on(SupplierOrderFailed, orders="originator_id", supplier_orders=_key)
def supplier_order_failed(rows: SalesRows, event: SupplierOrderFailed, _: UUID) -> None:
    row, order = rows.supplier_orders[event.originator_id, event.provider], rows.orders[event.originator_id]
    row.status, row.failure, row.answered_at = SupplierOrderStatus.FAILED, event.reason, event.occurred_at
    order.failed_supplier_orders, order.updated_at = order.failed_supplier_orders + 1, event.occurred_at
    mark_attention(order)
