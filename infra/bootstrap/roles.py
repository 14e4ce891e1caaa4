"""What a process can run. Each role runs until ``stop`` is set."""
# ruff: noqa: PLC0415

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from infra.bootstrap.consumers import CONSUMERS, STUDIO_WORKERS, consumers, supplier_catalogs
from infra.bootstrap.lifecycle import reachable, serve, until
from infra.bootstrap.plans import plan_payments, sandbox_plans
from infra.bootstrap.platform import (
    ACCOUNT_LINKS,
    SANDBOX,
    SANDBOX_PLATFORM,
    NotConfigured,
    Platform,
    open_platform,
)
from infra.embedded.heartbeat import beat
from infra.settings import Settings

if TYPE_CHECKING:
    import asyncpg
    from fastapi import FastAPI
    from starlette.applications import Starlette

    from domain.accounts.sign_in import IdentityProvider
    from domain.accounts.signing_keys import SigningPeriods
    from domain.kernel import Clock
    from domain.merchant.account_events import SignInProvider
    from domain.order.evidence.files import CheckedFile
    from domain.store.visits import VisitCounts
    from gateway.auth.tokens import SigningKeys
    from gateway.ports import UsualGeneration
    from infra.adapters.master_keys import MasterKeys
    from infra.log.readiness import PlatformReadiness
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


def readiness(platform: Platform, pool: "asyncpg.Pool") -> "PlatformReadiness":
    """Return the readiness check of the whole platform: every component must show a canary."""
    from infra.log.readiness import Components, PlatformReadiness
    from projections.names import NAMES

    readers = (*(f"projector-{name}" for name in NAMES), *CONSUMERS)
    components = Components(readers=readers, roles=("gateway", "storefront", "deadlines"))
    return PlatformReadiness(pool, platform.settings.broker_address, components)


def signing_keys(keys: "MasterKeys") -> "SigningKeys":
    """Return the keys that sign access tokens."""
    from gateway.auth.tokens import SigningKeys

    return SigningKeys(active=keys.current, keys=keys.derive_by_id("access tokens"))


async def identity_providers(platform: Platform) -> "Mapping[SignInProvider, IdentityProvider]":
    """Return the companies whose accounts log merchants in: those with a client id and a secret."""
    from domain.merchant.account_events import SignInProvider
    from infra.adapters.sign_in.github import GitHubSignIn
    from infra.adapters.sign_in.google import GoogleSignIn
    from infra.adapters.sign_in.oauth import OAuthClient

    settings, found = platform.settings, {}
    clients = {
        SignInProvider.GOOGLE: (settings.google_client_id, settings.google_client_secret),
        SignInProvider.GITHUB: (settings.github_client_id, settings.github_client_secret),
    }
    for provider, (client_id, secret) in clients.items():
        if client_id is None or secret is None:
            continue
        client = OAuthClient(
            provider=provider, http=await platform.client(), client_id=client_id, secret=secret.get_secret_value()
        )
        found[provider] = (
            GoogleSignIn(client, issuer=settings.google_issuer)
            if provider is SignInProvider.GOOGLE
            else GitHubSignIn(client, site=settings.github_site, api=settings.github_api)
        )
    return found


async def rotated_keys(keys: "MasterKeys", periods: "SigningPeriods", clock: "Clock") -> "SigningKeys":
    """Return the keys that count for access tokens now, after all rotations."""
    from domain.accounts.signing_keys import keys_at
    from gateway.auth.tokens import SigningKeys

    first = signing_keys(keys)
    active, verifying = keys_at(await periods.all(), first.active, clock.now())
    secrets: dict[str, bytes] = {}
    for kid in verifying:
        if kid == first.active:
            secrets |= first.keys
        else:
            # A key is named after its master key too: under another one it is another key.
            derived = keys.derive_by_id(f"access tokens {kid}")
            secrets |= {f"{kid}.{master}": secret for master, secret in derived.items()}
    return SigningKeys(active=active if active == first.active else f"{active}.{keys.current}", keys=secrets)


