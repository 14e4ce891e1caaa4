"""Media: a product's images and a store's assets."""

from collections.abc import Iterable
from datetime import datetime
from typing import Self
from urllib.parse import quote
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from domain.media.events import ImageVersion, MediaType, Operation, RejectionReason
from gateway.graphql.context import ReadContext
from gateway.graphql.derived import Derived, derived, made, of_view
from gateway.graphql.types.node import Node
from projections.catalog.queries.media import MEDIA
from projections.catalog.views import ImageReview, ImageState, ImageView, MediaAssetView, RenditionView, largest

SIZES = ("thumbnail", "small", "medium", "large")
METADATA = {
    "width": "width",
    "height": "height",
    "format": "mime_type",
    "sourceWidth": "source_width",
    "sourceHeight": "source_height",
    "sourceSha256": "source_sha256",
    "ground": "ground",
    "seconds": "seconds",
}
"""The entries of ``MediaAsset.metadata``, and the attributes that they are from."""


@strawberry.type(name="Rendition", description="One exported size of an image.")
class RenditionType:
    name: str = strawberry.field(description="`thumbnail`, `small`, `medium` or `large`.")
    url: str
    width: int
    height: int
    size: int = strawberry.field(description="Size in bytes.")
    mime_type: str


def renditions(exported: Iterable[RenditionView], reading: ReadContext) -> list[RenditionType]:
    """Return an image's renditions, the smallest first."""
    order = {name: place for place, name in enumerate(SIZES)}
    return [
        RenditionType(
            name=one.name,
            url=reading.deps.media_url(one.key),
            width=one.width,
            height=one.height,
            size=one.size_bytes,
            mime_type=one.mime_type,
        )
        for one in sorted(exported, key=lambda one: order.get(one.name, len(SIZES)))
    ]


@strawberry.type(
    name="ImageReview", description="The studio's judgment of a cut-out, with the versions to choose from."
)
class ImageReviewType:
    confidence: float = strawberry.field(description="How likely the cut-out is right, from 0 to 1.")
    reason: str | None = strawberry.field(description="What is doubtful. Null if the cut-out is clear.")
    shown: ImageVersion = strawberry.field(description="The version that shoppers see.")
    signals: JSON = strawberry.field(
        description="The measured signals by name, each from 0 to 1. The larger, the more doubtful."
    )

    @classmethod
    def of(cls, view: ImageReview | None) -> Self | None:
        if view is None:
            return None
        return cls(
            confidence=view.confidence, reason=view.reason or None, shown=view.shown, signals=JSON(dict(view.signals))
        )


def processed_url(view: ImageView, reading: ReadContext) -> str | None:
    """Return the address of an image's largest rendition. None if there is none."""
    return None if view.processed_key is None else reading.deps.media_url(view.processed_key)


def before_url(view: ImageView | MediaAssetView, reading: ReadContext) -> str | None:
    """Return the address of an image's whole photo: the stored version, else the original photo."""
    stored = None if view.review is None else largest(view.review.original)
    return original_url(view, reading) if stored is None else reading.deps.media_url(stored.key)


def original_url(view: ImageView | MediaAssetView, reading: ReadContext) -> str | None:
    """Return the address of an image's original photo: on the web, or in the media store if it was uploaded."""
    return None if view.original_url is None else reading.deps.photo_url(view.original_url)


def after_url(view: ImageView | MediaAssetView, reading: ReadContext) -> str | None:
    """Return the address of an image's cut-out. None if none is stored."""
    stored = None if view.review is None else largest(view.review.cutout)
    return None if stored is None else reading.deps.media_url(stored.key)


@strawberry.type(description="A media file of a store: an image that was sent to the studio, or the logo.")
class MediaAsset(Derived, Node):
    id: strawberry.ID
    store_id: strawberry.ID
    product_id: strawberry.ID | None
    draft_id: strawberry.ID | None = strawberry.field(
        description="The draft that the picture was made for: shoppers see it once that is accepted. Null for a picture of the store."
    )
    type: MediaType
    status: ImageState
    filename: str
    mime_type: str | None = strawberry.field(description="Null until the file is processed.")
    size: int | None = strawberry.field(description="Size in bytes. Null until the file is processed.")
    url: str | None = strawberry.field(
        description="Address of the largest rendition. A logo's address is a data URL with its SVG."
    )
    original_url: str | None = strawberry.field(description="Address that the file was loaded from.")
    alt_text: str | None
    metadata: JSON = strawberry.field(
        description="Known properties, such as dimensions, format, background color and processing time."
    )
    renditions: list[RenditionType]
    operations: list[Operation] = strawberry.field(description="The operations that the studio carried out.")
    attempt: int
    before: str | None = strawberry.field(description="Address of the whole photo.")
    after: str | None = strawberry.field(
        description="Address of the cut-out, also while it is not shown. Null if there is none."
    )
    review: ImageReviewType | None = strawberry.field(
        description="The studio's judgment of the cut-out. Null until the photo is processed, or if no cut-out was requested."
    )
    quality: float | None = strawberry.field(
        description="Picture quality from 0 to 1: a clear cut-out and a large photo count most. Null until processed."
    )
    rejection: RejectionReason | None
    rejection_message: str | None
    created_at: datetime
    updated_at: datetime

    view: strawberry.Private[MediaAssetView]
    reading: strawberry.Private[ReadContext]

    columns = MEDIA
    sources = {
        "id": of_view("id", str),
        "store_id": of_view("store_id", str),
        "product_id": of_view("product_id", str),
        "draft_id": of_view("draft_id", str),
        "size": of_view("size_bytes"),
        "url": derived(lambda one: asset_url(one.view, one.reading), "key", "content"),
        "alt_text": derived(lambda one: one.view.alt_text or None, "alt_text"),
        "metadata": derived(lambda one: JSON(asset_metadata(one.view)), *METADATA.values()),
        "renditions": derived(lambda one: renditions(one.view.renditions.values(), one.reading), "renditions"),
        "operations": of_view("operations", list),
        "original_url": derived(lambda one: original_url(one.view, one.reading), "original_url"),
        "before": derived(lambda one: before_url(one.view, one.reading), "original_url", "review"),
        "after": derived(lambda one: after_url(one.view, one.reading), "review"),
        "review": of_view("review", ImageReviewType.of),
    }

    @classmethod
    def of(cls, view: MediaAssetView, reading: ReadContext) -> Self:
        return made(cls, view, reading)


@strawberry.type(description="An address that takes the file of a photo.")
class UploadTarget:
    id: strawberry.ID = strawberry.field(description="For `uploadId` of processImage.")
    url: str = strawberry.field(description="Send the file here by PUT. No log-in is needed.")
    mime_type: str = strawberry.field(description="The request's `Content-Type`.")
    expires_at: datetime


def asset_url(view: MediaAssetView, reading: ReadContext) -> str | None:
    """Return the address of an asset's file. None if it has no file yet."""
    if view.key is not None:
        return reading.deps.media_url(view.key)
    if view.content is not None:
        return "data:image/svg+xml," + quote(view.content)
    return None


def asset_metadata(view: MediaAssetView) -> dict[str, object]:
    """Return an asset's known properties that are not fields of its own, for ``metadata``."""
    known = {name: getattr(view, attribute) for name, attribute in METADATA.items()}
    if view.mime_type is not None:
        known["format"] = view.mime_type.rpartition("/")[2]
    return {name: value for name, value in known.items() if value is not None}


def as_gid(id: UUID) -> strawberry.ID:
    """Return an id as GraphQL writes it."""
    return strawberry.ID(str(id))
