"""The only composition root: turns settings into running roles.

Imports are made where a role needs them: a projector must not carry GraphQL and image libraries in memory.
"""
# ruff: noqa: PLC0415

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import httpx

from commands.bus import CommandBus
from commands.ports import Handlers, Receipt
from domain.kernel import Clock, NotFound, StreamKind
from infra.adapters.answers import PostgresAnswers
from infra.adapters.event_store import PostgresEventLog
from infra.adapters.migrations import migrate
from infra.adapters.vault import MasterKeys, PostgresPersonalData
from infra.settings import Settings
from projections.barrier import CheckpointBarrier
from projections.registry import READ_MODELS, SEARCH_PATH
from schemas.envelope import Envelope

if TYPE_CHECKING:
    from fastapi import FastAPI

    from consumers.dependencies import Consumer
    from domain.media.ports import MediaStore
    from domain.order.ports import PaymentGateway
    from domain.product.ports import KeywordWriter, ProductCopywriter
    from domain.store.ports import BrandWriter, PageWriter
    from infra.adapters.dead_letters import KafkaDeadLetters
    from infra.adapters.sandbox_payments import SandboxPayments

S = TypeVar("S")

SANDBOX = "sandbox"
"""The payment sandbox's name, as it stands in its webhook address and on its webhooks."""


class NotConfigured(Exception):
    """A setting that this role cannot do without is missing; the message names it."""


