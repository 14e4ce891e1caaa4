"""What may be asked of a store's generation: by its merchant, by its agents, and by the clock."""

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
    """Set the agents to work on a requested store."""

    generation_id: UUID
    store_id: UUID


async def start_generation(command: StartGeneration, work: Work, *, clock: Clock) -> None:
    """Append ``GenerationStarted`` and the first ``StepStarted``; nothing if it was started, or the store was archived.

    Raises:
        NotFound: there is no such store; retrying cannot help.
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
    """What is done; telling it twice counts once."""
    total: int
    message: str
    """For the merchant."""


async def progress_step(command: ProgressStep, work: Work, *, clock: Clock) -> None:
    """Append ``StepProgressed``, unless the item was counted.

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
    """End a step whose results are all recorded."""

    generation_id: UUID
    step: Step
    attempt: int
    summary: str
    """For the merchant."""


async def succeed_step(command: SucceedStep, work: Work, *, clock: Clock) -> None:
    """Append ``StepSucceeded`` and what follows from it, unless that attempt ended well before.

    Raises:
        GenerationEnded, StepNotRunning: too late; retrying cannot help.
    """
    generation = await work.get(GENERATION, command.generation_id)
    events = generation.succeed_step(command.step, command.attempt, summary=command.summary, at=clock.now())
    work.append(GENERATION, generation.id, events, tenant=generation.store_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class FailStep:
    """Give a step up, and the job with it, until the merchant runs it again."""

    generation_id: UUID
    step: Step
    attempt: int
    reason: str
    """For the merchant, naming who did not answer."""


async def fail_step(command: FailStep, work: Work, *, clock: Clock) -> None:
    """Append ``StepFailed`` and ``GenerationFailed``, unless that attempt was given up before.

    Raises:
        GenerationEnded, StepNotRunning: too late; retrying cannot help.
    """
    generation = await work.get(GENERATION, command.generation_id)
    events = generation.fail_step(command.step, command.attempt, reason=command.reason, at=clock.now())
    work.append(GENERATION, generation.id, events, tenant=generation.store_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryStep:
    """Run a step again that has failed or was cancelled."""

    generation_id: UUID
    merchant_id: UUID
    step: Step


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStepAgain:
    """Run a step again, whether it has failed, was cancelled or is to be made anew."""

    generation_id: UUID
    merchant_id: UUID
    step: Step


async def run_step_again(command: RetryStep | RunStepAgain, work: Work, *, clock: Clock) -> dict[str, int]:
    """Append ``StepStarted`` with the next attempt, and return that attempt; 0 if others must run before it.

    Raises:
        NotFound: there is no such generation, or it is somebody else's.
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
    """Stop a generation; what was made so far is kept."""

    generation_id: UUID
    merchant_id: UUID


async def cancel_generation(command: CancelGeneration, work: Work, *, clock: Clock) -> None:
    """Append ``GenerationCancelled``, unless it is cancelled.

    Raises:
        NotFound: there is no such generation, or it is somebody else's.
        GenerationEnded: it is complete; retrying cannot help.
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
