"""Agents, policies and writers, wired."""
# ruff: noqa: PLC0415

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from infra.bootstrap.platform import Platform
from infra.settings import BadSettings, Settings

if TYPE_CHECKING:
    from commands.reactions import BusDispatch, EventLogAggregates
    from consumers.agents.base import StepPorts
    from consumers.ports import Consumer
    from domain.calls.ports import LanguageModel, ModelBudget
    from domain.draft.ports import Reviser
    from domain.mail.ports import Mailer
    from domain.merchant.events import SupplierProvider
    from domain.order.purchase_ports import SupplierOrders
    from domain.product.ports import ProductCopywriter
    from domain.sourcing.ports import KeywordWriter, SupplierCatalogs
    from domain.store.aggregate import Store
    from domain.store.ports import BrandWriter, CategoryWriter, DomainRegistry, NicheReader, PageWriter
    from infra.adapters.postgres.model_budget import PostgresModelBudget
    from infra.writers.prompted.client import Prompt


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

LONGEST_ANSWER = 8000
"""Tokens of a model's longest answer, reasoning included."""

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


async def mail_policy(platform: Platform, dispatch: "BusDispatch") -> "Consumer":
    """Return what sends mails."""
    from consumers.policies.mail import MailPolicy
    from domain.accounts.links import LinkSigner
    from domain.signing import SigningSecrets
    from domain.team.invitation_links import InvitationLinks
    from infra.adapters.postgres.accounts import PostgresAccounts
    from infra.bootstrap.platform import ACCOUNT_LINKS
    from storefront.mail.account_writer import AccountMailWriter
    from storefront.mail.platform_writer import PlatformMailWriter
    from storefront.mail.team_writer import TeamMailWriter
    from storefront.mail.writer import MailSources, StoreMailWriter, host_of
    from storefront.read_models import ReadModelMailQueries

    settings = platform.settings
    queries, personal = ReadModelMailQueries(await platform.readers()), await platform.personal()
    mail_domain = host_of(settings.storefront_domain)
    stores = StoreMailWriter(
        MailSources(
            queries=queries,
            personal=personal,
            clock=platform.clock,
            secrets=platform.keys().derive_each("storefront"),
            scheme=settings.storefront_scheme,
            public_domain=settings.storefront_domain,
            dashboard_url=f"{settings.gateway_url}/dashboard",
            mail_domain=mail_domain,
            sandbox=not platform.is_live,
        )
    )
    plans = PlatformMailWriter(
        queries,
        personal,
        stores,
        plans=platform.plans(),
        dashboard_url=f"{settings.gateway_url}/dashboard",
        mail_domain=mail_domain,
        sandbox=not platform.is_live,
    )
    accounts = AccountMailWriter(
        queries,
        personal,
        plans,
        accounts=PostgresAccounts(await platform.pool()),
        signer=LinkSigner(SigningSecrets(platform.keys().derive_each(ACCOUNT_LINKS))),
        dashboard_url=f"{settings.gateway_url}/dashboard",
        mail_domain=mail_domain,
        sandbox=not platform.is_live,
    )
    writer = TeamMailWriter(
        queries,
        personal,
        accounts,
        InvitationLinks(SigningSecrets(platform.keys().derive_each("invitations"))),
        dashboard_url=f"{settings.gateway_url}/dashboard",
        mail_domain=mail_domain,
        sandbox=not platform.is_live,
    )
    return MailPolicy(dispatch, writer, mailer(settings), platform.clock)


def mailer(settings: Settings) -> "Mailer":
    """Return what delivers mails: the mail server, or a mailbox on disk without one."""
    from infra.adapters.mail.mailbox import MailboxMailer
    from infra.adapters.mail.smtp import SmtpMailer, SmtpServer

    if settings.smtp_url is None:
        return MailboxMailer(settings.mailbox_dir, sender=settings.mail_sender)
    username, password = settings.smtp_username, settings.smtp_password
    server = SmtpServer.at(
        settings.smtp_url,
        username=None if username is None else username.get_secret_value(),
        password=None if password is None else password.get_secret_value(),
        ca_file=settings.smtp_ca_file,
    )
    return SmtpMailer(server, sender=settings.mail_sender)


