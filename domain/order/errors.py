"""Refusals of an order."""

from typing import ClassVar
from uuid import UUID

from domain.kernel import DomainError, InvalidInput
from domain.money import Money
from domain.order.events import OrderStatus


class PaymentsNotReady(DomainError):
    """The merchant has no account at the payment provider that can be paid."""

    code: ClassVar[str] = "PAYMENTS_NOT_READY"

    def __init__(self) -> None:
        super().__init__(
            "This store cannot take payments yet: its payment account is not ready. Set it up, then try again."
        )


class PaymentAccountGone(DomainError):
    """The platform may no longer use the account that is paid."""

    code: ClassVar[str] = "PAYMENT_ACCOUNT_GONE"


class OrderNotOpen(DomainError):
    """The order's status does not allow the action."""

    code: ClassVar[str] = "ORDER_NOT_OPEN"

    def __init__(self, order_id: UUID, status: OrderStatus, action: str) -> None:
        super().__init__(f"Order {order_id} is {status} and cannot be {action}.")
        self.order_id, self.status = order_id, status


class NothingToRefund(DomainError):
    """No payment is left that could be paid back."""

    code: ClassVar[str] = "NOTHING_TO_REFUND"

    def __init__(self, number: str) -> None:
        super().__init__(f"Nothing of this payment of order {number} is left to refund.")


class RefundTooLarge(DomainError):
    """The refund is larger than what is left of the payment."""

    code: ClassVar[str] = "REFUND_TOO_LARGE"
    field = "amount"

    def __init__(self, amount: Money, left: Money) -> None:
        super().__init__(f"A refund of {amount} is more than the {left} that is left. Use {left} or less.")
        self.left = left


class PaymentTooLate(DomainError):
    """No payment page opens for the order any more, because too little of its time is left."""

    code: ClassVar[str] = "PAYMENT_TOO_LATE"

    def __init__(self, number: str) -> None:
        super().__init__(f"The time to pay order {number} is over. Cancel it, and order again.")


class TooSmallToPay(DomainError):
    """The order's price is below the smallest amount that can be paid."""

    code: ClassVar[str] = "TOO_SMALL_TO_PAY"

    def __init__(self, total: Money, *, least: Money) -> None:
        super().__init__(f"The order costs {total}, and {least} is the smallest payment. Add something to it.")
        self.total, self.least = total, least


class TotalChanged(DomainError):
    """A price, the delivery or a discount changed since the shopper saw the total. Nothing was ordered."""

    code: ClassVar[str] = "TOTAL_CHANGED"

    def __init__(self, *, quoted: Money, total: Money) -> None:
        super().__init__(
            f"The total is {total} now, and it was {quoted} when you saw it. Nothing was ordered. Check the new total, "
            "then order again."
        )
        self.quoted, self.total = quoted, total


class EvidenceClosed(DomainError):
    """The bank takes no evidence for a dispute."""

    code: ClassVar[str] = "EVIDENCE_CLOSED"

    def __init__(self, dispute_id: str, why: str) -> None:
        super().__init__(f"Dispute {dispute_id} {why}. Read the dispute to see its status.")


class EvidenceChanged(DomainError):
    """The merchant edited evidence after it was assembled for submission."""

    code: ClassVar[str] = "EVIDENCE_CHANGED"

    def __init__(self, dispute_id: str) -> None:
        super().__init__(f"The evidence for dispute {dispute_id} was edited a moment ago. Read it, then submit it.")


class EvidenceFilesTooLarge(DomainError):
    """The files of a dispute would be larger together than a bank takes."""

    code: ClassVar[str] = "EVIDENCE_TOO_LARGE"

    def __init__(self, size: int, *, left: int) -> None:
        super().__init__(
            f"The file has {size:,} bytes, and {max(0, left):,} are left. Make it smaller, or remove another file first."
        )


def variant_not_ordered(number: str, line: int, variant_id: UUID) -> InvalidInput:
    """Return the refusal of a line whose variant is not in the order."""
    return InvalidInput(
        f"lines.{line}.variant_id",
        f"Variant {variant_id} is not in order {number}. Use the variantId of one of its lines.",
    )
