"""The parts that the roles of a process share."""
# ruff: noqa: PLC0415

import asyncio
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from domain.kernel import Clock
from infra.adapters.master_keys import MasterKeys
from infra.adapters.postgres.vault import PostgresPersonalData
from infra.adapters.reachability import naming_database
from infra.bootstrap.lifecycle import cancelled
from infra.bootstrap.parts import Parts, shared
from infra.clock import SystemClock
from infra.embedded.services import SANDBOX_PURPOSE
from infra.settings import Settings

if TYPE_CHECKING:
    import asyncpg
    import httpx
    from stripe import StripeClient

    from commands.bus import CommandBus
    from commands.ports import Handlers
    from commands.subscription import SoldPlans
    from domain.media.ports import MediaStore
    from domain.merchant.ports import StripeAccounts, TaxSetup
    from domain.order.ports import NoticeReader, PaymentGateways, WebhookReader
    from domain.order.refund_ports import ChargeReports, PaymentRefunds
    from domain.order.report_ports import DisputeEvidence, ProviderReports
    from domain.subscription.plans import Plans
    from domain.subscription.ports import PlanPayments
    from gateway.ports import OwnKeyPorts
    from infra.adapters.kafka.dead_letter_producer import DeadLetterProducer
    from infra.adapters.media.s3_uploads import S3Uploads
    from infra.adapters.media.uploads import DiskUploads
    from infra.adapters.payments.sandbox import SandboxPayments
    from infra.adapters.payments.sandbox_plans import SandboxPlans
    from infra.adapters.postgres.event_store import PostgresEventLog
    from infra.adapters.postgres.evidence_files import PostgresEvidenceFiles
    from infra.adapters.postgres.own_keys import PostgresOwnKeys
    from infra.log.parallel_bulk_load import BulkLoadProcesses
    from projections.reading.consistency import CheckpointConsistency
    from projections.reading.moment import MomentReader
    from projections.reading.time_travel import TimeTravel

STRIPE_PAGES = "https://checkout.stripe.com"
"""Where Stripe's hosted pages are."""
SANDBOX = "sandbox"
"""The payment sandbox's name in its webhook address and on its webhooks."""
SANDBOX_PLATFORM = "sandbox-platform"
"""The same for merchants' subscriptions to the platform."""


ACCOUNT_LINKS = "account links"
"""What the key that signs links in mails about accounts is derived for."""


class NotConfigured(Exception):
    """A setting that this role needs is missing; the message names it."""


def handlers(
    clock: Clock,
    *,
    sandbox: bool = True,
    stripe: bool = False,
    platform_domains: Sequence[str] = ("localhost",),
    sold: "SoldPlans | None" = None,
) -> "Handlers":
    """Return each command with its handler, ready for the bus.

    Args:
        clock: the current time.
        sandbox: whether an incomplete store may be published; see :attr:`Platform.is_sandbox`.
        stripe: whether merchants are paid into their accounts at Stripe.
        platform_domains: domains that no merchant may connect.
        sold: the plans that the platform sells; None if nothing limits merchants.
    """
    from commands.registry import bind
    from infra.writers.brandkit.kit import DrawnBrandKit
    from infra.writers.copykit.scoring import measure
    from infra.writers.rules.niche.reader import RuleNicheReader

    # The rules, not a model: a command must not wait for a service outside.
    return bind(
        clock=clock,
        measure=measure,
        niches=RuleNicheReader(),
        kit=DrawnBrandKit(),
        sandbox=sandbox,
        stripe=stripe,
        platform_domains=platform_domains,
        sold=sold,
    )


