"""Ports of log-ins by another company's account."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Protocol
from uuid import UUID

from domain.kernel import DomainError
from domain.merchant.account_events import SignInProvider

NAMES = {SignInProvider.GOOGLE: "Google", SignInProvider.GITHUB: "GitHub"}


class SignInFailed(DomainError):
    """The provider did not confirm who the person is."""

    code: ClassVar[str] = "SIGN_IN_FAILED"

    def __init__(self, provider: SignInProvider) -> None:
        super().__init__(f"{NAMES[provider]} did not confirm who you are. Begin the log-in again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalIdentity:
    """A person as a provider names them. Provider and subject are the identity; the address may change."""

    provider: SignInProvider
    subject: str
    email: str | None = field(default=None, repr=False)
    """An address that the provider verified; None if there is none."""
    name: str | None = field(default=None, repr=False)


class IdentityProvider(Protocol):
    """OAuth 2 with PKCE (RFC 7636) at one provider."""

    async def authorization_url(self, *, state: str, challenge: str, redirect_uri: str) -> str:
        """Return the provider's page on which the person agrees.

        Raises:
            Transient: the provider is away.
        """
        ...

    async def identify(self, *, code: str, verifier: str, redirect_uri: str) -> ExternalIdentity:
        """Exchange the code that the provider sent back for the person's identity.

        Raises:
            SignInFailed: the provider refuses the code; begin again.
            Transient: the provider is away; the code may still work.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedSignIn:
    """A provider that may log a merchant in."""

    provider: SignInProvider
    linked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInState:
    """A log-in that began here and is to come back from a provider."""

    state_hash: bytes
    browser_hash: bytes
    """Of the secret in the browser that began it."""
    provider: SignInProvider
    merchant_id: UUID | None
    """The account that wants to be linked; None for a log-in."""
    expires_at: datetime


class SignIns(Protocol):
    """Who logs in by which provider's account, and log-ins under way."""

    async def begin(self, state: SignInState, *, at: datetime) -> None:
        """Store a log-in under way."""
        ...

    async def take(self, state_hash: bytes, *, at: datetime) -> SignInState | None:
        """Return a log-in under way and forget it; None if it is unknown, finished or too old."""
        ...

    async def owner(self, provider: SignInProvider, subject: str) -> UUID | None:
        """Return the account that an identity logs in to; None if there is none."""
        ...

    async def link(self, merchant_id: UUID, provider: SignInProvider, subject: str, *, at: datetime) -> bool:
        """Let an identity log in to an account. False if either is linked otherwise with this provider."""
        ...

    async def unlink(self, merchant_id: UUID, provider: SignInProvider) -> bool:
        """End it. False if the account has no such link."""
        ...

    async def of_merchant(self, merchant_id: UUID) -> Sequence[LinkedSignIn]:
        """Return the providers of an account, by name."""
        ...
