"""How money is moved: the payment providers of merchants and of the platform, by what the settings configure."""
# ruff: noqa: PLC0415

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from domain.kernel import Clock
from infra.adapters.master_keys import MasterKeys
from infra.bootstrap.parts import NotConfigured, Parts, shared
from infra.embedded.services import SANDBOX_PURPOSE
from infra.settings import Settings

if TYPE_CHECKING:
    import asyncpg
    from stripe import StripeClient

    from domain.merchant.ports import StripeAccounts, TaxSetup
    from domain.order.ports import NoticeReader, PaymentGateways, WebhookReader
    from domain.order.refund_ports import ChargeReports, PaymentRefunds
    from domain.order.report_ports import DisputeEvidence, ProviderReports
    from domain.subscription.plans import Plans
    from domain.subscription.ports import PlanPayments
    from gateway.ports import OwnKeyPorts
    from infra.adapters.payments.sandbox import SandboxPayments
    from infra.adapters.payments.sandbox_plans import SandboxPlans
    from infra.adapters.postgres.own_keys import PostgresOwnKeys

STRIPE_PAGES = "https://checkout.stripe.com"
"""Where Stripe's hosted pages are."""
SANDBOX = "sandbox"
"""The payment sandbox's name in its webhook address and on its webhooks."""
SANDBOX_PLATFORM = "sandbox-platform"
"""The same for merchants' subscriptions to the platform."""


