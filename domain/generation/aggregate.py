"""The generation process: the order of its steps, their progress and their end.

Brand and scout run in parallel; copy, images and pages start together once both are done. When the merchant runs brand or
scout again, the steps whose results depend on it run again by themselves (``INVALIDATES``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from uuid import UUID

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
    GenerationCancelled,
    GenerationCompleted,
    GenerationEvent,
    GenerationFailed,
    GenerationNeedsAttention,
    GenerationStarted,
    JobStatus,
    NicheChosen,
    NicheUnderstood,
    Step,
    StepFailed,
    StepNeedsAttention,
    StepProgressed,
    StepStarted,
    StepSucceeded,
)
from domain.generation.steps import INVALIDATES, NEEDS, TIMEOUTS, WEIGHTS, StepState
from domain.ids import derived
from domain.kernel import CorruptStream, StreamKind, first_header, next_header
from domain.store.niche import NicheReading

ACCEPTABLE = frozenset({AttentionCode.TWO_NICHES, AttentionCode.TRADE_MARK})
"""Questions about a niche that the merchant may answer with “go on as it is”. Other niches name no goods to search for."""


def generation_of(store_id: UUID) -> UUID:
    """Return the id of a store's generation."""
    return derived(store_id, "generation")


@lru_cache(maxsize=4096)
def job_of(generation_id: UUID, step: Step) -> UUID:
    """Return the id of a step's job, as the API shows it."""
    return derived(generation_id, step)


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
    reading: NicheReading | None = None
    """What the niche was understood to mean; None for a generation of before readings were recorded."""
    cautions: tuple[str, ...] = ()
    """What the merchant should be careful about."""
    question: Attention | None = None
    """A question about the niche that the merchant has not answered; no step starts before."""
    awaits_reading: bool = False
    """Whether the merchant chose a niche that is not read yet."""

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

    @property
    def has_results(self) -> bool:
        """Whether some step has a result, so that running it again makes the store a second time."""
        return any(state.has_result for state in self.steps.values())

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
        of one of two failed steps. It needs attention when no step runs and one waits for the merchant.

        Raises:
            GenerationEnded, StepNotRunning: too late; retrying cannot help.
        """
        state = self.steps[step]
        if state.status is JobStatus.COMPLETED and state.attempt == attempt:
            return ()
        self._require_running(step, attempt)
        succeeded = StepSucceeded(**next_header(self, at), step=step, attempt=attempt, summary=summary)
        return [succeeded, *evolve(self, succeeded)._go_on(at)]

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

    def ask_for_attention(
        self, step: Step, attempt: int, attention: Attention, *, at: datetime
    ) -> Sequence[GenerationEvent]:
        """End a step that cannot go on without the merchant. No-op if this attempt asks already.

        The job needs attention once no step runs. A step that is outdated starts again instead.

        Raises:
            GenerationEnded, StepNotRunning: too late; retrying cannot help.
        """
        state = self.steps[step]
        if state.status is JobStatus.NEEDS_ATTENTION and state.attempt == attempt:
            return ()
        self._require_running(step, attempt)
        asked = StepNeedsAttention(**next_header(self, at), step=step, attempt=attempt, attention=attention)
        return [asked, *evolve(self, asked)._go_on(at)]

    def choose_niche(self, niche: str, *, at: datetime) -> Sequence[GenerationEvent]:
        """Take another niche, which is read next. No step may run."""
        return (NicheChosen(**next_header(self, at), store_id=self.store_id, niche=niche),)

    def understand(
        self, niche: str, reading: NicheReading, *, cautions: Sequence[str], question: Attention | None, at: datetime
    ) -> Sequence[GenerationEvent]:
        """Record what a niche means, and start brand and scout as far as they need it; or ask the merchant.

        Scout runs again, after its end if it is running. Brand runs if the store has none, or if the niche is another one.
        """
        understood = NicheUnderstood(
            **next_header(self, at),
            store_id=self.store_id,
            niche=niche,
            reading=reading,
            cautions=list(cautions),
            is_another_niche=self.awaits_reading,
        )
        after = evolve(self, understood)
        if question is not None:
            return understood, GenerationNeedsAttention(
                **next_header(after, at), store_id=self.store_id, attention=question
            )
        due = [step for step in (Step.BRAND, Step.SCOUT) if after._awaits_niche(step)]
        return understood, *(
            after._start(step, attempt=after.steps[step].attempt + 1, at=at, offset=offset)
            for offset, step in enumerate(due, start=1)
        )

    def go_on(self, *, products: int, at: datetime) -> Sequence[GenerationEvent]:
        """Go on with the niche, or with the few products, as they are.

        Args:
            products: the store's number of products.
            at: the time.

        Raises:
            NicheUnanswered: the niche names no goods to search for.
            NothingToContinue: the job does not wait, or the store has no product.
        """
        if self.question is not None:
            if self.question.code not in ACCEPTABLE or self.reading is None or not self.reading.things:
                raise NicheUnanswered(self.question.message)
            accepted = self.reading.model_copy(update={"separate": [], "read_by": "merchant"})
            return self.understand(self.niche, accepted, cautions=self.cautions, question=None, at=at)
        waiting = next((step for step in Step if self.steps[step].attention is not None), None)
        if waiting is None:
            raise NothingToContinue("it is not waiting for an answer.")
        if not products:
            raise NothingToContinue("the store has no products. Choose another niche (chooseNiche), or add a product.")
        count = f"{products} product{'' if products == 1 else 's'}"
        succeeded = StepSucceeded(
            **next_header(self, at),
            step=waiting,
            attempt=self.steps[waiting].attempt,
            summary=f"Goes on with {count}, as you chose",
        )
        return [succeeded, *evolve(self, succeeded)._go_on(at)]

    def run_again(self, step: Step, *, at: datetime) -> Sequence[GenerationEvent]:
        """Run an ended step again; the steps that it outdates start after it succeeds.

        In a cancelled job any step may be named, and the job goes on: all steps without a result run as well, each once
        the steps it needs are done.

        Raises:
            StepNotRetryable: the step is running or was never started; it can be run again after its end.
            NicheUnanswered: the niche must be clear first.
        """
        if self.question is not None:
            raise NicheUnanswered(self.question.message)
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

    def _awaits_niche(self, step: Step) -> bool:
        state = self.steps[step]
        wanted = step is Step.SCOUT or state.outdated or not state.has_result
        return wanted and state.status is not JobStatus.PROCESSING

    def _go_on(self, at: datetime) -> Sequence[GenerationEvent]:
        """Start the steps that are due after a step has ended, or end the job if no step is left to run."""
        started = self._start_due(at)
        if started:
            return started
        if all(state.is_done for state in self.steps.values()):
            return (GenerationCompleted(**next_header(self, at), store_id=self.store_id),)
        if self.status is not JobStatus.PROCESSING or self.is_running:
            return ()
        failed = next((name for name in Step if self.steps[name].status is JobStatus.FAILED), None)
        if failed is not None:
            reason = self.steps[failed].reason
            return (GenerationFailed(**next_header(self, at), store_id=self.store_id, step=failed, reason=reason),)
        for name in Step:
            attention = self.steps[name].attention
            if attention is not None:
                return (
                    GenerationNeedsAttention(
                        **next_header(self, at), store_id=self.store_id, step=name, attention=attention
                    ),
                )
        return ()

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
    """Start a store's generation with the steps that need no other, without a reading of the niche."""
    started = _started(generation_id, store_id=store_id, merchant_id=merchant_id, niche=niche, at=at)
    return started, *evolve(None, started)._start_due(at)


