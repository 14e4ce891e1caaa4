"""Agents and policies, wired."""
# ruff: noqa: PLC0415

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from infra.bootstrap.mail import mail_policy
from infra.bootstrap.platform import Platform
from infra.bootstrap.writers import Writers, model_budget, writers
from infra.settings import BadSettings, Settings

if TYPE_CHECKING:
    from commands.reactions import BusDispatch, EventLogAggregates
    from consumers.agents.base import StepPorts
    from consumers.ports import Consumer
    from domain.merchant.events import SupplierProvider
    from domain.order.purchase_ports import SupplierOrders
    from domain.sourcing.ports import SupplierCatalogs
    from domain.store.aggregate import Store


CONSUMERS = (
    "generation-policy",
    "payments-policy",
    "refund-policy",
    "evidence-policy",
    "plans-policy",
    "payment-page-policy",
    "forgetting-policy",
    "mail-policy",
    "purchasing-policy",
    "brand-agent",
    "scout-agent",
    "copy-agent",
    "page-agent",
    "draft-agent",
    "imager",
)
"""The names of all consumers that :func:`consumers` can make."""

STUDIO_WORKERS = min(4, max(2, os.cpu_count() or 1))
"""Processes of the studio, with one thread each: photos need no other photo, so a core each is the best use of cores."""

STRONG_SECONDS = 180.0
"""Limit of one photo with a stronger model."""


async def supplier_catalogs(platform: Platform) -> "SupplierCatalogs":
    """Return every supplier that merchants may connect. To add a supplier, add its line here."""
    from domain.merchant.events import SupplierProvider
    from infra.adapters.suppliers.sample import SampleSupplier
    from infra.adapters.suppliers.shared import SharedCatalogs

    if not platform.settings.sample_supplier:
        return SharedCatalogs({})
    sample = SampleSupplier(platform.settings.sandbox_url, await platform.client())
    return SharedCatalogs({SupplierProvider.SAMPLE: sample})


async def supplier_orders(platform: Platform) -> "Mapping[SupplierProvider, SupplierOrders]":
    """Return every supplier that takes orders. To add one, add its line here."""
    from domain.merchant.events import SupplierProvider
    from infra.adapters.suppliers.sample import SampleSupplier

    if not platform.settings.sample_supplier:
        return {}
    return {SupplierProvider.SAMPLE: SampleSupplier(platform.settings.sandbox_url, await platform.client())}


async def consumers(
    platform: Platform, *, names: Sequence[str] = CONSUMERS, without: Sequence[str] = ()
) -> "list[Consumer]":
    """Return agents and policies, wired. To add one, add its line here and its name to ``CONSUMERS``.

    Make only the named ones: each may need secrets that this process does not have.
    """
    from commands.reactions import BusDispatch, EventLogAggregates
    from consumers.agents.base import StepPorts
    from consumers.agents.brand import BrandAgent
    from consumers.agents.copywriter import CopyAgent, PageAgent
    from consumers.agents.imager import ImagerAgent
    from consumers.agents.scout import ScoutAgent
    from consumers.policies.erasure import ForgettingPolicy
    from consumers.policies.generation import GenerationPolicy
    from infra.adapters.media.fetch import HttpImageFetcher
    from infra.adapters.media.handover import GivingFetcher, HandoverFolder, TakingFetcher
    from infra.adapters.postgres.merchant_brands import ReadModelBrands
    from infra.adapters.postgres.outside_answers import PostgresOutsideAnswers

    settings, clock = platform.settings, platform.clock
    dispatch = BusDispatch(await platform.bus())
    aggregates = EventLogAggregates(await platform.log())
    ports = StepPorts(aggregates, PostgresOutsideAnswers(await platform.pool()), dispatch, clock)
    client = await platform.client()
    suppliers = await supplier_catalogs(platform)
    sandbox = origin(settings.sandbox_url)
    fetcher = HttpImageFetcher(
        client,
        trusted_origins=(sandbox,),
        moved_origins={origin(url): sandbox for url in settings.sandbox_former_urls},
    )
    handover = HandoverFolder(settings.handover_dir)
    budget = await model_budget(platform)
    writing = cache(lambda: writers(settings, budget))

    async def forgetting_policy() -> "Consumer":
        from infra.adapters.postgres.accounts import PostgresAccounts
        from infra.adapters.postgres.carts import PostgresCarts
        from infra.adapters.postgres.discount_shoppers import PostgresDiscountShoppers

        pool = await platform.pool()
        return ForgettingPolicy(
            await platform.personal(),
            PostgresCarts(pool),
            PostgresDiscountShoppers(pool),
            PostgresAccounts(pool),
            await platform.evidence_files(),
        )

    async def brand_agent() -> "Consumer":
        return BrandAgent(writing().brand, ports, ReadModelBrands(await platform.pool()))

    def scout_agent() -> "Consumer":
        from infra.adapters.media.fingerprints import HttpFingerprints

        fingerprints = HttpFingerprints(GivingFetcher(fetcher, handover).fetch)
        return ScoutAgent(suppliers, writing().keywords, fingerprints, ports, niches=writing().niches, budget=budget)

    def page_agent() -> "Consumer":
        from storefront.shelves.grouping import shelf_names

        return PageAgent(
            writing().pages,
            ports,
            host_for=storefront_host(settings),
            categories=writing().categories,
            shelves=shelf_names,
        )

    async def imager() -> "Consumer":
        from infra.adapters.media.studio.worker_pool import RembgStudio
        from infra.setup.model import ModelUnavailable, ensure_chosen_model, model_path

        chosen = settings.studio_model
        if chosen is None:
            studio = RembgStudio(settings.rembg_model_path or model_path(), workers=STUDIO_WORKERS)
        else:
            try:
                path = await asyncio.to_thread(ensure_chosen_model, chosen, settings.studio_model_sha256 or "")
            except ModelUnavailable as refusal:
                raise BadSettings(str(refusal)) from refusal
            studio = RembgStudio(path, workers=1, seconds=STRONG_SECONDS, kind=settings.studio_model_kind)
        return ImagerAgent(
            TakingFetcher(fetcher, handover), studio, await platform.media(), aggregates, dispatch, budget=budget
        )

    makers: Mapping[str, Callable[[], Consumer | Awaitable[Consumer]]] = {
        "generation-policy": lambda: GenerationPolicy(dispatch, aggregates, writing().niches, ports.answers),
        "payments-policy": partial(_payments_policy, platform, dispatch, aggregates),
        "refund-policy": partial(_refund_policy, platform, dispatch, aggregates),
        "evidence-policy": partial(_evidence_policy, platform, dispatch, aggregates),
        "plans-policy": partial(_plans_policy, platform, dispatch),
        "payment-page-policy": partial(_payment_page_policy, platform, aggregates),
        "forgetting-policy": forgetting_policy,
        "purchasing-policy": partial(_purchasing_policy, platform, dispatch, aggregates, suppliers),
        "mail-policy": lambda: mail_policy(platform, dispatch),
        "brand-agent": brand_agent,
        "scout-agent": scout_agent,
        "copy-agent": lambda: CopyAgent(writing().copy, ports),
        "page-agent": page_agent,
        "draft-agent": lambda: _draft_agent(platform, ports, writing()),
        "imager": imager,
    }
    wired: list[Consumer] = []
    for name in names:
        if name in makers and name not in without:
            consumer = makers[name]()
            wired.append(await consumer if isinstance(consumer, Awaitable) else consumer)
    return wired


