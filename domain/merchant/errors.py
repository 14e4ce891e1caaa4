"""Refusals of a merchant's account."""

from typing import ClassVar

from domain.kernel import DomainError


class EmailTaken(DomainError):
    """Another account has this e-mail address."""

    code: ClassVar[str] = "EMAIL_TAKEN"
    field = "email"

    def __init__(self) -> None:
        super().__init__("An account with this e-mail address exists already. Log in instead, or use another address.")
