"""The image aggregate: requested, then processed or rejected; may be requested again. The merchant chooses its version."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from domain.kernel import CorruptStream, StreamKind, header_after, next_header
from domain.media.errors import ImageVersionUnavailable
from domain.media.events import (
    CutoutReview,
    ImageProcessed,
    ImageProcessingRequested,
    ImageRejected,
    ImageReplaced,
    ImageVersion,
    ImageVersionChosen,
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
    draft_id: UUID | None = None
    """The draft that it is made for; None for a live image."""


@dataclass(frozen=True, slots=True)
class Judgment:
    """The studio's judgment of a cut-out, and the version that is not shown."""

    review: CutoutReview
    other_renditions: Sequence[Rendition] = ()


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
    shown: ImageVersion = ImageVersion.ORIGINAL
    """The version that shoppers see, once the image is processed."""
    stored: frozenset[ImageVersion] = frozenset()
    """The versions that the media store holds."""
    draft_id: UUID | None = None
    """The draft that the image is made for; None for a live image."""
    picture_id: UUID | None = None
    """The image whose picture took the place of this one's; None for its own."""
    cutout_failed: bool = False
    """Whether the studio looked for the product and found none."""
    needs_review: bool = False

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
        judgment: Judgment | None = None,
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
                review=None if judgment is None else judgment.review,
                other_renditions=[] if judgment is None else list(judgment.other_renditions),
            ),
        )

    def choose(self, version: ImageVersion, *, at: datetime) -> Sequence[MediaEvent]:
        """Record the merchant's choice. No-op if the version is shown and no review is open.

        Raises:
            ImageVersionUnavailable: the image is not processed, or the version is not stored.
        """
        if self.status is not ImageStatus.PROCESSED:
            raise ImageVersionUnavailable(self.id, "it is not processed. Wait for its result, or send it again.")
        if version is self.shown and not self.needs_review:
            return ()
        if version not in self.stored:
            raise ImageVersionUnavailable(
                self.id, f"the studio has no {version} of it. Choose the other version, or send another photo."
            )
        return (ImageVersionChosen(**next_header(self, at), version=version),)

    def replace_picture(self, picture: Mapping[str, Any], *, at: datetime) -> Sequence[MediaEvent]:
        """Show an accepted picture in the place of the present one.

        Args:
            picture: the parts of ``domain.media.picture.Picture``.
            at: the time of the decision.

        Raises:
            ImageVersionUnavailable: the studio is processing the image, or rejected it.
        """
        if self.status is not ImageStatus.PROCESSED:
            raise ImageVersionUnavailable(self.id, "it is not processed. Wait for its result, or send it again.")
        return (ImageReplaced(**next_header(self, at), **picture),)

    def must_redo(self, version: ImageVersion) -> bool:
        """Return whether the studio must process the photo again to show a version."""
        return (
            self.status is ImageStatus.PROCESSED
            and version is not self.shown
            and version not in self.stored
            and not (version is ImageVersion.CUTOUT and self.cutout_failed)
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
            draft_id=job.draft_id,
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
                draft_id=event.draft_id,
            )
        case Image(), ImageReplaced():
            return replace(
                image,
                version=event.originator_version,
                shown=event.shown,
                stored=frozenset(ImageVersion) if event.other_renditions else frozenset({event.shown}),
                picture_id=event.picture_id,
                alt_text=image.alt_text if event.alt_text is None else event.alt_text,
                needs_review=False,
            )
        case Image(), ImageProcessed():
            return _processed(image, event)
        case Image(), ImageVersionChosen():
            return replace(image, version=event.originator_version, shown=event.version, needs_review=False)
        case Image(), ImageRejected():
            return replace(image, version=event.originator_version, status=ImageStatus.REJECTED)
        case _:
            raise CorruptStream(event)


def _processed(image: Image, event: ImageProcessed) -> Image:
    review, shown = event.review, event.shown
    return replace(
        image,
        version=event.originator_version,
        status=ImageStatus.PROCESSED,
        shown=shown,
        stored=frozenset(ImageVersion) if event.other_renditions else frozenset({shown}),
        cutout_failed=review is not None and shown is ImageVersion.ORIGINAL and not event.other_renditions,
        needs_review=review is not None and review.needs_review,
    )


IMAGE = StreamKind("media", Image, evolve)