class SystemClock:
    """Implements :class:`domain.kernel.Clock`."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class Reactions:
    """Implements :class:`consumers.dependencies.Dispatch` on the command bus."""

    def __init__(self, bus: CommandBus) -> None:
        self._bus = bus

    async def __call__(self, command: object, *, cause: Envelope, name: str) -> Receipt:
        return await self._bus.react(command, cause=cause, name=name)

    async def outcome(self, cause: Envelope, name: str) -> Receipt | None:
        from consumers.dependencies import reaction_id

        return await self._bus.outcome(reaction_id(cause, name))


class EventStoreAggregates:
    """Implements :class:`consumers.dependencies.Aggregates` on the event store."""

    def __init__(self, log: PostgresEventLog) -> None:
        self._log = log

    async def get(self, kind: StreamKind[S], id: UUID) -> S:
        loaded = await self._log.load(kind, id)
        if loaded is None:
            raise NotFound(kind.name, id)
        state: S = loaded.state
        return state


def handlers(clock: Clock) -> Handlers:
    """Return every command with its handler; each module of ``commands`` lists its own."""
    from commands import generation, media, merchant, order, product, store

    return {
        command: partial(handler, clock=clock)
        for module in (generation, media, merchant, order, product, store)
        for command, handler in module.HANDLERS.items()
    }


class Platform:
    """The parts that roles share, made when first asked for and closed together."""

    def __init__(self, settings: Settings, stack: AsyncExitStack) -> None:
        self.settings = settings
        self.clock: Clock = SystemClock()
        self._stack = stack
        self._made: dict[str, Any] = {}
        if settings.database_url is None:
            raise NotConfigured(
                "DATABASE_URL is not set. Give one, or use “zyenta up”, which brings its own PostgreSQL."
            )
        self.database_url = settings.database_url

    @property
    def bootstrap_servers(self) -> str:
        """Where the log is.

        Raises:
            NotConfigured: nobody said.
        """
        if self.settings.kafka_bootstrap_servers is None:
            raise NotConfigured(
                "KAFKA_BOOTSTRAP_SERVERS is not set. Give one, or use “zyenta up”, which brings its own broker."
            )
        return self.settings.kafka_bootstrap_servers

    async def pool(self) -> asyncpg.Pool:
        """Connections for the write side, read models included."""
        if "pool" not in self._made:
            self._made["pool"] = await self._stack.enter_async_context(
                asyncpg.create_pool(
                    self.database_url,
                    min_size=1,
                    max_size=16,
                    server_settings={"search_path": f"{SEARCH_PATH}, public", "application_name": "zyenta"},
                    command_timeout=60,
                )
            )
        pool: asyncpg.Pool = self._made["pool"]
        return pool

    async def log(self) -> PostgresEventLog:
        """The event store; it wakes the publisher as long as this platform is open."""
        if "log" not in self._made:
            log = PostgresEventLog(await self.pool(), self.clock)
            waker = asyncio.create_task(log.notify_appends())
            self._stack.push_async_callback(_cancelled, waker)
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

    async def barrier(self) -> CheckpointBarrier:
        return CheckpointBarrier(await self.pool(), tuple(READ_MODELS))

    async def client(self) -> httpx.AsyncClient:
        """One HTTP client for all outside calls; every call sets its own timeout."""
        if "client" not in self._made:
            self._made["client"] = await self._stack.enter_async_context(
                httpx.AsyncClient(headers={"user-agent": "zyenta/0.1"}, timeout=15)
            )
        client: httpx.AsyncClient = self._made["client"]
        return client

    async def dead_letters(self) -> "KafkaDeadLetters":
        """Where records go that nobody can digest."""
        if "dead letters" not in self._made:
            from infra.adapters.dead_letters import KafkaDeadLetters

            letters = KafkaDeadLetters(self.bootstrap_servers)
            self._stack.push_async_callback(letters.close)
            self._made["dead letters"] = letters
        letters_: KafkaDeadLetters = self._made["dead letters"]
        return letters_

    def media(self) -> "MediaStore":
        """The media store: S3 where a bucket is named, else the local disk."""
        if self.settings.s3_bucket is not None:
            from infra.adapters.s3_media import S3MediaStore

            return S3MediaStore(
                bucket=self.settings.s3_bucket,
                endpoint=self.settings.s3_endpoint,
                region=self.settings.s3_region,
                access_key=self.settings.s3_access_key,
                secret_key=self.settings.s3_secret_key,
            )
        from infra.adapters.disk_media import DiskMediaStore

        return DiskMediaStore(self.settings.media_dir)

    def payments(self) -> "SandboxPayments":
        """The payment provider: the sandbox, until the selling issue brings Stripe in behind the same port."""
        from infra.adapters.sandbox_payments import SandboxPayments

        return SandboxPayments(
            self.keys().derive("sandbox payments"), page_url=f"{self.settings.sandbox_url}/pay", clock=self.clock
        )

    def gateways(self) -> "Mapping[str, PaymentGateway]":
        """Payment gateways by the name in their webhook address."""
        return {SANDBOX: self.payments()}


@asynccontextmanager
async def open_platform(settings: Settings, *, migrated: bool = True) -> AsyncIterator[Platform]:
    """Open the shared parts; the database is brought up to date first.

    Raises:
        NotConfigured: no database was named.
    """
    async with AsyncExitStack() as stack:
        platform = Platform(settings, stack)
        if migrated:
            await migrate(platform.database_url)
        yield platform


async def _cancelled(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


# Roles: each runs until ``stop`` is set.

Role = Callable[[Platform, asyncio.Event], Coroutine[Any, Any, None]]


async def run_publisher(platform: Platform, stop: asyncio.Event) -> None:
    """Carry events from the store to the topic."""
    from infra.adapters.publisher import Publisher

    publisher = Publisher(await platform.pool(), await platform.log(), platform.bootstrap_servers)
    await _until(stop, publisher.run())


async def run_projectors(platform: Platform, stop: asyncio.Event, *, names: Sequence[str] = ()) -> None:
    """Keep read models up to date; all of them if none is named."""
    from infra.adapters.deliveries import PostgresDeliveries
    from projections.rebuild import Rebuilder
    from projections.runner import ProjectionRunner

    unknown = set(names) - set(READ_MODELS)
    if unknown:
        raise NotConfigured(
            f"There is no read model {', '.join(sorted(unknown))}. There are: {', '.join(READ_MODELS)}."
        )
    letters, pool = await platform.dead_letters(), await platform.pool()
    ledger, rebuilder, alone = PostgresDeliveries(pool), Rebuilder(pool, platform.bootstrap_servers), asyncio.Lock()
    runners = [
        ProjectionRunner(
            READ_MODELS[name],
            pool,
            platform.bootstrap_servers,
            letters,
            ledger,
            platform.clock,
            rebuild=partial(rebuilder.rebuild_when_due, READ_MODELS[name]),
            alone=alone,
        )
        for name in names or READ_MODELS
    ]
    async with asyncio.TaskGroup() as tasks:
        for runner in runners:
            tasks.create_task(_until(stop, runner.run()))


async def run_consumers(
    platform: Platform, stop: asyncio.Event, *, names: Sequence[str] = (), but: Sequence[str] = ()
) -> None:
    """Run agents and policies; all of them if none is named."""
    from consumers.app import ConsumerApp
    from consumers.policies.deadlines import DeadlinePolicy
    from infra.adapters.deliveries import PostgresDeliveries
    from infra.adapters.overdue import ReadModelOverdue
    from infra.adapters.topic import ensure_topics

    everyone = await consumers(platform, but=but)
    unknown = set(names) - {consumer.name for consumer in everyone} - {DeadlinePolicy.name}
    if unknown:
        known = ", ".join(sorted({consumer.name for consumer in everyone} | {DeadlinePolicy.name}))
        raise NotConfigured(f"There is no consumer {', '.join(sorted(unknown))}. There are: {known}.")
    chosen = [consumer for consumer in everyone if not names or consumer.name in names]
    await _reachable(ensure_topics, platform.bootstrap_servers, stop)
    app = ConsumerApp(
        chosen,
        bootstrap_servers=platform.bootstrap_servers,
        ledger=PostgresDeliveries(await platform.pool()),
        dead_letters=await platform.dead_letters(),
        clock=platform.clock,
        concurrency={"imager": 4},
    )
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(app.run(stop))
        if not names or DeadlinePolicy.name in names:
            policy = DeadlinePolicy(
                ReadModelOverdue(await platform.pool()), (await platform.bus()).dispatch, platform.clock
            )
            tasks.create_task(policy.run(stop))


async def run_imager(platform: Platform, stop: asyncio.Event) -> None:
    """Run the imager alone: it is the one that needs cores and memory."""
    await run_consumers(platform, stop, names=("imager",))


async def consumers(platform: Platform, *, but: Sequence[str] = ()) -> "list[Consumer]":
    """Return every agent and policy, wired. To add one, add its line."""
    from consumers.agents.brand import BrandAgent
    from consumers.agents.copywriter import CopyAgent, PageAgent
    from consumers.agents.imager import ImagerAgent
    from consumers.agents.scout import ScoutAgent
    from consumers.policies.generation import GenerationPolicy
    from consumers.policies.payments import PaymentsPolicy
    from domain.merchant.events import SupplierProvider
    from infra.adapters.fingerprints import HttpFingerprints
    from infra.adapters.image_fetcher import HttpImageFetcher
    from infra.adapters.suppliers.sample import SampleSupplier

    settings, clock = platform.settings, platform.clock
    dispatch = Reactions(await platform.bus())
    aggregates = EventStoreAggregates(await platform.log())
    answers = PostgresAnswers(await platform.pool())
    client = await platform.client()
    fetcher = HttpImageFetcher(client, trusted_origins=(origin(settings.sandbox_url),))
    team = writers(settings)

    made: list[Consumer] = [
        GenerationPolicy(dispatch, aggregates),
        PaymentsPolicy(dispatch, aggregates, platform.gateways()),
        BrandAgent(team.brand, aggregates, answers, dispatch, clock),
        ScoutAgent(
            {SupplierProvider.SAMPLE: SampleSupplier(settings.sandbox_url, client)},
            team.keywords,
            HttpFingerprints(fetcher.fetch),
            aggregates,
            answers,
            dispatch,
            clock,
        ),
        CopyAgent(team.copy, aggregates, answers, dispatch, clock),
        PageAgent(
            team.pages,
            aggregates,
            answers,
            dispatch,
            clock,
            host_for=lambda store: f"{store.slug}.{settings.storefront_domain}",
        ),
    ]
    if "imager" not in but:
        from infra.adapters.rembg_studio import RembgStudio
        from infra.setup.model import model_path

        studio = RembgStudio(settings.rembg_model_path or model_path())
        made.append(ImagerAgent(fetcher, studio, platform.media(), aggregates, dispatch))
    return made


@dataclass(frozen=True, slots=True)
class Writers:
    """Who writes: the house, or a model with the house behind it."""

    brand: "BrandWriter"
    keywords: "KeywordWriter"
    copy: "ProductCopywriter"
    pages: "PageWriter"


def writers(settings: Settings) -> Writers:
    """Return the writers that settings ask for."""
    from infra.adapters.house.brand.writer import HouseBrandWriter
    from infra.adapters.house.copy.copywriter import HouseCopywriter
    from infra.adapters.house.copy.pages import HousePageWriter
    from infra.adapters.house.keywords import HouseKeywords
    from infra.adapters.rdap import RdapRegistry

    registry = RdapRegistry()
    house = Writers(HouseBrandWriter(registry), HouseKeywords(), HouseCopywriter(), HousePageWriter())
    if settings.openai_api_key is None:
        return house
    from infra.adapters.openai_brand import OpenAiBrandWriter
    from infra.adapters.openai_client import OpenAiClient
    from infra.adapters.openai_copy import OpenAiCopywriter, OpenAiPageWriter
    from infra.adapters.openai_keywords import OpenAiKeywords

    model = OpenAiClient(
        model=settings.openai_model,
        api_key=settings.openai_api_key.get_secret_value(),
        base_url=settings.openai_base_url,
    )
    return Writers(
        OpenAiBrandWriter(model, registry, fallback=house.brand, prompt=prompt("brand.v1")),
        OpenAiKeywords(model, house.keywords),
        OpenAiCopywriter(model, house.copy, prompt=prompt("copy.v1")),
        OpenAiPageWriter(model, house.pages, prompt=prompt("page.v1")),
    )


def prompt(name: str) -> str:
    """Return one of the versioned prompts."""
    return (Path(__file__).parent.parent / "consumers" / "prompts" / f"{name}.md").read_text()


async def run_gateway(platform: Platform, stop: asyncio.Event) -> None:
    """Serve GraphQL, REST and webhooks."""
    await _serve(await gateway_app(platform), platform.settings.host, platform.settings.gateway_port, stop)


async def gateway_app(platform: Platform) -> "FastAPI":
    """Return the gateway, wired."""
    from gateway.app import create_app
    from gateway.auth.tokens import SigningKeys
    from gateway.dependencies import GatewayDependencies
    from infra.adapters.accounts import PostgresAccounts, PostgresRateLimits, PostgresRefreshTokens
    from infra.adapters.readiness import PlatformReadiness
    from infra.adapters.supplier_vault import PostgresSupplierVault

    settings, pool, keys = platform.settings, await platform.pool(), platform.keys()
    return create_app(
        GatewayDependencies(
            commands=await platform.bus(),
            reader=pool,
            barrier=await platform.barrier(),
            clock=platform.clock,
            accounts=PostgresAccounts(pool),
            refresh_tokens=PostgresRefreshTokens(pool),
            limits=PostgresRateLimits(pool),
            personal=await platform.personal(),
            supplier_vault=PostgresSupplierVault(pool, keys),
            signing_keys=SigningKeys(active=keys.current, keys={keys.current: keys.derive("access tokens")}),
            limit_secret=keys.derive("rate limits"),
            media=platform.media(),
            payments=platform.gateways(),
            readiness=PlatformReadiness(pool, tuple(READ_MODELS)),
            storefront_url=f"{settings.storefront_scheme}://{{slug}}.{settings.storefront_domain}",
            public_url=settings.gateway_url,
            cors_origins=settings.cors_origins,
        )
    )


async def run_storefront(platform: Platform, stop: asyncio.Event) -> None:
    """Serve every store to shoppers."""
    from storefront.app import create_app
    from storefront.dependencies import StorefrontDependencies
    from storefront.shelf import ReadModelShelf

    settings, pool = platform.settings, await platform.pool()
    app = create_app(
        StorefrontDependencies(
            shelf=ReadModelShelf(pool),
            commands=await platform.bus(),
            barrier=await platform.barrier(),
            payments=platform.payments(),
            personal=await platform.personal(),
            media=platform.media(),
            clock=platform.clock,
            secret=platform.keys().derive("storefront"),
            base_domains=(settings.storefront_domain.partition(":")[0],),
            payment_origins=(origin(settings.sandbox_url),),
            platform_fee_basis_points=settings.platform_fee_basis_points,
        )
    )
    await _serve(app, settings.host, settings.storefront_port, stop)


async def run_sandbox(platform: Platform, stop: asyncio.Event) -> None:
    """Serve what stands in for the outside world, under its own name: the sample supplier and the payment page."""
    from infra.sandbox.app import sandbox_app

    app = sandbox_app(platform.payments(), webhook_url=f"{platform.settings.gateway_url}/webhooks/payments/{SANDBOX}")
    await _serve(app, platform.settings.host, platform.settings.sandbox_port, stop)


ROLES: Mapping[str, Role] = {
    "gateway": run_gateway,
    "storefront": run_storefront,
    "sandbox": run_sandbox,
    "publisher": run_publisher,
    "projectors": run_projectors,
    "consumers": partial(run_consumers, but=("imager",)),
    "imager": run_imager,
}
"""What a process can be told to do."""


async def run_roles(settings: Settings, roles: Sequence[Role], stop: asyncio.Event) -> None:
    """Run several roles in this process until ``stop`` is set or one of them fails."""
    async with open_platform(settings) as platform, asyncio.TaskGroup() as tasks:
        for role in roles:
            tasks.create_task(role(platform, stop))


def origin(url: str) -> str:
    """Return scheme, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


async def _until(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.create_task(work)
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
    finally:
        for each in (task, stopped):
            await _cancelled(each)


async def _reachable(
    ask: Callable[[str], Coroutine[Any, Any, None]], bootstrap_servers: str, stop: asyncio.Event
) -> None:
    """Wait for the broker: services start in any order."""
    from aiokafka.errors import KafkaError

    while not stop.is_set():
        try:
            await ask(bootstrap_servers)
        except (KafkaError, OSError, TimeoutError):
            await asyncio.sleep(0.5)
        else:
            return


async def _serve(app: "FastAPI", host: str, port: int, stop: asyncio.Event) -> None:
    import uvicorn

    class Server(uvicorn.Server):
        def install_signal_handlers(self) -> None:
            """Signals are the process's business: several servers share one."""

    server = Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            lifespan="on",
            timeout_graceful_shutdown=3,
            server_header=False,
        )
    )
    server.capture_signals = _no_signals  # type: ignore[method-assign]
    serving = asyncio.create_task(server.serve())
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopped}, return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    stopped.cancel()
    await serving


def _no_signals() -> Any:
    from contextlib import nullcontext

    return nullcontext()
