"""Refusals of a merchant's account."""

from typing import ClassVar

from domain.kernel import DomainError
from domain.merchant.events import SupplierProvider


class OtherAccountConnected(DomainError):
    """Another payment account is connected."""

    code: ClassVar[str] = "OTHER_ACCOUNT_CONNECTED"

    def __init__(self, account_id: str) -> None:
        super().__init__(
            f"The Stripe account {account_id} is connected. Disconnect it first; open orders are paid into it."
        )


class SupplierNotConnected(DomainError):
    """The merchant does not source from the supplier."""

    code: ClassVar[str] = "NOT_FOUND"
    field = "provider"

    def __init__(self, provider: SupplierProvider) -> None:
        super().__init__(f"{provider.display_name} is not connected, so there is nothing to disconnect.")


class StripeNotConfigured(DomainError):
    """This installation has no key for Stripe."""

    code: ClassVar[str] = "STRIPE_NOT_CONFIGURED"

    def __init__(self) -> None:
        super().__init__(
            "Payments are a sandbox here: no account is needed. For real ones, the operator sets STRIPE_SECRET_KEY."
        )


class TaxesNotReady(DomainError):
    """Stripe Tax cannot compute taxes for the merchant's account yet."""

    code: ClassVar[str] = "TAXES_NOT_READY"
    field = "mode"

    def __init__(self, why: str) -> None:
        super().__init__(f"Stripe Tax cannot compute your taxes yet: {why} in Stripe's dashboard, under Tax.")


class KeyRefused(DomainError):
    """A merchant's own key cannot be used."""

    code: ClassVar[str] = "KEY_REFUSED"
    field = "secretKey"

    def __init__(self, why: str) -> None:
        super().__init__(f"secretKey cannot be used: {why}.")


class AnswersInDashboard(DomainError):
    """The connected account is not one that the platform opened, so the platform cannot show Stripe's questions."""

    code: ClassVar[str] = "ANSWERS_IN_DASHBOARD"

    def __init__(self, account_id: str) -> None:
        super().__init__(
            f"The Stripe account {account_id} was yours before. Answer Stripe's questions in Stripe's own dashboard, "
            "or disconnect it to open another."
        )


class LinkingNotConfigured(DomainError):
    """This installation has no client id for Stripe's OAuth."""

    code: ClassVar[str] = "LINKING_NOT_CONFIGURED"

    def __init__(self) -> None:
        super().__init__(
            "Accounts that exist at Stripe cannot be linked here: the operator sets STRIPE_CLIENT_ID. "
            "Open a new account instead."
        )


class ConsentDenied(DomainError):
    """The merchant did not let the platform into their account."""

    code: ClassVar[str] = "CONSENT_DENIED"

    def __init__(self, said: str) -> None:
        super().__init__(f"Stripe reports that access was not granted ({said}). Nothing is connected. Begin again.")


class WrongMode(DomainError):
    """An account or key is of the other mode: test and live never meet."""

    code: ClassVar[str] = "WRONG_MODE"

    def __init__(self, what: str, *, live: bool) -> None:
        mode, needed = ("live", "test") if live else ("test", "live")
        super().__init__(
            f"{what} is in {mode} mode, but this platform takes payments in {needed} mode. Use the one for {needed} mode."
        )


class AccessTooNarrow(DomainError):
    """The merchant let the platform read an account, but not take payments there."""

    code: ClassVar[str] = "ACCESS_TOO_NARROW"

    def __init__(self) -> None:
        super().__init__("Stripe granted reading only. Start again with linkStripe and grant reading and writing.")


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
