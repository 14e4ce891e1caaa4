"""Agents, policies and writers, wired."""
# ruff: noqa: PLC0415

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from infra.adapters.postgres.outside_answers import PostgresAnswers
from infra.bootstrap.platform import BusDispatch, EventStoreAggregates, Platform
from infra.settings import Settings

if TYPE_CHECKING:
    from consumers.ports import Consumer
    from domain.merchant.events import SupplierProvider
    from domain.product.ports import ProductCopywriter
    from domain.sourcing.ports import KeywordWriter, SupplierCatalog
    from domain.store.ports import BrandWriter, PageWriter


CONSUMERS = (
    "generation-policy",
    "payments-policy",
    "forgetting-policy",
    "brand-agent",
    "scout-agent",
    "copy-agent",
    "page-agent",
    "imager",
)
"""The names of all that :func:`consumers` makes, for those who must not make them."""


async def supplier_catalogs(platform: Platform) -> "dict[SupplierProvider, SupplierCatalog]":
    """Return every supplier that can be searched. To add one, add its line; merchants may connect it from then on."""
    from domain.merchant.events import SupplierProvider
    from infra.adapters.suppliers.sample import SampleSupplier

    return {SupplierProvider.SAMPLE: SampleSupplier(platform.settings.sandbox_url, await platform.client())}


async def consumers(
    platform: Platform, *, names: Sequence[str] = CONSUMERS, but: Sequence[str] = ()
) -> "list[Consumer]":
    """Return agents and policies, wired. To add one, add its line here and its name to ``CONSUMERS``.

    Only those that are asked for are made: each may need secrets that this process is not given.
    """
    from consumers.agents.brand import BrandAgent
    from consumers.agents.copywriter import CopyAgent, PageAgent
    from consumers.agents.imager import ImagerAgent
    from consumers.agents.scout import ScoutAgent
    from consumers.policies.erasure import ForgettingPolicy
    from consumers.policies.generation import GenerationPolicy
    from consumers.policies.payments import PaymentsPolicy
    from infra.adapters.media.fetch import HttpImageFetcher
    from infra.adapters.media.fingerprints import HttpFingerprints

    settings, clock = platform.settings, platform.clock
    dispatch = BusDispatch(await platform.bus())
    aggregates = EventStoreAggregates(await platform.log())
    answers = PostgresAnswers(await platform.pool())
    client = await platform.client()
    suppliers = await supplier_catalogs(platform)
    sandbox = origin(settings.sandbox_url)
    fetcher = HttpImageFetcher(
        client,
        trusted_origins=(sandbox,),
        moved_origins={origin(url): sandbox for url in settings.sandbox_former_urls},
    )
    team = cache(lambda: writers(settings))

    async def forgetting_policy() -> "Consumer":
        return ForgettingPolicy(await platform.personal())

    def scout_agent() -> "Consumer":
        fingerprints = HttpFingerprints(fetcher.fetch)
        return ScoutAgent(suppliers, team().keywords, fingerprints, aggregates, answers, dispatch, clock)

    def page_agent() -> "Consumer":
        return PageAgent(
            team().pages,
            aggregates,
            answers,
            dispatch,
            clock,
            host_for=lambda store: f"{store.slug}.{settings.storefront_domain}",
        )

    def imager() -> "Consumer":
        from infra.adapters.media.studio.worker_pool import RembgStudio
        from infra.setup.model import model_path

        studio = RembgStudio(settings.rembg_model_path or model_path())
        return ImagerAgent(fetcher, studio, platform.media(), aggregates, dispatch)

    makers: Mapping[str, Callable[[], Consumer | Awaitable[Consumer]]] = {
        "generation-policy": lambda: GenerationPolicy(dispatch, aggregates),
        "payments-policy": lambda: PaymentsPolicy(dispatch, aggregates, platform.gateways()),
        "forgetting-policy": forgetting_policy,
        "brand-agent": lambda: BrandAgent(team().brand, aggregates, answers, dispatch, clock),
        "scout-agent": scout_agent,
        "copy-agent": lambda: CopyAgent(team().copy, aggregates, answers, dispatch, clock),
        "page-agent": page_agent,
        "imager": imager,
    }
    made: list[Consumer] = []
    for name in names:
        if name in makers and name not in but:
            consumer = makers[name]()
            made.append(await consumer if isinstance(consumer, Awaitable) else consumer)
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
    from infra.adapters.rdap.registry import RdapRegistry
    from infra.writers.rules.brand.writer import RuleBrandWriter
    from infra.writers.rules.copy.copywriter import RuleCopywriter
    from infra.writers.rules.copy.pages import RulePageWriter
    from infra.writers.rules.keywords import RuleKeywords

    registry = RdapRegistry()
    house = Writers(RuleBrandWriter(registry), RuleKeywords(), RuleCopywriter(), RulePageWriter())
    if settings.openai_api_key is None:
        return house
    from infra.writers.openai.brand import OpenAiBrandWriter
    from infra.writers.openai.client import OpenAiClient
    from infra.writers.openai.copy import OpenAiCopywriter, OpenAiPageWriter
    from infra.writers.openai.keywords import OpenAiKeywords

    model = OpenAiClient(
        model=settings.openai_model,
        api_key=settings.openai_api_key.get_secret_value(),
        base_url=settings.openai_base_url,
    )
    return Writers(
        OpenAiBrandWriter(model, registry, fallback=house.brand, prompt=prompt("brand.v1")),
        OpenAiKeywords(model, house.keywords, prompt=prompt("keywords.v1")),
        OpenAiCopywriter(model, house.copy, prompt=prompt("copy.v1")),
        OpenAiPageWriter(model, house.pages, prompt=prompt("page.v1")),
    )


def prompt(name: str) -> str:
    """Return one of the versioned prompts."""
    return (Path(__file__).parents[2] / "infra" / "writers" / "openai" / "prompts" / f"{name}.md").read_text()


def origin(url: str) -> str:
    """Return scheme, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
