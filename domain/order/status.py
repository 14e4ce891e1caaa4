"""An order's status, derived from what happened to it. The aggregate and the sales read model use the same rule."""

from domain.order.events import OrderStatus


def order_status(
    *, paid_minor: int | None, refunded_minor: int, cancelled: bool, items: int, shipped_items: int
) -> OrderStatus:
    """Return an order's status.

    Args:
        paid_minor: the payment; None while there is none.
        refunded_minor: how much of it went back.
        cancelled: whether the order was cancelled, before or after the payment.
        items: pieces in the order, without those that were refunded instead of sent.
        shipped_items: pieces that a carrier has.
    """
    if cancelled:
        return OrderStatus.CANCELLED
    if paid_minor is None:
        return OrderStatus.PENDING
    if refunded_minor >= paid_minor > 0 or (items <= 0 and not shipped_items):
        return OrderStatus.REFUNDED
    if shipped_items >= items:
        return OrderStatus.FULFILLED
    return OrderStatus.PARTLY_FULFILLED if shipped_items else OrderStatus.PAID
