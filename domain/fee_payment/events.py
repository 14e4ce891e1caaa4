"""The event of a payment of owed platform fees."""

from uuid import UUID

from domain.kernel import DomainEvent
from domain.money import Money


class OwedFeesPaid(DomainEvent, wire_name="feepayment.owed_fees_paid.v1"):
    """A merchant paid platform fees that they owed. Once per merchant and reference."""

    merchant_id: UUID
    reference: str
    """The operator's reference, such as the number of an invoice."""
    amount: Money


FeePaymentEvent = OwedFeesPaid
