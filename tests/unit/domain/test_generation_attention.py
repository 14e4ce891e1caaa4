"""A generation that asks its merchant: about the niche before it starts, about few products before it goes on."""

import pytest

from domain.generation.errors import (
    NicheUnanswered,
    NothingToContinue,
)
from domain.generation.events import (
    Attention,
    GenerationNeedsAttention,
    JobStatus,
    NicheUnderstood,
    Step,
    StepNeedsAttention,
    StepSucceeded,
)
from domain.store.niche import NicheReading
from tests.support.builders.generations import (
    FEW,
    ID,
    LAMPS,
    STORE_ID,
    TWO,
    UNCLEAR,
    asked,
    begin_read,
    fail,
    fold,
    head,
    retry,
    started,
    statuses,
    succeed,
)
from tests.support.builders.samples import NOON


def test_a_clear_niche_is_recorded_before_the_first_steps() -> None:
    first, understood, *steps = begin_read()
    assert isinstance(understood, NicheUnderstood)
    assert (understood.reading, understood.cautions, understood.is_another_niche) == (LAMPS, ["Careful."], False)
    generation = fold([first, understood])
    assert steps == [started(generation, Step.BRAND, 1), started(generation, Step.SCOUT, 2)]
    assert fold(begin_read()).reading == LAMPS


def test_nothing_starts_before_a_question_is_answered() -> None:
    events = begin_read(UNCLEAR)
    assert events[2:] == (
        GenerationNeedsAttention(
            originator_id=ID, originator_version=3, occurred_at=NOON, store_id=STORE_ID, attention=UNCLEAR
        ),
    )
    generation = fold(events)
    assert (generation.status, generation.question, statuses(generation)) == (JobStatus.NEEDS_ATTENTION, UNCLEAR, {})
    for decide in (generation.run_again, generation.retry):
        with pytest.raises(NicheUnanswered, match="xyzzy"):
            decide(Step.BRAND, at=NOON)
    cancelled = fold(generation.cancel(at=NOON), generation)
    with pytest.raises(NicheUnanswered):
        cancelled.run_again(Step.SCOUT, at=NOON)


def test_an_answer_starts_brand_and_scout() -> None:
    generation = fold(begin_read(UNCLEAR))
    answered = fold(generation.understand("Lamps", LAMPS, cautions=(), question=None, at=NOON), generation)
    assert answered.question is None
    assert statuses(answered) == {Step.BRAND: JobStatus.PROCESSING, Step.SCOUT: JobStatus.PROCESSING}


def test_a_question_between_two_niches_can_be_answered_with_both() -> None:
    generation = fold(begin_read(TWO, LAMPS.model_copy(update={"separate": ["lamps", "lures"]})))
    accepted = fold(generation.go_on(products=0, at=NOON), generation)
    assert accepted.reading == LAMPS.model_copy(update={"read_by": "merchant"})
    assert (accepted.cautions, accepted.is_running) == (("Careful.",), True)


@pytest.mark.parametrize(("question", "reading"), [(UNCLEAR, LAMPS), (TWO, NicheReading())])
def test_a_niche_without_known_goods_cannot_be_accepted(question: Attention, reading: NicheReading) -> None:
    generation = fold(begin_read(question, reading))
    with pytest.raises(NicheUnanswered):
        generation.go_on(products=3, at=NOON)


def test_the_job_waits_once_no_step_runs() -> None:
    generation = fold(begin_read())
    events = generation.ask_for_attention(Step.SCOUT, 1, FEW, at=NOON)
    assert events == [StepNeedsAttention(**head(generation), step=Step.SCOUT, attempt=1, attention=FEW)]
    waiting = fold(events, generation)
    assert waiting.status is JobStatus.PROCESSING
    assert waiting.ask_for_attention(Step.SCOUT, 1, FEW, at=NOON) == ()
    branded = waiting.succeed_step(Step.BRAND, 1, summary="Neon Haven", at=NOON)
    assert branded[1:] == [
        GenerationNeedsAttention(**head(waiting, 2), store_id=STORE_ID, step=Step.SCOUT, attention=FEW)
    ]
    assert fold(branded, waiting).status is JobStatus.NEEDS_ATTENTION


