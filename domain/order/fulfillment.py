"""Sending an order, whole or in parcels, and its delivery."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from domain.editing import Parts, fingerprint, refuse_overwriting
from domain.kernel import InvalidInput, next_header
from domain.order.after_sale.events import ParcelCorrected, ParcelShipped, Pieces
from domain.order.aggregate import Order
from domain.order.errors import OrderNotOpen, variant_not_ordered
from domain.order.events import OrderDelivered, OrderEvent, OrderFulfilled, OrderStatus, ShipmentCorrected
from domain.order.sourcing_errors import OrderIsHeld

OPEN = frozenset({OrderStatus.PAID, OrderStatus.PARTLY_FULFILLED})
"""Statuses in which something can be sent."""


def pieces_to_send(order: Order) -> Mapping[UUID, int]:
    """Return by variant the pieces that were neither sent nor refunded instead."""
    shipped, unsent = order.after.shipped_pieces(), order.after.unsent_pieces()
    left = {
        line.variant_id: line.quantity - shipped.get(line.variant_id, 0) - unsent.get(line.variant_id, 0)
        for line in order.lines
    }
    return {variant_id: count for variant_id, count in left.items() if count > 0}


def parcel_parts(carrier: str | None, tracking_number: str | None) -> Parts:
    """Return what an editor can correct of a parcel, as a fingerprint."""
    return {"PARCEL": fingerprint([carrier, tracking_number])}


def fulfil(
    order: Order, *, carrier: str | None, tracking_number: str | None, at: datetime, seen: str | None = None
) -> Sequence[OrderEvent]:
    """Record that a carrier has all that is left, or correct the last parcel. No-op if nothing changes.

    A correction keeps the parts that are None.

    Raises:
        ChangedMeanwhile: the last parcel is not as the editor saw it.
        OrderNotOpen: the order is not paid, or cancelled or refunded.
        OrderIsHeld: the order waits for a decision of the merchant.
    """
    parcels, left = order.after.parcels, pieces_to_send(order)
    if parcels and not left:
        number = len(parcels)
        return correct_parcel(order, number, carrier=carrier, tracking_number=tracking_number, at=at, seen=seen)
    if order.status not in OPEN:
        raise OrderNotOpen(order.id, order.status, "fulfilled")
    if order.after.sourcing.held is not None:
        raise OrderIsHeld(order.number)
    if not parcels and sum(left.values()) == order.items:
        return (OrderFulfilled(**next_header(order, at), carrier=carrier, tracking_number=tracking_number),)
    rest = [Pieces(variant_id=variant_id, quantity=count) for variant_id, count in left.items()]
    return ship_parcel(order, rest, carrier=carrier, tracking_number=tracking_number, at=at)


def ship_parcel(
    order: Order, lines: Sequence[Pieces], *, carrier: str | None, tracking_number: str | None, at: datetime
) -> Sequence[OrderEvent]:
    """Record that a carrier has some pieces.

    Raises:
        OrderNotOpen: the order is not paid, all of it was sent, or it is cancelled or refunded.
        OrderIsHeld: the order waits for a decision of the merchant.
        InvalidInput: a line is not in the order, or more pieces than are left to send.
    """
    if order.status not in OPEN:
        raise OrderNotOpen(order.id, order.status, "fulfilled")
    if order.after.sourcing.held is not None:
        raise OrderIsHeld(order.number)
    left, known = dict(pieces_to_send(order)), {line.variant_id for line in order.lines}
    if not lines:
        raise InvalidInput("lines", "The parcel is empty. Name at least one piece.")
    for n, line in enumerate(lines):
        if line.variant_id not in known:
            raise variant_not_ordered(order.number, n, line.variant_id)
        count = left.get(line.variant_id, 0)
        if not 1 <= line.quantity <= count:
            raise InvalidInput(
                f"lines.{n}.quantity", f"Quantity cannot be {line.quantity}: {count} pieces are left to send."
            )
        left[line.variant_id] = count - line.quantity
    return (
        ParcelShipped(
            **next_header(order, at),
            number=len(order.after.parcels) + 1,
            lines=list(lines),
            carrier=carrier,
            tracking_number=tracking_number,
        ),
    )


def correct_parcel(
    order: Order,
    number: int,
    *,
    carrier: str | None,
    tracking_number: str | None,
    at: datetime,
    seen: str | None = None,
) -> Sequence[OrderEvent]:
    """Correct carrier and tracking number of a parcel; parts that are None stay. No-op if nothing changes.

    Raises:
        ChangedMeanwhile: the parcel is not as the editor saw it.
        InvalidInput: the order has no parcel of this number.
    """
    parcels = order.after.parcels
    if not 1 <= number <= len(parcels):
        raise InvalidInput("parcel", f"Order {order.number} has no parcel {number}; it has {len(parcels)}.")
    parcel = parcels[number - 1]
    refuse_overwriting(seen, parcel_parts(parcel.carrier, parcel.tracking_number), ["PARCEL"])
    corrected = carrier or parcel.carrier, tracking_number or parcel.tracking_number
    if corrected == (parcel.carrier, parcel.tracking_number):
        return ()
    if sum(line.quantity for line in parcel.lines) == order.items:
        return (ShipmentCorrected(**next_header(order, at), carrier=corrected[0], tracking_number=corrected[1]),)
    return (
        ParcelCorrected(**next_header(order, at), number=number, carrier=corrected[0], tracking_number=corrected[1]),
    )


def deliver(order: Order, *, on: date, today: date, at: datetime) -> Sequence[OrderEvent]:
    """Record the day on which the shopper got the whole order. No-op if the day is known.

    Raises:
        OrderNotOpen: something of the order was not sent.
        InvalidInput: the day is in the future.
    """
    if not order.after.parcels or pieces_to_send(order):
        raise OrderNotOpen(order.id, order.status, "delivered")
    if on > today:
        raise InvalidInput("delivered_on", f"Delivered on {on} is in the future. Use {today} or an earlier day.")
    return () if on == order.delivered_on else (OrderDelivered(**next_header(order, at), delivered_on=on),)
