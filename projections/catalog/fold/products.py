"""How events change products, their variants and images."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.product.events import (
    PhotoRemoved,
    PhotosArranged,
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
    VariantPriced,
)
from domain.store.collections import BY_MERCHANT
from domain.text import fold
from projections.catalog.counts import BELOW_COST, NO_MANUFACTURER, ProductCounts
from projections.catalog.fold.media import add_media, new_image
from projections.catalog.fold.sitemap import (
    add_to_sitemap,
    mark_edited,
    part_of_product,
    part_to_join,
    take_from_sitemap,
)
from projections.catalog.rows import EMPTY_LIST, CatalogRows
from projections.catalog.tables.products import (
    ProductCountsRow,
    ProductRow,
    ProductTextRow,
    ProductWordsRow,
    SearchWordRow,
    VariantRow,
)
from projections.catalog.views import ON_SALE
from projections.catalog.words import SEPARATOR, tag_word, words_of
from projections.engine.tables import Folds, Json, as_json, of_tenant

PRODUCT_FOLDS: Folds[CatalogRows] = Folds()
_PART = {"sitemap_parts": part_of_product}
"""What an event leads to that changes what shoppers read about a product."""


def _words(title: str, *labels: str, tenant: UUID) -> frozenset[tuple[str, UUID]]:
    """Return the keys of the words in a title and labels."""
    return frozenset((word, tenant) for word in words_of(" ".join((title, *labels))))


def _of_import(event: ProductImported, tenant: UUID) -> frozenset[tuple[str, UUID]]:
    return _words(event.original_title, event.category, *event.tags, tenant=tenant)


def _of_title(event: ProductAdded | ProductCopyWritten | ProductRetitled, tenant: UUID) -> frozenset[tuple[str, UUID]]:
    return _words(event.title, tenant=tenant)


@PRODUCT_FOLDS.on(ProductImported, product_counts=of_tenant, media_counts=of_tenant, search_words=_of_import)
def product_imported(rows: CatalogRows, event: ProductImported, tenant: UUID) -> None:
    id = event.originator_id
    _created(
        rows,
        event,
        tenant,
        title=event.original_title,
        supplied=_Supplied(
            category=event.category,
            score_total=event.score.total,
            shipping_days=f"{event.shipping_days[0]}-{event.shipping_days[1]}",
            has_manufacturer="Manufacturer" in event.attributes,
            generation_id=event.generation_id,
        ),
    )
    _make_searchable(
        rows,
        event,
        title=event.original_title,
        labels=[event.category, *event.tags],
        tags=event.tags,
        description=event.original_description,
    )
    _learn_words(rows, _of_import(event, tenant))
    rows.product_texts[id] = ProductTextRow(
        id=id,
        description=event.original_description,
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


@PRODUCT_FOLDS.on(ProductAdded, product_counts=of_tenant, media_counts=of_tenant, search_words=_of_title)
def product_added(rows: CatalogRows, event: ProductAdded, tenant: UUID) -> None:
    id = event.originator_id
    _created(rows, event, tenant, title=event.title, supplied=_Supplied())
    _make_searchable(rows, event, title=event.title, labels=[], tags=[], description=event.description)
    _learn_words(rows, _of_title(event, tenant))
    rows.product_texts[id] = ProductTextRow(
        id=id,
        description=event.description,
        meta_title=None,
        meta_description=None,
        copy=None,
        original_title=event.title,
        original_description=event.description,
        tags=EMPTY_LIST,
        source=None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Supplied:
    """What a supplier tells of a product; a merchant's own product has none of it."""

    category: str | None = None
    score_total: float | None = None
    shipping_days: str | None = None
    has_manufacturer: bool = False
    generation_id: UUID | None = None


