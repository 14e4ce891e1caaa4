"""The image aggregate: requested, then processed or rejected; may be requested again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.kernel import CorruptStream, StreamKind, header_after, next_header
from domain.media.events import (
    ImageProcessed,
    ImageProcessingRequested,
    ImageRejected,
    MediaEvent,
    Operation,
    RejectionReason,
    Rendition,
)


class ImageStatus(StrEnum):
    """The status of an image."""

    REQUESTED = "REQUESTED"
    PROCESSED = "PROCESSED"
    REJECTED = "REJECTED"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePhoto:
    """A photo as its source has it, and the product it shows."""

    store_id: UUID
    product_id: UUID | None
    """None if it shows no product."""
    url: str
    """The address it is downloaded from."""
    alt_text: str
    position: int
    """Its place among the product's images, 0 first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StudioJob:
    """One attempt at processing a photo."""

    attempt: int
    """The images step's attempt, or 1 upwards for a merchant's requests."""
    generation_id: UUID | None
    """The generation whose images step requests it; None if the merchant does."""
    operations: Sequence[Operation]
    ground: str
    """The background color behind the product, ``#rrggbb``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One image of one store."""

    id: UUID
    version: int
    store_id: UUID
    product_id: UUID | None
    generation_id: UUID | None
    source_url: str
    alt_text: str
    attempt: int
    status: ImageStatus = ImageStatus.REQUESTED

    def process(
        self,
        *,
        attempt: int,
        renditions: Sequence[Rendition],
        source_sha256: str,
        source_size: tuple[int, int],
        operations: Sequence[Operation],
        seconds: float,
        at: datetime,
    ) -> Sequence[MediaEvent]:
        """Record the studio's result. No-op if the attempt has a result or a newer attempt was requested."""
        if self.status is not ImageStatus.REQUESTED or attempt != self.attempt:
            return ()
        return (
            ImageProcessed(
                **next_header(self, at),
                renditions=list(renditions),
                source_sha256=source_sha256,
                source_width=source_size[0],
                source_height=source_size[1],
                operations=list(operations),
                seconds=seconds,
            ),
        )

    def reject(self, *, attempt: int, reason: RejectionReason, message: str, at: datetime) -> Sequence[MediaEvent]:
        """Record why the image cannot be used. No-op if the attempt has a result or a newer attempt was requested."""
        if self.status is not ImageStatus.REQUESTED or attempt != self.attempt:
            return ()
        return (ImageRejected(**next_header(self, at), reason=reason, message=message),)


def request_processing(
    image: Image | None, image_id: UUID, photo: SourcePhoto, job: StudioJob, *, at: datetime
) -> Sequence[MediaEvent]:
    """Request a photo's processing, for the first time or again. No-op if the attempt was requested before.

    Args:
        image: the image with this id; None if it is new.
        image_id: the image's id.
        photo: what is processed.
        job: how it is processed.
        at: the time of the request.
    """
    if image is not None and image.attempt >= job.attempt:
        return ()
    return (
        ImageProcessingRequested(
            **header_after(image, image_id, at),
            store_id=photo.store_id,
            product_id=photo.product_id,
            generation_id=job.generation_id,
            attempt=job.attempt,
            source_url=photo.url,
            alt_text=photo.alt_text,
            position=photo.position,
            operations=list(job.operations),
            ground=job.ground,
        ),
    )


def evolve(image: Image | None, event: MediaEvent) -> Image:
    """Apply one recorded event. Checks no rule: what is in the log happened."""
    match image, event:
        case _, ImageProcessingRequested():
            return Image(
                id=event.originator_id,
                version=event.originator_version,
                store_id=event.store_id,
                product_id=event.product_id,
                generation_id=event.generation_id,
                source_url=event.source_url,
                alt_text=event.alt_text,
                attempt=event.attempt,
            )
        case Image(), ImageProcessed():
            return replace(image, version=event.originator_version, status=ImageStatus.PROCESSED)
        case Image(), ImageRejected():
            return replace(image, version=event.originator_version, status=ImageStatus.REJECTED)
        case _:
            raise CorruptStream(event)


IMAGE = StreamKind("media", Image, evolve)