async def gateway_app(platform: Platform, *, plans: bool = True) -> "FastAPI":
    """Return the gateway, wired.

    Args:
        platform: the parts.
        plans: see ``create_app``.
    """
    from domain.merchant.events import SupplierProvider
    from domain.signing import SigningSecrets
    from domain.team.invitation_links import InvitationLinks
    from gateway.app import create_app
    from gateway.graphql.trusted_documents import read_trusted_documents
    from gateway.ports import GatewayDependencies
    from infra.adapters.postgres.account_links import PostgresAccountLinks
    from infra.adapters.postgres.accounts import PostgresAccounts, PostgresRateLimits, PostgresRefreshTokens
    from infra.adapters.postgres.api_keys import PostgresApiKeys
    from infra.adapters.postgres.passkeys import PostgresPasskeys
    from infra.adapters.postgres.second_factors import PostgresSecondFactors
    from infra.adapters.postgres.sign_ins import PostgresSignIns
    from infra.adapters.postgres.signing_keys import PostgresSigningPeriods
    from infra.adapters.postgres.supplier_vault import PostgresSupplierVault
    from infra.adapters.postgres.team_roles import PostgresTeamRoles
    from infra.bootstrap.consumers import origin
    from infra.sandbox.sample_supplier.niches import niche_suggestions
    from infra.web.evidence_links import EvidenceLinks
    from infra.web.preview_links import PreviewLinks
    from infra.writers.brandkit.kit import DrawnBrandKit
    from infra.writers.rules.niche.reader import RuleNicheReader

    settings, pool, keys = platform.settings, await platform.pool(), platform.keys()
    suppliers = (await supplier_catalogs(platform)).providers
    return create_app(
        GatewayDependencies(
            commands=await platform.bus(),
            reader=await platform.reader(),
            travel=await platform.travel(),
            history=await platform.log(),
            barrier=await platform.barrier(),
            clock=platform.clock,
            accounts=PostgresAccounts(pool),
            account_links=PostgresAccountLinks(pool),
            second_factors=PostgresSecondFactors(pool, keys),
            sign_ins=PostgresSignIns(pool),
            passkeys=PostgresPasskeys(pool),
            identity_providers=await identity_providers(platform),
            refresh_tokens=PostgresRefreshTokens(pool),
            api_keys=PostgresApiKeys(pool),
            roles_of=PostgresTeamRoles(pool),
            limits=PostgresRateLimits(pool),
            personal=await platform.personal(),
            supplier_vault=PostgresSupplierVault(pool, keys),
            suppliers=suppliers,
            niche_suggestions=niche_suggestions() if SupplierProvider.SAMPLE in suppliers else (),
            photo_origins=(origin(settings.sandbox_url),) if SupplierProvider.SAMPLE in suppliers else (),
            niches=RuleNicheReader(),
            usual_generation=_usual_generation(settings),
            signing_keys=signing_keys(keys),
            rotated_keys=partial(rotated_keys, keys, PostgresSigningPeriods(pool), platform.clock),
            secrets=SigningSecrets(keys.derive_each("rate limits")),
            link_secrets=SigningSecrets(keys.derive_each(ACCOUNT_LINKS)),
            invitation_links=InvitationLinks(SigningSecrets(keys.derive_each("invitations"))),
            media=await platform.media(),
            uploads=await platform.uploads(),
            check_photo=_check_photo,
            evidence_files=await platform.evidence_files(),
            check_evidence=_check_evidence,
            evidence_links=EvidenceLinks(keys.derive_each("evidence files"), platform.clock),
            payments=platform.webhooks(),
            stripe=await platform.stripe_accounts(),
            own_keys=await platform.own_key_ports(),
            tax_setup=await platform.tax_setup(),
            plans=platform.plans(),
            plan_payments=await plan_payments(platform),
            readiness=readiness(platform, pool),
            brand_kit=DrawnBrandKit(),
            sandbox=platform.is_sandbox,
            platform_fee_basis_points=settings.platform_fee_basis_points,
            storefront_url=settings.storefront_url("{slug}"),
            previews=PreviewLinks(platform.keys().derive_each("preview"), platform.clock),
            public_url=settings.gateway_url,
            cors_origins=settings.cors_origins,
            introspection=settings.introspection,
            trusted_documents=None
            if settings.trusted_documents is None
            else read_trusted_documents(settings.trusted_documents),
            rate_factor=settings.rate_factor,
            behind_proxy=settings.behind_proxy,
        ),
        plans=plans,
    )


