"""How events change products, their variants and images."""

from datetime import datetime
from uuid import UUID

from domain.media.events import (
    CutoutReview,
    ImageProcessed,
    ImageProcessingRequested,
    ImageRejected,
    ImageVersionChosen,
    MediaType,
    version_shown,
)
from domain.media.quality import picture_quality
from domain.product.events import (
    PriceChanged,
    ProductActivated,
    ProductAdded,
    ProductArchived,
    ProductCopyWritten,
    ProductDeactivated,
    ProductDescribed,
    ProductImported,
    ProductMetaWritten,
    ProductRetitled,
    ProductStatus,
    StockCounted,
    StockReleased,
    StockReserved,
    StockReturned,
    StockShort,
    StockSold,
)
from domain.store.aggregate import BY_MERCHANT
from domain.text import fold
from projections.catalog.tables import EMPTY_LIST, CatalogRows, MediaRow, ProductRow, ProductTextRow, VariantRow
from projections.catalog.views import ImageState, StudioNotes
from projections.engine.tables import Folds, Json, as_json

PRODUCT_FOLDS: Folds[CatalogRows] = Folds()


@PRODUCT_FOLDS.on(ProductImported)
def product_imported(rows: CatalogRows, event: ProductImported, _: UUID) -> None:
    id = event.originator_id
    _created(
        rows,
        event,
        title=event.original_title,
        category=event.category,
        score_total=event.score.total,
        generation_id=event.generation_id,
    )
    rows.product_texts[id] = ProductTextRow(
        id=id,
        description=event.original_description,
        description_folded=fold(event.original_description),
        labels_folded=fold(" ".join((event.category, *event.tags))),
        meta_title=None,
        meta_description=None,
        copy=None,
        original_title=event.original_title,
        original_description=event.original_description,
        tags=as_json(event.tags),
        source=as_json(
            {
                "provider": event.source_provider,
                "source_id": event.source_id,
                "url": event.source_url,
                "generation_id": event.generation_id,
                "shipping_days": event.shipping_days,
                "score": event.score,
                "attributes": event.attributes,
            }
        ),
    )


@PRODUCT_FOLDS.on(ProductAdded)
def product_added(rows: CatalogRows, event: ProductAdded, _: UUID) -> None:
    id = event.originator_id
    _created(rows, event, title=event.title, category=None, score_total=None, generation_id=None)
    rows.product_texts[id] = ProductTextRow(
        id=id,
        description=event.description,
        description_folded=fold(event.description),
        labels_folded="",
        meta_title=None,
        meta_description=None,
        copy=None,
        original_title=event.title,
        original_description=event.description,
        tags=EMPTY_LIST,
        source=None,
    )


def _created(
    rows: CatalogRows,
    event: ProductImported | ProductAdded,
    *,
    title: str,
    category: str | None,
    score_total: float | None,
    generation_id: UUID | None,
) -> None:
    id, at = event.originator_id, event.occurred_at
    offsets = [variant.price.minor - event.price.minor for variant in event.variants] or [0]
    stock = sum(variant.stock for variant in event.variants)
    rows.products[id] = ProductRow(
        id=id,
        store_id=event.store_id,
        status=ProductStatus.DRAFT,
        title=title,
        title_folded=fold(title),
        slug=event.slug,
        category=category,
        currency=event.price.currency,
        price_minor=event.price.minor,
        # A former price must be one that this store charged, not one that a supplier or the merchant states.
        compare_at_minor=None,
        cost_minor=event.cost.minor,
        lowest_offset_minor=min(offsets),
        highest_offset_minor=max(offsets),
        on_hand=stock,
        available=stock,
        short=0,
        score_total=score_total,
        created_at=at,
        updated_at=at,
    )
    for position, variant in enumerate(event.variants):
        rows.variants[variant.variant_id] = VariantRow(
            id=variant.variant_id,
            product_id=id,
            position=position,
            sku=variant.sku,
            title=variant.title,
            options=as_json(variant.options),
            price_offset_minor=variant.price.minor - event.price.minor,
            cost_minor=variant.cost.minor,
            on_hand=variant.stock,
            reserved=0,
            missing=0,
            created_at=at,
            updated_at=at,
        )
    for image in event.images:
        rows.media[image.image_id] = _image(
            image.image_id,
            store_id=event.store_id,
            product_id=id,
            generation_id=generation_id,
            url=image.url,
            alt_text=image.alt_text,
            position=image.position,
            at=at,
        )


