"""How events change images and media assets."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from domain.media.events import (
    CutoutReview,
    ImageProcessed,
    ImageProcessingRequested,
    ImageRejected,
    ImageReplaced,
    ImageVersionChosen,
    MediaEvent,
    MediaType,
    version_shown,
)
from domain.media.quality import picture_quality
from projections.catalog.fold.sitemap import PartKeys, mark_edited, part_with
from projections.catalog.rows import EMPTY_LIST, CatalogRows
from projections.catalog.tables.media import MediaCountsRow, MediaRow, StudioMonthRow
from projections.catalog.views import ImageState, StudioNotes
from projections.engine.months import first_of_month
from projections.engine.tables import Folds, as_json, of_tenant
from projections.engine.tally import add

MEDIA_FOLDS: Folds[CatalogRows] = Folds()


def _product(rows: CatalogRows, event: MediaEvent, _: UUID) -> frozenset[UUID]:
    image = rows.media.get(event.originator_id)
    return frozenset() if image is None or image.product_id is None else frozenset({image.product_id})


def _part(rows: CatalogRows, event: MediaEvent, tenant: UUID) -> PartKeys:
    image = rows.media.get(event.originator_id)
    return frozenset() if image is None else part_with(rows, image.product_id, tenant)


_SHOWN_WITH: Mapping[str, Callable[[CatalogRows, Any, UUID], frozenset[Any]]] = {
    "products": _product,
    "sitemap_parts": _part,
}
"""What an event leads to that changes an image of a product."""


def add_media(rows: CatalogRows, tenant: UUID, row: MediaRow) -> MediaRow:
    """Add a media asset and count it, unless it is for a draft. The event touches the ``media_counts`` of its store."""
    rows.media[row.id] = row
    if row.draft_id is None:
        _count(rows, tenant, (row.type, row.status, 1))
    return row


def _mark_edited(rows: CatalogRows, tenant: UUID, image: MediaRow, at: datetime) -> None:
    image.updated_at = at
    product = None if image.product_id is None else rows.products.get(image.product_id)
    if product is not None:
        mark_edited(rows, tenant, product, at)


def _set_status(rows: CatalogRows, tenant: UUID, image: MediaRow, status: ImageState) -> None:
    """Change an image's status."""
    if status != image.status:
        if image.draft_id is None:
            _count(rows, tenant, (MediaType.IMAGE, image.status, -1), (MediaType.IMAGE, status, 1))
        image.status = status


def _count(rows: CatalogRows, tenant: UUID, *changes: tuple[str, str, int]) -> None:
    row = rows.media_counts.get(tenant)
    if row is None:
        row = rows.media_counts[tenant] = MediaCountsRow(store_id=tenant, counts={})
    for type, status, number in changes:
        add(row.counts, type, status, number)


def new_image(
    id: UUID,
    *,
    store_id: UUID,
    product_id: UUID | None,
    generation_id: UUID | None,
    url: str,
    alt_text: str,
    position: int,
    at: datetime,
) -> MediaRow:
    """Return the row of an image that the studio has not processed."""
    return MediaRow(
        id=id,
        store_id=store_id,
        product_id=product_id,
        type=MediaType.IMAGE,
        status=ImageState.ORIGINAL,
        position=position,
        original_url=url,
        alt_text=alt_text,
        content=None,
        renditions=EMPTY_LIST,
        ground=None,
        studio=None,
        review=None,
        shown=None,
        other_renditions=EMPTY_LIST,
        quality=None,
        attempt=0,
        generation_id=generation_id,
        draft_id=None,
        rejection=None,
        rejection_message=None,
        created_at=at,
        updated_at=at,
    )


def _requested_for(event: ImageProcessingRequested, _: UUID) -> frozenset[UUID]:
    return frozenset() if event.product_id is None else frozenset({event.product_id})


def _part_requested_for(rows: CatalogRows, event: ImageProcessingRequested, tenant: UUID) -> PartKeys:
    return part_with(rows, event.product_id, tenant)