@dataclass(frozen=True, slots=True)
class Writers:
    """The writers of a platform: the rules, or a model that falls back to the rules."""

    brand: "BrandWriter"
    keywords: "KeywordWriter"
    copy: "ProductCopywriter"
    pages: "PageWriter"
    niches: "NicheReader"
    reviser: "Reviser"
    categories: "CategoryWriter"


def writers(settings: Settings, budget: "ModelBudget | None" = None) -> Writers:
    """Return the writers of the settings: models in their order, then the rules.

    Args:
        settings: the platform's settings.
        budget: bounds what models may use; None for no bound.

    Raises:
        BadSettings: the settings name no writer that has what it needs.
    """
    rules, registry = rule_writers()
    models = language_models(settings)
    with_rules = "rules" in settings.writers
    if not models:
        if not with_rules:
            raise BadSettings(
                f"ZYENTA_WRITERS is {','.join(settings.writers)!r}, but no model has a key. Set OPENAI_API_KEY or "
                "ANTHROPIC_API_KEY, or add “rules”."
            )
        return rules
    return prompted_writers(settings, models, rules, registry, budget=budget, with_rules=with_rules)


def rule_writers() -> "tuple[Writers, DomainRegistry]":
    """Return the rules as writers, and the registry that tells them which domains are free."""
    from infra.adapters.rdap.registry import RdapRegistry
    from infra.writers.rules.brand.writer import RuleBrandWriter
    from infra.writers.rules.copy.categories import RuleCategoryWriter
    from infra.writers.rules.copy.copywriter import RuleCopywriter
    from infra.writers.rules.copy.pages import RulePageWriter
    from infra.writers.rules.keywords import RuleKeywords
    from infra.writers.rules.niche.reader import RuleNicheReader
    from infra.writers.rules.revision import RuleReviser

    registry = RdapRegistry()
    rules = Writers(
        RuleBrandWriter(registry),
        RuleKeywords(),
        RuleCopywriter(),
        RulePageWriter(),
        RuleNicheReader(),
        RuleReviser(),
        RuleCategoryWriter(),
    )
    return rules, registry


def storefront_host(settings: Settings) -> "Callable[[Store], str]":
    """Return what tells the host of a store's storefront."""
    return lambda store: f"{store.slug}.{settings.storefront_domain}"


def prompted_writers(
    settings: Settings,
    models: "Sequence[LanguageModel]",
    rules: Writers,
    registry: "DomainRegistry",
    *,
    budget: "ModelBudget | None",
    with_rules: bool,
    max_tokens: int = LONGEST_ANSWER,
) -> Writers:
    """Return writers that ask models, and then the rules if ``with_rules``."""
    from infra.writers.prompted.brand import PromptedBrandWriter
    from infra.writers.prompted.categories import PromptedCategoryWriter
    from infra.writers.prompted.client import ModelClient
    from infra.writers.prompted.copy import PromptedCopywriter, PromptedPageWriter
    from infra.writers.prompted.keywords import PromptedKeywords
    from infra.writers.prompted.niche import PromptedNicheReader
    from infra.writers.prompted.prices import Prices
    from infra.writers.prompted.revision import PromptedReviser

    client = ModelClient(
        models,
        budget=budget,
        prices=Prices.known(settings.model_prices),
        at_once=settings.model_requests,
        max_tokens=max_tokens,
    )
    return Writers(
        PromptedBrandWriter(client, registry, fallback=rules.brand if with_rules else None, prompt=prompt("brand.v1")),
        PromptedKeywords(client, rules.keywords, prompt=prompt("keywords.v1")),
        PromptedCopywriter(client, rules.copy if with_rules else None, prompt=prompt("copy.v1")),
        PromptedPageWriter(client, rules.pages, fallback=rules.pages if with_rules else None, prompt=prompt("page.v1")),
        PromptedNicheReader(client, rules.niches, prompt=prompt("niche.v1")),
        PromptedReviser(client, rules.reviser if with_rules else None, prompt=prompt("revise.v1")),
        PromptedCategoryWriter(client, rules.categories if with_rules else None, prompt=prompt("categories.v1")),
    )


