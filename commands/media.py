"""What may be asked of images: by the images step, by the imager, and by the merchant."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from commands.access import product_of_store, require_owner, store_of_merchant
from commands.ports import UnboundHandlers, Work
from domain.generation.aggregate import GENERATION, Generation
from domain.generation.events import Step
from domain.kernel import Clock, InvalidInput, NotFound
from domain.media.aggregate import IMAGE, Image, ImageStatus, SourcePhoto, StudioJob, request_processing
from domain.media.events import Operation, RejectionReason, Rendition
from domain.product.aggregate import PRODUCT, Product
from domain.product.events import ImportedImage, ProductStatus
from domain.store.aggregate import STORE, Store

SENT = "sent"
"""The item that stands for sending the images off; it fixes the step's total, so that the last image is known."""
ADDRESS_MAX = 2_000
"""Longest web address of a photo, in characters."""
PLAIN_GROUND = "#ffffff"
"""What a product stands on while its store has no brand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestStepImages:
    """Send every photo of a store's products to the studio."""

    generation_id: UUID
    attempt: int


async def request_step_images(command: RequestStepImages, work: Work, *, clock: Clock) -> dict[str, int] | None:
    """Append an ``ImageProcessingRequested`` each and the step's total; end the step if there are none.

    Nothing if they were sent off in this attempt.

    Raises:
        GenerationEnded, StepNotRunning: too late; retrying cannot help.
    """
    at = clock.now()
    generation = await work.get(GENERATION, command.generation_id)
    store = await work.get(STORE, generation.store_id)
    wanted = [
        (product, image)
        for product in [await work.get(PRODUCT, id) for id in store.product_ids]
        if product.status is not ProductStatus.ARCHIVED
        for image in product.images
    ]
    if not wanted:
        ended = generation.succeed_step(Step.IMAGES, command.attempt, summary="There were no images to process", at=at)
        work.append(GENERATION, generation.id, ended, tenant=store.id)
        return {"images": 0}
    noun = "image" if len(wanted) == 1 else "images"
    sent = generation.progress_step(
        Step.IMAGES,
        command.attempt,
        item=SENT,
        total=len(wanted) + 1,
        message=f"{len(wanted)} {noun} sent to the studio",
        at=at,
    )
    if not sent:
        return None
    for product, photo in wanted:
        image = await work.find(IMAGE, photo.image_id)
        events = request_processing(
            image,
            photo.image_id,
            _photo_of(product.id, photo, store),
            StudioJob(
                generation_id=generation.id,
                # The merchant may have requested the image since, which took the next attempt.
                attempt=command.attempt if image is None else max(command.attempt, image.attempt + 1),
                operations=list(Operation),
                ground=_ground(store),
            ),
            at=at,
        )
        work.append(IMAGE, photo.image_id, events, tenant=store.id)
    work.append(GENERATION, generation.id, sent, tenant=store.id)
    return {"images": len(wanted)}


def send_new_photos(
    work: Work, photos: Sequence[ImportedImage], *, store: Store, product_id: UUID, at: datetime
) -> None:
    """Append an ``ImageProcessingRequested`` for each photo of a product that no images step will come by."""
    for photo in photos:
        events = request_processing(
            None,
            photo.image_id,
            _photo_of(product_id, photo, store),
            StudioJob(generation_id=None, attempt=1, operations=list(Operation), ground=_ground(store)),
            at=at,
        )
        work.append(IMAGE, photo.image_id, events, tenant=store.id)


def _photo_of(product_id: UUID, photo: ImportedImage, store: Store) -> SourcePhoto:
    return SourcePhoto(
        store_id=store.id, product_id=product_id, url=photo.url, alt_text=photo.alt_text, position=photo.position
    )