def _created(
    rows: CatalogRows,
    event: ProductImported | ProductAdded,
    tenant: UUID,
    *,
    title: str,
    supplied: _Supplied,
) -> None:
    id, at = event.originator_id, event.occurred_at
    offsets = [variant.price.minor - event.price.minor for variant in event.variants] or [0]
    stock = sum(variant.stock for variant in event.variants)
    product = rows.products[id] = ProductRow(
        id=id,
        store_id=event.store_id,
        status=ProductStatus.DRAFT,
        title=title,
        title_folded=fold(title),
        slug=event.slug,
        category=supplied.category,
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
        score_total=supplied.score_total,
        shipping_days=supplied.shipping_days,
        has_manufacturer=supplied.has_manufacturer,
        created_at=at,
        updated_at=at,
        edited_at=at,
        sitemap_part=None,
    )
    _count(rows, tenant, product, added=True)
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
        row = new_image(
            image.image_id,
            store_id=event.store_id,
            product_id=id,
            generation_id=supplied.generation_id,
            url=image.url,
            alt_text=image.alt_text,
            position=image.position,
            at=at,
        )
        add_media(rows, tenant, row)


def _make_searchable(
    rows: CatalogRows,
    event: ProductImported | ProductAdded,
    *,
    title: str,
    labels: Sequence[str],
    tags: Sequence[str],
    description: str,
) -> None:
    rows.product_words[event.originator_id] = ProductWordsRow(
        id=event.originator_id,
        store_id=event.store_id,
        title=_spaced(title),
        labels=_spaced(" ".join(labels)),
        description=_spaced(description),
        tags=SEPARATOR.join(map(tag_word, tags)),
    )


def _learn_words(rows: CatalogRows, keys: frozenset[tuple[str, UUID]]) -> None:
    for key in keys:
        if key not in rows.search_words:
            rows.search_words[key] = SearchWordRow(word=key[0], store_id=key[1])


def _spaced(text: str) -> str:
    return " ".join(words_of(text))


def _count(rows: CatalogRows, tenant: UUID, product: ProductRow, *, added: bool) -> None:
    """Add a product to the counts of its store, or take it away."""
    row = rows.product_counts.get(tenant)
    if row is None:
        row = rows.product_counts[tenant] = ProductCountsRow(store_id=tenant, counts=ProductCounts())
    row.counts.add(
        1 if added else -1,
        status=product.status,
        category=product.category,
        shipping_days=product.shipping_days,
        facts=_facts(product),
    )


def _facts(product: ProductRow) -> list[str]:
    facts = [product.currency]
    if product.price_minor < product.cost_minor:
        facts.append(BELOW_COST)
    if not product.has_manufacturer:
        facts.append(NO_MANUFACTURER)
    return facts


def _mark_edited(rows: CatalogRows, tenant: UUID, product: ProductRow, at: datetime) -> None:
    product.updated_at = at
    mark_edited(rows, tenant, product, at)


def _set_status(rows: CatalogRows, tenant: UUID, product: ProductRow, status: ProductStatus) -> None:
    """Change a product's status; an active one with nothing available is out of stock."""
    if status in ON_SALE:
        status = ProductStatus.ACTIVE if product.available > 0 else ProductStatus.OUT_OF_STOCK
    if status != product.status:
        _count(rows, tenant, product, added=False)
        product.status = status
        _count(rows, tenant, product, added=True)


@PRODUCT_FOLDS.on(
    ProductCopyWritten,
    through=_PART,
    products="originator_id",
    product_texts="originator_id",
    product_words="originator_id",
    search_words=_of_title,
)
def product_copy_written(rows: CatalogRows, event: ProductCopyWritten, tenant: UUID) -> None:
    product, text = rows.products[event.originator_id], rows.product_texts[event.originator_id]
    product.title, product.title_folded, product.slug = event.title, fold(event.title), event.slug
    _mark_edited(rows, tenant, product, event.occurred_at)
    text.description = event.description
    text.meta_title, text.meta_description = event.meta_title, event.meta_description
    text.copy = _copy_notes(event, written_by=event.written_by)
    words = rows.product_words[event.originator_id]
    words.title, words.description = _spaced(event.title), _spaced(event.description)
    _learn_words(rows, _of_title(event, tenant))


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


