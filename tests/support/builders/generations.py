"""Generations as their events make them, for tests of the process."""

from collections.abc import Sequence
from uuid import uuid4

from domain.generation.aggregate import (
    GENERATION,
    Generation,
    start,
    start_understood,
)
from domain.generation.events import (
    Attention,
    AttentionCode,
    CategoryCount,
    GenerationEvent,
    JobStatus,
    Step,
    StepStarted,
)
from domain.generation.steps import TIMEOUTS
from domain.store.niche import NicheReading
from tests.support.builders.samples import NOON

ID, STORE_ID, MERCHANT_ID = uuid4(), uuid4(), uuid4()


def begin() -> Sequence[GenerationEvent]:
    return start(ID, store_id=STORE_ID, merchant_id=MERCHANT_ID, niche="Lamps", at=NOON)


def fold(events: Sequence[GenerationEvent], generation: Generation | None = None) -> Generation:
    folded = GENERATION.fold(events, generation)
    assert folded is not None
    return folded


def after(*steps: Step) -> Generation:
    """Return a generation in which these steps succeeded in order."""
    generation = fold(begin())
    for step in steps:
        generation = succeed(generation, step)
    return generation


def succeed(generation: Generation, step: Step) -> Generation:
    attempt = generation.steps[step].attempt
    return fold(generation.succeed_step(step, attempt, summary="done", at=NOON), generation)


def fail(generation: Generation, step: Step, reason: str = "AliExpress is away") -> Generation:
    attempt = generation.steps[step].attempt
    return fold(generation.fail_step(step, attempt, reason=reason, at=NOON), generation)


def retry(generation: Generation, step: Step) -> Generation:
    return fold(generation.run_again(step, at=NOON), generation)


def started(generation: Generation, step: Step, offset: int, attempt: int = 1) -> StepStarted:
    return StepStarted(
        **head(generation, offset),
        store_id=STORE_ID,
        merchant_id=MERCHANT_ID,
        step=step,
        attempt=attempt,
        deadline=NOON + TIMEOUTS[step],
    )


def head(generation: Generation, offset: int = 1) -> dict[str, object]:
    return {"originator_id": ID, "originator_version": generation.version + offset, "occurred_at": NOON}


LAMPS = NicheReading(things=["lamp"], categories=["lighting"])
FEW = Attention(
    code=AttentionCode.FEW_PRODUCTS_FIT,
    message="3 of 150 candidates fit.",
    suggestions=["desk lamps"],
    available=[CategoryCount(category="Wall Art", count=42)],
)
UNCLEAR = Attention(code=AttentionCode.NICHE_UNCLEAR, message="We do not know what “xyzzy” means.")
TWO = Attention(code=AttentionCode.TWO_NICHES, message="They rarely share a store.", suggestions=["lamps", "lures"])


def begin_read(question: Attention | None = None, reading: NicheReading = LAMPS) -> Sequence[GenerationEvent]:
    return start_understood(
        ID,
        store_id=STORE_ID,
        merchant_id=MERCHANT_ID,
        niche="Lamps",
        reading=reading,
        cautions=("Careful.",),
        question=question,
        at=NOON,
    )


def asked(generation: Generation) -> Generation:
    attempt = generation.steps[Step.SCOUT].attempt
    return fold(generation.ask_for_attention(Step.SCOUT, attempt, FEW, at=NOON), generation)


def statuses(generation: Generation) -> dict[Step, JobStatus]:
    return {step: state.status for step, state in generation.steps.items() if state.status is not JobStatus.PENDING}
