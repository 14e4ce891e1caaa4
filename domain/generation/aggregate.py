"""The generation process: the order of its steps, their progress and their end.

Brand and scout run in parallel; copy, images and pages start together once both are done. When the merchant runs brand or
scout again, the steps whose results depend on it run again by themselves (``INVALIDATES``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

from domain.generation.errors import GenerationEnded, StepNotRetryable, StepNotRunning
from domain.generation.events import (
    GenerationCancelled,
    GenerationCompleted,
    GenerationEvent,
    GenerationFailed,
    GenerationStarted,
    JobStatus,
    JobType,
    Step,
    StepFailed,
    StepProgressed,
    StepStarted,
    StepSucceeded,
)
from domain.ids import derived
from domain.kernel import CorruptStream, StreamKind, first_header, next_header

NEEDS: Mapping[Step, frozenset[Step]] = {
    Step.BRAND: frozenset(),
    Step.SCOUT: frozenset(),
    Step.COPY: frozenset({Step.BRAND, Step.SCOUT}),
    Step.IMAGES: frozenset({Step.BRAND, Step.SCOUT}),
    Step.PAGES: frozenset({Step.BRAND, Step.SCOUT}),
}
"""The steps that must succeed before a step starts."""

INVALIDATES: Mapping[Step, frozenset[Step]] = {
    Step.BRAND: frozenset({Step.COPY, Step.PAGES}),
    Step.SCOUT: frozenset({Step.COPY, Step.IMAGES, Step.PAGES}),
}
"""The steps that run again after a step's new result, without a request.

New products need their own texts and photos, and pages state prices, delivery times and what is sold. Product texts and
pages name the brand. Photos stay after a new brand: their background is a matter of taste and processing them takes
longest, so the merchant decides.
"""

TIMEOUTS: Mapping[Step, timedelta] = {
    Step.BRAND: timedelta(minutes=3),
    Step.SCOUT: timedelta(minutes=5),
    Step.COPY: timedelta(minutes=10),
    Step.IMAGES: timedelta(minutes=20),
    Step.PAGES: timedelta(minutes=5),
}
"""The time limit of each step."""

WEIGHTS: Mapping[Step, int] = {Step.BRAND: 15, Step.SCOUT: 20, Step.COPY: 20, Step.IMAGES: 35, Step.PAGES: 10}
"""Each step's share of the job's progress, in percent."""

JOB_TYPES: Mapping[Step, JobType] = {
    Step.BRAND: JobType.BRAND_GENERATOR,
    Step.SCOUT: JobType.PRODUCT_SCOUT,
    Step.COPY: JobType.COPYWRITER,
    Step.IMAGES: JobType.IMAGE_PROCESSOR,
    Step.PAGES: JobType.COPYWRITER,
}


def generation_of(store_id: UUID) -> UUID:
    """Return the id of a store's generation."""
    return derived(store_id, "generation")


