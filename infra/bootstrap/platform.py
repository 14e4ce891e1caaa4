"""The parts that roles share, made when first asked for and closed together."""
# ruff: noqa: PLC0415

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import asyncpg
import httpx

from commands.bus import CommandBus
from commands.ports import Handlers, Receipt, StreamKindMismatch
from domain.kernel import Clock, NotFound, StreamKind
from infra.adapters.postgres.event_store import PostgresEventLog
from infra.adapters.postgres.migrations import migrate
from infra.adapters.postgres.vault import MasterKeys, PostgresPersonalData
from infra.adapters.reachability import naming_database
from infra.bootstrap.lifecycle import cancelled
from infra.settings import Settings
from infra.web.http_clients import outside_client
from projections.engine.postgres_errors import IDLE_IN_TRANSACTION
from projections.reading.consistency import CheckpointConsistency
from projections.registry import READ_MODELS, SEARCH_PATH
from schemas.envelope import Envelope

if TYPE_CHECKING:
    from domain.media.ports import MediaStore
    from domain.order.ports import PaymentGateway
    from infra.adapters.kafka.dead_letters import KafkaDeadLetters
    from infra.adapters.payments.sandbox import SandboxPayments
    from infra.log.parallel_bulk_load import BulkLoadProcesses
    from projections.reading.time_travel import TimeTravel

S = TypeVar("S")

SANDBOX = "sandbox"
"""The payment sandbox's name, as it stands in its webhook address and on its webhooks."""


class NotConfigured(Exception):
    """A setting that this role cannot do without is missing; the message names it."""


