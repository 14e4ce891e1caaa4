"""Events of an account at the payment provider."""

from uuid import UUID

from domain.kernel import DomainEvent


class PayeeClaimed(DomainEvent, wire_name="payee.payee_claimed.v1"):
    """A merchant connected an account at the payment provider for the first time. It belongs to this merchant from now on."""

    merchant_id: UUID
    account_id: str
    """Stripe's id, ``acct_...``."""


PayeeEvent = PayeeClaimed
