"""How parcels and cancellation change the rows of the sales read model."""

from uuid import UUID

from domain.order.after_sale.events import PaidOrderCancelled, ParcelCorrected, ParcelShipped
from domain.order.events import OrderFulfilled, ShipmentCorrected
from projections.engine.tables import Folds, Json, as_json, of_tenant
from projections.sales.fold.orders import restate
from projections.sales.rows import SalesRows
from projections.sales.tables.after_sale import ParcelRow

PARCEL_FOLDS: Folds[SalesRows] = Folds()


def _key(event: ParcelCorrected, _: UUID) -> tuple[UUID, int]:
    return event.originator_id, event.number


def _first_key(event: ShipmentCorrected, _: UUID) -> tuple[UUID, int]:
    return event.originator_id, 1


@PARCEL_FOLDS.on(OrderFulfilled, orders="originator_id", order_counts=of_tenant)
def order_fulfilled(rows: SalesRows, event: OrderFulfilled, tenant: UUID) -> None:
    _add(rows, event, tenant, 1, None, rows.orders[event.originator_id].items)


@PARCEL_FOLDS.on(ParcelShipped, orders="originator_id", order_counts=of_tenant)
def parcel_shipped(rows: SalesRows, event: ParcelShipped, tenant: UUID) -> None:
    _add(rows, event, tenant, event.number, as_json(event.lines), sum(line.quantity for line in event.lines))


def _add(
    rows: SalesRows,
    event: OrderFulfilled | ParcelShipped,
    tenant: UUID,
    number: int,
    lines: Json | None,
    items: int,
) -> None:
    order, at = rows.orders[event.originator_id], event.occurred_at
    rows.parcels[order.id, number] = ParcelRow(
        order_id=order.id,
        number=number,
        lines=lines,
        carrier=event.carrier,
        tracking_number=event.tracking_number,
        shipped_at=at,
    )
    order.parcel_count, order.shipped_items = number, order.shipped_items + items
    order.carrier, order.tracking_number = event.carrier, event.tracking_number
    restate(rows, order, tenant, at)


@PARCEL_FOLDS.on(ShipmentCorrected, orders="originator_id", parcels=_first_key)
def shipment_corrected(rows: SalesRows, event: ShipmentCorrected, _: UUID) -> None:
    _correct(rows, event, 1)


@PARCEL_FOLDS.on(ParcelCorrected, orders="originator_id", parcels=_key)
def parcel_corrected(rows: SalesRows, event: ParcelCorrected, _: UUID) -> None:
    _correct(rows, event, event.number)


def _correct(rows: SalesRows, event: ShipmentCorrected | ParcelCorrected, number: int) -> None:
    order, parcel = rows.orders[event.originator_id], rows.parcels[event.originator_id, number]
    parcel.carrier, parcel.tracking_number = event.carrier, event.tracking_number
    if number == order.parcel_count:
        order.carrier, order.tracking_number = event.carrier, event.tracking_number
    order.updated_at = event.occurred_at


@PARCEL_FOLDS.on(PaidOrderCancelled, orders="originator_id", order_counts=of_tenant)
def paid_order_cancelled(rows: SalesRows, event: PaidOrderCancelled, tenant: UUID) -> None:
    order = rows.orders[event.originator_id]
    order.cancel_reason, order.cancelled_at = event.reason, event.occurred_at
    restate(rows, order, tenant, event.occurred_at)