class SystemClock:
    """Implements :class:`domain.kernel.Clock`."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class BusDispatch:
    """Implements :class:`consumers.ports.Dispatch` on the command bus."""

    def __init__(self, bus: CommandBus) -> None:
        self._bus = bus

    async def __call__(self, command: object, *, cause: Envelope, name: str) -> Receipt:
        return await self._bus.react(command, cause=cause, name=name)

    async def outcome(self, cause: Envelope, name: str) -> Receipt | None:
        from consumers.ports import reaction_id

        return await self._bus.outcome(reaction_id(cause, name))


class EventStoreAggregates:
    """Implements :class:`consumers.ports.Aggregates` on the event store."""

    def __init__(self, log: PostgresEventLog) -> None:
        self._log = log

    async def get(self, kind: StreamKind[S], id: UUID) -> S:
        try:
            loaded = await self._log.load(kind, id)
        except StreamKindMismatch as error:
            # As the bus has it: an id of something else is no id of this kind, however often it is tried.
            raise NotFound(kind.name, id) from error
        if loaded is None:
            raise NotFound(kind.name, id)
        state: S = loaded.state
        return state


def handlers(clock: Clock) -> Handlers:
    """Return every command with its handler; each module of ``commands`` lists its own."""
    from commands import generation, media, merchant, order, product, product_changes, shopper, store
    from commands import sourcing as scouting
    from infra.writers.copykit.scoring import measure

    bound = {
        command: partial(handler, clock=clock)
        for module in (generation, media, merchant, order, product, scouting, shopper, store)
        for command, handler in module.HANDLERS.items()
    }
    measured = {
        command: partial(handler, clock=clock, measure=measure)
        for module in (product, product_changes, store)
        for command, handler in module.MEASURED.items()
    }
    return bound | measured


async def _left_as_it_is(_connection: asyncpg.Connection) -> None:
    """Reset nothing."""


class Platform:
    """The parts that roles share, made when first asked for and closed together."""

    def __init__(self, settings: Settings, stack: AsyncExitStack) -> None:
        self.settings = settings
        self.clock: Clock = SystemClock()
        self._stack = stack
        self._made: dict[str, Any] = {}

    @property
    def database_url(self) -> str:
        """Where the event store is.

        Raises:
            NotConfigured: nobody said.
        """
        if self.settings.database_url is None:
            raise NotConfigured(
                "DATABASE_URL is not set. Give one, or use “zyenta up”, which brings its own PostgreSQL."
            )
        return self.settings.database_url

    @property
    def bootstrap_servers(self) -> str:
        """Where the log is, with the platform's log-in.

        Raises:
            NotConfigured: nobody said.
        """
        address = self.settings.broker_address
        if address is None:
            raise NotConfigured(
                "KAFKA_BOOTSTRAP_SERVERS is not set. Give one, or use “zyenta up”, which brings its own broker."
            )
        return address

    async def pool(self) -> asyncpg.Pool:
        """Connections for the write side, read models included."""
        if "pool" not in self._made:
            with naming_database(self.database_url):
                self._made["pool"] = await self._stack.enter_async_context(
                    asyncpg.create_pool(
                        self.database_url,
                        min_size=1,
                        max_size=20,
                        server_settings={
                            "search_path": f"{SEARCH_PATH}, public",
                            "application_name": "zyenta",
                            "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION,
                        },
                        command_timeout=60,
                    )
                )
        pool: asyncpg.Pool = self._made["pool"]
        return pool

    async def readers(self) -> asyncpg.Pool:
        """Connections for the queries of read models, which can change nothing and so leave nothing in their session.

        They come back to the pool as they are: what a pool resets otherwise costs a round trip a query, and a page of
        the dashboard takes sixteen queries.
        """
        if "readers" not in self._made:
            self._made["readers"] = await self._stack.enter_async_context(
                asyncpg.create_pool(
                    self.database_url,
                    min_size=1,
                    max_size=10,
                    server_settings={
                        "search_path": f"{SEARCH_PATH}, public",
                        "application_name": "zyenta",
                        "default_transaction_read_only": "on",
                    },
                    command_timeout=60,
                    reset=_left_as_it_is,
                )
            )
        readers: asyncpg.Pool = self._made["readers"]
        return readers

    async def log(self) -> PostgresEventLog:
        """The event store; it wakes the publisher as long as this platform is open."""
        if "log" not in self._made:
            log = PostgresEventLog(await self.pool(), self.clock)
            waker = asyncio.create_task(log.notify_appends())
            self._stack.push_async_callback(cancelled, waker)
            self._stack.push_async_callback(log.drain)
            self._made["log"] = log
        log_: PostgresEventLog = self._made["log"]
        return log_

    async def bus(self) -> CommandBus:
        """The command bus with every handler."""
        return CommandBus(await self.log(), handlers(self.clock))

    def keys(self) -> MasterKeys:
        """The platform's master keys.

        Raises:
            NotConfigured: there are none.
        """
        if not self.settings.master_keys:
            raise NotConfigured("ZYENTA_MASTER_KEYS is not set. Make one with “openssl rand -hex 32” and keep it safe.")
        return MasterKeys([bytes.fromhex(key.get_secret_value()) for key in self.settings.master_keys])

    async def personal(self) -> PostgresPersonalData:
        return PostgresPersonalData(await self.pool(), self.keys())

    async def barrier(self) -> CheckpointConsistency:
        return CheckpointConsistency(await self.readers(), tuple(READ_MODELS))

    async def travel(self) -> "TimeTravel":
        """Readings of the past."""
        from projections.reading.time_travel import TimeTravel, travel_pool

        models = tuple(READ_MODELS.values())
        pool = await self._stack.enter_async_context(travel_pool(self.database_url, models))
        return TimeTravel(pool, await self.log(), models, self.clock)

    def bulk_load_processes(self) -> "BulkLoadProcesses":
        """Who fills a read model's tables with a long log: a process a core."""
        from infra.log.parallel_bulk_load import BulkLoadProcesses

        return BulkLoadProcesses(self.database_url, self.bootstrap_servers, processes=os.cpu_count() or 1)

    async def client(self) -> httpx.AsyncClient:
        """One HTTP client for all outside calls; every call sets its own timeout. The sandbox is asked directly."""
        if "client" not in self._made:
            own = (self.settings.gateway_url, self.settings.sandbox_url, *self.settings.sandbox_former_urls)
            self._made["client"] = await self._stack.enter_async_context(
                outside_client(own, headers={"user-agent": "zyenta/0.1"}, timeout=15)
            )
        client: httpx.AsyncClient = self._made["client"]
        return client

    async def dead_letters(self) -> "KafkaDeadLetters":
        """Where records go that nobody can digest."""
        if "dead letters" not in self._made:
            from infra.adapters.kafka.dead_letters import KafkaDeadLetters

            letters = KafkaDeadLetters(self.bootstrap_servers)
            self._stack.push_async_callback(letters.close)
            self._made["dead letters"] = letters
        letters_: KafkaDeadLetters = self._made["dead letters"]
        return letters_

    def media(self) -> "MediaStore":
        """The media store: S3 where a bucket is named, else the local disk."""
        if self.settings.s3_bucket is None:
            from infra.adapters.media.disk import DiskMediaStore

            return DiskMediaStore(self.settings.media_dir)
        if "media" not in self._made:
            from infra.adapters.media.s3 import S3MediaStore

            store = S3MediaStore(
                bucket=self.settings.s3_bucket,
                endpoint=self.settings.s3_endpoint,
                region=self.settings.s3_region,
                access_key=self.settings.s3_access_key,
                secret_key=self.settings.s3_secret_key,
            )
            self._stack.push_async_callback(store.aclose)
            self._made["media"] = store
        media: MediaStore = self._made["media"]
        return media

    def payments(self) -> "SandboxPayments":
        """The payment provider: the sandbox, until the selling issue brings Stripe in behind the same port."""
        from infra.adapters.payments.sandbox import DERIVATION, SandboxPayments

        given = self.settings.sandbox_secret
        secret = bytes.fromhex(given.get_secret_value()) if given else self.keys().derive(DERIVATION)
        return SandboxPayments(secret, page_url=f"{self.settings.sandbox_url}/pay", clock=self.clock)

    def gateways(self) -> "Mapping[str, PaymentGateway]":
        """Payment gateways by the name in their webhook address."""
        return {SANDBOX: self.payments()}


@asynccontextmanager
async def open_platform(
    settings: Settings, *, migrated: bool = True, with_database: bool = True
) -> AsyncIterator[Platform]:
    """Open the shared parts; the database is brought up to date first.

    Args:
        settings: where everything is.
        migrated: whether to bring the database up to date.
        with_database: False for roles that use none; then no database need be named.

    Raises:
        NotConfigured: no database was named.
        Unreachable: the one that was named does not answer.
    """
    async with AsyncExitStack() as stack:
        platform = Platform(settings, stack)
        if with_database and migrated:
            with naming_database(platform.database_url):
                await migrate(platform.database_url)
        elif with_database:
            _ = platform.database_url  # named, or refused now
        yield platform
