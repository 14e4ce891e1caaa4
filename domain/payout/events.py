"""Events of a payout."""

from datetime import date
from uuid import UUID

from domain.kernel import DomainEvent
from domain.money import Money


class PayoutPaid(DomainEvent, wire_name="payout.payout_paid.v1"):
    """The provider sent a merchant's balance to their bank."""

    merchant_id: UUID
    payout_id: str
    """The provider's id of the payout."""
    amount: Money
    arrival_on: date
    """The day on which the bank shows it, as the provider says."""


class PayoutFailed(DomainEvent, wire_name="payout.payout_failed.v1"):
    """The bank did not take a payout. The money is in the account at the provider again."""

    merchant_id: UUID
    payout_id: str
    """The provider's id of the payout."""
    amount: Money
    reason: str
    """In the provider's words."""
    after_paid: bool
    """Whether it counted as paid before."""


PayoutEvent = PayoutPaid | PayoutFailed
