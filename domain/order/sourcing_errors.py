"""Refusals about buying an order's goods."""

from typing import ClassVar

from domain.kernel import DomainError


class OrderNotHeld(DomainError):
    """The order waits for no decision."""

    code: ClassVar[str] = "ORDER_NOT_HELD"

    def __init__(self, number: str) -> None:
        super().__init__(f"Order {number} is not held, so there is nothing to decide.")


class OrderIsHeld(DomainError):
    """The order waits for a decision, so nothing of it is sent."""

    code: ClassVar[str] = "ORDER_IS_HELD"

    def __init__(self, number: str) -> None:
        super().__init__(f"Order {number} is held. Decide first: buy its goods anyway, send other goods, or refund it.")


class NotToBeBought(DomainError):
    """The order's goods cannot be bought at a supplier now."""

    code: ClassVar[str] = "NOT_TO_BE_BOUGHT"

    def __init__(self, number: str, why: str) -> None:
        super().__init__(f"The goods of order {number} cannot be bought now: {why}.")


class SupplierRefused(DomainError):
    """A supplier does not take an order. Retrying by a program cannot help; a merchant may try again later."""

    code: ClassVar[str] = "SUPPLIER_REFUSED"
