"""What log-ins need from outside: accounts, refresh tokens and rate limits. None of it enters an event."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """How one merchant logs in."""

    merchant_id: UUID
    email: str
    """As the merchant wrote it; compared by :func:`domain.accounts.email.email_key`."""
    password_hash: str
    name: str | None
    opened: bool
    """Whether ``MerchantRegistered`` is known to be in the log; if not, the next log-in makes sure."""


class Accounts(Protocol):
    """The accounts table: credentials, not event-sourced, so that they can be changed and deleted."""

    async def add(self, account: Account, *, at: datetime) -> None:
        """Keep a new account.

        Raises:
            EmailTaken: the address is in use, in whatever spelling.
        """
        ...

    async def by_email(self, email: str) -> Account | None:
        """Return the account of an address in whatever spelling, or None."""
        ...

    async def mark_opened(self, merchant_id: UUID, *, at: datetime) -> None:
        """Note that the merchant's stream exists."""
        ...

    async def rekey(self, merchant_id: UUID, email: str, *, at: datetime) -> None:
        """Keep an account under its address's present key. No-op if another account has that key."""
        ...

    async def change_hash(self, merchant_id: UUID, password_hash: str, *, at: datetime) -> None:
        """Keep a stronger hash of the same password."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshGrant:
    """What a refresh token stood for when it was turned in."""

    merchant_id: UUID
    family_id: UUID
    expires_at: datetime
    """Until when the successor is good."""


class RefreshTokens(Protocol):
    """Refresh tokens by hash. Each is good for one exchange; its successors form a family with it, the session."""

    async def issue(self, token_hash: bytes, *, merchant_id: UUID, at: datetime, expires_at: datetime) -> UUID:
        """Begin a family with its first token, and return the family's id."""
        ...

    async def rotate(
        self, old_hash: bytes, new_hash: bytes, *, at: datetime, expires_at: datetime, grace: timedelta
    ) -> RefreshGrant | None:
        """Exchange a token for its successor; None if it is unknown, expired, revoked or was used before.

        A repeat within ``grace`` gets the same successor, while that is the newest token of its family: the first answer
        may have been lost. Any other repeat means that the token leaked: the whole family is revoked.
        """
        ...

    async def is_live(self, family_id: UUID) -> bool:
        """Whether a family exists and is not revoked."""
        ...

    async def revoke(self, token_hash: bytes, *, at: datetime) -> None:
        """Revoke the family of a token; nothing if it is unknown."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """How often something may be done: ``burst`` at once, then one every ``interval``."""

    burst: int
    interval: timedelta


class RateLimits(Protocol):
    """Counts what callers do, over all processes."""

    async def take(self, key: bytes, allowance: Allowance, *, at: datetime) -> timedelta | None:
        """Use up one of the key's allowance; None if that was granted, else how long to wait."""
        ...
