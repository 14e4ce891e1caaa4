"""Commands for the images step of a generation."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from commands.media import ground_of, photo_of
from commands.ports import UnboundHandlers, Work
from domain.generation.aggregate import GENERATION, Generation
from domain.generation.events import GenerationEvent, Step, StepStarted
from domain.kernel import Clock
from domain.media.aggregate import IMAGE, Image, ImageStatus, StudioJob, request_processing
from domain.media.events import Operation
from domain.product.aggregate import PRODUCT
from domain.product.events import ProductStatus
from domain.store.aggregate import STORE

SENT = "sent"
"""The step's item for the requests; it fixes the total, so that the last image can be recognized."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestStepImages:
    """Request the processing of the photos of a store's products: the main photos first, the best product's before others."""

    generation_id: UUID
    attempt: int


async def request_step_images(command: RequestStepImages, work: Work, *, clock: Clock) -> dict[str, int] | None:
    """Append an ``ImageProcessingRequested`` for each photo and the step's total; complete the step without photos.

    Pictures that shoppers of a published store know stay as they are. No-op if this attempt has requested them.

    Raises:
        GenerationEnded, StepNotRunning: too late; retrying cannot help.
    """
    at = clock.now()
    generation = await work.get(GENERATION, command.generation_id)
    state = generation.steps[Step.IMAGES]
    if state.attempt == command.attempt and SENT in state.items:
        return None
    store = await work.get(STORE, generation.store_id)
    photos = [
        (product, image)
        for product in [await work.get(PRODUCT, id) for id in store.product_ids]
        if product.status is not ProductStatus.ARCHIVED
        for image in product.images
        if not (store.was_published and await is_shown(work, image.image_id))
    ]
    if not photos:
        ended = generation.succeed_step(Step.IMAGES, command.attempt, summary="There were no images to process", at=at)
        work.append(GENERATION, generation.id, ended, tenant=store.id)
        return {"images": 0}
    noun = "image" if len(photos) == 1 else "images"
    sent = generation.progress_step(
        Step.IMAGES,
        command.attempt,
        item=SENT,
        total=len(photos) + 1,
        message=f"{len(photos)} {noun} sent to the studio",
        at=at,
    )
    # The log keeps this order and workers follow it: three products with a photo each are a store to look at.
    for product, photo in sorted(photos, key=lambda each: each[1].position):
        image = await work.find(IMAGE, photo.image_id)
        events = request_processing(
            image,
            photo.image_id,
            photo_of(product.id, photo, store),
            StudioJob(
                generation_id=generation.id,
                # The merchant may have requested the image since, which took the next attempt.
                attempt=command.attempt if image is None else max(command.attempt, image.attempt + 1),
                operations=list(Operation),
                ground=ground_of(store),
            ),
            at=at,
        )
        work.append(IMAGE, photo.image_id, events, tenant=store.id)
    work.append(GENERATION, generation.id, sent, tenant=store.id)
    return {"images": len(photos)}


async def append_end_of_step(
    work: Work, generation: Generation, ended: Sequence[GenerationEvent], *, clock: Clock
) -> None:
    """Append the end of a step. If the images step starts with it, request its photos in the same transaction.

    The generation policy requests them too, for a step that starts in another way; that is then a no-op.
    """
    work.append(GENERATION, generation.id, ended, tenant=generation.store_id)
    for event in ended:
        if isinstance(event, StepStarted) and event.step is Step.IMAGES:
            request = RequestStepImages(generation_id=generation.id, attempt=event.attempt)
            await request_step_images(request, work, clock=clock)


@dataclass(frozen=True, slots=True, kw_only=True)
class CountStepImage:
    """Count an image of the images step as done."""

    generation_id: UUID
    attempt: int
    image_id: UUID
    message: str
    """For the merchant."""


async def count_step_image(command: CountStepImage, work: Work, *, clock: Clock) -> None:
    """Append ``StepProgressed``, and with the last image the end of the step. No-op if the image is counted.

    The step fails only if every image was rejected.

    Raises:
        GenerationEnded, StepNotRunning: too late; retrying cannot help.
    """
    at = clock.now()
    generation = await work.get(GENERATION, command.generation_id)
    counted = generation.progress_step(
        Step.IMAGES,
        command.attempt,
        item=str(command.image_id),
        total=generation.steps[Step.IMAGES].total,
        message=command.message,
        at=at,
    )
    if not counted:
        return
    after = work.append(GENERATION, generation.id, counted, tenant=generation.store_id)
    state = after.steps[Step.IMAGES]
    if SENT not in state.items or len(state.items) < state.total:
        return
    images = await _step_images(work, after)
    rejected = sum(image.status is ImageStatus.REJECTED for image in images)
    processed = len(state.items) - 1 - rejected
    if processed == 0:
        ended: Sequence[Any] = after.fail_step(
            Step.IMAGES,
            command.attempt,
            reason=f"None of the {rejected} images could be used. Look at the reasons in the log, then run this step "
            "again (retryStep), or have other products scouted (regenerateStep of the step SCOUT).",
            at=at,
        )
    else:
        noun = "image" if processed == 1 else "images"
        doubtful = sum(image.needs_review for image in images)
        kept = f" ({doubtful} kept whole for your review)" if doubtful else ""
        summary = f"{processed} {noun} processed{kept}, {rejected} rejected"
        ended = after.succeed_step(Step.IMAGES, command.attempt, summary=summary, at=at)
    work.append(GENERATION, generation.id, ended, tenant=generation.store_id)


async def is_shown(work: Work, image_id: UUID) -> bool:
    """Whether an image has a picture; shoppers of a live store know it, so only a draft replaces it."""
    image = await work.find(IMAGE, image_id)
    return image is not None and image.status is ImageStatus.PROCESSED


async def _step_images(work: Work, generation: Generation) -> list[Image]:
    items = sorted(generation.steps[Step.IMAGES].items - {SENT})
    return [await work.get(IMAGE, UUID(item)) for item in items]


HANDLERS: UnboundHandlers = {
    RequestStepImages: request_step_images,
    CountStepImage: count_step_image,
}
"""Each command and its handler."""
