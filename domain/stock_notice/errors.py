"""Refusals of stock notices."""

from typing import ClassVar

from domain.kernel import DomainError


class InStock(DomainError):
    """The variant can be bought."""

    code: ClassVar[str] = "IN_STOCK"

    def __init__(self, title: str) -> None:
        super().__init__(f"“{title}” is in stock. Put it into your cart.")


class StillSoldOut(DomainError):
    """The variant cannot be bought."""

    code: ClassVar[str] = "STILL_SOLD_OUT"

    def __init__(self, title: str) -> None:
        super().__init__(f"“{title}” cannot be bought at the moment. Announce it when it is back.")


class StockNoticeOver(DomainError):
    """The notice was withdrawn, or it is too old."""

    code: ClassVar[str] = "STOCK_NOTICE_OVER"

    def __init__(self) -> None:
        super().__init__("This notice is over. Ask for a new one on the product's page.")
