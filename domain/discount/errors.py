"""Refusals of a discount code."""

from typing import ClassVar

from domain.kernel import DomainError


class DiscountRefused(DomainError):
    """The code takes nothing off this order. The order can be placed without it."""

    code: ClassVar[str] = "DISCOUNT_REFUSED"
    field = "discount_code"


class UnknownDiscount(DiscountRefused):
    """The store has no such code. A paused code and another store's code read the same."""

    def __init__(self, typed: str) -> None:
        super().__init__(f"The code “{typed[:40]}” is not valid in this shop. Check how it is written.")


class DiscountNotYet(DiscountRefused):
    """The code does not count yet."""

    def __init__(self, written: str) -> None:
        super().__init__(f"The code {written} is not valid yet. Try again later.")


class DiscountOver(DiscountRefused):
    """The code no longer counts."""

    def __init__(self, written: str) -> None:
        super().__init__(f"The code {written} is no longer valid. Remove it, or use another one.")


class DiscountUsedUp(DiscountRefused):
    """All uses are taken. One may come back if an order is not paid."""

    def __init__(self, written: str, *, by_shopper: bool) -> None:
        who = "with this e-mail address as often as it may be" if by_shopper else "as often as it may be"
        super().__init__(f"The code {written} was used {who}. Remove it, or use another one.")


class DiscountTakesNothing(DiscountRefused):
    """The code's terms do not fit the order."""

    def __init__(self, written: str, why: str) -> None:
        super().__init__(f"The code {written} takes nothing off: {why}")


class CodeTaken(DomainError):
    """The store has a code that is written the same."""

    code: ClassVar[str] = "CODE_TAKEN"
    field = "code"

    def __init__(self, written: str) -> None:
        super().__init__(
            f"This store has the code {written} already. Choose another one, or resume it if it is paused."
        )
