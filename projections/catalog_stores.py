"""How stores and pages change in the catalogue."""

from uuid import UUID

from domain.ids import derived
from domain.media.events import MediaType
from domain.store.events import (
    BrandGenerated,
    PageWritten,
    ProductsScouted,
    StoreApproved,
    StoreArchived,
    StorePaused,
    StorePublished,
    StoreReadyForReview,
    StoreRequested,
    StoreStatus,
)
from projections.catalog_tables import EMPTY_LIST, CatalogRows, MediaRow, PageRow, StoreRow
from projections.catalog_views import BrandResult, ImageState, ScoutingResult
from projections.tables import Folds, Json
from schemas.envelope import Envelope

STORE_FOLDS: Folds[CatalogRows] = Folds()


@STORE_FOLDS.on(StoreRequested)
def store_requested(rows: CatalogRows, event: StoreRequested, _: Envelope) -> None:
    rows.stores[event.originator_id] = StoreRow(
        id=event.originator_id,
        merchant_id=event.merchant_id,
        niche=event.niche,
        name=event.preferences.name or event.niche,
        slug=None,
        description=None,
        status=StoreStatus.CREATING,
        approved=False,
        preferences=Json(event.preferences.model_dump_json()),
        brand=None,
        scouting=None,
        custom_domain=None,
        created_at=event.occurred_at,
        updated_at=event.occurred_at,
        published_at=None,
    )


def logo_id(store_id: UUID) -> UUID:
    """Return the id of a store's logo among its media assets; a new brand replaces the file, not the asset."""
    return derived(store_id, "logo")


@STORE_FOLDS.on(BrandGenerated, stores="originator_id", media=lambda event, _: logo_id(event.originator_id))
def brand_generated(rows: CatalogRows, event: BrandGenerated, _: Envelope) -> None:
    store, at = rows.stores[event.originator_id], event.occurred_at
    brand = BrandResult(
        identity=event.brand,
        options=event.options,
        reason=event.reason,
        written_by=event.written_by,
        generation_id=event.generation_id,
        attempt=event.attempt,
    )
    store.brand = Json(brand.model_dump_json())
    store.name, store.slug, store.description = event.brand.name, event.slug, event.brand.voice.story
    store.updated_at = at
    id = logo_id(store.id)
    known = rows.media.get(id)
    rows.media[id] = MediaRow(
        id=id,
        store_id=store.id,
        product_id=None,
        type=MediaType.LOGO,
        status=ImageState.PROCESSED,
        position=0,
        filename="logo.svg",
        original_url=None,
        alt_text=f"{event.brand.name} logo",
        content=event.brand.logo.svg,
        renditions=EMPTY_LIST,
        operations=EMPTY_LIST,
        ground=None,
        source_sha256=None,
        source_width=None,
        source_height=None,
        seconds=None,
        attempt=event.attempt,
        generation_id=event.generation_id,
        rejection=None,
        rejection_message=None,
        created_at=at if known is None else known.created_at,
        updated_at=at,
    )


@STORE_FOLDS.on(ProductsScouted, stores="originator_id")
def products_scouted(rows: CatalogRows, event: ProductsScouted, _: Envelope) -> None:
    store = rows.stores[event.originator_id]
    result = ScoutingResult(
        keywords=event.keywords,
        suppliers=event.suppliers,
        candidates=event.candidates,
        duplicates=event.duplicates,
        product_ids=event.product_ids,
        generation_id=event.generation_id,
        attempt=event.attempt,
    )
    store.scouting = Json(result.model_dump_json())
    store.updated_at = event.occurred_at


@STORE_FOLDS.on(PageWritten, pages="page_id")
def page_written(rows: CatalogRows, event: PageWritten, _: Envelope) -> None:
    known = rows.pages.get(event.page_id)
    rows.pages[event.page_id] = PageRow(
        id=event.page_id,
        store_id=event.originator_id,
        type=event.type,
        title=event.title,
        slug=event.slug,
        content=event.content,
        scores=Json(event.scores.model_dump_json()),
        written_by=event.written_by,
        created_at=event.occurred_at if known is None else known.created_at,
        updated_at=event.occurred_at,
    )


def _store_in(
    rows: CatalogRows, event: StoreReadyForReview | StorePublished | StorePaused | StoreArchived, status: StoreStatus
) -> StoreRow:
    store = rows.stores[event.originator_id]
    store.status, store.updated_at = status, event.occurred_at
    return store


@STORE_FOLDS.on(StoreReadyForReview, stores="originator_id")
def store_ready_for_review(rows: CatalogRows, event: StoreReadyForReview, _: Envelope) -> None:
    _store_in(rows, event, StoreStatus.PENDING_REVIEW)


@STORE_FOLDS.on(StoreApproved, stores="originator_id")
def store_approved(rows: CatalogRows, event: StoreApproved, _: Envelope) -> None:
    store = rows.stores[event.originator_id]
    store.approved, store.updated_at = True, event.occurred_at


@STORE_FOLDS.on(StorePublished, stores="originator_id")
def store_published(rows: CatalogRows, event: StorePublished, _: Envelope) -> None:
    _store_in(rows, event, StoreStatus.ACTIVE).published_at = event.occurred_at


@STORE_FOLDS.on(StorePaused, stores="originator_id")
def store_paused(rows: CatalogRows, event: StorePaused, _: Envelope) -> None:
    _store_in(rows, event, StoreStatus.PAUSED)


@STORE_FOLDS.on(StoreArchived, stores="originator_id")
def store_archived(rows: CatalogRows, event: StoreArchived, _: Envelope) -> None:
    _store_in(rows, event, StoreStatus.ARCHIVED)
