"""The commands that follow from events of a store's generation."""

import logging
from uuid import UUID

from commands.generation import StartGeneration
from commands.media import CountStepImage, RequestStepImages
from commands.store import MarkStoreReady
from consumers.ports import Aggregates, React
from domain.generation.aggregate import GENERATION, generation_of
from domain.generation.events import GenerationCompleted, Step, StepStarted
from domain.kernel import DomainEvent
from domain.media.aggregate import IMAGE, ImageStatus
from domain.media.events import CutoutReview, ImageProcessed, ImageRejected
from domain.store.events import StoreRequested
from schemas import topics
from schemas.envelope import Envelope
from schemas.topics import Topic

logger = logging.getLogger(__name__)


class GenerationPolicy:
    """Starts a requested store's generation, runs its images step, and marks the finished store ready for review.

    Safe to redeliver: each event leads to one command, whose id is derived from the event.
    """

    name = "generation-policy"
    topic: Topic = topics.EVENTS
    handles: frozenset[type[DomainEvent]] = frozenset(
        {StoreRequested, StepStarted, ImageProcessed, ImageRejected, GenerationCompleted}
    )

    def __init__(self, react: React, aggregates: Aggregates) -> None:
        self._react = react
        self._aggregates = aggregates

    async def __call__(self, envelope: Envelope) -> None:
        match envelope.event:
            case StoreRequested(originator_id=store_id):
                start = StartGeneration(generation_id=generation_of(store_id), store_id=store_id)
                await self._react(start, cause=envelope, name=self.name)
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
