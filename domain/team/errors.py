"""Refusals about roles and keys."""

from typing import ClassVar

from domain.kernel import DomainError
from domain.team.roles import KeyScope, Role


class RoleTooWeak(DomainError):
    """The person has a role in the store, but not a sufficient one. Retrying cannot help."""

    code: ClassVar[str] = "FORBIDDEN"

    def __init__(self, role: Role, needed: Role) -> None:
        super().__init__(
            f"Your role in this store is {role.lower()}. This needs the role {needed.lower()}. Ask the store's owner."
        )
        self.role, self.needed = role, needed


class KeyTooWeak(DomainError):
    """The API key lacks a scope. Retrying cannot help."""

    code: ClassVar[str] = "FORBIDDEN"

    def __init__(self, needed: KeyScope | None) -> None:
        super().__init__(
            "API keys cannot do this. Log in instead."
            if needed is None
            else f"The API key lacks the scope {needed}. Use another key, or log in."
        )
        self.needed = needed
