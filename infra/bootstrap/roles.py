"""What a process can run. Each role runs until ``stop`` is set."""
# ruff: noqa: PLC0415

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from infra.bootstrap.consumers import CONSUMERS, STUDIO_WORKERS, consumers
from infra.bootstrap.gateway import gateway_app
from infra.bootstrap.lifecycle import reachable, serve, until
from infra.bootstrap.parts import NotConfigured
from infra.bootstrap.payments import SANDBOX, SANDBOX_PLATFORM
from infra.bootstrap.platform import Platform, open_platform
from infra.bootstrap.storefront import storefront_app
from infra.embedded.heartbeat import beat
from infra.settings import Settings

if TYPE_CHECKING:
    from infra.web.protocols import ConnectionLimits

Role = Callable[[Platform, asyncio.Event], Coroutine[Any, Any, None]]


async def run_publisher(platform: Platform, stop: asyncio.Event) -> None:
    """Publish events from the event store to the topic."""
    from infra.log.publisher import Publisher

    publisher = Publisher(await platform.pool(), await platform.log(), platform.bootstrap_servers)
    await until(stop, publisher.run())


async def run_projectors(platform: Platform, stop: asyncio.Event, *, names: Sequence[str] = ()) -> None:
    """Keep read models up to date: the named ones, or all."""
    from infra.adapters.postgres.canaries import PostgresCanaries
    from infra.adapters.postgres.deliveries import PostgresDeliveries
    from projections.engine.poison_records import PoisonRecordPorts
    from projections.engine.rebuild.rebuilder import Rebuilder
    from projections.engine.runner import ProjectionRunner
    from projections.registry import READ_MODELS

    unknown = set(names) - set(READ_MODELS)
    if unknown:
        raise NotConfigured(f"Unknown read model {', '.join(sorted(unknown))}. Use one of: {', '.join(READ_MODELS)}.")
    dead_letters, pool = await platform.dead_letters(), await platform.pool()
    poison = PoisonRecordPorts(dead_letters=dead_letters, ledger=PostgresDeliveries(pool), clock=platform.clock)
    rebuilder = Rebuilder(pool, platform.bootstrap_servers, workers=platform.bulk_load_processes())
    runner = ProjectionRunner(
        [READ_MODELS[name] for name in names or READ_MODELS],
        pool,
        platform.bootstrap_servers,
        poison,
        rebuild=rebuilder.rebuild_when_due,
        group=None if names else "projectors",
        canaries=PostgresCanaries(pool),
    )
    await until(stop, runner.run())


async def run_consumers(
    platform: Platform, stop: asyncio.Event, *, names: Sequence[str] = (), without: Sequence[str] = ()
) -> None:
    """Run agents and policies: the named ones, or all."""
    from consumers.app import ConsumerApp
    from consumers.policies.mail import WAITING_MAILS
    from consumers.schedules.carts import CartExpiry
    from consumers.schedules.deadlines import DeadlinePolicy
    from consumers.schedules.domain_checks import DomainChecks
    from consumers.schedules.stock_notices import StockNotices
    from infra.adapters.dns.resolver import DnsTxtRecords
    from infra.adapters.kafka.topic import ensure_topics
    from infra.adapters.postgres.canaries import PostgresCanaries
    from infra.adapters.postgres.carts import PostgresCarts
    from infra.adapters.postgres.deliveries import PostgresDeliveries
    from infra.adapters.postgres.domains import ReadModelDomains
    from infra.adapters.postgres.overdue import ReadModelOverdue
    from infra.adapters.postgres.provenance import PostgresProvenance
    from infra.adapters.postgres.stock_notices import ReadModelNotices

    available = {*CONSUMERS, DeadlinePolicy.name, DomainChecks.name} - set(without)
    unknown = set(names) - available
    if unknown:
        known = ", ".join(sorted(available))
        raise NotConfigured(f"Unknown consumer {', '.join(sorted(unknown))}. Use one of: {known}.")
    chosen = await consumers(platform, names=names or CONSUMERS, without=without)
    await reachable(ensure_topics, platform.bootstrap_servers, stop)
    app = ConsumerApp(
        chosen,
        bootstrap_servers=platform.bootstrap_servers,
        ledger=PostgresDeliveries(await platform.pool()),
        dead_letters=await platform.dead_letters(),
        provenance=PostgresProvenance(await platform.pool()),
        clock=platform.clock,
        # Twice the studio's workers: while some photos are processed, the next ones are downloaded.
        concurrency={"imager": 2 * STUDIO_WORKERS, "mail-policy": WAITING_MAILS},
        canaries=PostgresCanaries(await platform.pool()),
    )
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(app.run(stop))
        if not names or DeadlinePolicy.name in names:
            pool, personal = await platform.pool(), await platform.personal()
            policy = DeadlinePolicy(
                ReadModelOverdue(pool),
                await platform.bus(),
                platform.clock,
                CartExpiry(PostgresCarts(pool), personal),
                StockNotices(ReadModelNotices(pool), personal),
                await platform.evidence_files(),
            )
            tasks.create_task(policy.run(stop))
            tasks.create_task(_answer_canaries(platform, stop, policy.name, lambda: policy.is_prompt))
        if not names or DomainChecks.name in names:
            records = DnsTxtRecords(platform.settings.dns_servers, port=platform.settings.dns_port)
            domains = ReadModelDomains(await platform.pool())
            checks = DomainChecks(domains, records, await platform.bus(), platform.clock)
            tasks.create_task(checks.run(stop))


