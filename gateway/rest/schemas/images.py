"""Bodies of images, before and after the studio, and of the studio's jobs."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from domain.media.events import ImageVersion, MediaType, Operation, RejectionReason
from gateway.ports import GatewayDependencies
from gateway.rest.schemas.body import Body
from projections.catalog.views import (
    ImageReview,
    ImageState,
    ImageView,
    MediaAssetView,
    largest,
)


class ImageReviewBody(Body):
    """The studio's judgment of a cut-out."""

    confidence: float
    """From 0 to 1."""
    reason: str | None
    """What is doubtful. Null if the cut-out is clear."""
    shown: ImageVersion
    signals: dict[str, float]

    @classmethod
    def of(cls, view: ImageReview | None) -> Self | None:
        if view is None:
            return None
        return cls(confidence=view.confidence, reason=view.reason or None, shown=view.shown, signals=dict(view.signals))


def _before(view: ImageView | MediaAssetView, deps: GatewayDependencies) -> str | None:
    stored = None if view.review is None else largest(view.review.original)
    if stored is not None:
        return deps.media_url(stored.key)
    return None if view.original_url is None else deps.photo_url(view.original_url)


def _after(view: ImageView | MediaAssetView, deps: GatewayDependencies) -> str | None:
    stored = None if view.review is None else largest(view.review.cutout)
    return None if stored is None else deps.media_url(stored.key)


class ImageBody(Body):
    """A product's image."""

    id: UUID
    original_url: str
    processed_url: str | None
    alt_text: str
    position: int
    status: ImageState
    before: str | None
    """Address of the whole photo."""
    after: str | None
    """Address of the cut-out, also while it is not shown. Null if there is none."""
    review: ImageReviewBody | None
    """Null until the photo is processed, or if no cut-out was requested."""
    quality: float | None
    """From 0 to 1. Null until the photo is processed."""
    rejection: RejectionReason | None

    @classmethod
    def of(cls, view: ImageView, deps: GatewayDependencies) -> Self:
        key = view.processed_key
        return cls(
            id=view.id,
            original_url=deps.photo_url(view.original_url),
            processed_url=None if key is None else deps.media_url(key),
            alt_text=view.alt_text,
            position=view.position,
            status=view.status,
            before=_before(view, deps),
            after=_after(view, deps),
            review=ImageReviewBody.of(view.review),
            quality=view.quality,
            rejection=view.rejection,
        )


class ImageJobBody(Body):
    """The state of an image that was sent to the studio."""

    id: UUID
    store_id: UUID
    product_id: UUID | None
    draft_id: UUID | None
    """The draft that the picture was made for: shoppers see it once that is accepted. Null for a picture of the store."""
    type: MediaType
    status: ImageState
    attempt: int
    original_url: str | None
    urls: dict[str, str]
    """Addresses of ``thumbnail``, ``small``, ``medium`` and ``large``. Empty until the image is processed."""
    operations: list[Operation]
    metadata: dict[str, Any]
    before: str | None
    """Address of the whole photo."""
    after: str | None
    """Address of the cut-out, also while it is not shown. Null if there is none."""
    review: ImageReviewBody | None
    """Null until the photo is processed, or if no cut-out was requested."""
    quality: float | None
    """From 0 to 1. Null until the photo is processed."""
    rejection: RejectionReason | None
    rejection_message: str | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, view: MediaAssetView, deps: GatewayDependencies) -> Self:
        known = {
            "width": view.width,
            "height": view.height,
            "size": view.size_bytes,
            "mimeType": view.mime_type,
            "ground": view.ground,
            "seconds": view.seconds,
        }
        return cls(
            id=view.id,
            store_id=view.store_id,
            product_id=view.product_id,
            draft_id=view.draft_id,
            type=view.type,
            status=view.status,
            attempt=view.attempt,
            original_url=None if view.original_url is None else deps.photo_url(view.original_url),
            urls={name: deps.media_url(one.key) for name, one in view.renditions.items()},
            operations=list(view.operations),
            metadata={name: value for name, value in known.items() if value is not None},
            before=_before(view, deps),
            after=_after(view, deps),
            review=ImageReviewBody.of(view.review),
            quality=view.quality,
            rejection=view.rejection,
            rejection_message=view.rejection_message,
            created_at=view.created_at,
            updated_at=view.updated_at,
        )