@PRODUCT_FOLDS.on(
    ProductRetitled,
    through=_PART,
    products="originator_id",
    product_words="originator_id",
    search_words=_of_title,
)
def product_retitled(rows: CatalogRows, event: ProductRetitled, tenant: UUID) -> None:
    product = rows.products[event.originator_id]
    product.title, product.title_folded = event.title, fold(event.title)
    _mark_edited(rows, tenant, product, event.occurred_at)
    rows.product_words[event.originator_id].title = _spaced(event.title)
    _learn_words(rows, _of_title(event, tenant))


@PRODUCT_FOLDS.on(
    ProductDescribed,
    through=_PART,
    products="originator_id",
    product_texts="originator_id",
    product_words="originator_id",
)
def product_described(rows: CatalogRows, event: ProductDescribed, tenant: UUID) -> None:
    _mark_edited(rows, tenant, rows.products[event.originator_id], event.occurred_at)
    text = rows.product_texts[event.originator_id]
    text.description = event.description
    rows.product_words[event.originator_id].description = _spaced(event.description)
    # The copywriter's notes were about the former description.
    text.copy = _copy_notes(event, written_by=BY_MERCHANT)


@PRODUCT_FOLDS.on(ProductMetaWritten, through=_PART, products="originator_id", product_texts="originator_id")
def product_meta_written(rows: CatalogRows, event: ProductMetaWritten, tenant: UUID) -> None:
    _mark_edited(rows, tenant, rows.products[event.originator_id], event.occurred_at)
    text = rows.product_texts[event.originator_id]
    text.meta_title, text.meta_description = event.meta_title, event.meta_description


@PRODUCT_FOLDS.on(PriceChanged, through=_PART, products="originator_id", product_counts=of_tenant)
def price_changed(rows: CatalogRows, event: PriceChanged, tenant: UUID) -> None:
    product = rows.products[event.originator_id]
    crosses_cost = (product.price_minor < product.cost_minor) != (event.price.minor < product.cost_minor)
    if crosses_cost:
        _count(rows, tenant, product, added=False)
    product.price_minor = event.price.minor
    _mark_edited(rows, tenant, product, event.occurred_at)
    if crosses_cost:
        _count(rows, tenant, product, added=True)
    former = event.compare_at if event.compare_at_proven else None
    product.compare_at_minor = None if former is None else former.minor


@PRODUCT_FOLDS.on(VariantPriced, through=_PART, products="originator_id", variants="variant_id")
def variant_priced(rows: CatalogRows, event: VariantPriced, tenant: UUID) -> None:
    product, variant = rows.products[event.originator_id], rows.variants[event.variant_id]
    variant.price_offset_minor = event.price.minor - product.price_minor
    product.lowest_offset_minor = event.lowest.minor - product.price_minor
    product.highest_offset_minor = event.highest.minor - product.price_minor
    variant.updated_at = event.occurred_at
    _mark_edited(rows, tenant, product, event.occurred_at)


StockEvent = StockCounted | StockShort | StockReserved | StockReleased | StockSold | StockReturned


