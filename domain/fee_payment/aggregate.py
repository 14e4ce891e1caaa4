"""The aggregate of a payment of owed platform fees."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.fee_payment.events import FeePaymentEvent, OwedFeesPaid
from domain.ids import derived
from domain.kernel import CorruptStream, InvalidInput, StreamKind, header_after
from domain.money import Money
from domain.text import check_readable, clean_line

REFERENCE_MAX = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class FeePayment:
    """A payment of owed platform fees."""

    id: UUID
    version: int
    amount: Money


def fee_payment_stream(merchant_id: UUID, reference: str) -> UUID:
    """Return the id of a payment's stream."""
    return derived(merchant_id, "fee-payment", reference)


def record_fee_payment(
    known: FeePayment | None, *, merchant_id: UUID, reference: str, amount: Money, at: datetime
) -> Sequence[FeePaymentEvent]:
    """Record a payment. No-op if it is known.

    Raises:
        InvalidInput: the reference is empty or too long, the amount is not above zero, or the reference has another amount.
    """
    check_readable("reference", reference)
    if not 1 <= len(reference) <= REFERENCE_MAX or reference != clean_line(reference):
        raise InvalidInput(
            "reference", f"Invalid reference {reference[:80]!r}. Use a line of at most {REFERENCE_MAX} characters."
        )
    if amount.minor <= 0:
        raise InvalidInput("amount", f"Invalid amount {amount}. Use an amount above zero.")
    if known is not None:
        if known.amount != amount:
            message = f"The reference {reference!r} is a payment of {known.amount}. Use another reference for {amount}."
            raise InvalidInput("reference", message)
        return ()
    header = header_after(known, fee_payment_stream(merchant_id, reference), at)
    return (OwedFeesPaid(**header, merchant_id=merchant_id, reference=reference, amount=amount),)


def evolve(payment: FeePayment | None, event: FeePaymentEvent) -> FeePayment:
    """Apply one recorded event."""
    if payment is not None:
        raise CorruptStream(event)
    return FeePayment(id=event.originator_id, version=event.originator_version, amount=event.amount)


FEE_PAYMENT = StreamKind("feepayment", FeePayment, evolve)
"""Events of a payment of owed platform fees."""