def storefront_host(settings: Settings) -> "Callable[[Store], str]":
    """Return what tells the host of a store's storefront."""
    return lambda store: f"{store.slug}.{settings.storefront_domain}"


async def _draft_agent(platform: Platform, ports: "StepPorts", made: Writers) -> "Consumer":
    from consumers.agents.drafts import DraftAgent, DraftWriters
    from infra.adapters.postgres.merchant_brands import ReadModelBrands
    from infra.adapters.postgres.settled_log import SettledLog

    pool = await platform.pool()
    writers = DraftWriters(
        brand=made.brand, copy=made.copy, pages=made.pages, categories=made.categories, reviser=made.reviser
    )
    host_for = storefront_host(platform.settings)
    return DraftAgent(writers, ports, SettledLog(pool), ReadModelBrands(pool), host_for=host_for)


async def _payments_policy(platform: Platform, react: "BusDispatch", aggregates: "EventLogAggregates") -> "Consumer":
    from consumers.policies.payments import PaymentsPolicy
    from infra.adapters.postgres.settled_log import SettledLog

    return PaymentsPolicy(
        react,
        aggregates,
        platform.payments.notices(),
        accounts=await platform.payments.stripe_accounts(),
        reports=await platform.payments.provider_reports(),
        history=SettledLog(await platform.pool()),
    )


async def _refund_policy(platform: Platform, react: "BusDispatch", aggregates: "EventLogAggregates") -> "Consumer":
    from consumers.policies.refunds import RefundPolicy

    return RefundPolicy(react, aggregates, await platform.payments.refunds(), platform.clock)


async def _evidence_policy(platform: Platform, react: "BusDispatch", aggregates: "EventLogAggregates") -> "Consumer":
    from consumers.policies.evidence import EvidencePolicy

    return EvidencePolicy(
        react,
        aggregates,
        await platform.payments.dispute_evidence(),
        await platform.personal(),
        await platform.evidence_files(),
    )


async def _plans_policy(platform: Platform, react: "BusDispatch") -> "Consumer":
    from consumers.policies.plans import PlansPolicy

    return PlansPolicy(react, platform.payments.notices(), await platform.payments.plan_payments())


async def _purchasing_policy(
    platform: Platform, react: "BusDispatch", aggregates: "EventLogAggregates", catalogs: "SupplierCatalogs"
) -> "Consumer":
    from consumers.policies.purchasing import PurchasingPolicy

    suppliers = await supplier_orders(platform)
    return PurchasingPolicy(react, aggregates, catalogs, suppliers, await platform.personal(), platform.clock)


async def _payment_page_policy(platform: Platform, aggregates: "EventLogAggregates") -> "Consumer":
    from consumers.policies.payment_pages import PaymentPagePolicy

    return PaymentPagePolicy(aggregates, await platform.payments.gateways(), platform.clock)


def origin(url: str) -> str:
    """Return the scheme, host and port of a URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
