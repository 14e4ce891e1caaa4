"""Commands for a store's generation as a whole, from its merchant and the generation policy."""

from dataclasses import dataclass
from uuid import UUID

from commands.access import generation_of_merchant
from commands.ports import UnboundHandlers, Work
from commands.subscription import SoldPlans, use_generation
from domain.editing import Seen, refuse_overwriting
from domain.generation.aggregate import GENERATION, start, start_understood
from domain.generation.correction import Correction, phrase_of, reading_parts
from domain.generation.understanding import cautions_of, question_about
from domain.kernel import Clock
from domain.product.aggregate import PRODUCT
from domain.product.events import ProductStatus
from domain.store.aggregate import STORE
from domain.store.errors import StoreNotReady
from domain.store.events import StoreStatus
from domain.store.generated import change_niche
from domain.store.niche import NicheReading
from domain.store.ports import NicheReader


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
class UnderstandNiche:
    """Record what a store's niche means, and start its generation or let it go on."""

    generation_id: UUID
    store_id: UUID
    niche: str
    """The niche that was read."""
    reading: NicheReading


async def understand_niche(command: UnderstandNiche, work: Work, *, clock: Clock) -> None:
    """Append ``NicheUnderstood`` and the first ``StepStarted``, or ``GenerationNeedsAttention`` with a question.

    The first reading starts the generation. No-op if the store is archived, the generation does not wait for a reading, or
    the merchant has chosen another niche since.

    Raises:
        NotFound: no store has the id; retrying cannot help.
    """
    at = clock.now()
    store = await work.get(STORE, command.store_id)
    if store.status is StoreStatus.ARCHIVED or store.niche != command.niche:
        return
    question = question_about(command.niche, command.reading)
    cautions = cautions_of(command.niche, store.preferences)
    if await work.is_new(GENERATION, command.generation_id):
        events = start_understood(
            command.generation_id,
            store_id=store.id,
            merchant_id=store.merchant_id,
            niche=command.niche,
            reading=command.reading,
            cautions=cautions,
            question=question,
            at=at,
        )
    else:
        generation = await work.get(GENERATION, command.generation_id)
        if not generation.awaits_reading:
            return
        events = generation.understand(command.niche, command.reading, cautions=cautions, question=question, at=at)
    work.append(GENERATION, command.generation_id, events, tenant=store.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooseNiche:
    """Choose another niche for a store."""

    generation_id: UUID
    merchant_id: UUID
    niche: str


async def choose_niche(command: ChooseNiche, work: Work, *, clock: Clock, sold: SoldPlans | None = None) -> None:
    """Append ``NicheChanged`` and ``NicheChosen``; the generation policy has the niche read.

    Brand and scout run again. Products and pages stay until they are replaced. No-op if the niche is the store's own.

    Raises:
        NotFound: no generation has the id, or it is another merchant's.
        InvalidInput: the niche is empty, too long, or asks for goods that are not sold.
        StoreNotReady: the store is archived, or its generation is running.
        PlanLimitReached, PlanSuspended: the merchant's plan allows no more generations.
    """
    at = clock.now()
    generation = await generation_of_merchant(work, command.generation_id, command.merchant_id)
    store = await work.get(STORE, generation.store_id)
    changed = change_niche(store, command.niche, at=at)
    if not changed:
        return
    if generation.is_running:
        hint = "Its generation is running; wait for its end, or cancel it (cancelGeneration)."
        raise StoreNotReady(store.id, store.status, "given another niche", hint)
    if generation.has_results:
        await use_generation(work, store.merchant_id, sold=sold, at=at)
    store = work.append(STORE, store.id, changed, tenant=store.id)
    work.append(GENERATION, generation.id, generation.choose_niche(store.niche, at=at), tenant=store.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectNiche:
    """Correct what a niche was understood to mean; None leaves a part as it is."""

    generation_id: UUID
    merchant_id: UUID
    things: list[str] | None
    audience: list[str] | None
    setting: list[str] | None
    style: list[str] | None
    seen: Seen = None


async def correct_niche(
    command: CorrectNiche, work: Work, *, clock: Clock, niches: NicheReader, sold: SoldPlans | None = None
) -> None:
    """Append ``NicheUnderstood`` and run scout again, and brand if the store has none.

    The merchant's goods count as they are; the reader adds narrower kinds and categories. If the niche was not clear, its
    words are replaced (``NicheChanged``), because texts and the brand use them.

    Raises:
        ChangedMeanwhile: a part that is corrected is not what the editor saw.
        NotFound: no generation has the id, or it is another merchant's.
        InvalidInput: there are no goods, a text is too long, or it asks for goods that are not sold.
        StoreNotReady: the store is archived.
        PlanLimitReached, PlanSuspended: the merchant's plan allows no more generations.
    """
    at = clock.now()
    generation = await generation_of_merchant(work, command.generation_id, command.merchant_id)
    store = await work.get(STORE, generation.store_id)
    store.refuse_archived("regenerated")
    correction = Correction.of(
        things=command.things, audience=command.audience, setting=command.setting, style=command.style
    )
    former = generation.reading or NicheReading()
    parts = {"GOODS": command.things, "AUDIENCE": command.audience, "SETTING": command.setting, "STYLE": command.style}
    changed_parts = [name for name, entries in parts.items() if entries is not None]
    refuse_overwriting(command.seen, reading_parts(former), changed_parts)
    if generation.has_results:
        await use_generation(work, store.merchant_id, sold=sold, at=at)
    listed = None
    if correction.things is not None:
        listed = await niches.read(", ".join(correction.things), preferences=store.preferences)
    reading = correction.applied(former, listed)
    if generation.question is not None:
        changed = change_niche(store, phrase_of(correction, reading), at=at)
        store = work.append(STORE, store.id, changed, tenant=store.id)
    cautions = cautions_of(store.niche, store.preferences)
    events = generation.understand(store.niche, reading, cautions=cautions, question=None, at=at)
    work.append(GENERATION, generation.id, events, tenant=store.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContinueGeneration:
    """Go on with the niche, or with the few products that fit it, as they are."""

    generation_id: UUID
    merchant_id: UUID


async def continue_generation(command: ContinueGeneration, work: Work, *, clock: Clock) -> None:
    """Append ``NicheUnderstood`` or ``StepSucceeded``, and the steps that are due.

    Raises:
        NotFound: no generation has the id, or it is another merchant's.
        NicheUnanswered: the niche names no goods to search for; retrying cannot help.
        NothingToContinue: the generation does not wait, or the store has no product.
        StoreNotReady: the store is archived.
    """
    generation = await generation_of_merchant(work, command.generation_id, command.merchant_id)
    store = await work.get(STORE, generation.store_id)
    store.refuse_archived("regenerated")
    products = [await work.get(PRODUCT, id) for id in (*store.former_product_ids, *store.product_ids)]
    kept = sum(product.status is not ProductStatus.ARCHIVED for product in products)
    work.append(GENERATION, generation.id, generation.go_on(products=kept, at=clock.now()), tenant=store.id)


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
    UnderstandNiche: understand_niche,
    ChooseNiche: choose_niche,
    CorrectNiche: correct_niche,
    ContinueGeneration: continue_generation,
    CancelGeneration: cancel_generation,
}
"""Each command and its handler."""
