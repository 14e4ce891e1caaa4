"""The brand agent over a log in memory."""

from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from commands.brand import AdoptBrand, adopt_brand
from commands.bus import CommandBus
from commands.calls import RecordCall, record_outside_call
from commands.ports import Handlers
from commands.step import FailStep, ProgressStep, fail_step, progress_step
from consumers.agents.brand import BrandAgent
from domain.generation.aggregate import GENERATION, start, start_understood
from domain.generation.events import GenerationCancelled, Step, StepFailed, StepProgressed, StepStarted, StepSucceeded
from domain.ids import derived
from domain.kernel import DomainError, Transient
from domain.store.aggregate import STORE, request_store
from domain.store.brand import BrandProposal
from domain.store.events import BrandGenerated, Preferences
from domain.store.niche import NicheReading
from domain.store.ports import BrandBrief
from infra.writers.rules.brand import RuleBrandWriter
from schemas.envelope import Envelope
from tests.support.fakes.brand import KnownBrands, KnownDomains, brief
from tests.support.fakes.event_log import FixedClock, MemoryEventLog
from tests.support.fakes.supply import BusDispatch, LogAggregates, MemoryAnswers, step_ports

MERCHANT_ID, STORE_ID = uuid4(), uuid4()
GENERATION_ID = derived(STORE_ID, "generation")


@dataclass
class CountingWriter:
    """The house writer, counted, with trouble on demand."""

    briefs: list[BrandBrief] = field(default_factory=list)
    trouble: Exception | None = None

    async def propose(self, brief: BrandBrief) -> BrandProposal:
        self.briefs.append(brief)
        if self.trouble is not None:
            raise self.trouble
        return await RuleBrandWriter(KnownDomains()).propose(brief)


@dataclass
class Branding:
    """One store whose brand step has started, and everything around the agent."""

    log: MemoryEventLog = field(default_factory=MemoryEventLog)
    writer: CountingWriter = field(default_factory=CountingWriter)
    answers: MemoryAnswers = field(default_factory=MemoryAnswers)
    clock: FixedClock = field(default_factory=FixedClock)
    brands: KnownBrands = field(default_factory=KnownBrands)

    async def begin(self, reading: NicheReading | None = None) -> Envelope:
        at = self.clock.now()
        requested = request_store(
            STORE_ID, merchant_id=MERCHANT_ID, niche="Tea", preferences=Preferences(tone="wry"), at=at
        )
        await self.log.given(STORE, requested, tenant=STORE_ID)
        ids = {"store_id": STORE_ID, "merchant_id": MERCHANT_ID}
        started = (
            start(GENERATION_ID, **ids, niche="Tea", at=at)
            if reading is None
            else start_understood(GENERATION_ID, **ids, niche="Tea", reading=reading, cautions=[], question=None, at=at)
        )
        await self.log.given(GENERATION, started, tenant=STORE_ID)
        return self.started(Step.BRAND)

    def started(self, step: Step) -> Envelope:
        return next(e for e in self.log.envelopes if isinstance(e.event, StepStarted) and e.event.step is step)

    @property
    def agent(self) -> BrandAgent:
        handlers: Handlers = {
            AdoptBrand: partial(adopt_brand, clock=self.clock),
            ProgressStep: partial(progress_step, clock=self.clock),
            FailStep: partial(fail_step, clock=self.clock),
            RecordCall: partial(record_outside_call, clock=self.clock),
        }
        dispatch = BusDispatch(CommandBus(self.log, handlers))
        return BrandAgent(self.writer, step_ports(self.log, self.answers, dispatch, self.clock), self.brands)

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.log.events if isinstance(event, kind)]


async def test_a_started_brand_step_ends_with_a_brand() -> None:
    branding = Branding()
    await branding.agent(await branding.begin())
    (generated,) = branding.of(BrandGenerated)
    assert generated.written_by == "house"
    assert len(generated.options) == 5
    assert generated.slug
    assert [event.step for event in branding.of(StepSucceeded)] == [Step.BRAND]
    (progressed,) = branding.of(StepProgressed)
    assert progressed.message.startswith("Weighed 5 names: “")
    (brief,) = branding.writer.briefs
    assert brief == BrandBrief(
        niche="Tea", preferences=Preferences(tone="wry"), seed=f"{GENERATION_ID}:1", neighbors=[]
    )


