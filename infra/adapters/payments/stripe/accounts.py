"""Merchants' accounts at Stripe: full dashboard, Stripe asks the questions, the merchant bears losses and fees.

These are the properties with which the merchant is merchant of record. Stripe has two interfaces for accounts. By default
(``auto``) the second one is asked first. Where Stripe answers that the platform, or one account, cannot use it, the first
one is asked. A platform without the second one is remembered until the process ends. ``ZYENTA_STRIPE_ACCOUNTS`` sets one
interface for good.
"""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Literal, TypeVar
from uuid import UUID

import stripe

from domain.kernel import Transient
from domain.merchant.errors import LinkingNotConfigured
from domain.merchant.ports import LinkedAccount, StripeStatus
from infra.adapters.payments.stripe import accounts_v1, accounts_v2, oauth
from infra.adapters.payments.stripe.client import AccountGone, NotThere, OwnKeys, StripeRefused, client_with

T = TypeVar("T")

KEY_REFUSED = "key_refused"
"""Our own reason for an account of which Stripe does not take the merchant's key any more."""
Interface = Literal["auto", "v1", "v2"]
PLATFORM_BLOCKED = frozenset({"accounts_v2_access_blocked", "non_connect_platform_accounts_v2_access_blocked"})
"""Reasons of Stripe's that hold for every account of the platform."""


class StripeConnect:
    """Implements :class:`domain.merchant.ports.StripeAccounts`."""

    def __init__(
        self,
        client: stripe.StripeClient,
        *,
        live: bool,
        interface: Interface = "auto",
        client_id: str | None = None,
        own_keys: OwnKeys | None = None,
    ) -> None:
        """Take the platform's client.

        Args:
            client: of the platform's key.
            live: whether the key moves real money.
            own_keys: the keys of merchants who gave one in place of a connected account.
            client_id: ``ca_...``, the platform's name on Stripe's page for existing accounts; None if it links none.
            interface: Stripe's interface for accounts; ``auto`` tries the second one and falls back to the first.
        """
        self._client = client
        self._live = live
        self._interface: Interface = interface
        self._client_id = client_id
        self._own_keys = own_keys

    @property
    def live(self) -> bool:
        return self._live

    async def create(self, merchant_id: UUID, *, email: str, country: str | None, instead_of: str | None = None) -> str:
        """Open an account and return its id; the same merchant and values get the same account for a day.

        Raises:
            StripeRefused: retrying cannot help.
            Transient: Stripe cannot be reached; retrying may help.
        """
        # Stripe refuses a known key with other values, so each e-mail address and country has its own key. It returns a
        # lost account for a known key, so the account after it has another one.
        parts = [email, str(country), *([] if instead_of is None else [instead_of])]
        values = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
        metadata = {"merchant_id": str(merchant_id)}

        def by(create: Callable[..., Awaitable[str]], prefix: str) -> Callable[[], Awaitable[str]]:
            key = f"{prefix}:{merchant_id}:{values}"
            return lambda: create(self._client, email=email, country=country, metadata=metadata, key=key)

        return await self._either(by(accounts_v2.create, "account-v2"), by(accounts_v1.create, "account"))

    async def onboarding_url(self, account_id: str, *, return_url: str, refresh_url: str) -> str:
        """Return a link to Stripe's questions. It works once and for some minutes.

        Raises:
            StripeRefused: retrying cannot help.
            Transient: Stripe cannot be reached; retrying may help.
        """
        client = self._client
        return await self._either(
            lambda: accounts_v2.onboarding_url(client, account_id, return_url=return_url, refresh_url=refresh_url),
            lambda: accounts_v1.onboarding_url(client, account_id, return_url=return_url, refresh_url=refresh_url),
        )

    async def status(self, account_id: str) -> StripeStatus | None:
        """Return what Stripe says of an account; None if the platform may no longer ask about it.

        Raises:
            StripeRefused: retrying cannot help.
            Transient: Stripe cannot be reached or makes no sense; retrying may help.
        """
        own_key = None if self._own_keys is None else await self._own_keys.key_of(account_id)
        if own_key is not None:
            return await self._status_by(own_key)
        try:
            return await self._either(
                lambda: accounts_v2.status(self._client, account_id),
                lambda: accounts_v1.status(self._client, account_id),
            )
        except (AccountGone, NotThere):
            return None

    async def _status_by(self, own_key: str) -> StripeStatus:
        try:
            return await accounts_v1.status(client_with(self._client, own_key), None)
        except AccountGone:
            return StripeStatus(disabled_reason=KEY_REFUSED)
        except Transient as outage:
            if isinstance(outage.__cause__, stripe.AuthenticationError):
                return StripeStatus(disabled_reason=KEY_REFUSED)
            raise

    def authorize_url(self, *, state: str, redirect_url: str, email: str | None) -> str:
        """Return the address of Stripe's page on which a merchant lets the platform into an account that they have.

        Raises:
            LinkingNotConfigured: there is no client id.
        """
        return oauth.authorize_url(self._linking(), state=state, redirect_url=redirect_url, email=email)

    async def accept(self, code: str) -> LinkedAccount:
        """Exchange the code with which the merchant came back.

        Raises:
            StripeRefused: the code is wrong, used or too old; retrying cannot help.
            Transient: Stripe cannot be reached; retrying may help.
        """
        return await oauth.accept(self._client, code)

    async def deauthorize(self, account_id: str) -> None:
        """Give back the access that a merchant granted. No-op if there is none.

        Raises:
            LinkingNotConfigured: there is no client id.
            StripeRefused: retrying cannot help.
            Transient: Stripe cannot be reached; retrying may help.
        """
        await oauth.deauthorize(self._client, self._linking(), account_id)

    def _linking(self) -> str:
        if self._client_id is None:
            raise LinkingNotConfigured
        return self._client_id

    async def _either(self, second: Callable[[], Awaitable[T]], first: Callable[[], Awaitable[T]]) -> T:
        """Ask by Stripe's second interface; by the first where the second cannot be used."""
        if self._interface == "v1":
            return await first()
        try:
            return await second()
        except StripeRefused as refusal:
            if self._interface == "v2" or refusal.reason not in accounts_v2.UNAVAILABLE:
                raise
            if refusal.reason in PLATFORM_BLOCKED:
                self._interface = "v1"
        return await first()
