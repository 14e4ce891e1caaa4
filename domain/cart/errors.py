"""Refusals of a cart."""

from typing import ClassVar
from uuid import UUID

from domain.kernel import DomainError


class CartAlreadyOrdered(DomainError):
    """The cart was ordered and paid; another order would buy its contents twice."""

    code: ClassVar[str] = "CART_ALREADY_ORDERED"

    def __init__(self, order_id: UUID, number: str) -> None:
        super().__init__(f"This cart was ordered and paid already, as order {number}. Nothing was ordered again.")
        self.order_id, self.number = order_id, number
