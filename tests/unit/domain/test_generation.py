"""The generation process: order of steps, ends, retries and cancellation."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.generation.aggregate import (
    Generation,
    evolve,
)
from domain.generation.errors import (
    GenerationEnded,
    StepNotRetryable,
    StepNotRunning,
)
from domain.generation.events import (
    GenerationCancelled,
    GenerationCompleted,
    GenerationFailed,
    GenerationStarted,
    JobStatus,
    Step,
    StepFailed,
    StepProgressed,
    StepStarted,
    StepSucceeded,
)
from domain.generation.steps import INVALIDATES, NEEDS, TIMEOUTS, WEIGHTS
from domain.kernel import CorruptStream, DomainError
from tests.support.builders.generations import (
    FEW,
    ID,
    LAMPS,
    MERCHANT_ID,
    STORE_ID,
    after,
    begin,
    fail,
    fold,
    head,
    retry,
    started,
    succeed,
)
from tests.support.builders.samples import NOON


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