def language_models(settings: Settings) -> "Sequence[LanguageModel]":
    """Return the models that have a key, in the order of the settings."""
    models: list[LanguageModel] = []
    for writer in settings.writers:
        if writer == "openai" and settings.openai_api_key is not None:
            from infra.adapters.models.openai import OpenAiModel

            models.append(
                OpenAiModel(
                    model=settings.openai_model,
                    api_key=settings.openai_api_key.get_secret_value(),
                    base_url=settings.openai_base_url,
                )
            )
        if writer == "anthropic" and settings.anthropic_api_key is not None:
            from infra.adapters.models.anthropic import AnthropicModel

            models.append(
                AnthropicModel(
                    model=settings.anthropic_model,
                    api_key=settings.anthropic_api_key.get_secret_value(),
                    base_url=settings.anthropic_base_url,
                )
            )
    return models


async def model_budget(platform: Platform) -> "PostgresModelBudget":
    """Return what bounds the work of agents, as the settings and the merchant's plan say."""
    from commands.reactions import EventLogAggregates
    from infra.adapters.postgres.model_budget import Limit, PostgresModelBudget
    from infra.bootstrap.plan_allowances import PlanAllowances

    settings, plans = platform.settings, platform.plans()
    allowances = None
    if plans is not None:
        allowances = PlanAllowances(EventLogAggregates(await platform.log()), plans, platform.clock)
    return PostgresModelBudget(
        await platform.pool(),
        platform.clock,
        generation=Limit(
            tokens=settings.generation_token_budget, cost=int(settings.generation_cost_budget * 1_000_000)
        ),
        month=Limit(tokens=settings.monthly_token_budget, cost=int(settings.monthly_cost_budget * 1_000_000)),
        allowances=allowances,
    )


def prompt(name: str) -> "Prompt":
    """Return a versioned prompt."""
    from infra.writers.prompted.client import Prompt

    path = Path(__file__).parents[2] / "infra" / "writers" / "prompted" / "prompts" / f"{name}.md"
    return Prompt(name, path.read_text("utf-8"))


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
        platform.notices(),
        accounts=await platform.stripe_accounts(),
        reports=await platform.provider_reports(),
        history=SettledLog(await platform.pool()),
    )


async def _refund_policy(platform: Platform, react: "BusDispatch", aggregates: "EventLogAggregates") -> "Consumer":
    from consumers.policies.refunds import RefundPolicy

    return RefundPolicy(react, aggregates, await platform.refunds(), platform.clock)


async def _evidence_policy(platform: Platform, react: "BusDispatch", aggregates: "EventLogAggregates") -> "Consumer":
    from consumers.policies.evidence import EvidencePolicy

    return EvidencePolicy(
        react, aggregates, await platform.dispute_evidence(), await platform.personal(), await platform.evidence_files()
    )


async def _plans_policy(platform: Platform, react: "BusDispatch") -> "Consumer":
    from consumers.policies.plans import PlansPolicy
    from infra.bootstrap.plans import plan_payments

    return PlansPolicy(react, platform.notices(), await plan_payments(platform))


async def _purchasing_policy(
    platform: Platform, react: "BusDispatch", aggregates: "EventLogAggregates", catalogs: "SupplierCatalogs"
) -> "Consumer":
    from consumers.policies.purchasing import PurchasingPolicy

    suppliers = await supplier_orders(platform)
    return PurchasingPolicy(react, aggregates, catalogs, suppliers, await platform.personal(), platform.clock)


async def _payment_page_policy(platform: Platform, aggregates: "EventLogAggregates") -> "Consumer":
    from consumers.policies.payment_pages import PaymentPagePolicy

    return PaymentPagePolicy(aggregates, await platform.payments(), platform.clock)


def origin(url: str) -> str:
    """Return the scheme, host and port of a URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