@MEDIA_FOLDS.on(
    ImageProcessingRequested,
    # For the events about a new image that follow in the same batch.
    through={"sitemap_parts": _part_requested_for},
    products=_requested_for,
    media="originator_id",
    media_counts=of_tenant,
)
def image_processing_requested(rows: CatalogRows, event: ImageProcessingRequested, tenant: UUID) -> None:
    image = rows.media.get(event.originator_id)
    if image is None:
        row = new_image(
            event.originator_id,
            store_id=event.store_id,
            product_id=event.product_id,
            generation_id=event.generation_id,
            url=event.source_url,
            alt_text=event.alt_text,
            position=event.position,
            at=event.occurred_at,
        )
        row.draft_id = event.draft_id
        image = add_media(rows, tenant, row)
    _set_status(rows, tenant, image, ImageState.REQUESTED)
    image.attempt, image.ground = event.attempt, event.ground
    image.original_url, image.alt_text, image.position = event.source_url, event.alt_text, event.position
    image.generation_id = event.generation_id
    image.rejection = image.rejection_message = None
    image.updated_at = event.occurred_at


def _month(event: ImageProcessed, tenant: UUID) -> tuple[UUID, date]:
    return tenant, first_of_month(event.occurred_at)


@MEDIA_FOLDS.on(
    ImageProcessed, through=_SHOWN_WITH, media="originator_id", media_counts=of_tenant, studio_months=_month
)
def image_processed(rows: CatalogRows, event: ImageProcessed, tenant: UUID) -> None:
    image, key = rows.media[event.originator_id], _month(event, tenant)
    if key not in rows.studio_months:
        rows.studio_months[key] = StudioMonthRow(*key, seconds=0.0)
    rows.studio_months[key].seconds += event.seconds
    review = event.review
    needs_review = review is not None and review.needs_review
    _set_status(rows, tenant, image, ImageState.NEEDS_REVIEW if needs_review else ImageState.PROCESSED)
    _mark_edited(rows, tenant, image, event.occurred_at)
    image.renditions, image.other_renditions = as_json(event.renditions), as_json(event.other_renditions)
    shown = version_shown(review, event.operations)
    image.review, image.shown = None if review is None else as_json(review), shown
    size = event.source_width, event.source_height
    image.quality = picture_quality(size, shown=shown, review=review, chosen=False)
    image.studio = as_json(
        {
            "operations": event.operations,
            "source_sha256": event.source_sha256,
            "source_width": event.source_width,
            "source_height": event.source_height,
            "seconds": event.seconds,
        }
    )


@MEDIA_FOLDS.on(ImageVersionChosen, through=_SHOWN_WITH, media="originator_id", media_counts=of_tenant)
def image_version_chosen(rows: CatalogRows, event: ImageVersionChosen, tenant: UUID) -> None:
    image = rows.media[event.originator_id]
    _set_status(rows, tenant, image, ImageState.PROCESSED)
    _mark_edited(rows, tenant, image, event.occurred_at)
    if image.shown != event.version:
        image.renditions, image.other_renditions = image.other_renditions, image.renditions
    image.shown = event.version
    if image.studio is not None:
        studio = StudioNotes.model_validate_json(image.studio)
        review = None if image.review is None else CutoutReview.model_validate_json(image.review)
        size = studio.source_width, studio.source_height
        image.quality = picture_quality(size, shown=event.version, review=review, chosen=True)


@MEDIA_FOLDS.on(ImageReplaced, through=_SHOWN_WITH, media="originator_id", media_counts=of_tenant)
def image_replaced(rows: CatalogRows, event: ImageReplaced, tenant: UUID) -> None:
    image = rows.media[event.originator_id]
    _set_status(rows, tenant, image, ImageState.PROCESSED)
    _mark_edited(rows, tenant, image, event.occurred_at)
    image.renditions, image.other_renditions = as_json(event.renditions), as_json(event.other_renditions)
    image.review, image.shown = None if event.review is None else as_json(event.review), event.shown
    if event.alt_text is not None:
        image.alt_text = event.alt_text
    size = event.source_width, event.source_height
    image.quality = picture_quality(size, shown=event.shown, review=event.review, chosen=True)
    image.studio = as_json(
        {
            "operations": event.operations,
            "source_sha256": event.source_sha256,
            "source_width": event.source_width,
            "source_height": event.source_height,
            # The draft's own image has the seconds.
            "seconds": 0.0,
        }
    )


@MEDIA_FOLDS.on(ImageRejected, media="originator_id", media_counts=of_tenant)
def image_rejected(rows: CatalogRows, event: ImageRejected, tenant: UUID) -> None:
    image = rows.media[event.originator_id]
    _set_status(rows, tenant, image, ImageState.REJECTED)
    image.updated_at = event.occurred_at
    image.rejection, image.rejection_message = event.reason, event.message
