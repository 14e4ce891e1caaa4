"""A whole generation with a real language model on this machine, within a budget, and its replay without the model."""

from typing import Any

import asyncpg
import pytest

from domain.generation.aggregate import generation_of
from domain.product.ports import CopyBrief, ProductCopy
from domain.store.brand import BrandProposal
from domain.store.ports import BrandBrief
from infra.adapters.postgres.model_budget import Limit, PostgresModelBudget
from infra.bootstrap.writers import Writers, prompt, prompted_writers
from infra.replay.difference import differences, fields_of
from infra.replay.machine import replay
from infra.replay.recording import read_recording
from infra.settings import Settings
from infra.writers.rules.brand.writer import RuleBrandWriter
from infra.writers.rules.copy.categories import RuleCategoryWriter
from infra.writers.rules.copy.copywriter import RuleCopywriter
from infra.writers.rules.copy.pages import RulePageWriter
from infra.writers.rules.keywords import RuleKeywords
from infra.writers.rules.niche.reader import RuleNicheReader
from infra.writers.rules.revision import RuleReviser
from tests.support.editor import assert_no_faults, faults_in_stores
from tests.support.fakes.brand import KnownDomains
from tests.support.fakes.copywriting import CountingPageWriter
from tests.support.platforms.gateway import a_platform
from tests.support.platforms.generation import Outside, Pipeline
from tests.support.servers.language_models import openai_model
from tests.support.servers.local_model import NAME, running_model

TOKENS = 9_000
"""The generation's budget: enough for some texts, too little for all with their repairs."""

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

USAGE = """query ($id: ID!) { generation(id: $id) { status
    usage { modelRequests promptTokens completionTokens callsWithoutPrice }
    calls(first: 100) { nodes { part model prompt promptSha256 requests fallbacks } } } }"""


class ModelsOutside(Outside):
    """An outside whose texts come from models, and from the rules where no model gives a usable answer."""

    def __init__(self, writers: Writers) -> None:
        super().__init__(pages=CountingPageWriter(writers.pages))
        self._writers = writers

    async def propose(self, brief: BrandBrief) -> BrandProposal:
        return await self._writers.brand.propose(brief)

    async def write(self, brief: CopyBrief) -> ProductCopy:
        return await self._writers.copy.write(brief)


async def test_a_real_model_takes_part_in_a_whole_generation_within_its_budget(
    database: str, pool: asyncpg.Pool
) -> None:
    async with a_platform(database) as platform, running_model() as url:
        limit = Limit(tokens=TOKENS, cost=0)
        budget = PostgresModelBudget(pool, platform.clock, generation=limit, month=Limit(tokens=10**9, cost=0))
        registry = KnownDomains()
        rules = Writers(
            RuleBrandWriter(registry),
            RuleKeywords(),
            RuleCopywriter(),
            RulePageWriter(),
            RuleNicheReader(),
            RuleReviser(),
            RuleCategoryWriter(),
        )
        settings = Settings(_env_file=None, model_prices={NAME: "0/0"})
        model = openai_model(url, name=NAME, timeout=120.0)
        writers = prompted_writers(settings, [model], rules, registry, budget=budget, with_rules=True, max_tokens=700)
        pipeline = Pipeline(platform, await platform.merchant(), ModelsOutside(writers), pool)
        store_id = await pipeline.request()
        await pipeline.run()
        generation = await platform.ask(USAGE, {"id": str(generation_of(store_id))}, by=pipeline.owner)
        recording = await read_recording(platform.log, pool, generation_of(store_id))
        assert_no_faults(await faults_in_stores(platform.log.scan()))
        await model.aclose()
    # The model is gone: what follows works from the records alone.
    assert generation["status"] == "COMPLETED"
    calls = {call["part"]: call for call in generation["calls"]["nodes"]}
    _every_call_says_who_answered_and_from_which_prompt(calls)
    usage, spent = generation["usage"], await budget.of_generation(generation_of(store_id))
    assert usage["modelRequests"] >= 3
    assert 0 < usage["promptTokens"] + usage["completionTokens"] == spent.tokens <= TOKENS
    assert usage["callsWithoutPrice"] == 0
    assert any(
        "the budget of this generation is 9,000 tokens" in text for call in calls.values() for text in call["fallbacks"]
    )
    again = fields_of(await replay(recording))
    assert differences(fields_of(envelope.event for envelope in recording.store), again) == []


def _every_call_says_who_answered_and_from_which_prompt(calls: Any) -> None:
    for part in ("brand", "FAQ", "ABOUT"):
        call = calls[part]
        # A model of this size writes nonsense; the answer is its own, or says why the rules wrote instead.
        assert call["model"] == NAME or call["fallbacks"], call
        name = "brand.v1" if part == "brand" else "page.v1"
        assert (call["prompt"], call["promptSha256"]) == (name, prompt(name).sha256)
    assert calls["TERMS_OF_SERVICE"]["prompt"] is None, "legal pages are never left to a model"
