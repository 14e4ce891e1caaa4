"""Cancelling an order that is paid and not sent: it is refunded, and its stock goes back."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from domain.kernel import next_header
from domain.order.after_sale.events import PaidOrderCancelled
from domain.order.aggregate import Order, evolve
from domain.order.errors import OrderNotOpen
from domain.order.events import OrderEvent, OrderStatus
from domain.order.refunds import RefundWish, request_refund

CANCELLABLE = frozenset({OrderStatus.PAID, OrderStatus.REFUNDED})


def cancel_by_merchant(
    order: Order, *, refund_id: UUID, reason: str, at: datetime, restock: bool = True
) -> Sequence[OrderEvent]:
    """Cancel a paid order of which nothing was sent; what is left of its payment is refunded. No-op if it is cancelled.

    Raises:
        OrderNotOpen: something of the order was sent. Refund it instead.
    """
    if order.status is OrderStatus.CANCELLED:
        return ()
    if order.status not in CANCELLABLE or order.after.parcels or order.intent_id is None:
        is_paid_back = order.status is OrderStatus.REFUNDED
        action = "cancelled: it was sent, and its payment went back" if is_paid_back else "cancelled. Refund it instead"
        raise OrderNotOpen(order.id, order.status, action)
    cancelled = PaidOrderCancelled(**next_header(order, at), reason=reason)
    if order.after.left(order.intent_id).minor == 0:
        return (cancelled,)
    wish = RefundWish(refund_id=refund_id, restock=restock, reason=reason)
    return (cancelled, *request_refund(evolve(order, cancelled), wish, at=at))
