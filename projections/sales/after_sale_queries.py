"""Refunds and parcels of orders that a scoped query returned."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from pydantic import TypeAdapter

from domain.money import Money
from domain.order.after_sale.events import Pieces, RefundedPieces
from domain.order.after_sale.state import RefundStatus
from projections.reading.paging import Reader
from projections.sales.views import OrderLineView, ParcelView, RefundView

_LINES = TypeAdapter(tuple[RefundedPieces, ...])
_PIECES = TypeAdapter(tuple[Pieces, ...])


async def refunds_of_orders(db: Reader, order_ids: Collection[UUID]) -> Mapping[UUID, tuple[RefundView, ...]]:
    """Return orders' refunds, the earliest first; the caller has checked that the orders may be seen."""
    found: dict[UUID, tuple[RefundView, ...]] = {}
    if not order_ids:
        return found
    for record in await db.fetch(
        "select r.order_id, r.refund_id, r.intent_id, r.external_id, r.amount_minor, r.fee_minor, r.currency, r.status, "
        "r.lines, r.shipping_minor, r.reason, r.failure, r.requested_here, r.requested_at, r.succeeded_at, r.failed_at "
        "from refunds r where r.order_id = any($1) order by r.order_id, r.requested_at, r.refund_id",
        list(order_ids),
    ):
        currency = record["currency"]
        view = RefundView(
            id=record["refund_id"],
            intent_id=record["intent_id"],
            external_id=record["external_id"],
            amount=Money(minor=record["amount_minor"], currency=currency),
            fee_refund=Money(minor=record["fee_minor"], currency=currency),
            status=RefundStatus(record["status"]),
            lines=_LINES.validate_json(record["lines"]),
            shipping=Money(minor=record["shipping_minor"], currency=currency),
            reason=record["reason"],
            failure=record["failure"],
            requested_here=record["requested_here"],
            requested_at=record["requested_at"],
            succeeded_at=record["succeeded_at"],
            failed_at=record["failed_at"],
        )
        found[record["order_id"]] = (*found.get(record["order_id"], ()), view)
    return found


async def parcels_of_orders(db: Reader, order_ids: Collection[UUID]) -> Mapping[UUID, tuple[ParcelView, ...]]:
    """Return orders' parcels in the order in which they were sent; one with the whole order has no lines yet.

    The caller has checked that the orders may be seen.
    """
    found: dict[UUID, tuple[ParcelView, ...]] = {}
    if not order_ids:
        return found
    for record in await db.fetch(
        "select p.order_id, p.number, p.lines, p.carrier, p.tracking_number, p.shipped_at from parcels p "
        "where p.order_id = any($1) order by p.order_id, p.number",
        list(order_ids),
    ):
        view = ParcelView(
            number=record["number"],
            lines=() if record["lines"] is None else _PIECES.validate_json(record["lines"]),
            carrier=record["carrier"],
            tracking_number=record["tracking_number"],
            shipped_at=record["shipped_at"],
        )
        found[record["order_id"]] = (*found.get(record["order_id"], ()), view)
    return found


def whole_parcels(parcels: Sequence[ParcelView], lines: Sequence[OrderLineView]) -> tuple[ParcelView, ...]:
    """Return parcels with their lines; one without lines holds the whole order."""
    whole = tuple(Pieces(variant_id=line.variant_id, quantity=line.quantity) for line in lines)
    return tuple(parcel if parcel.lines else replace(parcel, lines=whole) for parcel in parcels)
