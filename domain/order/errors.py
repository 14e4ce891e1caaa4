"""Refusals of an order."""

from typing import ClassVar
from uuid import UUID

from domain.kernel import DomainError
from domain.order.events import OrderStatus


class PaymentsNotReady(DomainError):
    """The merchant has no account at the payment provider that can be paid."""

    code: ClassVar[str] = "PAYMENTS_NOT_READY"

    def __init__(self) -> None:
        super().__init__(
            "This store cannot take payments yet: its payment account is not ready. Set it up, then try again."
        )


class OrderNotOpen(DomainError):
    """The order's status does not allow the action."""

    code: ClassVar[str] = "ORDER_NOT_OPEN"

    def __init__(self, order_id: UUID, status: OrderStatus, action: str) -> None:
        super().__init__(f"Order {order_id} is {status} and cannot be {action}.")
        self.order_id, self.status = order_id, status
