"""Commands for the steps of a generation, from its agents, the deadlines policy and the merchant."""

from dataclasses import dataclass, field
from uuid import UUID

from commands.access import generation_of_merchant
from commands.image_step import is_shown
from commands.ports import UnboundHandlers, Work
from commands.waiting_drafts import request_drafts
from domain.draft.events import DraftTarget, TargetKind
from domain.generation.aggregate import GENERATION
from domain.generation.events import Attention, AttentionCode, CategoryCount, Step
from domain.kernel import Clock
from domain.product.aggregate import PRODUCT
from domain.product.events import ProductStatus
from domain.store.aggregate import STORE, Store
from domain.store.events import PageType


@dataclass(frozen=True, slots=True, kw_only=True)
class AskForAttention:
    """End a step that cannot go on without the merchant."""

    generation_id: UUID
    step: Step
    attempt: int
    code: AttentionCode
    message: str
    """For the merchant: what is wrong, and what to do."""
    suggestions: list[str]
    """Niches to choose from."""
    available: list[CategoryCount] = field(default_factory=list)
    """What the suppliers do have, the most frequent first."""


async def ask_for_attention(command: AskForAttention, work: Work, *, clock: Clock) -> None:
    """Append ``StepNeedsAttention``, and ``GenerationNeedsAttention`` once no step runs. No-op if this attempt asks already.

    Raises:
        GenerationEnded, StepNotRunning: too late; retrying cannot help.
    """
    generation = await work.get(GENERATION, command.generation_id)
    attention = Attention(
        code=command.code,
        message=command.message,
        suggestions=command.suggestions,
        available=command.available,
    )
    events = generation.ask_for_attention(command.step, command.attempt, attention, at=clock.now())
    work.append(GENERATION, generation.id, events, tenant=generation.store_id)


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

    A store that was published keeps its brand, copy, pages and pictures: a complete step then asks for drafts instead, and the
    answer has their number.

    Raises:
        NotFound: no generation has the id, or it is another merchant's.
        StepNotRetryable, StoreNotReady: refused; retrying cannot help.
        TooManyDrafts: too many of the store's drafts wait.
    """
    at = clock.now()
    generation = await generation_of_merchant(work, command.generation_id, command.merchant_id)
    store = await work.get(STORE, generation.store_id)
    store.refuse_archived("regenerated")
    decide = generation.retry if isinstance(command, RetryStep) else generation.run_again
    events = decide(command.step, at=at)
    if isinstance(command, RunStepAgain) and store.was_published:
        targets = await _targets_of(work, store, command.step)
        if targets:
            await request_drafts(work, store, targets, at=at)
            return {"attempt": generation.steps[command.step].attempt, "drafts": len(targets)}
    after = work.append(GENERATION, generation.id, events, tenant=generation.store_id)
    return {"attempt": after.steps[command.step].attempt}


async def _targets_of(work: Work, store: Store, step: Step) -> list[DraftTarget]:
    """Return what a step of a published store would write over; empty for steps that write over nothing."""
    match step:
        case Step.BRAND:
            return [DraftTarget(kind=TargetKind.BRAND, id=store.id)]
        case Step.COPY:
            products = [await work.get(PRODUCT, id) for id in store.product_ids]
            return [
                DraftTarget(kind=TargetKind.PRODUCT, id=product.id)
                for product in products
                if product.status is not ProductStatus.ARCHIVED
            ]
        case Step.PAGES:
            return [
                DraftTarget(kind=TargetKind.PAGE, id=id)
                for id, page in store.pages.items()
                if page.type is not PageType.CUSTOM
            ]
        case Step.IMAGES:
            return [
                DraftTarget(kind=TargetKind.IMAGE, id=photo.image_id)
                for product in [await work.get(PRODUCT, id) for id in store.product_ids]
                if product.status is not ProductStatus.ARCHIVED
                for photo in product.images
                if await is_shown(work, photo.image_id)
            ]
        case _:
            return []


HANDLERS: UnboundHandlers = {
    AskForAttention: ask_for_attention,
    ProgressStep: progress_step,
    SucceedStep: succeed_step,
    FailStep: fail_step,
    RetryStep: run_step_again,
    RunStepAgain: run_step_again,
}
"""Each command and its handler."""