@lru_cache(maxsize=4096)
def job_of(generation_id: UUID, step: Step) -> UUID:
    """Return the id of a step's job, as the API shows it."""
    return derived(generation_id, step)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepState:
    """The state of one step."""

    status: JobStatus = JobStatus.PENDING
    attempt: int = 0
    items: frozenset[str] = frozenset()
    total: int = 0
    reason: str = ""
    """Why the step failed, for the merchant; empty unless it failed."""
    has_result: bool = False
    """Whether an attempt has succeeded; a later attempt that runs or is cancelled does not change that."""
    outdated: bool = False
    """Whether a step it needs has a newer result, so that it starts again once it does not run."""

    @property
    def is_done(self) -> bool:
        """Whether other steps can use its result: the last attempt's, or an earlier one's if the last was cancelled."""
        return self.status is JobStatus.COMPLETED or (self.status is JobStatus.CANCELLED and self.has_result)

    @property
    def progress(self) -> int:
        """Progress from 0 to 100."""
        if self.status is JobStatus.COMPLETED:
            return 100
        return min(99, 100 * len(self.items) // self.total) if self.total else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """One store's generation."""

    id: UUID
    version: int
    store_id: UUID
    merchant_id: UUID
    niche: str
    status: JobStatus = JobStatus.PROCESSING
    steps: Mapping[Step, StepState] = field(default_factory=lambda: {step: StepState() for step in Step})

    @property
    def progress(self) -> int:
        """The job's progress from 0 to 100."""
        if self.status is JobStatus.COMPLETED:
            return 100
        return min(99, sum(WEIGHTS[step] * state.progress for step, state in self.steps.items()) // 100)

    @property
    def is_running(self) -> bool:
        """Whether some step runs; a step may run although another one has failed the job."""
        return any(state.status is JobStatus.PROCESSING for state in self.steps.values())

    def runs_attempt(self, step: Step, attempt: int) -> bool:
        """Whether this attempt of the step runs; it may run although another step has failed the job."""
        state = self.steps[step]
        return (
            self.status is not JobStatus.CANCELLED and state.status is JobStatus.PROCESSING and state.attempt == attempt
        )

    def progress_step(
        self, step: Step, attempt: int, *, item: str, total: int, message: str, at: datetime
    ) -> Sequence[GenerationEvent]:
        """Count one item of a step as done. No-op if the item is counted.

        Raises:
            GenerationEnded, StepNotRunning: too late; retrying cannot help.
        """
        self._require_running(step, attempt)
        state = self.steps[step]
        if item in state.items:
            return ()
        return (
            StepProgressed(
                **next_header(self, at),
                step=step,
                attempt=attempt,
                item=item,
                done=len(state.items) + 1,
                total=total,
                message=message,
            ),
        )

    def succeed_step(self, step: Step, attempt: int, *, summary: str, at: datetime) -> Sequence[GenerationEvent]:
        """Complete a step, then start the steps that are due or end the job. No-op if this attempt is complete.

        A step that is outdated while it runs starts again after its end, so that a step never runs twice at once. The
        job is complete when every step is. It fails again when no step runs and one is still failed, as after the retry
        of one of two failed steps.

        Raises:
            GenerationEnded, StepNotRunning: too late; retrying cannot help.
        """
        state = self.steps[step]
        if state.status is JobStatus.COMPLETED and state.attempt == attempt:
            return ()
        self._require_running(step, attempt)
        events: list[GenerationEvent] = [
            StepSucceeded(**next_header(self, at), step=step, attempt=attempt, summary=summary)
        ]
        after = evolve(self, events[0])
        events.extend(after._start_due(at))
        if len(events) > 1:
            return events
        if all(state.is_done for state in after.steps.values()):
            events.append(GenerationCompleted(**next_header(self, at, 2), store_id=self.store_id))
        elif self.status is JobStatus.PROCESSING and not after.is_running:
            failed = next(name for name in Step if after.steps[name].status is JobStatus.FAILED)
            events.append(
                GenerationFailed(
                    **next_header(self, at, 2), store_id=self.store_id, step=failed, reason=after.steps[failed].reason
                )
            )
        return events

    def fail_step(self, step: Step, attempt: int, *, reason: str, at: datetime) -> Sequence[GenerationEvent]:
        """Fail a step and the job. No-op if this attempt has failed.

        A step that is outdated starts again instead of failing the job.

        Raises:
            GenerationEnded, StepNotRunning: too late; retrying cannot help.
        """
        state = self.steps[step]
        if state.status is JobStatus.FAILED and state.attempt == attempt:
            return ()
        # Two steps may fail in parallel; the second failure is recorded as well.
        self._require_running(step, attempt)
        events: list[GenerationEvent] = [StepFailed(**next_header(self, at), step=step, attempt=attempt, reason=reason)]
        events.extend(evolve(self, events[0])._start_due(at))
        if len(events) == 1 and self.status is JobStatus.PROCESSING:
            events.append(
                GenerationFailed(**next_header(self, at, 2), store_id=self.store_id, step=step, reason=reason)
            )
        return events

    def run_again(self, step: Step, *, at: datetime) -> Sequence[GenerationEvent]:
        """Run an ended step again; the steps that it outdates start after it succeeds.

        In a cancelled job any step may be named, and the job goes on: all steps without a result run as well, each once
        the steps it needs are done.

        Raises:
            StepNotRetryable: the step is running or was never started; it can be run again after its end.
        """
        state = self.steps[step]
        if state.attempt == 0 and self.status is JobStatus.CANCELLED:
            return self._start_due(at)
        if state.status in {JobStatus.PROCESSING, JobStatus.PENDING}:
            raise StepNotRetryable(step, state.status)
        started = self._start(step, attempt=state.attempt + 1, at=at)
        return (started, *evolve(self, started)._start_due(at))

    def retry(self, step: Step, *, at: datetime) -> Sequence[GenerationEvent]:
        """Run a failed or cancelled step again.

        Raises:
            StepNotRetryable: the step is complete or running, or was never started.
        """
        if self.steps[step].status is JobStatus.COMPLETED:
            raise StepNotRetryable(step, JobStatus.COMPLETED)
        return self.run_again(step, at=at)

    def cancel(self, *, at: datetime) -> Sequence[GenerationEvent]:
        """Cancel the job. No-op if it is cancelled.

        Raises:
            GenerationEnded: the job is complete; retrying cannot help.
        """
        if self.status is JobStatus.CANCELLED:
            return ()
        if self.status is JobStatus.COMPLETED:
            raise GenerationEnded(self.id, self.status)
        return (GenerationCancelled(**next_header(self, at), store_id=self.store_id),)

    def _is_due(self, step: Step) -> bool:
        state = self.steps[step]
        abandoned = state.status is JobStatus.CANCELLED and not state.has_result
        outdated = state.outdated and state.status is not JobStatus.PROCESSING
        startable = state.status is JobStatus.PENDING or abandoned or outdated
        return startable and all(self.steps[needed].is_done for needed in NEEDS[step])

    def _start_due(self, at: datetime) -> Sequence[StepStarted]:
        due = [step for step in Step if self._is_due(step)]
        return [
            self._start(step, attempt=self.steps[step].attempt + 1, at=at, offset=offset)
            for offset, step in enumerate(due, start=1)
        ]

    def _require_running(self, step: Step, attempt: int) -> None:
        state = self.steps[step]
        if self.status in {JobStatus.COMPLETED, JobStatus.CANCELLED}:
            raise GenerationEnded(self.id, self.status)
        # After one step has failed the job, its other steps finish and keep their results.
        if state.status is not JobStatus.PROCESSING or state.attempt != attempt:
            raise StepNotRunning(self.id, step, attempt)

    def _start(self, step: Step, *, attempt: int, at: datetime, offset: int = 1) -> StepStarted:
        return StepStarted(
            **next_header(self, at, offset),
            store_id=self.store_id,
            merchant_id=self.merchant_id,
            step=step,
            attempt=attempt,
            deadline=at + TIMEOUTS[step],
        )


def start(
    generation_id: UUID, *, store_id: UUID, merchant_id: UUID, niche: str, at: datetime
) -> Sequence[GenerationEvent]:
    """Start a store's generation with the steps that need no other."""
    started = GenerationStarted(
        **first_header(generation_id, at),
        store_id=store_id,
        merchant_id=merchant_id,
        niche=niche,
    )
    generation = evolve(None, started)
    first = [step for step in Step if not NEEDS[step]]
    return (
        started,
        *(generation._start(step, attempt=1, at=at, offset=1 + n) for n, step in enumerate(first)),
    )


def evolve(generation: Generation | None, event: GenerationEvent) -> Generation:
    """Apply one recorded event. Checks no rule: what is in the log happened."""
    match generation, event:
        case None, GenerationStarted():
            return Generation(
                id=event.originator_id,
                version=event.originator_version,
                store_id=event.store_id,
                merchant_id=event.merchant_id,
                niche=event.niche,
            )
        case Generation(), StepStarted(step=step):
            before = generation.steps[step]
            has_result = before.has_result and not before.outdated
            begun = StepState(status=JobStatus.PROCESSING, attempt=event.attempt, has_result=has_result)
            return _with_step(generation, event, step, begun, status=JobStatus.PROCESSING)
        case Generation(), StepProgressed(step=step):
            state = generation.steps[step]
            moved = replace(state, items=state.items | {event.item}, total=event.total)
            return _with_step(generation, event, step, moved)
        case Generation(), StepSucceeded(step=step):
            ended = replace(generation.steps[step], status=JobStatus.COMPLETED, has_result=True)
            return _outdate(_with_step(generation, event, step, ended), INVALIDATES.get(step, frozenset()))
        case Generation(), StepFailed(step=step):
            failed = replace(generation.steps[step], status=JobStatus.FAILED, reason=event.reason)
            return _with_step(generation, event, step, failed)
        case Generation(), GenerationCompleted():
            return replace(generation, version=event.originator_version, status=JobStatus.COMPLETED)
        case Generation(), GenerationFailed():
            return replace(generation, version=event.originator_version, status=JobStatus.FAILED)
        case Generation(), GenerationCancelled():
            return replace(
                generation,
                version=event.originator_version,
                status=JobStatus.CANCELLED,
                steps={step: _cancel_step(state) for step, state in generation.steps.items()},
            )
        case _:
            raise CorruptStream(event)


def _with_step(
    generation: Generation, event: GenerationEvent, step: Step, state: StepState, *, status: JobStatus | None = None
) -> Generation:
    return replace(
        generation,
        version=event.originator_version,
        steps={**generation.steps, step: state},
        status=generation.status if status is None else status,
    )


def _cancel_step(state: StepState) -> StepState:
    ended = state.status in {JobStatus.PROCESSING, JobStatus.FAILED}
    return replace(state, status=JobStatus.CANCELLED, reason="") if ended else state


def _outdate(generation: Generation, steps: frozenset[Step]) -> Generation:
    begun = {step: state for step, state in generation.steps.items() if step in steps and state.attempt > 0}
    outdated = {step: replace(state, outdated=True) for step, state in begun.items()}
    return replace(generation, steps={**generation.steps, **outdated})


GENERATION = StreamKind("generation", Generation, evolve)