class Payments:
    """The parts that move money: Stripe with a key, the sandbox without one.

    Args:
        settings: which provider is configured.
        clock: the current time.
        parts: the open parts of the platform, for what is shared.
        keys: returns the master keys.
        pool: connections for the write side.
        readers: connections for queries of read models.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        parts: Parts,
        *,
        keys: Callable[[], MasterKeys],
        pool: "Callable[[], Awaitable[asyncpg.Pool]]",
        readers: "Callable[[], Awaitable[asyncpg.Pool]]",
    ) -> None:
        self._settings = settings
        self._clock = clock
        self.parts = parts
        self._keys = keys
        self._pool = pool
        self._readers = readers

    def plans(self) -> "Plans | None":
        """The plans that merchants pay the platform for; None if none are sold.

        Raises:
            BadSettings: the file of plans makes no sense, or a plan cannot be paid at Stripe.
        """
        from infra.bootstrap.plans import chosen_plans

        return chosen_plans(self._settings)

    def sandbox_plans(self) -> "SandboxPlans":
        """The sandbox's subscriptions of merchants to the platform."""
        from infra.adapters.payments.sandbox_plans import SandboxPlans

        page_url = f"{self._settings.sandbox_url}/plan"
        return SandboxPlans(self.sandbox_secret(), page_url=page_url, clock=self._clock)

    async def plan_payments(self) -> "PlanPayments | None":
        """The provider that merchants pay the platform through; None if no plans are sold."""
        plans = self.plans()
        if plans is None:
            return None
        if self._settings.stripe_secret_key is None:
            return self.sandbox_plans()
        from infra.adapters.payments.stripe.plans import StripePlans

        return StripePlans(await self.stripe(), plans, self._clock)

    def sandbox_secret(self) -> bytes:
        """The sandbox's signing key."""
        configured = self._settings.sandbox_secret
        return bytes.fromhex(configured.get_secret_value()) if configured else self._keys().derive(SANDBOX_PURPOSE)

    def sandbox_payments(self) -> "SandboxPayments":
        """The sandbox payment provider."""
        from infra.adapters.payments.sandbox import SandboxPayments

        return SandboxPayments(self.sandbox_secret(), page_url=f"{self._settings.sandbox_url}/pay", clock=self._clock)

    @property
    def is_live(self) -> bool:
        """Whether the key for Stripe moves real money."""
        key = self._settings.stripe_secret_key
        return key is not None and "_live_" in key.get_secret_value()

    @property
    def is_sandbox(self) -> bool:
        """Whether no real money moves, so that publishing a store reports what is missing instead of refusing it."""
        return not self._settings.strict_publication and not self.is_live

    @shared
    async def stripe(self) -> "AsyncIterator[StripeClient]":
        """The client for Stripe.

        Raises:
            NotConfigured: there is no key.
        """
        from infra.adapters.payments.stripe.client import stripe_client

        key = self._settings.stripe_secret_key
        if key is None:
            raise NotConfigured("STRIPE_SECRET_KEY is not set. Set it, or use the sandbox's payments.")
        async with stripe_client(
            key.get_secret_value(), api_base=self._settings.stripe_api_base, own_keys=await self.own_keys()
        ) as client:
            yield client

    async def tax_setup(self) -> "TaxSetup | None":
        """What asks whether Stripe can compute a merchant's taxes; None without a key."""
        if self._settings.stripe_secret_key is None:
            return None
        from infra.adapters.payments.stripe.taxes import StripeTaxSetup

        return StripeTaxSetup(await self.stripe())

    async def own_keys(self) -> "PostgresOwnKeys":
        """The vault of merchants' own keys at Stripe."""
        from infra.adapters.postgres.own_keys import PostgresOwnKeys

        return PostgresOwnKeys(await self._pool(), self._keys())

    async def own_key_ports(self) -> "OwnKeyPorts | None":
        """What merchants' own keys need; None without a key of the platform."""
        if self._settings.stripe_secret_key is None:
            return None
        from gateway.ports import OwnKeyPorts
        from infra.adapters.payments.stripe.endpoint import OwnKeyWebhooks
        from infra.adapters.payments.stripe.own_keys import StripeOwnKeys

        return OwnKeyPorts(
            vault=await self.own_keys(),
            stripe=StripeOwnKeys(await self.stripe(), live=self.is_live),
            webhooks=partial(OwnKeyWebhooks, live=self.is_live, clock=self._clock),
        )

    async def stripe_accounts(self) -> "StripeAccounts | None":
        """Merchants' accounts at Stripe; None without a key."""
        if self._settings.stripe_secret_key is None:
            return None
        from infra.adapters.payments.stripe.accounts import StripeConnect

        return StripeConnect(
            await self.stripe(),
            live=self.is_live,
            interface=self._settings.stripe_accounts,
            client_id=self._settings.stripe_client_id,
            own_keys=await self.own_keys(),
        )

    def webhooks(self) -> "Mapping[str, WebhookReader]":
        """Readers of payment webhooks by the name in their webhook address. The sandbox's is there without Stripe only.

        Raises:
            NotConfigured: there is a key for Stripe, but no secret of its webhooks.
        """
        if self._settings.stripe_secret_key is None:
            return self._sandbox_readers()
        from infra.adapters.payments.stripe.client import NAME, PLATFORM_NAME
        from infra.adapters.payments.stripe.endpoint import StripePlatformNotices, StripeWebhooks

        secrets = [secret.get_secret_value() for secret in self._settings.stripe_webhook_secrets]
        if not secrets:
            raise NotConfigured(
                "STRIPE_WEBHOOK_SECRET is not set, but STRIPE_SECRET_KEY is. Without it no payment is ever recorded. "
                "Copy it from the Connect endpoint in Stripe's dashboard."
            )
        readers: dict[str, WebhookReader] = {NAME: StripeWebhooks(secrets, live=self.is_live, clock=self._clock)}
        of_platform = [secret.get_secret_value() for secret in self._settings.stripe_platform_webhook_secrets]
        if of_platform:
            readers[PLATFORM_NAME] = StripeWebhooks(
                of_platform, live=self.is_live, clock=self._clock, notices=StripePlatformNotices
            )
        return readers

    def _sandbox_readers(self) -> "Mapping[str, WebhookReader]":
        if self.plans() is None:
            return {SANDBOX: self.sandbox_payments()}
        return {SANDBOX: self.sandbox_payments(), SANDBOX_PLATFORM: self.sandbox_plans()}

    def notices(self) -> "Mapping[str, NoticeReader]":
        """Readers of the payment webhooks that the gateway verified and recorded, by their source."""
        if self._settings.stripe_secret_key is None:
            return self._sandbox_readers()
        from infra.adapters.payments.stripe.client import NAME, PLATFORM_NAME
        from infra.adapters.payments.stripe.endpoint import StripeNotices, StripePlatformNotices

        return {NAME: StripeNotices(live=self.is_live), PLATFORM_NAME: StripePlatformNotices(live=self.is_live)}

    async def gateways(self) -> "PaymentGateways":
        """The gateways through which merchants are paid: their accounts at Stripe, or the sandbox without a key."""
        if self._settings.stripe_secret_key is None:
            from infra.adapters.payments.shared import SharedGateway

            return SharedGateway(self.sandbox_payments())
        from infra.adapters.payments.stripe.checkout import StripeGateways
        from infra.adapters.postgres.stripe_accounts import ReadModelStripeAccounts

        accounts = ReadModelStripeAccounts(await self._readers(), live=self.is_live)
        return StripeGateways(await self.stripe(), accounts, await self.own_keys())

    async def refunds(self) -> "Mapping[str, PaymentRefunds]":
        """What pays back, by the provider that took the payment."""
        if self._settings.stripe_secret_key is None:
            return {SANDBOX: self.sandbox_payments()}
        from infra.adapters.payments.stripe.client import NAME
        from infra.adapters.payments.stripe.refunds import StripeRefunds

        return {NAME: StripeRefunds(await self.stripe())}

    async def dispute_evidence(self) -> "Mapping[str, DisputeEvidence]":
        """What takes evidence for disputes, by the provider that took the payment."""
        if self._settings.stripe_secret_key is None:
            return {SANDBOX: self.sandbox_payments()}
        from infra.adapters.payments.stripe.client import NAME
        from infra.adapters.payments.stripe.disputes import StripeEvidence

        return {NAME: StripeEvidence(await self.stripe())}

    async def provider_reports(self) -> "tuple[ChargeReports, ProviderReports] | None":
        """What asks Stripe about payments, disputes and payouts; None without a key."""
        if self._settings.stripe_secret_key is None:
            return None
        from infra.adapters.payments.stripe.refunds import StripeRefunds
        from infra.adapters.payments.stripe.reports import StripeReports

        client = await self.stripe()
        return StripeRefunds(client), StripeReports(client)

    @property
    def payment_pages(self) -> str:
        """The address of payment pages, to which the storefront's forms may lead."""
        return self._settings.sandbox_url if self._settings.stripe_secret_key is None else STRIPE_PAGES