class Platform:
    """The parts that roles share, made when first asked for and closed together.

    Args:
        settings: where everything is.
        stack: closes the parts.
        roles: how many roles share the parts.
    """

    def __init__(self, settings: Settings, stack: AsyncExitStack, *, roles: int = 1) -> None:
        self.settings = settings
        self.clock: Clock = SystemClock()
        self.parts = Parts(stack)
        self._roles = roles

    @property
    def database_url(self) -> str:
        """The event store's address.

        Raises:
            NotConfigured: the setting is missing.
        """
        if self.settings.database_url is None:
            raise NotConfigured("DATABASE_URL is not set. Set it, or use “zyenta up”, which brings its own PostgreSQL.")
        return self.settings.database_url

    @property
    def bootstrap_servers(self) -> str:
        """The broker's address, with the platform's log-in.

        Raises:
            NotConfigured: the setting is missing.
        """
        address = self.settings.broker_address
        if address is None:
            raise NotConfigured(
                "KAFKA_BOOTSTRAP_SERVERS is not set. Set it, or use “zyenta up”, which brings its own broker."
            )
        return address

    @shared
    async def pool(self) -> "AsyncIterator[asyncpg.Pool]":
        """Connections for the write side; they see read models too."""
        from infra.adapters.postgres.pools import write_pool

        async with write_pool(self.database_url, roles=self._roles) as pool:
            yield pool

    @shared
    async def readers(self) -> "AsyncIterator[asyncpg.Pool]":
        """Read-only connections for queries of read models."""
        from infra.adapters.postgres.pools import read_pool

        async with read_pool(self.database_url, roles=self._roles) as pool:
            yield pool

    @shared
    async def reader(self) -> "AsyncIterator[MomentReader]":
        """Queries of read models, those of one operation at one moment."""
        from infra.adapters.postgres.sticky_connections import StickyConnections
        from projections.reading.moment import MomentReader

        yield MomentReader(StickyConnections(await self.readers()))

    @shared
    async def log(self) -> "AsyncIterator[PostgresEventLog]":
        """The event store. It wakes the publisher as long as this platform is open."""
        from infra.adapters.postgres.event_store import PostgresEventLog

        log = PostgresEventLog(await self.pool(), self.clock)
        waker = asyncio.create_task(log.notify_appends())
        try:
            yield log
        finally:
            await log.drain()
            await cancelled(waker)

    async def bus(self) -> "CommandBus":
        """The command bus with every handler."""
        from commands.bus import CommandBus
        from commands.subscription import SoldPlans
        from infra.adapters.postgres.usage import ReadModelUsage

        plans = self.plans()
        return CommandBus(
            await self.log(),
            handlers(
                self.clock,
                sandbox=self.is_sandbox,
                stripe=self.settings.stripe_secret_key is not None,
                platform_domains=self.settings.platform_domains,
                sold=None if plans is None else SoldPlans(plans=plans, counter=ReadModelUsage(await self.readers())),
            ),
        )

    def plans(self) -> "Plans | None":
        """The plans that merchants pay the platform for; None if none are sold.

        Raises:
            BadSettings: the file of plans makes no sense, or a plan cannot be paid at Stripe.
        """
        from infra.bootstrap.plans import chosen_plans

        return chosen_plans(self.settings)

    def sandbox_plans(self) -> "SandboxPlans":
        """The sandbox's subscriptions of merchants to the platform."""
        from infra.adapters.payments.sandbox_plans import SandboxPlans

        page_url = f"{self.settings.sandbox_url}/plan"
        return SandboxPlans(self.sandbox_secret(), page_url=page_url, clock=self.clock)

    async def plan_payments(self) -> "PlanPayments | None":
        """The provider that merchants pay the platform through; None if no plans are sold."""
        plans = self.plans()
        if plans is None:
            return None
        if self.settings.stripe_secret_key is None:
            return self.sandbox_plans()
        from infra.adapters.payments.stripe.plans import StripePlans

        return StripePlans(await self.stripe(), plans, self.clock)

    def keys(self) -> MasterKeys:
        """The platform's master keys.

        Raises:
            NotConfigured: the setting is missing.
        """
        if not self.settings.master_keys:
            raise NotConfigured("ZYENTA_MASTER_KEYS is not set. Make one with “openssl rand -hex 32” and keep it safe.")
        return MasterKeys([bytes.fromhex(key.get_secret_value()) for key in self.settings.master_keys])

    async def personal(self) -> "PostgresPersonalData":
        """The vault of personal data."""
        from infra.adapters.postgres.vault import PostgresPersonalData

        return PostgresPersonalData(await self.pool(), self.keys())

    async def barrier(self) -> "CheckpointConsistency":
        """What waits until read models have caught up with a consistency token."""
        from projections.names import NAMES
        from projections.reading.consistency import CheckpointConsistency

        # Not the readers: an operation that waits may hold one of them.
        return CheckpointConsistency(await self.pool(), NAMES)

    @shared
    async def travel(self) -> "AsyncIterator[TimeTravel]":
        """Queries of read models as of an earlier time."""
        from projections.reading.time_travel import TimeTravel, travel_pool
        from projections.registry import READ_MODELS

        models = tuple(READ_MODELS.values())
        async with travel_pool(self.database_url, models) as pool:
            yield TimeTravel(pool, await self.log(), models, self.clock)

    def bulk_load_processes(self) -> "BulkLoadProcesses":
        """The processes that load a long log into a read model: one per core."""
        from infra.log.parallel_bulk_load import BulkLoadProcesses

        return BulkLoadProcesses(self.database_url, self.bootstrap_servers, processes=os.cpu_count() or 1)

    @shared
    async def client(self) -> "AsyncIterator[httpx.AsyncClient]":
        """The HTTP client for all outside calls; every call sets its own timeout. Calls to our own services bypass the proxy."""
        from infra.web.http_clients import outside_client

        own = (self.settings.gateway_url, self.settings.sandbox_url, *self.settings.sandbox_former_urls)
        async with outside_client(own, headers={"user-agent": "zyenta/0.1"}, timeout=15) as client:
            yield client

    @shared
    async def dead_letters(self) -> "AsyncIterator[DeadLetterProducer]":
        """The topic for poison records."""
        from infra.adapters.kafka.dead_letter_producer import DeadLetterProducer

        letters = DeadLetterProducer(self.bootstrap_servers)
        try:
            yield letters
        finally:
            await letters.close()

    @shared
    async def media(self) -> "AsyncIterator[MediaStore]":
        """The media store: S3 if a bucket is set, else the local disk."""
        if self.settings.s3_bucket is None:
            from infra.adapters.media.disk import DiskMediaStore

            yield DiskMediaStore(self.settings.media_dir)
            return
        from infra.adapters.media.s3 import S3MediaStore

        store = S3MediaStore(
            bucket=self.settings.s3_bucket,
            endpoint=self.settings.s3_endpoint,
            region=self.settings.s3_region,
            access_key=self.settings.s3_access_key,
            secret_key=self.settings.s3_secret_key,
        )
        async with aclosing(store):
            yield store

    @shared
    async def uploads(self) -> "AsyncIterator[DiskUploads | S3Uploads]":
        """Addresses to which browsers send photos: of the bucket if one is set, else of the gateway."""
        if self.settings.s3_bucket is None:
            from infra.adapters.media.uploads import DiskUploads

            yield DiskUploads(self.settings.media_dir / "uploads", self.keys().derive_each("uploads"), self.clock)
            return
        from infra.adapters.media.s3 import S3MediaStore
        from infra.adapters.media.s3_uploads import S3Uploads

        media = await self.media()
        assert isinstance(media, S3MediaStore)
        yield S3Uploads(media, self.clock)

    def sandbox_secret(self) -> bytes:
        """The sandbox's signing key."""
        configured = self.settings.sandbox_secret
        return bytes.fromhex(configured.get_secret_value()) if configured else self.keys().derive(SANDBOX_PURPOSE)

    def sandbox_payments(self) -> "SandboxPayments":
        """The sandbox payment provider."""
        from infra.adapters.payments.sandbox import SandboxPayments

        return SandboxPayments(self.sandbox_secret(), page_url=f"{self.settings.sandbox_url}/pay", clock=self.clock)

    @property
    def is_live(self) -> bool:
        """Whether the key for Stripe moves real money."""
        key = self.settings.stripe_secret_key
        return key is not None and "_live_" in key.get_secret_value()

    @property
    def is_sandbox(self) -> bool:
        """Whether no real money moves, so that publishing a store reports what is missing instead of refusing it."""
        return not self.settings.strict_publication and not self.is_live

    @shared
    async def stripe(self) -> "AsyncIterator[StripeClient]":
        """The client for Stripe.

        Raises:
            NotConfigured: there is no key.
        """
        from infra.adapters.payments.stripe.client import stripe_client

        key = self.settings.stripe_secret_key
        if key is None:
            raise NotConfigured("STRIPE_SECRET_KEY is not set. Set it, or use the sandbox's payments.")
        async with stripe_client(
            key.get_secret_value(), api_base=self.settings.stripe_api_base, own_keys=await self.own_keys()
        ) as client:
            yield client

    async def tax_setup(self) -> "TaxSetup | None":
        """What asks whether Stripe can compute a merchant's taxes; None without a key."""
        if self.settings.stripe_secret_key is None:
            return None
        from infra.adapters.payments.stripe.taxes import StripeTaxSetup

        return StripeTaxSetup(await self.stripe())

    async def own_keys(self) -> "PostgresOwnKeys":
        """The vault of merchants' own keys at Stripe."""
        from infra.adapters.postgres.own_keys import PostgresOwnKeys

        return PostgresOwnKeys(await self.pool(), self.keys())

    async def own_key_ports(self) -> "OwnKeyPorts | None":
        """What merchants' own keys need; None without a key of the platform."""
        if self.settings.stripe_secret_key is None:
            return None
        from gateway.ports import OwnKeyPorts
        from infra.adapters.payments.stripe.endpoint import OwnKeyWebhooks
        from infra.adapters.payments.stripe.own_keys import StripeOwnKeys

        return OwnKeyPorts(
            vault=await self.own_keys(),
            stripe=StripeOwnKeys(await self.stripe(), live=self.is_live),
            webhooks=partial(OwnKeyWebhooks, live=self.is_live, clock=self.clock),
        )

    async def stripe_accounts(self) -> "StripeAccounts | None":
        """Merchants' accounts at Stripe; None without a key."""
        if self.settings.stripe_secret_key is None:
            return None
        from infra.adapters.payments.stripe.accounts import StripeConnect

        return StripeConnect(
            await self.stripe(),
            live=self.is_live,
            interface=self.settings.stripe_accounts,
            client_id=self.settings.stripe_client_id,
            own_keys=await self.own_keys(),
        )

    def webhooks(self) -> "Mapping[str, WebhookReader]":
        """Readers of payment webhooks by the name in their webhook address. The sandbox's is there without Stripe only.

        Raises:
            NotConfigured: there is a key for Stripe, but no secret of its webhooks.
        """
        if self.settings.stripe_secret_key is None:
            return self._sandbox_readers()
        from infra.adapters.payments.stripe.client import NAME, PLATFORM_NAME
        from infra.adapters.payments.stripe.endpoint import StripePlatformNotices, StripeWebhooks

        secrets = [secret.get_secret_value() for secret in self.settings.stripe_webhook_secrets]
        if not secrets:
            raise NotConfigured(
                "STRIPE_WEBHOOK_SECRET is not set, but STRIPE_SECRET_KEY is. Without it no payment is ever recorded. "
                "Copy it from the Connect endpoint in Stripe's dashboard."
            )
        readers: dict[str, WebhookReader] = {NAME: StripeWebhooks(secrets, live=self.is_live, clock=self.clock)}
        of_platform = [secret.get_secret_value() for secret in self.settings.stripe_platform_webhook_secrets]
        if of_platform:
            readers[PLATFORM_NAME] = StripeWebhooks(
                of_platform, live=self.is_live, clock=self.clock, notices=StripePlatformNotices
            )
        return readers

    def _sandbox_readers(self) -> "Mapping[str, WebhookReader]":
        if self.plans() is None:
            return {SANDBOX: self.sandbox_payments()}
        return {SANDBOX: self.sandbox_payments(), SANDBOX_PLATFORM: self.sandbox_plans()}

    def notices(self) -> "Mapping[str, NoticeReader]":
        """Readers of the payment webhooks that the gateway verified and recorded, by their source."""
        if self.settings.stripe_secret_key is None:
            return self._sandbox_readers()
        from infra.adapters.payments.stripe.client import NAME, PLATFORM_NAME
        from infra.adapters.payments.stripe.endpoint import StripeNotices, StripePlatformNotices

        return {NAME: StripeNotices(live=self.is_live), PLATFORM_NAME: StripePlatformNotices(live=self.is_live)}

    async def payments(self) -> "PaymentGateways":
        """The gateways through which merchants are paid: their accounts at Stripe, or the sandbox without a key."""
        if self.settings.stripe_secret_key is None:
            from infra.adapters.payments.shared import SharedGateway

            return SharedGateway(self.sandbox_payments())
        from infra.adapters.payments.stripe.checkout import StripeGateways
        from infra.adapters.postgres.stripe_accounts import ReadModelStripeAccounts

        accounts = ReadModelStripeAccounts(await self.readers(), live=self.is_live)
        return StripeGateways(await self.stripe(), accounts, await self.own_keys())

    async def refunds(self) -> "Mapping[str, PaymentRefunds]":
        """What pays back, by the provider that took the payment."""
        if self.settings.stripe_secret_key is None:
            return {SANDBOX: self.sandbox_payments()}
        from infra.adapters.payments.stripe.client import NAME
        from infra.adapters.payments.stripe.refunds import StripeRefunds

        return {NAME: StripeRefunds(await self.stripe())}

    async def dispute_evidence(self) -> "Mapping[str, DisputeEvidence]":
        """What takes evidence for disputes, by the provider that took the payment."""
        if self.settings.stripe_secret_key is None:
            return {SANDBOX: self.sandbox_payments()}
        from infra.adapters.payments.stripe.client import NAME
        from infra.adapters.payments.stripe.disputes import StripeEvidence

        return {NAME: StripeEvidence(await self.stripe())}

    async def evidence_files(self) -> "PostgresEvidenceFiles":
        """Where contents of files for disputes are kept."""
        from infra.adapters.postgres.evidence_files import PostgresEvidenceFiles

        return PostgresEvidenceFiles(await self.pool(), await self.personal())

    async def provider_reports(self) -> "tuple[ChargeReports, ProviderReports] | None":
        """What asks Stripe about payments, disputes and payouts; None without a key."""
        if self.settings.stripe_secret_key is None:
            return None
        from infra.adapters.payments.stripe.refunds import StripeRefunds
        from infra.adapters.payments.stripe.reports import StripeReports

        client = await self.stripe()
        return StripeRefunds(client), StripeReports(client)

    @property
    def payment_pages(self) -> str:
        """The address of payment pages, to which the storefront's forms may lead."""
        return self.settings.sandbox_url if self.settings.stripe_secret_key is None else STRIPE_PAGES


@asynccontextmanager
async def open_platform(
    settings: Settings, *, migrated: bool = True, with_database: bool = True, roles: int = 1
) -> AsyncIterator[Platform]:
    """Open the shared parts, after the database's migrations.

    Args:
        settings: where everything is.
        migrated: whether to run migrations first.
        with_database: False for roles without a database; ``DATABASE_URL`` may then be missing.
        roles: how many roles share the parts; the pools grow with it.

    Raises:
        NotConfigured: ``DATABASE_URL`` is missing.
        Unreachable: the database does not answer.
    """
    async with AsyncExitStack() as stack:
        platform = Platform(settings, stack, roles=roles)
        if with_database and migrated:
            from infra.adapters.postgres.migrations import migrate

            with naming_database(platform.database_url):
                await migrate(platform.database_url)
        elif with_database:
            _ = platform.database_url  # raises NotConfigured before a role starts
        yield platform
