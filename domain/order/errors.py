"""Refusals of an order."""

from typing import ClassVar
from uuid import UUID

from domain.kernel import DomainError
from domain.order.events import OrderStatus


class OrderNotOpen(DomainError):
    """The order's status does not allow the action."""

    code: ClassVar[str] = "ORDER_NOT_OPEN"

    def __init__(self, order_id: UUID, status: OrderStatus, action: str) -> None:
        super().__init__(f"Order {order_id} is {status} and cannot be {action}.")
        self.order_id, self.status = order_id, status
