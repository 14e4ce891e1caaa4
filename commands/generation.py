"""Commands for a store's generation, from its merchant, its agents and the deadlines policy."""

from dataclasses import dataclass
from uuid import UUID

from commands.access import generation_of_merchant
from commands.ports import UnboundHandlers, Work
from domain.generation.aggregate import GENERATION, start
from domain.generation.events import Step
from domain.kernel import Clock
from domain.store.aggregate import STORE
from domain.store.events import StoreStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class StartGeneration:
    """Start the generation of a requested store."""

    generation_id: UUID
    store_id: UUID


async def start_generation(command: StartGeneration, work: Work, *, clock: Clock) -> None:
    """Append ``GenerationStarted`` and the first ``StepStarted``. No-op if it is started or the store is archived.

    Raises:
        NotFound: no store has the id; retrying cannot help.
    """
    store = await work.get(STORE, command.store_id)
    if store.status is StoreStatus.ARCHIVED or not await work.is_new(GENERATION, command.generation_id):
        return
    events = start(
        command.generation_id, store_id=store.id, merchant_id=store.merchant_id, niche=store.niche, at=clock.now()
    )
    work.append(GENERATION, command.generation_id, events, tenant=store.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressStep:
    """Count one item of a step as done."""

    generation_id: UUID
    step: Step
    attempt: int
    item: str
    """The item's id; a repeat counts once."""
    total: int
    message: str
    """For the merchant."""


async def progress_step(command: ProgressStep, work: Work, *, clock: Clock) -> None:
    """Append ``StepProgressed``. No-op if the item is counted.

    Raises:
        GenerationEnded, StepNotRunning: too late; retrying cannot help.
    """
    generation = await work.get(GENERATION, command.generation_id)
    events = generation.progress_step(
        command.step,
        command.attempt,
        item=command.item,
        total=command.total,
        message=command.message,
        at=clock.now(),
    )
    work.append(GENERATION, generation.id, events, tenant=generation.store_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class SucceedStep:
    """Complete a step whose results are all recorded."""

    generation_id: UUID
    step: Step
    attempt: int
    summary: str
    """For the merchant."""


async def succeed_step(command: SucceedStep, work: Work, *, clock: Clock) -> None:
    """Append ``StepSucceeded`` and the events that follow from it. No-op if this attempt is complete.

    Raises:
        GenerationEnded, StepNotRunning: too late; retrying cannot help.
    """
    generation = await work.get(GENERATION, command.generation_id)
    events = generation.succeed_step(command.step, command.attempt, summary=command.summary, at=clock.now())
    work.append(GENERATION, generation.id, events, tenant=generation.store_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class FailStep:
    """Fail a step and the job, until the merchant runs the step again."""

    generation_id: UUID
    step: Step
    attempt: int
    reason: str
    """For the merchant: which system did not answer, or what else went wrong."""


async def fail_step(command: FailStep, work: Work, *, clock: Clock) -> None:
    """Append ``StepFailed`` and ``GenerationFailed``. No-op if this attempt has failed.

    Raises:
        GenerationEnded, StepNotRunning: too late; retrying cannot help.
    """
    generation = await work.get(GENERATION, command.generation_id)
    events = generation.fail_step(command.step, command.attempt, reason=command.reason, at=clock.now())
    work.append(GENERATION, generation.id, events, tenant=generation.store_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryStep:
    """Run a failed or cancelled step again."""

    generation_id: UUID
    merchant_id: UUID
    step: Step


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStepAgain:
    """Run an ended step again, whether it failed, was cancelled or is complete."""

    generation_id: UUID
    merchant_id: UUID
    step: Step


async def run_step_again(command: RetryStep | RunStepAgain, work: Work, *, clock: Clock) -> dict[str, int]:
    """Append ``StepStarted`` and return the step's attempt; 0 if other steps must run first.

    Raises:
        NotFound: no generation has the id, or it is another merchant's.
        StepNotRetryable, StoreNotReady: refused; retrying cannot help.
    """
    generation = await generation_of_merchant(work, command.generation_id, command.merchant_id)
    store = await work.get(STORE, generation.store_id)
    store.refuse_archived("regenerated")
    decide = generation.retry if isinstance(command, RetryStep) else generation.run_again
    after = work.append(GENERATION, generation.id, decide(command.step, at=clock.now()), tenant=generation.store_id)
    return {"attempt": after.steps[command.step].attempt}


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelGeneration:
    """Cancel a generation; its results stay."""

    generation_id: UUID
    merchant_id: UUID


async def cancel_generation(command: CancelGeneration, work: Work, *, clock: Clock) -> None:
    """Append ``GenerationCancelled``. No-op if the generation is cancelled.

    Raises:
        NotFound: no generation has the id, or it is another merchant's.
        GenerationEnded: the generation is complete; retrying cannot help.
    """
    generation = await generation_of_merchant(work, command.generation_id, command.merchant_id)
    work.append(GENERATION, generation.id, generation.cancel(at=clock.now()), tenant=generation.store_id)


HANDLERS: UnboundHandlers = {
    StartGeneration: start_generation,
    ProgressStep: progress_step,
    SucceedStep: succeed_step,
    FailStep: fail_step,
    RetryStep: run_step_again,
    RunStepAgain: run_step_again,
    CancelGeneration: cancel_generation,
}
"""Each command and its handler."""
