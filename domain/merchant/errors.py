"""Refusals of a merchant's account."""

from typing import ClassVar

from domain.kernel import DomainError


class OtherAccountConnected(DomainError):
    """Another payment account is connected."""

    code: ClassVar[str] = "OTHER_ACCOUNT_CONNECTED"

    def __init__(self, account_id: str) -> None:
        super().__init__(
            f"The Stripe account {account_id} is connected. Disconnect it first; open orders are paid into it."
        )


class StripeNotConfigured(DomainError):
    """This installation has no key for Stripe."""

    code: ClassVar[str] = "STRIPE_NOT_CONFIGURED"

    def __init__(self) -> None:
        super().__init__(
            "Payments are a sandbox here: no account is needed. For real ones, the operator sets STRIPE_SECRET_KEY."
        )


class NoAccountConnected(DomainError):
    """No payment account is connected."""

    code: ClassVar[str] = "NO_ACCOUNT_CONNECTED"

    def __init__(self) -> None:
        super().__init__("No Stripe account is connected. Connect one with connectStripe.")


class EmailTaken(DomainError):
    """Another account has this e-mail address."""

    code: ClassVar[str] = "EMAIL_TAKEN"
    field = "email"

    def __init__(self) -> None:
        super().__init__("An account with this e-mail address exists already. Log in instead, or use another address.")
