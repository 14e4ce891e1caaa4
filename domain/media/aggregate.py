"""The image aggregate: requested, then processed or rejected, and perhaps requested again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.kernel import CorruptStream, StreamKind, next_header
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
    """Where an image stands."""

    REQUESTED = "REQUESTED"
    PROCESSED = "PROCESSED"
    REJECTED = "REJECTED"


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
        """Record the studio's result; nothing if this attempt has one, or another attempt was asked for since."""
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
        """Record why it cannot be used; nothing if this attempt has a result."""
        if self.status is not ImageStatus.REQUESTED or attempt != self.attempt:
            return ()
        return (ImageRejected(**next_header(self, at), reason=reason, message=message),)


def request_processing(
    image: Image | None,
    image_id: UUID,
    *,
    store_id: UUID,
    product_id: UUID | None,
    generation_id: UUID | None,
    attempt: int,
    source_url: str,
    alt_text: str,
    position: int,
    operations: Sequence[Operation],
    ground: str,
    at: datetime,
) -> Sequence[MediaEvent]:
    """Ask for an image to be processed, for the first time or again; nothing if that attempt was asked for."""
    if image is not None and image.attempt >= attempt:
        return ()
    return (
        ImageProcessingRequested(
            originator_id=image_id,
            originator_version=1 if image is None else image.version + 1,
            occurred_at=at,
            store_id=store_id,
            product_id=product_id,
            generation_id=generation_id,
            attempt=attempt,
            source_url=source_url,
            alt_text=alt_text,
            position=position,
            operations=list(operations),
            ground=ground,
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
