"""The parts that the roles of a process share."""
# ruff: noqa: PLC0415

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from typing import TYPE_CHECKING

from domain.kernel import Clock
from infra.adapters.master_keys import MasterKeys
from infra.adapters.postgres.vault import PostgresPersonalData
from infra.adapters.reachability import naming_database
from infra.bootstrap.lifecycle import cancelled
from infra.bootstrap.parts import NotConfigured, Parts, shared
from infra.bootstrap.payments import Payments
from infra.clock import SystemClock
from infra.settings import Settings

if TYPE_CHECKING:
    import asyncpg
    import httpx

    from commands.bus import CommandBus
    from commands.ports import Handlers
    from commands.subscription import SoldPlans
    from domain.media.ports import MediaStore
    from infra.adapters.kafka.dead_letter_producer import DeadLetterProducer
    from infra.adapters.media.s3_uploads import S3Uploads
    from infra.adapters.media.uploads import DiskUploads
    from infra.adapters.postgres.event_store import PostgresEventLog
    from infra.adapters.postgres.evidence_files import PostgresEvidenceFiles
    from infra.log.parallel_bulk_load import BulkLoadProcesses
    from projections.reading.consistency import CheckpointConsistency
    from projections.reading.moment import MomentReader
    from projections.reading.time_travel import TimeTravel

ACCOUNT_LINKS = "account links"
"""What the key that signs links in mails about accounts is derived for."""


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
        sandbox: whether an incomplete store may be published; see :attr:`infra.bootstrap.payments.Payments.is_sandbox`.
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
        self.payments = Payments(settings, self.clock, self.parts, keys=self.keys, pool=self.pool, readers=self.readers)

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

        plans = self.payments.plans()
        return CommandBus(
            await self.log(),
            handlers(
                self.clock,
                sandbox=self.payments.is_sandbox,
                stripe=self.settings.stripe_secret_key is not None,
                platform_domains=self.settings.platform_domains,
                sold=None if plans is None else SoldPlans(plans=plans, counter=ReadModelUsage(await self.readers())),
            ),
        )

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

    async def evidence_files(self) -> "PostgresEvidenceFiles":
        """Where contents of files for disputes are kept."""
        from infra.adapters.postgres.evidence_files import PostgresEvidenceFiles

        return PostgresEvidenceFiles(await self.pool(), await self.personal())


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
