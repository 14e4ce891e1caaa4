"""Pictures, as they are processed and shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from domain.kernel import Value
from domain.media.events import ImageVersion, MediaType, Operation, RejectionReason


class StudioNotes(Value):
    """What the studio did to an image."""

    operations: list[Operation]
    source_sha256: str
    source_width: int
    source_height: int
    seconds: float


class ImageState(StrEnum):
    """The state of an image."""

    ORIGINAL = "ORIGINAL"
    """The image is the supplier's photo; no processing was requested."""
    REQUESTED = "REQUESTED"
    PROCESSED = "PROCESSED"
    NEEDS_REVIEW = "NEEDS_REVIEW"
    """The image is processed and shown whole: its cut-out is doubtful, and the merchant is asked to choose."""
    REJECTED = "REJECTED"


FINISHED = frozenset({ImageState.PROCESSED, ImageState.NEEDS_REVIEW})
"""The states of images that the studio has finished."""


class RenditionView(msgspec.Struct, frozen=True, kw_only=True):
    """One exported size of an image; see :class:`domain.media.events.Rendition`."""

    name: str
    key: str
    width: int
    height: int
    size_bytes: int
    mime_type: str = "image/webp"


def largest(renditions: Mapping[str, RenditionView]) -> RenditionView | None:
    """Return the largest rendition; None if there is none."""
    return max(renditions.values(), key=lambda rendition: rendition.width * rendition.height, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageReview:
    """The judgment of an image's cut-out, with both versions."""

    confidence: float
    reason: str
    """What is doubtful, for the merchant; empty if the cut-out is clear."""
    signals: Mapping[str, float]
    shown: ImageVersion
    original: Mapping[str, RenditionView]
    """The whole photo; empty if it is not stored."""
    cutout: Mapping[str, RenditionView]
    """The cut-out; empty if it is not stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageView:
    """A product's image (``ProductImage``). Show it only if ``renditions`` is not empty."""

    id: UUID
    product_id: UUID
    position: int
    original_url: str
    """The supplier's photo."""
    alt_text: str
    status: ImageState
    renditions: Mapping[str, RenditionView]
    """``thumbnail``, ``small``, ``medium`` and ``large``; kept while the image is processed again."""
    review: ImageReview | None
    """None until the image is processed, or if no cut-out was requested."""
    quality: float | None
    """From 0 to 1, for the choice of the first pictures; None until the image is processed."""
    rejection: RejectionReason | None
    rejection_message: str | None
    created_at: datetime
    updated_at: datetime

    @property
    def processed_key(self) -> str | None:
        """Media store key of the largest rendition (``processedUrl``)."""
        large = self.renditions.get("large")
        return None if large is None else large.key


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaAssetView:
    """A file of a store (``MediaAsset``): an image or the logo."""

    id: UUID
    """Of an image, the image's id, which ``/api/v1/images/jobs/{id}`` takes."""
    store_id: UUID
    product_id: UUID | None
    type: MediaType
    status: ImageState
    """A logo is always ``PROCESSED``."""
    filename: str
    mime_type: str | None
    """None until the image is processed; so are size, key, width and height."""
    size_bytes: int | None
    key: str | None
    """Media store key of the largest rendition; None for a logo, whose file is ``content``."""
    content: str | None
    """A logo's SVG document, inline."""
    original_url: str | None
    alt_text: str
    width: int | None
    height: int | None
    renditions: Mapping[str, RenditionView]
    operations: tuple[Operation, ...]
    """What the studio did."""
    ground: str | None
    """The background color."""
    source_sha256: str | None
    source_width: int | None
    source_height: int | None
    seconds: float | None
    """How long processing took."""
    review: ImageReview | None
    """See :attr:`ImageView.review`."""
    quality: float | None
    """See :attr:`ImageView.quality`."""
    attempt: int
    generation_id: UUID | None
    draft_id: UUID | None
    """The draft that it was made for; None for an image of the store."""
    rejection: RejectionReason | None
    rejection_message: str | None
    created_at: datetime
    updated_at: datetime
