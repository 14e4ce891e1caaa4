"""The port of API keys. Only hashes are stored, and they never enter an event."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.team.roles import KeyScope


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """An API key without its secret."""

    id: UUID
    person_id: UUID
    """Its maker. The key may do what its maker may do at that moment, within its scopes."""
    name: str
    prefix: str
    """The first characters of the key, by which people recognize it."""
    scopes: frozenset[KeyScope]
    created_at: datetime
    expires_at: datetime | None
    """None if it does not expire."""
    last_used_at: datetime | None
    """Within a minute; None if it was never used."""
    revoked_at: datetime | None = None

    def is_live(self, at: datetime) -> bool:
        """Whether the key is neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > at)


class ApiKeys(Protocol):
    """The table of API keys."""

    async def add(self, key: ApiKey, token_hash: bytes) -> None:
        """Store a new key. No-op if its id is known."""
        ...

    async def of_person(self, person_id: UUID) -> tuple[ApiKey, ...]:
        """Return a person's keys that are not revoked, the newest first; expired ones too."""
        ...

    async def use(self, key_id: UUID, token_hash: bytes, *, at: datetime) -> ApiKey | None:
        """Return the key of a token and record its use; None if there is none with this hash."""
        ...

    async def replace(self, key: ApiKey, token_hash: bytes, *, instead_of: UUID, at: datetime) -> bool:
        """Store a key and revoke another one of the same person at once.

        Returns:
            Whether this happened; false if the other one is not the person's, is revoked, or has fewer scopes.
        """
        ...

    async def revoke(self, key_id: UUID, person_id: UUID, *, at: datetime) -> bool:
        """Revoke a person's key. Whether they have one with the id."""
        ...
