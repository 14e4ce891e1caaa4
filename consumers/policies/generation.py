"""The commands that follow from events of a store's generation."""

import logging
from uuid import UUID

from commands.generation import UnderstandNiche
from commands.image_step import CountStepImage, RequestStepImages
from commands.store import MarkStoreReady
from consumers.ports import Aggregates, OutsideAnswers, React
from consumers.runtime.recorded_calls import RecordedCalls
from domain.calls.context import CallContext
from domain.generation.aggregate import GENERATION, generation_of
from domain.generation.events import GenerationCompleted, NicheChosen, Step, StepStarted
from domain.generation.understanding import question_before_reading
from domain.kernel import DomainEvent
from domain.media.aggregate import IMAGE, ImageStatus
from domain.media.events import CutoutReview, ImageProcessed, ImageRejected
from domain.store.aggregate import STORE, Store
from domain.store.events import StoreRequested
from domain.store.niche import NicheReading
from domain.store.ports import NicheReader
from domain.text import cleaned
from schemas import topics
from schemas.envelope import Envelope
from schemas.topics import Topic

logger = logging.getLogger(__name__)


class GenerationPolicy:
    """Has a store's niche read, starts its generation, runs the images step, and marks the store ready for review.

    Safe to redeliver: each event leads to one command, whose id is derived from the event.
    """

    name = "generation-policy"
    topic: Topic = topics.EVENTS
    handles: frozenset[type[DomainEvent]] = frozenset(
        {StoreRequested, NicheChosen, StepStarted, ImageProcessed, ImageRejected, GenerationCompleted}
    )

    def __init__(self, react: React, aggregates: Aggregates, niches: NicheReader, answers: OutsideAnswers) -> None:
        self._react = react
        self._calls = RecordedCalls(answers, react)
        self._aggregates = aggregates
        self._niches = niches

    async def __call__(self, envelope: Envelope) -> None:
        match envelope.event:
            case StoreRequested(originator_id=store_id):
                await self._understand(envelope, store_id)
            case NicheChosen(store_id=store_id):
                await self._understand(envelope, store_id)
            case StepStarted(step=Step.IMAGES) as started:
                request = RequestStepImages(generation_id=started.originator_id, attempt=started.attempt)
                await self._react(request, cause=envelope, name=self.name)
            case ImageProcessed(originator_id=image_id, review=CutoutReview(needs_review=True, reason=reason)):
                await self._count(envelope, image_id, f"Image kept whole for your review: {reason}")
            case ImageProcessed(originator_id=image_id, seconds=seconds):
                await self._count(envelope, image_id, f"Image ready after {seconds:.1f} s")
            case ImageRejected(originator_id=image_id, message=message):
                await self._count(envelope, image_id, f"Image left out: {message}")
            case GenerationCompleted(store_id=store_id):
                ready = MarkStoreReady(store_id=store_id, generation_id=envelope.event.originator_id)
                await self._react(ready, cause=envelope, name=self.name)
            case _:
                return

    async def _understand(self, envelope: Envelope, store_id: UUID) -> None:
        """Have the store's niche read, and start or continue the generation with the reading."""
        # The former release started generations under the policy's own name; its command cannot be repeated as another.
        name = f"{self.name}:niche"
        if await self._react.outcome(envelope, name):
            return
        store = await self._aggregates.get(STORE, store_id)
        reading = NicheReading()
        if question_before_reading(store.niche) is None:
            reading = await self._read(envelope, store)
        understand = UnderstandNiche(
            generation_id=generation_of(store_id), store_id=store_id, niche=store.niche, reading=cleaned(reading)
        )
        await self._react(understand, cause=envelope, name=name)

    async def _read(self, envelope: Envelope, store: Store) -> NicheReading:
        context = CallContext(
            generation_id=generation_of(store.id),
            store_id=store.id,
            merchant_id=store.merchant_id,
            step=None,
            attempt=0,
            part="niche",
        )

        async def read() -> NicheReading:
            return await self._niches.read(store.niche, preferences=store.preferences)

        return await self._calls.once(envelope, f"{self.name}:reading", NicheReading, read, context=context)

    async def _count(self, envelope: Envelope, image_id: UUID, message: str) -> None:
        """Count an image in the step that waits for it; no-op for an image that no step requested."""
        image = await self._aggregates.get(IMAGE, image_id)
        if image.generation_id is None or image.status is ImageStatus.REQUESTED:
            return
        generation = await self._aggregates.get(GENERATION, image.generation_id)
        # The image's own attempt also counts requests by hand, so this is the step's attempt.
        attempt = generation.steps[Step.IMAGES].attempt
        # A step's images have its attempt or a later one; an earlier one belongs to a step that failed.
        if not generation.runs_attempt(Step.IMAGES, attempt) or image.attempt < attempt:
            logger.info("image %s came after its step had ended", image_id)
            return
        count = CountStepImage(generation_id=generation.id, attempt=attempt, image_id=image_id, message=message)
        await self._react(count, cause=envelope, name=self.name)