async def run_imager(platform: Platform, stop: asyncio.Event) -> None:
    """Run the imager alone, because it needs cores and memory."""
    await run_consumers(platform, stop, names=("imager",))


async def run_gateway(platform: Platform, stop: asyncio.Event) -> None:
    """Serve GraphQL, REST and webhooks."""
    app = await gateway_app(platform)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(
            serve(
                app, platform.settings.host, platform.settings.gateway_port, stop, connection_limits(platform.settings)
            )
        )
        tasks.create_task(_answer_canaries(platform, stop, "gateway"))


async def _answer_canaries(
    platform: Platform, stop: asyncio.Event, role: str, is_well: Callable[[], bool] = lambda: True
) -> None:
    from infra.adapters.postgres.canaries import answer_for

    await until(stop, answer_for(platform.database_url, {role: is_well}))


async def run_storefront(platform: Platform, stop: asyncio.Event) -> None:
    """Serve all stores to shoppers."""
    from domain.store.visits import VisitCounts
    from infra.adapters.postgres.visits import PostgresVisits

    visits = VisitCounts()
    app = await storefront_app(platform, visits)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(
            serve(
                app,
                platform.settings.host,
                platform.settings.storefront_port,
                stop,
                connection_limits(platform.settings),
            )
        )
        tasks.create_task(_answer_canaries(platform, stop, "storefront"))
        tasks.create_task(PostgresVisits(await platform.pool()).run(visits, stop))


async def run_sandbox(platform: Platform, stop: asyncio.Event) -> None:
    """Serve the sandbox: the sample supplier, the payment page, and the mailbox unless there is a mail server."""
    from infra.adapters.mail.mailbox import MailboxMailer
    from infra.sandbox.app import sandbox_app
    from infra.sandbox.mailbox.key import mailbox_key
    from infra.sandbox.sample_supplier.shop import Shop

    settings = platform.settings
    mails = MailboxMailer(settings.mailbox_dir, sender=settings.mail_sender)
    app = sandbox_app(
        platform.payments.sandbox_payments(),
        webhook_url=f"{settings.gateway_url}/webhooks/payments/{SANDBOX}",
        plans=None
        if platform.payments.plans() is None
        else (platform.payments.sandbox_plans(), f"{settings.gateway_url}/webhooks/payments/{SANDBOX_PLATFORM}"),
        shop=Shop(settings.data_dir / "sample_supplier.json"),
        mailbox=None if settings.smtp_url is not None else (mails, mailbox_key(platform.payments.sandbox_secret())),
    )
    await serve(app, platform.settings.host, platform.settings.sandbox_port, stop, connection_limits(platform.settings))


def connection_limits(settings: Settings) -> "ConnectionLimits":
    """Return the limits on connections to this process."""
    from infra.web.protocols import ConnectionLimits

    return ConnectionLimits(
        connections=settings.max_connections,
        # Behind a proxy, all connections come from the proxy; it limits its own clients.
        connections_per_address=None if settings.behind_proxy else settings.max_connections_per_address,
    )


ROLES: Mapping[str, Role] = {
    "gateway": run_gateway,
    "storefront": run_storefront,
    "sandbox": run_sandbox,
    "publisher": run_publisher,
    "projectors": run_projectors,
    "consumers": partial(run_consumers, without=("imager",)),
    "imager": run_imager,
}
"""What a process can run, by name."""


WITHOUT_DATABASE: frozenset[Role] = frozenset({run_sandbox})
"""Roles that need neither the event store nor the log."""


async def run_roles(settings: Settings, roles: Sequence[Role], stop: asyncio.Event) -> None:
    """Run several roles in this process until ``stop`` is set or one of them fails."""
    with_database = any(role not in WITHOUT_DATABASE for role in roles)
    async with (
        open_platform(settings, with_database=with_database, roles=len(roles)) as platform,
        asyncio.TaskGroup() as tasks,
    ):
        tasks.create_task(until(stop, beat()))
        for role in roles:
            tasks.create_task(role(platform, stop))
