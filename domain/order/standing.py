"""How an order stands, in one word for people. Storefront, dashboard and API use the same rule."""

from collections.abc import Collection, Iterable
from enum import StrEnum
from typing import Protocol

from domain.order.after_sale.return_state import ReturnKind, ReturnStatus
from domain.order.after_sale.state import RefundStatus
from domain.order.events import OrderStatus
from domain.order.given_back import GivenBack, PaidBack


class OrderStanding(StrEnum):
    """How an order stands. Unlike its status, it counts what the shopper gave back and what is being refunded."""

    UNPAID = "UNPAID"
    PAID = "PAID"
    PARTLY_SENT = "PARTLY_SENT"
    SENT = "SENT"
    DELIVERED = "DELIVERED"
    """All of it was sent, and the shopper has it: the delivery was recorded, or a return was asked for."""
    PARTLY_RETURNED = "PARTLY_RETURNED"
    """All of it was sent, and a part is back at the shop."""
    REPLACED = "REPLACED"
    """The shop sent new goods in place of some that came back."""
    CANCELLED = "CANCELLED"
    WITHDRAWN = "WITHDRAWN"
    """The shopper withdrew from all of it, and the money is not refunded yet."""
    COMING_BACK = "COMING_BACK"
    """All of it is on its way back to the shop."""
    RETURNED = "RETURNED"
    """All of it is back at the shop, and the money is not refunded yet."""
    REFUNDING = "REFUNDING"
    """A refund of all that is due was requested, and the payment provider has not answered yet."""
    REFUNDED = "REFUNDED"
    """All that is due went back to the shopper."""


TO_SHIP = frozenset({OrderStanding.PAID, OrderStanding.PARTLY_SENT})
"""How orders stand that the shop sends, or sends the rest of."""


class Returned(GivenBack, Protocol):
    """A return or a withdrawal, and how far it is."""

    @property
    def kind(self) -> ReturnKind: ...

    @property
    def status(self) -> ReturnStatus: ...

    @property
    def stands(self) -> bool: ...

    @property
    def is_received(self) -> bool:
        """Whether its goods are back at the shop."""


BY_STATUS = {
    OrderStatus.PENDING: OrderStanding.UNPAID,
    OrderStatus.PAID: OrderStanding.PAID,
    OrderStatus.PARTLY_FULFILLED: OrderStanding.PARTLY_SENT,
    OrderStatus.FULFILLED: OrderStanding.SENT,
    OrderStatus.CANCELLED: OrderStanding.CANCELLED,
    OrderStatus.REFUNDED: OrderStanding.REFUNDED,
}
_PAID_FOR = frozenset({OrderStatus.PAID, OrderStatus.PARTLY_FULFILLED, OrderStatus.FULFILLED})


def standing_of(
    status: OrderStatus,
    *,
    items: int,
    returns: Iterable[Returned],
    refunds: Iterable[PaidBack],
    is_all_refunded: bool,
    is_delivered: bool,
) -> OrderStanding:
    """Return how an order stands.

    Args:
        status: the order's status.
        items: its pieces.
        returns: its returns, withdrawals included. One that waits for a decision does not count; a withdrawal does.
        refunds: its refunds.
        is_all_refunded: whether nothing of the payment is left that no refund names.
        is_delivered: whether the day of the delivery is known.
    """
    if status not in _PAID_FOR:
        return BY_STATUS[status]
    returns = list(returns)
    back = [each for each in returns if _counts(each)]
    made = [refund for refund in refunds if refund.status is not RefundStatus.FAILED]
    if is_all_refunded and made:
        return _refunded(made)
    of_returns = {each.refund_id for each in back}
    pieces = sum(line.quantity for each in back for line in each.lines)
    pieces += sum(line.quantity for refund in made if refund.id not in of_returns for line in refund.lines)
    if pieces < items or not pieces:
        return _kept(returns, is_delivered=is_delivered) if status is OrderStatus.FULFILLED else BY_STATUS[status]
    asked = {refund.id for refund in made}
    waiting = [each for each in back if each.status is not ReturnStatus.REFUNDED and each.refund_id not in asked]
    return _given_back(waiting, made)


def _counts(each: Returned) -> bool:
    return each.stands and (each.kind is ReturnKind.WITHDRAWAL or each.status is not ReturnStatus.REQUESTED)


def _kept(returns: Collection[Returned], *, is_delivered: bool) -> OrderStanding:
    """Return how an order stands that was sent, and of which the shopper keeps a piece."""
    if any(each.stands and each.is_received for each in returns):
        return OrderStanding.PARTLY_RETURNED
    if any(each.status is ReturnStatus.REPLACED for each in returns):
        return OrderStanding.REPLACED
    # A return by the shop's policy is of goods that arrived. A withdrawal may come before them.
    has_goods = is_delivered or any(each.kind is ReturnKind.RETURN for each in returns)
    return OrderStanding.DELIVERED if has_goods else OrderStanding.SENT


def _given_back(waiting: Collection[Returned], refunds: Collection[PaidBack]) -> OrderStanding:
    """Return how an order stands of which no piece is left with the shopper for good."""
    if not waiting:
        return _refunded(refunds)
    if all(each.status is ReturnStatus.RECEIVED for each in waiting):
        return OrderStanding.RETURNED
    if all(each.kind is ReturnKind.WITHDRAWAL for each in waiting):
        return OrderStanding.WITHDRAWN
    return OrderStanding.COMING_BACK


def _refunded(refunds: Collection[PaidBack]) -> OrderStanding:
    is_done = all(refund.status is RefundStatus.SUCCEEDED for refund in refunds)
    return OrderStanding.REFUNDED if is_done else OrderStanding.REFUNDING
