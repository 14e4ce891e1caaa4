"""Refusals of an account at the payment provider."""

from typing import ClassVar

from domain.kernel import DomainError


class AccountOfAnotherMerchant(DomainError):
    """The account belongs to another merchant of this platform."""

    code: ClassVar[str] = "ACCOUNT_OF_ANOTHER_MERCHANT"

    def __init__(self, account_id: str) -> None:
        super().__init__(
            f"The Stripe account {account_id} belongs to another merchant here, whose orders were paid into it. "
            "Connect another account, or log in as that merchant."
        )
