"""A product's photos."""

from datetime import datetime
from typing import Self

import strawberry

from domain.media.events import RejectionReason
from gateway.graphql.context import ReadContext
from gateway.graphql.derived import Derived, derived, made, of_view, resolved
from gateway.graphql.fields import field
from gateway.graphql.types.media import (
    ImageReviewType,
    RenditionType,
    after_url,
    before_url,
    original_url,
    processed_url,
    renditions,
)
from gateway.graphql.types.provenance import FieldProvenance, provenance_of_image
from projections.catalog.queries.media import IMAGES
from projections.catalog.views import ImageState, ImageView


@strawberry.type(description="A photo of a product: the original, and its processed renditions.")
class ProductImage(Derived):
    id: strawberry.ID
    product_id: strawberry.ID
    original_url: str = strawberry.field(description="Address of the original photo.")
    processed_url: str | None = strawberry.field(
        description="Address of the largest rendition. Null until the photo is processed."
    )
    alt_text: str | None
    position: int
    status: ImageState
    renditions: list[RenditionType]
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
    rejection: RejectionReason | None = strawberry.field(
        description="Why the photo could not be used. Null if it was not rejected."
    )
    rejection_message: str | None
    created_at: datetime
    updated_at: datetime

    view: strawberry.Private[ImageView]
    reading: strawberry.Private[ReadContext]

    columns = IMAGES
    sources = {
        "id": of_view("id", str),
        "product_id": of_view("product_id", str),
        "processed_url": derived(lambda one: processed_url(one.view, one.reading), "renditions"),
        "alt_text": derived(lambda one: one.view.alt_text or None, "alt_text"),
        "renditions": derived(lambda one: renditions(one.view.renditions.values(), one.reading), "renditions"),
        "original_url": derived(lambda one: original_url(one.view, one.reading), "original_url"),
        "before": derived(lambda one: before_url(one.view, one.reading), "original_url", "review"),
        "after": derived(lambda one: after_url(one.view, one.reading), "review"),
        "review": of_view("review", ImageReviewType.of),
        "provenance": resolved("id", "product_id"),
    }

    @field("Where each field of the photo came from: event, supplier's listing, draft, and approval.")
    async def provenance(self) -> list[FieldProvenance]:
        return await provenance_of_image(self.reading, self.view.id, self.view.product_id)

    @classmethod
    def of(cls, view: ImageView, reading: ReadContext) -> Self:
        return made(cls, view, reading)