def check_photo_address(field: str, url: str) -> None:
    """Refuse what a photo cannot be fetched from.

    Raises:
        InvalidInput: it is no web address, or too long.
    """
    if len(url) > ADDRESS_MAX:
        raise InvalidInput(field, f"The address has {len(url)} characters; {ADDRESS_MAX} is the most.")
    try:
        parts = urlsplit(url)
        # Asking for the port reads it, and so refuses one that is none.
        sound = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound or not url.isprintable():
        raise InvalidInput(field, f"{url!r} is no web address. Give one like https://example.com/photo.jpg.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestImage:
    """Send one photo to the studio, for the first time or again."""

    image_id: UUID
    store_id: UUID
    merchant_id: UUID
    product_id: UUID | None
    """Whose picture it is; a known one stays its product's."""
    url: str | None
    """Where a new photo is; None: a known one, taken from where it was."""
    alt_text: str | None
    """None: what a known one has, and nothing for a new one."""
    operations: list[Operation]
    ground: str | None
    """``#rrggbb``; None: the brand's surface colour."""


async def request_image(command: RequestImage, work: Work, *, clock: Clock) -> dict[str, Any]:
    """Append ``ImageProcessingRequested`` and return the image's id and attempt.

    Raises:
        InvalidInput: the address is none.
        NotFound: there is no such store, product or image, or it is somebody else's.
        StoreNotReady: the store is archived.
    """
    # What is known of an image is read here: in the command, a repeat would not be the same once it has changed.
    store = await store_of_merchant(work, command.store_id, command.merchant_id)
    store.refuse_archived("given images")
    if command.url is not None:
        check_photo_address("url", command.url)
    image = await work.find(IMAGE, command.image_id)
    if image is not None:
        require_owner("image", command.image_id, owner=image.store_id, caller=store.id)
    product_id = command.product_id if image is None else image.product_id
    product = None if product_id is None else await product_of_store(work, product_id, store.id)
    url, alt_text = _photo(command, image, product)
    attempt = 1 if image is None else image.attempt + 1
    # A step that waits for this image goes on waiting for its new result.
    awaited = image is not None and image.status is ImageStatus.REQUESTED
    events = request_processing(
        image,
        command.image_id,
        SourcePhoto(
            store_id=store.id,
            product_id=product_id,
            url=url,
            alt_text=alt_text,
            position=_position(command.image_id, product),
        ),
        StudioJob(
            generation_id=image.generation_id if image is not None and awaited else None,
            attempt=attempt,
            operations=[operation for operation in Operation if operation in command.operations],
            ground=command.ground or _ground(store),
        ),
        at=clock.now(),
    )
    work.append(IMAGE, command.image_id, events, tenant=store.id)
    return {"image_id": str(command.image_id), "attempt": attempt}


def _photo(command: RequestImage, image: Image | None, product: Product | None) -> tuple[str, str]:
    """Return where a photo is and its alt text: as the command says, else as it was, else as its product has it."""
    if command.url is not None:
        return command.url, command.alt_text or ""
    if image is not None:
        return image.source_url, command.alt_text or image.alt_text
    for photo in () if product is None else product.images:
        if photo.image_id == command.image_id:
            return photo.url, command.alt_text or photo.alt_text
    raise NotFound("image", command.image_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestImages:
    """Send several photos to the studio: all of them, or none."""

    images: list[RequestImage]


async def request_images(command: RequestImages, work: Work, *, clock: Clock) -> list[dict[str, Any]]:
    """Do for each what :func:`request_image` does, and return what it returns, in the same order.

    Raises:
        InvalidInput: as there; the field says which image.
        NotFound, StoreNotReady: as there.
    """
    asked: list[dict[str, Any]] = []
    for number, image in enumerate(command.images):
        try:
            asked.append(await request_image(image, work, clock=clock))
        except InvalidInput as refusal:
            raise refusal.within(f"images.{number}") from refusal
    return asked


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordImage:
    """Record what the studio made of a photo."""

    image_id: UUID
    attempt: int
    renditions: list[Rendition]
    source_sha256: str
    source_size: tuple[int, int]
    """Width and height in pixels."""
    operations: list[Operation]
    """What was really done."""
    seconds: float


async def record_image(command: RecordImage, work: Work, *, clock: Clock) -> None:
    """Append ``ImageProcessed``; nothing if that attempt has a result, or a newer one was asked for.

    Raises:
        NotFound: there is no such image; retrying cannot help.
    """
    image = await work.get(IMAGE, command.image_id)
    events = image.process(
        attempt=command.attempt,
        renditions=command.renditions,
        source_sha256=command.source_sha256,
        source_size=command.source_size,
        operations=command.operations,
        seconds=command.seconds,
        at=clock.now(),
    )
    work.append(IMAGE, image.id, events, tenant=image.store_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectImage:
    """Record why a photo cannot be used; its product keeps the others."""

    image_id: UUID
    attempt: int
    reason: RejectionReason
    message: str
    """For the merchant."""


async def reject_image(command: RejectImage, work: Work, *, clock: Clock) -> None:
    """Append ``ImageRejected``; nothing if that attempt has a result, or a newer one was asked for.

    Raises:
        NotFound: there is no such image; retrying cannot help.
    """
    image = await work.get(IMAGE, command.image_id)
    events = image.reject(attempt=command.attempt, reason=command.reason, message=command.message, at=clock.now())
    work.append(IMAGE, image.id, events, tenant=image.store_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class CountStepImage:
    """Count an image of the images step as dealt with."""

    generation_id: UUID
    attempt: int
    image_id: UUID
    message: str
    """For the merchant."""


async def count_step_image(command: CountStepImage, work: Work, *, clock: Clock) -> None:
    """Append ``StepProgressed``, and with the last image the end of the step; nothing if it was counted.

    The step fails only if not one image could be used.

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
    rejected = await _count_rejected(work, after)
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
        summary = f"{processed} {noun} processed, {rejected} rejected"
        ended = after.succeed_step(Step.IMAGES, command.attempt, summary=summary, at=at)
    work.append(GENERATION, generation.id, ended, tenant=generation.store_id)


async def _count_rejected(work: Work, generation: Generation) -> int:
    items = sorted(generation.steps[Step.IMAGES].items - {SENT})
    images = [await work.get(IMAGE, UUID(item)) for item in items]
    return sum(image.status is ImageStatus.REJECTED for image in images)


def _ground(store: Store) -> str:
    return PLAIN_GROUND if store.brand is None else store.brand.palette.surface


def _position(image_id: UUID, product: Product | None) -> int:
    if product is None:
        return 0
    known = {image.image_id: image.position for image in product.images}
    return known.get(image_id, len(known))


HANDLERS: UnboundHandlers = {
    RequestStepImages: request_step_images,
    RequestImage: request_image,
    RequestImages: request_images,
    RecordImage: record_image,
    RejectImage: reject_image,
    CountStepImage: count_step_image,
}
"""Each command and its handler."""