def start_understood(
    generation_id: UUID,
    *,
    store_id: UUID,
    merchant_id: UUID,
    niche: str,
    reading: NicheReading,
    cautions: Sequence[str],
    question: Attention | None,
    at: datetime,
) -> Sequence[GenerationEvent]:
    """Start a store's generation with what its niche means; no step starts if there is a question about it."""
    started = _started(generation_id, store_id=store_id, merchant_id=merchant_id, niche=niche, at=at)
    generation = evolve(None, started)
    return started, *generation.understand(niche, reading, cautions=cautions, question=question, at=at)


def _started(generation_id: UUID, *, store_id: UUID, merchant_id: UUID, niche: str, at: datetime) -> GenerationStarted:
    return GenerationStarted(**first_header(generation_id, at), store_id=store_id, merchant_id=merchant_id, niche=niche)


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
        case Generation(), NicheUnderstood() | NicheChosen():
            return _evolve_niche(generation, event)
        case Generation(), StepStarted() | StepProgressed() | StepSucceeded() | StepFailed() | StepNeedsAttention():
            return _evolve_step(generation, event)
        case (
            Generation(),
            GenerationCompleted() | GenerationFailed() | GenerationCancelled() | GenerationNeedsAttention(),
        ):
            return _evolve_end(generation, event)
        case _:
            raise CorruptStream(event)