def _set_stock(
    rows: CatalogRows,
    event: StockEvent,
    tenant: UUID,
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
    _set_status(rows, tenant, product, product.status)


@PRODUCT_FOLDS.on(StockCounted, products="originator_id", variants="variant_id", product_counts=of_tenant)
def stock_counted(rows: CatalogRows, event: StockCounted, tenant: UUID) -> None:
    _set_stock(rows, event, tenant, on_hand=event.on_hand, missing=0)


@PRODUCT_FOLDS.on(StockShort, products="originator_id", variants="variant_id", product_counts=of_tenant)
def stock_short(rows: CatalogRows, event: StockShort, tenant: UUID) -> None:
    # Without an order, the shortage is reserved pieces beyond the stock, which the row already has.
    added = 0 if event.order_id is None else event.missing
    _set_stock(rows, event, tenant, missing=rows.variants[event.variant_id].missing + added)


@PRODUCT_FOLDS.on(StockReserved, products="originator_id", variants="variant_id", product_counts=of_tenant)
def stock_reserved(rows: CatalogRows, event: StockReserved, tenant: UUID) -> None:
    _set_stock(rows, event, tenant, reserved=rows.variants[event.variant_id].reserved + event.quantity)


@PRODUCT_FOLDS.on(StockReleased, products="originator_id", variants="variant_id", product_counts=of_tenant)
def stock_released(rows: CatalogRows, event: StockReleased, tenant: UUID) -> None:
    _set_stock(rows, event, tenant, reserved=rows.variants[event.variant_id].reserved - event.quantity)


@PRODUCT_FOLDS.on(StockSold, products="originator_id", variants="variant_id", product_counts=of_tenant)
def stock_sold(rows: CatalogRows, event: StockSold, tenant: UUID) -> None:
    variant = rows.variants[event.variant_id]
    _set_stock(
        rows,
        event,
        tenant,
        reserved=variant.reserved - event.quantity,
        on_hand=max(0, variant.on_hand - event.quantity),
    )


@PRODUCT_FOLDS.on(StockReturned, products="originator_id", variants="variant_id", product_counts=of_tenant)
def stock_returned(rows: CatalogRows, event: StockReturned, tenant: UUID) -> None:
    _set_stock(rows, event, tenant, on_hand=rows.variants[event.variant_id].on_hand + event.quantity)


@PRODUCT_FOLDS.on(
    ProductActivated,
    through={"sitemap_parts": part_to_join},
    products="originator_id",
    product_counts=of_tenant,
)
def product_activated(rows: CatalogRows, event: ProductActivated, tenant: UUID) -> None:
    product = rows.products[event.originator_id]
    if product.status not in ON_SALE:
        add_to_sitemap(rows, tenant, product, event.occurred_at)
    _set_status(rows, tenant, product, ProductStatus.ACTIVE)
    _mark_edited(rows, tenant, product, event.occurred_at)


@PRODUCT_FOLDS.on(ProductDeactivated, through=_PART, products="originator_id", product_counts=of_tenant)
def product_deactivated(rows: CatalogRows, event: ProductDeactivated, tenant: UUID) -> None:
    _hide(rows, event, tenant, ProductStatus.DRAFT)


@PRODUCT_FOLDS.on(ProductArchived, through=_PART, products="originator_id", product_counts=of_tenant)
def product_archived(rows: CatalogRows, event: ProductArchived, tenant: UUID) -> None:
    _hide(rows, event, tenant, ProductStatus.ARCHIVED)


def _hide(rows: CatalogRows, event: ProductDeactivated | ProductArchived, tenant: UUID, status: ProductStatus) -> None:
    product = rows.products[event.originator_id]
    if product.status in ON_SALE:
        take_from_sitemap(rows, tenant, product, event.occurred_at)
    _set_status(rows, tenant, product, status)
    _mark_edited(rows, tenant, product, event.occurred_at)


def _photos(event: PhotosArranged, _tenant: UUID) -> frozenset[UUID]:
    return frozenset(event.image_ids)


@PRODUCT_FOLDS.on(PhotosArranged, through=_PART, products="originator_id", media=_photos)
def photos_arranged(rows: CatalogRows, event: PhotosArranged, tenant: UUID) -> None:
    mark_edited(rows, tenant, rows.products[event.originator_id], event.occurred_at)
    for position, id in enumerate(event.image_ids):
        rows.media[id].position = position


@PRODUCT_FOLDS.on(PhotoRemoved, through=_PART, products="originator_id", media="image_id")
def photo_removed(rows: CatalogRows, event: PhotoRemoved, tenant: UUID) -> None:
    mark_edited(rows, tenant, rows.products[event.originator_id], event.occurred_at)
    image = rows.media[event.image_id]
    image.product_id, image.updated_at = None, event.occurred_at