def _check_photo(data: bytes) -> str:
    # Decoders take ten megabytes of memory, and most gateways see no upload.
    from infra.adapters.media.photo_check import check_photo

    return check_photo(data)


def _check_evidence(data: bytes) -> "CheckedFile":
    from infra.adapters.media.evidence_check import check_evidence

    return check_evidence(data)


def _usual_generation(settings: Settings) -> "UsualGeneration":
    from gateway.ports import UsualGeneration
    from infra.bootstrap.writers import language_models

    if not language_models(settings):
        return UsualGeneration()
    return UsualGeneration(seconds=900, cost_usd_max=settings.generation_cost_budget)


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


async def storefront_app(platform: Platform, visits: "VisitCounts | None" = None) -> "Starlette":
    """Return the storefront, wired. ``visits`` takes what it counts; None discards that."""
    from domain.store.visits import VisitCounts
    from infra.adapters.media.logo_picture import logo_card, logo_png
    from infra.adapters.media.social_picture import social_jpeg
    from infra.adapters.postgres.accounts import PostgresRateLimits
    from infra.adapters.postgres.carts import PostgresCarts
    from infra.adapters.postgres.discount_shoppers import PostgresDiscountShoppers
    from infra.bootstrap.consumers import origin
    from infra.web.preview_links import PreviewLinks
    from storefront.app import create_app
    from storefront.ports import LogoPictures, StorefrontDependencies
    from storefront.read_models import ReadModelQueries

    settings = platform.settings
    return create_app(
        StorefrontDependencies(
            visits=visits or VisitCounts(),
            queries=ReadModelQueries(await platform.reader()),
            commands=await platform.bus(),
            barrier=await platform.barrier(),
            carts=PostgresCarts(await platform.pool()),
            discount_shoppers=PostgresDiscountShoppers(await platform.pool()),
            payments=await platform.payments(),
            personal=await platform.personal(),
            media=await platform.media(),
            clock=platform.clock,
            limits=PostgresRateLimits(await platform.pool()),
            secrets=platform.keys().derive_each("storefront"),
            previews=PreviewLinks(platform.keys().derive_each("preview"), platform.clock),
            rate_factor=settings.rate_factor,
            behind_proxy=settings.behind_proxy,
            scheme=settings.storefront_scheme,
            base_domains=(settings.storefront_domain.partition(":")[0],),
            public_domain=settings.storefront_domain,
            payment_origins=(origin(platform.payment_pages),),
            platform_fee_basis_points=settings.platform_fee_basis_points,
            page_cache_bytes=settings.page_cache_bytes,
            logo_pictures=LogoPictures(png=logo_png, card=logo_card),
            social_jpeg=social_jpeg,
            cdn=settings.cdn_url,
        )
    )


async def run_sandbox(platform: Platform, stop: asyncio.Event) -> None:
    """Serve the sandbox: the sample supplier, the payment page, and the mailbox unless there is a mail server."""
    from infra.adapters.mail.mailbox import MailboxMailer
    from infra.sandbox.app import sandbox_app
    from infra.sandbox.mailbox.key import mailbox_key
    from infra.sandbox.sample_supplier.shop import Shop

    settings = platform.settings
    mails = MailboxMailer(settings.mailbox_dir, sender=settings.mail_sender)
    app = sandbox_app(
        platform.sandbox_payments(),
        webhook_url=f"{settings.gateway_url}/webhooks/payments/{SANDBOX}",
        plans=None
        if platform.plans() is None
        else (sandbox_plans(platform), f"{settings.gateway_url}/webhooks/payments/{SANDBOX_PLATFORM}"),
        shop=Shop(settings.data_dir / "sample_supplier.json"),
        mailbox=None if settings.smtp_url is not None else (mails, mailbox_key(platform.sandbox_secret())),
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
