"""Ports of accounts, refresh tokens and rate limits. Their data never enters an event."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A merchant's log-in."""

    merchant_id: UUID
    email: str
    """As the merchant wrote it; compared by :func:`domain.accounts.email.email_key`."""
    password_hash: str | None
    """None if the merchant logs in with a provider only."""
    name: str | None
    opened: bool
    """Whether the log is known to hold ``MerchantRegistered``; if not, the next log-in appends it."""
    claimed: bool
    """Whether the address is this account's alone. Unclaimed accounts may share an address until one confirms it."""
    verified_at: datetime | None = None
    """When the merchant confirmed the address; None for a claim from before addresses were confirmed."""


class Accounts(Protocol):
    """The accounts table. Credentials are not event-sourced, so that they can be changed and deleted."""

    async def add(self, account: Account, *, at: datetime) -> Account:
        """Store a new account. Return the stored one, which is older if the id is known."""
        ...

    async def by_id(self, merchant_id: UUID) -> Account | None:
        """Return a merchant's account; None if there is none."""
        ...

    async def claimant(self, email: str) -> Account | None:
        """Return the one account that has claimed an address, in any spelling; None if there is none."""
        ...

    async def newest_unclaimed(self, email: str) -> Account | None:
        """Return the newest account that wants an address and has not claimed it; None if there is none."""
        ...

    async def claim(self, merchant_id: UUID, email: str, *, at: datetime) -> bool:
        """Make a confirmed address the account's. False if another account has claimed it."""
        ...

    async def rename(self, merchant_id: UUID, name: str | None, *, at: datetime) -> None:
        """Replace a merchant's name."""
        ...

    async def mark_opened(self, merchant_id: UUID, *, at: datetime) -> None:
        """Record that the log holds the merchant's stream."""
        ...

    async def rekey(self, merchant_id: UUID, email: str, *, at: datetime) -> None:
        """Store an account under the current key of its address. No-op if another account has that key."""
        ...

    async def change_hash(
        self, merchant_id: UUID, password_hash: str, *, at: datetime, instead_of: str | None = None
    ) -> None:
        """Replace the hash by another password's, or a certain hash by a stronger one of the same password.

        No-op if the hash is not ``instead_of`` any more: the password was changed at the same time.
        """
        ...

    async def erase(self, merchant_id: UUID) -> None:
        """Delete an account with its sessions, links and API keys. No-op if it is gone."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshGrant:
    """The result of a refresh token's exchange."""

    merchant_id: UUID
    family_id: UUID
    expires_at: datetime
    """When the successor expires."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession:
    """A session that goes on."""

    id: UUID
    """The family of its refresh tokens."""
    device: str | None
    """Browser and system, such as “Firefox on Windows”; None if the client named none."""
    began_at: datetime
    used_at: datetime
    """When its tokens were last exchanged: up to 15 minutes before its last request."""


class RefreshTokens(Protocol):
    """Refresh tokens by hash. A token can be exchanged once; it and its successors form a family, the session."""

    async def issue(
        self, token_hash: bytes, *, merchant_id: UUID, device: str | None = None, at: datetime, expires_at: datetime
    ) -> UUID:
        """Store the first token of a new family and return the family's id."""
        ...

    async def open_sessions(self, merchant_id: UUID, *, at: datetime) -> Sequence[OpenSession]:
        """Return a merchant's sessions that go on, the last used first, at most 100."""
        ...

    async def end(self, merchant_id: UUID, family_id: UUID, *, at: datetime) -> bool:
        """Revoke one family of a merchant. False if the merchant has no such open session."""
        ...

    async def end_all(self, merchant_id: UUID, *, keep: UUID | None = None, at: datetime) -> int:
        """Revoke a merchant's families, all but ``keep``, and return how many there were."""
        ...

    async def rotate(
        self, old_hash: bytes, new_hash: bytes, *, at: datetime, expires_at: datetime, grace: timedelta
    ) -> RefreshGrant | None:
        """Exchange a token for its successor; None if it is unknown, expired, revoked or was used before.

        A repeat within ``grace`` returns the same successor while that is the family's newest token, because the first
        answer may have been lost. Any other repeat revokes the whole family, because the token has leaked.
        """
        ...

    async def is_live(self, family_id: UUID) -> bool:
        """Whether a family exists and is not revoked."""
        ...

    async def revoke(self, token_hash: bytes, *, at: datetime) -> None:
        """Revoke the family of a token. No-op if the token is unknown."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """A rate limit: ``burst`` calls at once, then one every ``interval``."""

    burst: int
    interval: timedelta


class RateLimits(Protocol):
    """Counters of callers' actions, shared by all processes."""

    async def take(self, key: bytes, allowance: Allowance, *, at: datetime) -> timedelta | None:
        """Take one call from the key's allowance. None if it is granted, else the time to wait."""
        ...
