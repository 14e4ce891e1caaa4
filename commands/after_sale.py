"""Commands of a merchant who sends an order in parcels, or cancels it."""

from dataclasses import dataclass
from uuid import UUID

from commands.access import order_of_merchant
from commands.order import cancel_unpaid
from commands.ports import UnboundHandlers, Work
from commands.refunds import restock
from domain.editing import Seen
from domain.kernel import Clock
from domain.order.after_sale.events import Pieces
from domain.order.aggregate import ORDER
from domain.order.cancellation import cancel_by_merchant
from domain.order.events import OrderStatus
from domain.order.fulfillment import correct_parcel, ship_parcel


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipParcel:
    """Record that a carrier has some pieces of an order."""

    order_id: UUID
    merchant_id: UUID
    lines: list[Pieces]
    carrier: str | None
    tracking_number: str | None


async def ship_parcel_of_order(command: ShipParcel, work: Work, *, clock: Clock) -> None:
    """Append ``ParcelShipped``.

    Raises:
        NotFound: no order has the id, or it is another merchant's.
        OrderNotOpen: the order is not paid, or nothing of it is left to send.
        InvalidInput: a line is not in the order, or more pieces than are left to send.
    """
    order = await order_of_merchant(work, command.order_id, command.merchant_id)
    events = ship_parcel(
        order, command.lines, carrier=command.carrier, tracking_number=command.tracking_number, at=clock.now()
    )
    work.append(ORDER, order.id, events, tenant=order.store_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectParcel:
    """Correct carrier and tracking number of a parcel; parts that are None stay."""

    order_id: UUID
    merchant_id: UUID
    number: int
    carrier: str | None
    tracking_number: str | None
    seen: Seen = None


async def correct_parcel_of_order(command: CorrectParcel, work: Work, *, clock: Clock) -> None:
    """Append ``ParcelCorrected`` or ``ShipmentCorrected``. No-op if nothing changes.

    Raises:
        ChangedMeanwhile: the parcel is not as the editor saw it.
        NotFound: no order has the id, or it is another merchant's.
        InvalidInput: the order has no parcel of this number.
    """
    order = await order_of_merchant(work, command.order_id, command.merchant_id)
    events = correct_parcel(
        order,
        command.number,
        carrier=command.carrier,
        tracking_number=command.tracking_number,
        at=clock.now(),
        seen=command.seen,
    )
    work.append(ORDER, order.id, events, tenant=order.store_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelOrderByMerchant:
    """Cancel an order of which nothing was sent, and refund it if it is paid."""

    order_id: UUID
    merchant_id: UUID
    refund_id: UUID
    reason: str = ""


async def cancel_order_by_merchant(command: CancelOrderByMerchant, work: Work, *, clock: Clock) -> None:
    """Append ``PaidOrderCancelled`` with its refund and returned stock, or cancel an unpaid order.

    No-op if the order is cancelled.

    Raises:
        NotFound: no order has the id, or it is another merchant's.
        OrderNotOpen: something of the order was sent.
    """
    at = clock.now()
    order = await order_of_merchant(work, command.order_id, command.merchant_id)
    if order.status is OrderStatus.PENDING:
        await cancel_unpaid(work, order, reason=command.reason, at=at)
        return
    events = cancel_by_merchant(order, refund_id=command.refund_id, reason=command.reason, at=at)
    work.append(ORDER, order.id, events, tenant=order.store_id)
    await restock(work, order, events, at=at)


HANDLERS: UnboundHandlers = {
    ShipParcel: ship_parcel_of_order,
    CorrectParcel: correct_parcel_of_order,
    CancelOrderByMerchant: cancel_order_by_merchant,
}
"""Each command and its handler."""