def test_a_failed_step_beside_a_waiting_one_fails_the_job() -> None:
    failed = fail(asked(fold(begin_read())), Step.BRAND)
    assert failed.status is JobStatus.FAILED
    assert failed.steps[Step.SCOUT].status is JobStatus.NEEDS_ATTENTION
    assert succeed(retry(failed, Step.BRAND), Step.BRAND).status is JobStatus.NEEDS_ATTENTION


def test_a_job_that_waits_goes_on_with_the_few_products() -> None:
    generation = succeed(asked(fold(begin_read())), Step.BRAND)
    with pytest.raises(NothingToContinue, match="no products"):
        generation.go_on(products=0, at=NOON)
    events = generation.go_on(products=1, at=NOON)
    assert events == [
        StepSucceeded(**head(generation), step=Step.SCOUT, attempt=1, summary="Goes on with 1 product, as you chose"),
        *(started(generation, step, n) for n, step in enumerate((Step.COPY, Step.IMAGES, Step.PAGES), start=2)),
    ]
    for step in (Step.COPY, Step.IMAGES, Step.PAGES):
        generation = succeed(fold(events, generation) if step is Step.COPY else generation, step)
    assert generation.status is JobStatus.COMPLETED


def test_only_a_waiting_job_goes_on() -> None:
    with pytest.raises(NothingToContinue, match="not waiting"):
        fold(begin_read()).go_on(products=3, at=NOON)


def test_a_correction_runs_scout_again_and_leaves_the_brand() -> None:
    generation = succeed(asked(fold(begin_read())), Step.BRAND)
    corrected = fold(generation.understand("Lamps", LAMPS, cautions=(), question=None, at=NOON), generation)
    assert statuses(corrected) == {Step.BRAND: JobStatus.COMPLETED, Step.SCOUT: JobStatus.PROCESSING}
    assert corrected.steps[Step.SCOUT].attempt == 2


def test_a_correction_while_scout_runs_takes_effect_after_its_end() -> None:
    generation = fold(begin_read())
    events = generation.understand("Lamps", LAMPS, cautions=(), question=None, at=NOON)
    assert [type(event) for event in events] == [NicheUnderstood]
    done = succeed(fold(events, generation), Step.SCOUT)
    assert (done.steps[Step.SCOUT].status, done.steps[Step.SCOUT].attempt) == (JobStatus.PROCESSING, 2)


def test_another_niche_needs_another_brand() -> None:
    generation = succeed(asked(fold(begin_read())), Step.BRAND)
    chosen = fold(generation.choose_niche("Lures", at=NOON), generation)
    assert (chosen.status, chosen.niche, chosen.is_running) == (JobStatus.PROCESSING, "Lures", False)
    read = fold(chosen.understand("Lures", LAMPS, cautions=(), question=None, at=NOON), chosen)
    assert {step: read.steps[step].attempt for step in (Step.BRAND, Step.SCOUT)} == {Step.BRAND: 2, Step.SCOUT: 2}
    again = fold(chosen.understand("Lures", LAMPS, cautions=(), question=UNCLEAR, at=NOON), chosen)
    assert (again.status, again.question) == (JobStatus.NEEDS_ATTENTION, UNCLEAR)


def test_a_waiting_job_can_be_cancelled() -> None:
    generation = succeed(asked(fold(begin_read())), Step.BRAND)
    cancelled = fold(generation.cancel(at=NOON), generation)
    assert cancelled.status is JobStatus.CANCELLED
    assert cancelled.steps[Step.SCOUT].attention is None


def test_a_step_of_a_waiting_job_can_be_tried_again() -> None:
    generation = succeed(asked(fold(begin_read())), Step.BRAND)
    assert retry(generation, Step.SCOUT).steps[Step.SCOUT].attention is None
