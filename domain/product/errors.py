"""Refusals of a product."""

from typing import ClassVar
from uuid import UUID

from domain.kernel import DomainError


class NotForSale(DomainError):
    """The product is not on sale."""

    code: ClassVar[str] = "NOT_FOR_SALE"

    def __init__(self, product_id: UUID, title: str) -> None:
        super().__init__(f"“{title}” is not for sale at the moment. Remove it from the cart.")
        self.product_id = product_id


class InsufficientStock(DomainError):
    """The stock is below the requested quantity."""

    code: ClassVar[str] = "INSUFFICIENT_STOCK"

    def __init__(self, product_id: UUID, title: str, *, requested: int, available: int) -> None:
        left = "nothing is" if available <= 0 else f"only {available} are" if available > 1 else "only 1 is"
        advice = "Lower the quantity" if available > 0 else "Leave it out, or take something else"
        super().__init__(f"“{title}”: {requested} wanted, but {left} left. {advice}.")
        self.product_id, self.requested, self.available = product_id, requested, available


class ProductIsArchived(DomainError):
    """An archived product cannot be changed."""

    code: ClassVar[str] = "PRODUCT_ARCHIVED"

    def __init__(self, product_id: UUID) -> None:
        super().__init__(f"Product {product_id} is archived and cannot be changed. Add it again instead.")
        self.product_id = product_id