def _image(
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
        rejection=None,
        rejection_message=None,
        created_at=at,
        updated_at=at,
    )


@PRODUCT_FOLDS.on(ProductCopyWritten, products="originator_id", product_texts="originator_id")
def product_copy_written(rows: CatalogRows, event: ProductCopyWritten, _: UUID) -> None:
    product, text = rows.products[event.originator_id], rows.product_texts[event.originator_id]
    product.title, product.title_folded, product.slug = event.title, fold(event.title), event.slug
    product.updated_at = event.occurred_at
    text.description, text.description_folded = event.description, fold(event.description)
    text.meta_title, text.meta_description = event.meta_title, event.meta_description
    text.copy = _copy_notes(event, written_by=event.written_by)


def _copy_notes(event: ProductCopyWritten | ProductDescribed, *, written_by: str) -> Json:
    return as_json(
        {
            "features": event.features,
            "benefits": event.benefits,
            "call_to_action": event.call_to_action,
            "scores": event.scores,
            "written_by": written_by,
        }
    )


@PRODUCT_FOLDS.on(ProductRetitled, products="originator_id")
def product_retitled(rows: CatalogRows, event: ProductRetitled, _: UUID) -> None:
    product = rows.products[event.originator_id]
    product.title, product.title_folded, product.updated_at = event.title, fold(event.title), event.occurred_at


@PRODUCT_FOLDS.on(ProductDescribed, products="originator_id", product_texts="originator_id")
def product_described(rows: CatalogRows, event: ProductDescribed, _: UUID) -> None:
    rows.products[event.originator_id].updated_at = event.occurred_at
    text = rows.product_texts[event.originator_id]
    text.description, text.description_folded = event.description, fold(event.description)
    # The copywriter's notes were about the former description.
    text.copy = _copy_notes(event, written_by=BY_MERCHANT)


@PRODUCT_FOLDS.on(ProductMetaWritten, products="originator_id", product_texts="originator_id")
def product_meta_written(rows: CatalogRows, event: ProductMetaWritten, _: UUID) -> None:
    rows.products[event.originator_id].updated_at = event.occurred_at
    text = rows.product_texts[event.originator_id]
    text.meta_title, text.meta_description = event.meta_title, event.meta_description


@PRODUCT_FOLDS.on(PriceChanged, products="originator_id")
def price_changed(rows: CatalogRows, event: PriceChanged, _: UUID) -> None:
    product = rows.products[event.originator_id]
    product.price_minor, product.updated_at = event.price.minor, event.occurred_at
    former = event.compare_at if event.compare_at_proven else None
    product.compare_at_minor = None if former is None else former.minor


StockEvent = StockCounted | StockShort | StockReserved | StockReleased | StockSold | StockReturned


def _set_stock(
    rows: CatalogRows,
    event: StockEvent,
    *,
    on_hand: int | None = None,
    reserved: int | None = None,
    missing: int | None = None,
) -> None:
    """Change a variant's stock, and the sums of its product; None leaves a number as it is."""
    variant, product = rows.variants[event.variant_id], rows.products[event.originator_id]
    before = variant.on_hand, variant.available, variant.short
    if on_hand is not None:
        variant.on_hand = on_hand
    if reserved is not None:
        variant.reserved = reserved
    if missing is not None:
        variant.missing = missing
    variant.updated_at = event.occurred_at
    product.on_hand += variant.on_hand - before[0]
    product.available += variant.available - before[1]
    product.short += variant.short - before[2]
    product.updated_at = max(product.updated_at, event.occurred_at)


@PRODUCT_FOLDS.on(StockCounted, products="originator_id", variants="variant_id")
def stock_counted(rows: CatalogRows, event: StockCounted, _: UUID) -> None:
    _set_stock(rows, event, on_hand=event.on_hand, missing=0)


@PRODUCT_FOLDS.on(StockShort, products="originator_id", variants="variant_id")
def stock_short(rows: CatalogRows, event: StockShort, _: UUID) -> None:
    # Without an order, the shortage is reserved pieces beyond the stock, which the row already has.
    added = 0 if event.order_id is None else event.missing
    _set_stock(rows, event, missing=rows.variants[event.variant_id].missing + added)


