"""Refusals about a shopper as a person."""

from typing import ClassVar

from domain.kernel import DomainError


class ShopperStillServed(DomainError):
    """An order of the shopper is not finished, and needs the address."""

    code: ClassVar[str] = "SHOPPER_STILL_SERVED"

    def __init__(self, number: str) -> None:
        super().__init__(f"Order {number} is not finished. Ship, cancel or refund it, then erase the shopper's data.")
        self.number = number
