"""Ports of a merchant's outside accounts: the vault for supplier credentials, and accounts at Stripe."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from domain.merchant.events import SupplierProvider


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierCredentials:
    """Credentials for a supplier's API. Only the vault stores them; they never enter a log line or an event."""

    api_key: str
    api_secret: str | None = None
    account_id: str | None = None

    def __repr__(self) -> str:
        return "SupplierCredentials(…)"


class SupplierCredentialsReader(Protocol):
    """Reads merchants' supplier credentials; what an agent gets in place of the vault."""

    async def read(self, merchant_id: UUID, provider: SupplierProvider) -> SupplierCredentials | None:
        """Return the credentials, or None if the merchant has not connected this supplier."""
        ...


class SupplierVault(Protocol):
    """Encrypted storage of merchants' supplier credentials."""

    async def keep(self, merchant_id: UUID, provider: SupplierProvider, credentials: SupplierCredentials) -> None:
        """Store credentials and replace earlier ones."""
        ...

    async def drop(self, merchant_id: UUID, provider: SupplierProvider) -> None:
        """Delete the credentials. No-op if there are none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeStatus:
    """What Stripe says of an account."""

    charges_enabled: bool = False
    """Whether shoppers can pay into it."""
    payouts_enabled: bool = False
    """Whether Stripe pays its balance out."""
    details_submitted: bool = False
    """Whether the merchant went through all of Stripe's questions."""
    requirements: tuple[str, ...] = ()
    """What Stripe still needs, in Stripe's names, in order."""
    disabled_reason: str | None = None
    """Why Stripe restricted it; None if it did not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedAccount:
    """An account at Stripe to which a merchant let the platform in."""

    account_id: str
    live: bool
    """Whether the access is to real money."""
    can_charge: bool
    """Whether the platform may take payments there, and not only read."""


class StripeAccounts(Protocol):
    """Merchants' accounts at Stripe, made and asked about with the platform's key."""

    @property
    def live(self) -> bool:
        """Whether the platform's key moves real money."""
        ...

    async def create(self, merchant_id: UUID, *, email: str, country: str | None, instead_of: str | None = None) -> str:
        """Open an account and return its id; a repeat on the same day returns the same account.

        Args:
            merchant_id: the owner.
            email: prefilled in Stripe's questions.
            country: ISO 3166-1 alpha-2 of the business; None lets the merchant choose it at Stripe.
            instead_of: the merchant's former account, to which the platform lost access; None if there is none.

        Raises:
            DomainError: Stripe refused; retrying cannot help.
            Transient: Stripe cannot be reached; retrying may help.
        """
        ...

    async def onboarding_url(self, account_id: str, *, return_url: str, refresh_url: str) -> str:
        """Return a link to Stripe's questions. It works once and for some minutes.

        Args:
            account_id: the account.
            return_url: where the merchant comes back to.
            refresh_url: where Stripe sends a merchant whose link is used or too old: make a new one there.

        Raises:
            DomainError: Stripe refused; retrying cannot help.
            Transient: Stripe cannot be reached; retrying may help.
        """
        ...

    async def status(self, account_id: str) -> StripeStatus | None:
        """Return what Stripe says of an account; None if the platform may no longer ask about it.

        Raises:
            Transient: Stripe cannot be reached; retrying may help.
        """
        ...

    def authorize_url(self, *, state: str, redirect_url: str, email: str | None) -> str:
        """Return the address of Stripe's page on which a merchant lets the platform into an account that they have.

        Args:
            state: comes back with the merchant, so that the platform knows who comes back.
            redirect_url: where the merchant comes back to; the operator registers it at Stripe.
            email: prefilled on Stripe's page.

        Raises:
            DomainError: this installation has no client id; retrying cannot help.
        """
        ...

    async def accept(self, code: str) -> LinkedAccount:
        """Exchange the code with which the merchant came back. A code works once, for some minutes.

        Raises:
            DomainError: the code is wrong, used or too old; retrying cannot help.
            Transient: Stripe cannot be reached; retrying may help.
        """
        ...

    async def deauthorize(self, account_id: str) -> None:
        """Give back the access that a merchant granted. No-op if there is none.

        Raises:
            DomainError: Stripe refused; retrying cannot help.
            Transient: Stripe cannot be reached; retrying may help.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedKey:
    """A key that can do what the platform needs."""

    account_id: str
    """The account that the key is of."""
    status: StripeStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyEndpoint:
    """A webhook endpoint at a merchant's own account."""

    id: str
    secret: str
    """Signs its webhooks."""

    def __repr__(self) -> str:
        return f"KeyEndpoint(id={self.id!r}, …)"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnKey:
    """A merchant's own key at Stripe and the secrets of its webhooks. Only the vault stores them."""

    secret_key: str
    account_id: str
    endpoints: tuple[KeyEndpoint, ...]
    """The endpoint in use first, and the one before it, whose late deliveries still count."""

    def __repr__(self) -> str:
        return f"OwnKey(account_id={self.account_id!r}, …)"


class OwnStripeKeys(Protocol):
    """Checks merchants' own keys at Stripe."""

    async def check(self, secret_key: str) -> CheckedKey:
        """Return the account of a key that can do what the platform needs.

        Raises:
            KeyRefused: it is not a restricted key, is revoked, or lacks permissions; the message names them.
            WrongMode: it is of the other mode.
            Transient: Stripe cannot be reached; retrying may help.
        """
        ...

    async def watch(self, secret_key: str, url: str) -> KeyEndpoint:
        """Let Stripe send the account's webhooks to an address.

        Raises:
            DomainError: Stripe refused; retrying cannot help.
            Transient: Stripe cannot be reached; retrying may help.
        """
        ...

    async def unwatch(self, secret_key: str, endpoint_id: str) -> None:
        """Take a webhook endpoint away. No-op if it is gone.

        Raises:
            Transient: Stripe cannot be reached; retrying may help.
        """
        ...


class OwnKeyVault(Protocol):
    """Encrypted storage of merchants' own keys at Stripe."""

    async def keep(self, merchant_id: UUID, key: OwnKey) -> None:
        """Store a key and replace an earlier one."""
        ...

    async def read(self, merchant_id: UUID) -> OwnKey | None:
        """Return a merchant's key; None if there is none."""
        ...

    async def drop(self, merchant_id: UUID) -> None:
        """Delete the key. No-op if there is none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxReadiness:
    """What a payment provider says about computing a merchant's taxes."""

    is_active: bool
    missing: tuple[str, ...]
    """The settings that it still needs, in its names."""
    registered_in: tuple[str, ...]
    """The countries in which the merchant registered for taxes, ISO 3166-1 alpha-2."""


class TaxSetup(Protocol):
    """Asks a payment provider whether it can compute a merchant's taxes."""

    async def of(self, account_id: str) -> TaxReadiness:
        """Return what an account misses.

        Raises:
            DomainError: the provider refused; retrying cannot help.
            Transient: the provider cannot be reached; retrying may help.
        """
        ...
