"""A generation made again from its records, with every way outside closed."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from commands.draft import AcceptDraft
from commands.ports import Context
from commands.presentation import DescribeCategory
from domain.calls.events import OutsideCallRecorded
from domain.editing import EditField
from domain.generation.aggregate import generation_of
from domain.kernel import DomainEvent, NotFound, Transient
from domain.store.brand import BrandProposal
from domain.store.collection_events import CategoryDescribed
from domain.store.events import BrandEdited
from domain.store.ports import BrandBrief
from infra.bootstrap.writers import Writers
from infra.replay.difference import Fields, differences, digest_of, fields_of
from infra.replay.machine import replay as run_again
from infra.replay.recording import Recording, ReplayRefused, read_recording
from infra.replay.taking_over import offers
from infra.writers.rules.brand.writer import RuleBrandWriter
from infra.writers.rules.copy.categories import RuleCategoryWriter
from infra.writers.rules.copy.copywriter import RuleCopywriter
from infra.writers.rules.copy.pages import RulePageWriter
from infra.writers.rules.keywords import RuleKeywords
from infra.writers.rules.niche.reader import RuleNicheReader
from infra.writers.rules.revision import RuleReviser
from tests.support.fakes.brand import KnownDomains
from tests.support.platforms.generation import Pipeline


async def recording_of(pipeline: Pipeline, pool: asyncpg.Pool, store_id: UUID) -> Recording:
    return await read_recording(pipeline.platform.log, pool, generation_of(store_id))


def made(recording: Recording) -> Fields:
    return fields_of(envelope.event for envelope in recording.store)


class Network:
    """The ways out of this process. Python reports every connection before it is made, and cannot be asked to stop."""

    closed = False

    def __call__(self, event: str, _: Any) -> None:
        if self.closed and event in {"socket.connect", "socket.getaddrinfo"}:
            raise AssertionError("a replay opened a connection")


NETWORK = Network()
sys.addaudithook(NETWORK)


@contextmanager
def no_network() -> Iterator[None]:
    NETWORK.closed = True
    try:
        yield
    finally:
        NETWORK.closed = False


async def test_a_replay_makes_the_same_store_without_a_network(pipeline: Pipeline, pool: asyncpg.Pool) -> None:
    store_id = await pipeline.request()
    await pipeline.run()
    await pipeline.change("regenerateStep", generation_of(store_id), "BRAND")
    await pipeline.run()
    recording = await recording_of(pipeline, pool, store_id)
    asked = dict(pipeline.outside.asked)
    with no_network():
        again = fields_of(await run_again(recording))
    assert differences(made(recording), again) == []
    assert digest_of(again) == digest_of(made(recording))
    assert len(again) > 200
    assert pipeline.outside.asked == asked


async def test_a_failure_and_its_retry_are_replayed_too(pipeline: Pipeline, pool: asyncpg.Pool) -> None:
    pipeline.outside.catalog.trouble = Transient("The sample supplier", "answered with error 503")
    store_id = await pipeline.request()
    await pipeline.run()
    pipeline.outside.catalog.trouble = None
    await pipeline.change("retryStep", generation_of(store_id), "SCOUT")
    await pipeline.run()
    recording = await recording_of(pipeline, pool, store_id)
    assert differences(made(recording), fields_of(await run_again(recording))) == []


async def test_a_missing_record_is_named(pipeline: Pipeline, pool: asyncpg.Pool) -> None:
    store_id = await pipeline.request()
    await pipeline.run()
    await pool.execute("delete from answers where key = $1", await answer_of(pipeline, "FAQ"))
    with pytest.raises(ReplayRefused, match="answer of “FAQ” of step pages, attempt 1 is missing"):
        await recording_of(pipeline, pool, store_id)


async def test_an_altered_record_is_named_and_not_used(pipeline: Pipeline, pool: asyncpg.Pool) -> None:
    store_id = await pipeline.request()
    await pipeline.run()
    changed = (
        "update answers set answer = convert_to(replace(convert_from(answer, 'utf8'), 'a', 'e'), 'utf8') where key = $1"
    )
    await pool.execute(changed, await answer_of(pipeline, "brand"))
    with pytest.raises(
        ReplayRefused, match="answer of “brand” of step brand, attempt 1 was altered: the log says SHA-256"
    ):
        await recording_of(pipeline, pool, store_id)


async def test_an_unknown_generation_is_not_found(pipeline: Pipeline, pool: asyncpg.Pool) -> None:
    with pytest.raises(NotFound):
        await recording_of(pipeline, pool, pipeline.owner.id)


class AnotherBrandWriter(RuleBrandWriter):
    """Proposes another name and another color than the rules do; the next seed alone may give the same color again."""

    async def propose(self, brief: BrandBrief) -> BrandProposal:
        usual = (await super().propose(brief)).brand
        brand = usual
        while brand.name == usual.name or brand.palette.primary == usual.palette.primary:
            brief = replace(brief, seed=f"{brief.seed}:other")
            proposal = await super().propose(brief)
            brand = proposal.brand
        return proposal


async def test_other_writers_change_texts_and_keep_what_was_sourced(pipeline: Pipeline, pool: asyncpg.Pool) -> None:
    store_id = await pipeline.request()
    await pipeline.run()
    recording = await recording_of(pipeline, pool, store_id)
    brand = AnotherBrandWriter(KnownDomains())
    others = Writers(
        brand,
        RuleKeywords(),
        RuleCopywriter(),
        RulePageWriter(),
        RuleNicheReader(),
        RuleReviser(),
        RuleCategoryWriter(),
    )
    before = made(recording)
    again = fields_of(await run_again(recording, writers=others))
    places = {change.place for change in differences(before, again)}
    assert {"brand.brand.name", "brand.brand.palette.primary", "page:ABOUT.content"} <= places
    assert not any(place.startswith("image:") for place in places)
    assert not any(place.endswith((".cost", ".variants", ".source_id", ".original_title")) for place in places)
    assert made(await recording_of(pipeline, pool, store_id)) == before, "the store itself is as it was"
    now = [envelope.event for envelope in recording.store]
    now += await rewrite_a_category(pipeline, store_id)
    offered = offers(store_id, now, await run_again(recording, writers=others), written_by="another")
    for offer in offered:
        await pipeline.platform.bus.dispatch(offer, Context(command_id=uuid4(), correlation_id=uuid4()))
    await pipeline.run()
    store = await pipeline.platform.ask(
        f'{{ store(id: "{store_id}") {{ drafts(first: 50, filter: {{ statuses: [REQUESTED, PROPOSED] }}) {{ nodes '
        "{ id status targetKind writtenBy changes { field outOfDate } } } } }",
        by=pipeline.owner,
    )
    drafts = store["drafts"]["nodes"]
    assert len(drafts) == len(offered) > 1
    assert {(draft["status"], draft["writtenBy"]) for draft in drafts} == {("PROPOSED", "another")}
    (brand,) = [draft for draft in drafts if draft["targetKind"] == "BRAND"]
    assert {"field": "COLORS", "outOfDate": False} in brand["changes"]
    (category,) = [draft for draft in drafts if draft["targetKind"] == "CATEGORY"]
    assert category["changes"] == [{"field": "TEXT", "outOfDate": False}]
    await pipeline.platform.bus.dispatch(
        AcceptDraft(draft_id=UUID(brand["id"]), merchant_id=pipeline.owner.id, fields=[EditField.COLORS]),
        Context(command_id=uuid4(), correlation_id=uuid4()),
    )
    edits = [event for event in await pipeline.events() if isinstance(event, BrandEdited)]
    assert [event.fields for event in edits] == [[EditField.COLORS]]


async def rewrite_a_category(pipeline: Pipeline, store_id: UUID) -> list[DomainEvent]:
    """Change the text of one category's page, so that a rerun has another one, and return the events."""
    before = await pipeline.events()
    described = next(event for event in before if isinstance(event, CategoryDescribed))
    edit = DescribeCategory(
        store_id=store_id,
        merchant_id=pipeline.owner.id,
        category=described.category,
        title=described.title,
        text="My own words.",
    )
    await pipeline.platform.bus.dispatch(edit, Context(command_id=uuid4(), correlation_id=uuid4()))
    return (await pipeline.events())[len(before) :]


async def answer_of(pipeline: Pipeline, part: str) -> UUID:
    calls = [event for event in await pipeline.events() if isinstance(event, OutsideCallRecorded)]
    return next(call.answer_id for call in calls if call.part == part)
