"""The person behind a request: their stores, and the session or API key that they use."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from domain.team.actors import Actor, Means
from domain.team.errors import KeyTooWeak
from domain.team.permissions import Permission
from domain.team.roles import KeyScope, Role
from gateway.auth.tokens import Identity
from projections.reading.scope import MerchantScope


@dataclass(frozen=True, slots=True)
class KeyUse:
    """The API key of a request."""

    id: UUID
    scopes: frozenset[KeyScope]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """A person who is logged in, or whose API key a program sends."""

    person_id: UUID
    session_id: UUID | None = None
    """None for an API key, and for a token that was signed without a session."""
    key: KeyUse | None = None
    """None if the person is logged in."""
    roles: Mapping[UUID, Role] = field(default_factory=dict)
    """Their roles in stores of other merchants."""
    scope: MerchantScope = field(init=False)
    """The rows that they see."""

    def __post_init__(self) -> None:
        # Sorted, so that equal scopes make equal statements.
        object.__setattr__(self, "scope", MerchantScope(self.person_id, tuple(sorted(self.roles))))

    @property
    def identity(self) -> Identity:
        """The person and the session, as a log-in's proof names them."""
        return Identity(merchant_id=self.person_id, session_id=self.session_id)

    @property
    def actor(self) -> Actor:
        """The person as the log remembers them."""
        if self.key is not None:
            return Actor(person_id=self.person_id, means=Means.KEY, means_id=self.key.id)
        return Actor(person_id=self.person_id, means=Means.SESSION, means_id=self.session_id)

    def role_in(self, store_id: UUID, owner_id: UUID) -> Role | None:
        """Return the person's role in a store; None if the person has none."""
        return Role.OWNER if owner_id == self.person_id else self.roles.get(store_id)

    def check_key(self, permission: Permission) -> None:
        """Refuse an API key that lacks a scope. No-op for a person who is logged in.

        Raises:
            KeyTooWeak: retrying cannot help.
        """
        if self.key is not None and (permission.scope is None or permission.scope not in self.key.scopes):
            raise KeyTooWeak(permission.scope)
