"""Writers, models and the bounds of what agents use, wired."""
# ruff: noqa: PLC0415

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from infra.bootstrap.platform import Platform
from infra.settings import BadSettings, Settings

if TYPE_CHECKING:
    from domain.calls.ports import LanguageModel, ModelBudget
    from domain.draft.ports import Reviser
    from domain.product.ports import ProductCopywriter
    from domain.sourcing.ports import KeywordWriter
    from domain.store.ports import BrandWriter, CategoryWriter, DomainRegistry, NicheReader, PageWriter
    from infra.adapters.postgres.model_budget import PostgresModelBudget
    from infra.writers.prompted.client import Prompt


LONGEST_ANSWER = 8000
"""Tokens of a model's longest answer, reasoning included."""


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

    settings, plans = platform.settings, platform.payments.plans()
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