def _evolve_niche(generation: Generation, event: NicheUnderstood | NicheChosen) -> Generation:
    known = replace(generation, version=event.originator_version, niche=event.niche, question=None)
    match event:
        case NicheChosen():
            return replace(known, status=JobStatus.PROCESSING, awaits_reading=True)
        case NicheUnderstood():
            # The products are of the former reading, and the brand is of another niche.
            outdated = {Step.SCOUT, Step.BRAND} if event.is_another_niche else {Step.SCOUT}
            return _outdate(
                replace(known, reading=event.reading, cautions=tuple(event.cautions), awaits_reading=False),
                frozenset(outdated),
            )


_StepEvent = StepStarted | StepProgressed | StepSucceeded | StepFailed | StepNeedsAttention


def _evolve_step(generation: Generation, event: _StepEvent) -> Generation:
    step, before = event.step, generation.steps[event.step]
    match event:
        case StepStarted():
            has_result = before.has_result and not before.outdated
            begun = StepState(status=JobStatus.PROCESSING, attempt=event.attempt, has_result=has_result)
            return _with_step(generation, event, step, begun, status=JobStatus.PROCESSING)
        case StepProgressed():
            moved = replace(before, items=before.items | {event.item}, total=event.total)
            return _with_step(generation, event, step, moved)
        case StepSucceeded():
            ended = replace(before, status=JobStatus.COMPLETED, has_result=True, attention=None)
            return _outdate(_with_step(generation, event, step, ended), INVALIDATES.get(step, frozenset()))
        case StepFailed():
            failed = replace(before, status=JobStatus.FAILED, reason=event.reason)
            return _with_step(generation, event, step, failed)
        case StepNeedsAttention():
            waiting = replace(before, status=JobStatus.NEEDS_ATTENTION, attention=event.attention)
            return _with_step(generation, event, step, waiting)


_EndEvent = GenerationCompleted | GenerationFailed | GenerationCancelled | GenerationNeedsAttention
_STATUS_AFTER: Mapping[type[_EndEvent], JobStatus] = {
    GenerationCompleted: JobStatus.COMPLETED,
    GenerationFailed: JobStatus.FAILED,
    GenerationCancelled: JobStatus.CANCELLED,
    GenerationNeedsAttention: JobStatus.NEEDS_ATTENTION,
}


def _evolve_end(generation: Generation, event: _EndEvent) -> Generation:
    ended = replace(generation, version=event.originator_version, status=_STATUS_AFTER[type(event)])
    match event:
        case GenerationCancelled():
            return replace(ended, steps={step: state.cancelled() for step, state in generation.steps.items()})
        case GenerationNeedsAttention(step=None):
            return replace(ended, question=event.attention)
        case _:
            return ended


def _with_step(
    generation: Generation, event: GenerationEvent, step: Step, state: StepState, *, status: JobStatus | None = None
) -> Generation:
    return replace(
        generation,
        version=event.originator_version,
        steps={**generation.steps, step: state},
        status=generation.status if status is None else status,
    )


def _outdate(generation: Generation, steps: frozenset[Step]) -> Generation:
    begun = {step: state for step, state in generation.steps.items() if step in steps and state.attempt > 0}
    outdated = {step: replace(state, outdated=True) for step, state in begun.items()}
    return replace(generation, steps={**generation.steps, **outdated})


GENERATION = StreamKind("generation", Generation, evolve)
