"""The generation process: order of steps, ends, retries and cancellation."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.generation.aggregate import (
    GENERATION,
    Generation,
    evolve,
    start,
    start_understood,
)
from domain.generation.errors import (
    GenerationEnded,
    NicheUnanswered,
    NothingToContinue,
    StepNotRetryable,
    StepNotRunning,
)
from domain.generation.events import (
    Attention,
    AttentionCode,
    CategoryCount,
    GenerationCancelled,
    GenerationCompleted,
    GenerationEvent,
    GenerationFailed,
    GenerationNeedsAttention,
    GenerationStarted,
    JobStatus,
    NicheUnderstood,
    Step,
    StepFailed,
    StepNeedsAttention,
    StepProgressed,
    StepStarted,
    StepSucceeded,
)
from domain.generation.steps import INVALIDATES, NEEDS, TIMEOUTS, WEIGHTS
from domain.kernel import CorruptStream, DomainError
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


def test_brand_and_scout_start_side_by_side() -> None:
    first = GenerationStarted(
        originator_id=ID,
        originator_version=1,
        occurred_at=NOON,
        store_id=STORE_ID,
        merchant_id=MERCHANT_ID,
        niche="Lamps",
    )
    generation = fold([first])
    assert begin() == (first, started(generation, Step.BRAND, 1), started(generation, Step.SCOUT, 2))


def test_the_other_steps_wait_for_both() -> None:
    generation = fold(begin())
    assert generation.succeed_step(Step.BRAND, 1, summary="Neon Haven", at=NOON) == [
        StepSucceeded(**head(generation), step=Step.BRAND, attempt=1, summary="Neon Haven")
    ]
    generation = after(Step.BRAND)
    assert generation.succeed_step(Step.SCOUT, 1, summary="18 products", at=NOON) == [
        StepSucceeded(**head(generation), step=Step.SCOUT, attempt=1, summary="18 products"),
        started(generation, Step.COPY, 2),
        started(generation, Step.IMAGES, 3),
        started(generation, Step.PAGES, 4),
    ]


def test_the_last_step_completes_the_job() -> None:
    generation = after(Step.SCOUT, Step.BRAND, Step.PAGES, Step.IMAGES)
    assert generation.succeed_step(Step.COPY, 1, summary="ok", at=NOON) == [
        StepSucceeded(**head(generation), step=Step.COPY, attempt=1, summary="ok"),
        GenerationCompleted(**head(generation, 2), store_id=STORE_ID),
    ]
    assert succeed(generation, Step.COPY).progress == 100


def test_a_repeated_success_counts_once() -> None:
    generation = after(Step.BRAND)
    assert generation.succeed_step(Step.BRAND, 1, summary="again", at=NOON) == ()


def test_a_repeated_item_counts_once() -> None:
    generation = after(Step.BRAND, Step.SCOUT)
    events = generation.progress_step(Step.COPY, 1, item="p1", total=4, message="Wrote one", at=NOON)
    assert events == (
        StepProgressed(**head(generation), step=Step.COPY, attempt=1, item="p1", done=1, total=4, message="Wrote one"),
    )
    generation = fold(events, generation)
    assert generation.steps[Step.COPY].progress == 25
    assert generation.progress_step(Step.COPY, 1, item="p1", total=4, message="Again", at=NOON) == ()


def test_weights_make_a_whole() -> None:
    assert sum(WEIGHTS.values()) == 100


def test_a_failed_step_fails_the_job_with_its_reason() -> None:
    generation = fold(begin())
    assert generation.fail_step(Step.SCOUT, 1, reason="AliExpress is away", at=NOON) == [
        StepFailed(**head(generation), step=Step.SCOUT, attempt=1, reason="AliExpress is away"),
        GenerationFailed(**head(generation, 2), store_id=STORE_ID, step=Step.SCOUT, reason="AliExpress is away"),
    ]
    failed = fail(generation, Step.SCOUT)
    assert failed.status is JobStatus.FAILED
    assert failed.fail_step(Step.SCOUT, 1, reason="again", at=NOON) == ()


def test_a_second_failure_is_kept_but_fails_the_job_no_second_time() -> None:
    generation = fail(fold(begin()), Step.SCOUT)
    assert generation.fail_step(Step.BRAND, 1, reason="OpenAI is away", at=NOON) == [
        StepFailed(**head(generation), step=Step.BRAND, attempt=1, reason="OpenAI is away")
    ]


def test_a_failed_job_lets_its_other_steps_finish() -> None:
    generation = fail(fold(begin()), Step.SCOUT)
    assert generation.runs_attempt(Step.BRAND, 1)
    generation = succeed(generation, Step.BRAND)
    assert generation.steps[Step.BRAND].status is JobStatus.COMPLETED
    assert generation.status is JobStatus.FAILED


def test_a_retry_goes_on_where_the_job_stopped() -> None:
    generation = fail(after(Step.BRAND), Step.SCOUT)
    assert generation.run_again(Step.SCOUT, at=NOON) == (started(generation, Step.SCOUT, 1, attempt=2),)
    generation = retry(generation, Step.SCOUT)
    assert (generation.status, generation.steps[Step.SCOUT].attempt) == (JobStatus.PROCESSING, 2)
    generation = succeed(generation, Step.SCOUT)
    for step in (Step.COPY, Step.IMAGES, Step.PAGES):
        assert generation.steps[step].status is JobStatus.PROCESSING
        generation = succeed(generation, step)
    assert generation.status is JobStatus.COMPLETED


def test_a_retry_that_succeeds_beside_another_failed_step_fails_the_job_again() -> None:
    generation = retry(fail(fail(fold(begin()), Step.SCOUT), Step.BRAND, "OpenAI is away"), Step.SCOUT)
    assert generation.succeed_step(Step.SCOUT, 2, summary="18 products", at=NOON) == [
        StepSucceeded(**head(generation), step=Step.SCOUT, attempt=2, summary="18 products"),
        GenerationFailed(**head(generation, 2), store_id=STORE_ID, step=Step.BRAND, reason="OpenAI is away"),
    ]


@pytest.mark.parametrize("step", [Step.COPY, Step.IMAGES, Step.PAGES])
def test_a_step_that_outdates_nothing_completes_the_job_again(step: Step) -> None:
    generation = retry(after(*Step), step)
    assert generation.status is JobStatus.PROCESSING
    assert generation.succeed_step(step, 2, summary="done", at=NOON) == [
        StepSucceeded(**head(generation), step=step, attempt=2, summary="done"),
        GenerationCompleted(**head(generation, 2), store_id=STORE_ID),
    ]


def test_other_products_get_their_own_texts_photos_and_pages() -> None:
    generation = retry(after(*Step), Step.SCOUT)
    assert generation.succeed_step(Step.SCOUT, 2, summary="12 products", at=NOON) == [
        StepSucceeded(**head(generation), step=Step.SCOUT, attempt=2, summary="12 products"),
        started(generation, Step.COPY, 2, attempt=2),
        started(generation, Step.IMAGES, 3, attempt=2),
        started(generation, Step.PAGES, 4, attempt=2),
    ]
    generation = succeed(generation, Step.SCOUT)
    for step in (Step.COPY, Step.IMAGES, Step.PAGES):
        assert generation.status is JobStatus.PROCESSING
        generation = succeed(generation, step)
    assert generation.status is JobStatus.COMPLETED


def test_another_brand_is_written_into_texts_and_pages_but_leaves_photos_alone() -> None:
    generation = retry(after(*Step), Step.BRAND)
    assert generation.succeed_step(Step.BRAND, 2, summary="Volt Nest", at=NOON) == [
        StepSucceeded(**head(generation), step=Step.BRAND, attempt=2, summary="Volt Nest"),
        started(generation, Step.COPY, 2, attempt=2),
        started(generation, Step.PAGES, 3, attempt=2),
    ]


def test_what_failed_beside_the_former_products_starts_again_with_the_new_ones() -> None:
    generation = after(Step.BRAND, Step.SCOUT, Step.PAGES, Step.IMAGES)
    generation = retry(fail(generation, Step.COPY), Step.SCOUT)
    generation = succeed(generation, Step.SCOUT)
    assert (generation.steps[Step.COPY].status, generation.steps[Step.COPY].attempt) == (JobStatus.PROCESSING, 2)
    for step in (Step.COPY, Step.IMAGES, Step.PAGES):
        generation = succeed(generation, step)
    assert generation.status is JobStatus.COMPLETED


@pytest.mark.parametrize("end", [succeed, fail])
def test_what_is_outdated_while_it_runs_starts_again_when_it_ends(end: Callable[..., Generation]) -> None:
    generation = retry(after(Step.BRAND, Step.SCOUT), Step.SCOUT)
    events = generation.succeed_step(Step.SCOUT, 2, summary="12 products", at=NOON)
    assert events == [StepSucceeded(**head(generation), step=Step.SCOUT, attempt=2, summary="12 products")]
    generation = fold(events, generation)
    for step in (Step.COPY, Step.IMAGES, Step.PAGES):
        generation = end(generation, step)
        assert generation.status is JobStatus.PROCESSING, "a failure beside former products fails nothing"
        assert (generation.steps[step].status, generation.steps[step].attempt) == (JobStatus.PROCESSING, 2)
        generation = succeed(generation, step)
    assert generation.status is JobStatus.COMPLETED


def test_what_is_outdated_waits_until_everything_it_needs_is_there() -> None:
    generation = retry(retry(after(*Step), Step.BRAND), Step.SCOUT)
    generation = succeed(generation, Step.BRAND)
    assert generation.steps[Step.PAGES].status is JobStatus.COMPLETED
    generation = fail(generation, Step.SCOUT)
    assert generation.status is JobStatus.FAILED
    generation = succeed(retry(generation, Step.SCOUT), Step.SCOUT)
    assert {generation.steps[step].attempt for step in (Step.COPY, Step.IMAGES, Step.PAGES)} == {2}


def test_a_result_of_an_earlier_attempt_is_too_late() -> None:
    generation = retry(fail(fold(begin()), Step.SCOUT), Step.SCOUT)
    with pytest.raises(StepNotRunning):
        generation.succeed_step(Step.SCOUT, 1, summary="late", at=NOON)
    with pytest.raises(StepNotRunning):
        generation.progress_step(Step.SCOUT, 1, item="x", total=1, message="late", at=NOON)
    with pytest.raises(StepNotRunning):
        generation.fail_step(Step.SCOUT, 1, reason="late", at=NOON)


def cancel(generation: Generation) -> Generation:
    return fold(generation.cancel(at=NOON), generation)


def test_only_what_has_failed_or_was_cancelled_is_retried() -> None:
    failed = fail(fold(begin()), Step.SCOUT)
    assert failed.retry(Step.SCOUT, at=NOON) == (started(failed, Step.SCOUT, 1, attempt=2),)
    again = fold(failed.retry(Step.SCOUT, at=NOON), failed)
    with pytest.raises(StepNotRetryable, match="Wait for its end"):
        again.retry(Step.SCOUT, at=NOON)
    with pytest.raises(StepNotRetryable, match="Use regenerateStep"):
        succeed(again, Step.SCOUT).retry(Step.SCOUT, at=NOON)
    cancelled = cancel(again)
    assert cancelled.retry(Step.SCOUT, at=NOON)[0] == started(cancelled, Step.SCOUT, 1, attempt=3)


@pytest.mark.parametrize("asked", [Step.SCOUT, Step.COPY])
def test_a_cancelled_first_generation_goes_on_with_all_that_was_not_done(asked: Step) -> None:
    generation = cancel(after(Step.BRAND))
    assert list(generation.run_again(asked, at=NOON)) == [started(generation, Step.SCOUT, 1, attempt=2)]
    generation = fold(generation.run_again(asked, at=NOON), generation)
    assert generation.status is JobStatus.PROCESSING
    for step in (Step.SCOUT, Step.COPY, Step.IMAGES, Step.PAGES):
        generation = succeed(generation, step)
    assert generation.status is JobStatus.COMPLETED


def test_a_cancelled_failure_is_run_with_whatever_is_asked_for() -> None:
    generation = cancel(fail(after(Step.BRAND), Step.SCOUT))
    assert generation.run_again(Step.BRAND, at=NOON) == (
        started(generation, Step.BRAND, 1, attempt=2),
        started(generation, Step.SCOUT, 2, attempt=2),
    )


@pytest.mark.parametrize("end", [lambda generation, _: generation, fail])
def test_a_cancelled_regeneration_leaves_the_former_result_and_goes_on_with_what_is_asked_for(
    end: Callable[..., Generation],
) -> None:
    generation = cancel(end(retry(after(*Step), Step.SCOUT), Step.SCOUT))
    with pytest.raises(StepNotRunning):
        retry(generation, Step.PAGES).succeed_step(Step.SCOUT, 2, summary="late", at=NOON)
    assert generation.run_again(Step.PAGES, at=NOON) == (started(generation, Step.PAGES, 1, attempt=2),)
    assert succeed(retry(generation, Step.PAGES), Step.PAGES).status is JobStatus.COMPLETED
    assert generation.retry(Step.SCOUT, at=NOON) == (started(generation, Step.SCOUT, 1, attempt=3),)


def test_steps_that_a_cancelled_regeneration_outdated_run_again() -> None:
    generation = cancel(succeed(retry(after(*Step), Step.BRAND), Step.BRAND))
    assert generation.run_again(Step.IMAGES, at=NOON) == (
        started(generation, Step.IMAGES, 1, attempt=2),
        started(generation, Step.COPY, 2, attempt=3),
        started(generation, Step.PAGES, 3, attempt=3),
    )


@pytest.mark.parametrize("step", [Step.BRAND, Step.COPY])
def test_a_step_that_runs_or_was_not_reached_cannot_be_run_again(step: Step) -> None:
    with pytest.raises(StepNotRetryable):
        fold(begin()).run_again(step, at=NOON)


def test_a_cancelled_job_takes_nothing_more() -> None:
    generation = after(Step.BRAND)
    events = generation.cancel(at=NOON)
    assert events == (GenerationCancelled(**head(generation), store_id=STORE_ID),)
    cancelled = fold(events, generation)
    assert not cancelled.runs_attempt(Step.SCOUT, 1)
    assert cancelled.cancel(at=NOON) == ()
    attempts: list[Callable[[], object]] = [
        lambda: cancelled.succeed_step(Step.SCOUT, 1, summary="late", at=NOON),
        lambda: cancelled.fail_step(Step.SCOUT, 1, reason="late", at=NOON),
        lambda: cancelled.progress_step(Step.SCOUT, 1, item="x", total=1, message="late", at=NOON),
    ]
    for refused in attempts:
        with pytest.raises(GenerationEnded):
            refused()


def test_a_complete_job_cannot_be_cancelled() -> None:
    with pytest.raises(GenerationEnded):
        after(*Step).cancel(at=NOON)


def test_every_step_has_a_time_and_its_needs_can_be_met() -> None:
    assert set(TIMEOUTS) == set(NEEDS) == set(Step)
    assert all(timeout > timedelta(0) for timeout in TIMEOUTS.values())


def test_events_without_a_beginning_are_corrupt() -> None:
    with pytest.raises(CorruptStream):
        evolve(
            None, GenerationCancelled(originator_id=UUID(int=1), originator_version=1, occurred_at=NOON, store_id=ID)
        )


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


ENDS = {JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.NEEDS_ATTENTION}
OUTCOMES = st.lists(
    st.tuples(
        st.sampled_from(list(Step)),
        st.sampled_from(["succeed", "fail", "ask", "retry", "again", "cancel", "correct", "go on"]),
    ),
    max_size=60,
)


class Playing:
    """A generation under random events; checks the invariants after each event."""

    def __init__(self) -> None:
        self.generation = fold(begin())
        self.log = list(begin())

    def play(self, step: Step, what: str) -> None:
        generation, attempt = self.generation, self.generation.steps[step].attempt
        try:
            match what:
                case "succeed":
                    events = generation.succeed_step(step, attempt, summary="ok", at=NOON)
                case "fail":
                    events = generation.fail_step(step, attempt, reason="away", at=NOON)
                case "ask":
                    events = generation.ask_for_attention(step, attempt, FEW, at=NOON)
                case "correct":
                    events = generation.understand("Lamps", LAMPS, cautions=(), question=None, at=NOON)
                case "go on":
                    events = generation.go_on(products=3, at=NOON)
                case "retry":
                    events = generation.retry(step, at=NOON)
                case "cancel":
                    events = generation.cancel(at=NOON)
                case _:
                    events = generation.run_again(step, at=NOON)
        except DomainError:
            return
        versions = [event.originator_version for event in events]
        assert versions == list(range(generation.version + 1, generation.version + 1 + len(events)))
        for event in events:
            if isinstance(event, StepStarted):
                before = self.generation.steps[event.step]
                assert before.status is not JobStatus.PROCESSING, "a step runs twice at once"
                assert event.attempt == before.attempt + 1
            self.generation = evolve(self.generation, event)
            self.log.append(event)
        assert 0 <= self.generation.progress <= 100
        assert self.running or self.generation.status in ENDS
        if self.generation.status is JobStatus.COMPLETED:
            self.check_fresh()

    @property
    def running(self) -> list[Step]:
        if self.generation.status is JobStatus.CANCELLED:
            return []
        return [step for step in Step if self.generation.steps[step].status is JobStatus.PROCESSING]

    def check_fresh(self) -> None:
        """Check that no step of a complete job started before the last result of a step that outdates it."""
        for maker, outdated in INVALIDATES.items():
            made = self.last(StepSucceeded, maker)
            assert all(self.last(StepStarted, step) > made for step in outdated)

    def last(self, kind: type[StepStarted | StepSucceeded], step: Step) -> int:
        return max(event.originator_version for event in self.log if isinstance(event, kind) and event.step is step)


@for_all(OUTCOMES)
def test_whatever_happens_the_job_ends_and_no_step_runs_twice_at_once(outcomes: list[tuple[Step, str]]) -> None:
    game = Playing()
    for step, what in outcomes:
        game.play(step, what)
    left = 4 * len(Step)
    while game.running:
        game.play(game.running[0], "succeed")
        left -= 1
        assert left > 0, "it goes round and round"
    if game.generation.status is not JobStatus.CANCELLED:
        complete = all(state.is_done for state in game.generation.steps.values())
        failed = any(state.status is JobStatus.FAILED for state in game.generation.steps.values())
        unfinished = JobStatus.FAILED if failed else JobStatus.NEEDS_ATTENTION
        assert game.generation.status is (JobStatus.COMPLETED if complete else unfinished)


@for_all(OUTCOMES)
def test_whatever_happens_retrying_what_failed_completes_the_job(outcomes: list[tuple[Step, str]]) -> None:
    game = Playing()
    for step, what in outcomes:
        game.play(step, what)
    left = 4 * len(Step)
    while game.generation.status is not JobStatus.COMPLETED:
        for step in game.running:
            game.play(step, "succeed")
        for step in Step:
            if game.generation.status is JobStatus.CANCELLED:
                game.play(step, "again")
            elif game.generation.steps[step].status in {JobStatus.FAILED, JobStatus.NEEDS_ATTENTION}:
                game.play(step, "retry")
        left -= 1
        assert left > 0, "it goes round and round"
    game.check_fresh()
