"""Refusals of returns."""

from datetime import date
from typing import ClassVar

from domain.kernel import DomainError


class NothingToReturn(DomainError):
    """Nothing of the order can be returned."""

    code: ClassVar[str] = "NOTHING_TO_RETURN"

    def __init__(self, number: str) -> None:
        super().__init__(f"Nothing of order {number} can be returned: it was not sent, comes back, or was refunded.")


class ReturnWindowOver(DomainError):
    """The period for returns is over."""

    code: ClassVar[str] = "RETURN_WINDOW_OVER"

    def __init__(self, number: str, deadline: date) -> None:
        super().__init__(
            f"The last day to return something of order {number} was {deadline}. Write to the store about faulty goods."
        )
        self.deadline = deadline


class ReturnNotOpen(DomainError):
    """The return's status does not allow the action."""

    code: ClassVar[str] = "RETURN_NOT_OPEN"

    def __init__(self, number: int, status: str, action: str) -> None:
        super().__init__(f"Return {number} is {status} and cannot be {action}.")
        self.status = status


class WithdrawalStands(DomainError):
    """A withdrawal in time cannot be declined."""

    code: ClassVar[str] = "WITHDRAWAL_STANDS"

    def __init__(self, number: int) -> None:
        super().__init__(f"Return {number} is a withdrawal in time, which the law grants. Refund it within 14 days.")