@PRODUCT_FOLDS.on(StockReserved, products="originator_id", variants="variant_id")
def stock_reserved(rows: CatalogRows, event: StockReserved, _: UUID) -> None:
    _set_stock(rows, event, reserved=rows.variants[event.variant_id].reserved + event.quantity)


@PRODUCT_FOLDS.on(StockReleased, products="originator_id", variants="variant_id")
def stock_released(rows: CatalogRows, event: StockReleased, _: UUID) -> None:
    _set_stock(rows, event, reserved=rows.variants[event.variant_id].reserved - event.quantity)


@PRODUCT_FOLDS.on(StockSold, products="originator_id", variants="variant_id")
def stock_sold(rows: CatalogRows, event: StockSold, _: UUID) -> None:
    variant = rows.variants[event.variant_id]
    _set_stock(
        rows, event, reserved=variant.reserved - event.quantity, on_hand=max(0, variant.on_hand - event.quantity)
    )


@PRODUCT_FOLDS.on(StockReturned, products="originator_id", variants="variant_id")
def stock_returned(rows: CatalogRows, event: StockReturned, _: UUID) -> None:
    _set_stock(rows, event, on_hand=rows.variants[event.variant_id].on_hand + event.quantity)


@PRODUCT_FOLDS.on(ProductActivated, products="originator_id")
def product_activated(rows: CatalogRows, event: ProductActivated, _: UUID) -> None:
    product = rows.products[event.originator_id]
    product.status, product.updated_at = ProductStatus.ACTIVE, event.occurred_at


@PRODUCT_FOLDS.on(ProductDeactivated, products="originator_id")
def product_deactivated(rows: CatalogRows, event: ProductDeactivated, _: UUID) -> None:
    product = rows.products[event.originator_id]
    product.status, product.updated_at = ProductStatus.DRAFT, event.occurred_at


@PRODUCT_FOLDS.on(ProductArchived, products="originator_id")
def product_archived(rows: CatalogRows, event: ProductArchived, _: UUID) -> None:
    product = rows.products[event.originator_id]
    product.status, product.updated_at = ProductStatus.ARCHIVED, event.occurred_at


@PRODUCT_FOLDS.on(ImageProcessingRequested, media="originator_id")
def image_processing_requested(rows: CatalogRows, event: ImageProcessingRequested, _: UUID) -> None:
    image = rows.media.get(event.originator_id)
    if image is None:
        image = rows.media[event.originator_id] = _image(
            event.originator_id,
            store_id=event.store_id,
            product_id=event.product_id,
            generation_id=event.generation_id,
            url=event.source_url,
            alt_text=event.alt_text,
            position=event.position,
            at=event.occurred_at,
        )
    image.status, image.attempt, image.ground = ImageState.REQUESTED, event.attempt, event.ground
    image.original_url, image.alt_text, image.position = event.source_url, event.alt_text, event.position
    image.generation_id = event.generation_id
    image.rejection = image.rejection_message = None
    image.updated_at = event.occurred_at


@PRODUCT_FOLDS.on(ImageProcessed, media="originator_id")
def image_processed(rows: CatalogRows, event: ImageProcessed, _: UUID) -> None:
    image = rows.media[event.originator_id]
    review = event.review
    needs_review = review is not None and review.needs_review
    image.status = ImageState.NEEDS_REVIEW if needs_review else ImageState.PROCESSED
    image.updated_at = event.occurred_at
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


@PRODUCT_FOLDS.on(ImageVersionChosen, media="originator_id")
def image_version_chosen(rows: CatalogRows, event: ImageVersionChosen, _: UUID) -> None:
    image = rows.media[event.originator_id]
    image.status, image.updated_at = ImageState.PROCESSED, event.occurred_at
    if image.shown != event.version:
        image.renditions, image.other_renditions = image.other_renditions, image.renditions
    image.shown = event.version
    if image.studio is not None:
        studio = StudioNotes.model_validate_json(image.studio)
        review = None if image.review is None else CutoutReview.model_validate_json(image.review)
        size = studio.source_width, studio.source_height
        image.quality = picture_quality(size, shown=event.version, review=review, chosen=True)


@PRODUCT_FOLDS.on(ImageRejected, media="originator_id")
def image_rejected(rows: CatalogRows, event: ImageRejected, _: UUID) -> None:
    image = rows.media[event.originator_id]
    image.status, image.updated_at = ImageState.REJECTED, event.occurred_at
    image.rejection, image.rejection_message = event.reason, event.message