async def test_the_writer_gets_what_the_niche_was_understood_to_mean() -> None:
    branding = Branding()
    reading = NicheReading(things=["teapot", "matcha whisk"], style=["japanese"])
    await branding.agent(await branding.begin(reading))
    (asked,) = branding.writer.briefs
    assert asked.reading == reading


async def test_the_writer_gets_the_brands_of_the_merchants_other_stores() -> None:
    branding = Branding()
    other = (await RuleBrandWriter(KnownDomains()).propose(brief("Coffee"))).brand
    branding.brands.brands.append(other)
    await branding.agent(await branding.begin())
    (asked,) = branding.writer.briefs
    assert asked.neighbors == [other]
    (generated,) = branding.of(BrandGenerated)
    assert other.look is not None
    assert generated.brand.look.mood is not other.look.mood


async def test_redelivery_changes_nothing_and_does_not_call_the_writer() -> None:
    branding = Branding()
    envelope = await branding.begin()
    await branding.agent(envelope)
    before = list(branding.log.raw)
    for _ in range(3):
        await branding.agent(envelope)
    assert branding.log.raw == before
    assert len(branding.writer.briefs) == 1


async def test_a_crash_before_the_command_does_not_ask_the_writer_again() -> None:
    branding = Branding()
    envelope = await branding.begin()
    agent = branding.agent

    class Crash(Exception):
        pass

    class Dying(BusDispatch):
        async def __call__(self, command: object, **rest: Any) -> Any:
            if isinstance(command, AdoptBrand):
                raise Crash
            return await super().__call__(command, **rest)

    agent._react = Dying(agent._react.bus)  # type: ignore[attr-defined]
    with pytest.raises(Crash):
        await agent(envelope)
    await branding.agent(envelope)
    assert len(branding.writer.briefs) == 1
    assert len(branding.of(BrandGenerated)) == 1
    assert len(branding.of(StepProgressed)) == 1


async def test_other_steps_are_left_to_others() -> None:
    branding = Branding()
    await branding.begin()
    before = list(branding.log.raw)
    await branding.agent(branding.started(Step.SCOUT))
    assert branding.log.raw == before
    assert not branding.writer.briefs


async def test_a_cancelled_generation_does_not_call_the_writer() -> None:
    branding = Branding()
    envelope = await branding.begin()
    version = (await LogAggregates(branding.log).get(GENERATION, GENERATION_ID)).version
    cancelled = GenerationCancelled(
        originator_id=GENERATION_ID, originator_version=version + 1, occurred_at=branding.clock.now(), store_id=STORE_ID
    )
    await branding.log.given(GENERATION, [cancelled], tenant=STORE_ID)
    before = list(branding.log.raw)
    try:
        await branding.agent(envelope)
    except DomainError:
        pytest.fail("a cancelled step is not trouble")
    assert branding.log.raw == before
    assert not branding.writer.briefs


async def test_a_step_past_its_deadline_fails_with_words_for_the_merchant() -> None:
    branding = Branding()
    envelope = await branding.begin()
    branding.clock.advance(timedelta(hours=1))
    await branding.agent(envelope)
    (failed,) = branding.of(StepFailed)
    assert "the brand writer" in failed.reason
    assert not branding.of(BrandGenerated)


async def test_a_writer_that_asks_for_more_time_than_there_is_fails_the_step_by_name() -> None:
    branding = Branding(writer=CountingWriter(trouble=Transient("The model", "is over its limit", retry_after=900)))
    await branding.agent(await branding.begin())
    (failed,) = branding.of(StepFailed)
    assert "The brand writer was asked once" in failed.reason
    assert "is over its limit" in failed.reason
    assert len(branding.writer.briefs) == 1
