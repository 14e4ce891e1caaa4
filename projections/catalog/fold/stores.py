"""How events change stores and their pages."""

import json
from uuid import UUID

from domain.ids import derived
from domain.media.events import MediaType
from domain.store.aggregate import PROMISE_DAYS
from domain.store.events import (
    BrandEdited,
    BrandGenerated,
    ContactChanged,
    CurrencyChosen,
    DeliveryPromised,
    NicheChanged,
    PageRemoved,
    PageRetitled,
    PageWritten,
    ProductsScouted,
    ReturnPolicySet,
    ShippingRatesSet,
    StoreApproved,
    StoreArchived,
    StorePaused,
    StorePublished,
    StoreReadyForReview,
    StoreRequested,
    StoreStatus,
    SupplierOrderingSet,
    TaxesSet,
)
from projections.catalog.fold.media import add_media
from projections.catalog.rows import EMPTY_LIST, CatalogRows
from projections.catalog.tables.media import MediaRow
from projections.catalog.tables.pages import PageRow, PageVersionRow
from projections.catalog.tables.stores import StoreRow
from projections.catalog.views import ImageState
from projections.engine.tables import Folds, as_json, of_tenant

STORE_FOLDS: Folds[CatalogRows] = Folds()


@STORE_FOLDS.on(StoreRequested)
def store_requested(rows: CatalogRows, event: StoreRequested, _: UUID) -> None:
    rows.stores[event.originator_id] = StoreRow(
        id=event.originator_id,
        merchant_id=event.merchant_id,
        niche=event.niche,
        name=event.preferences.name or event.niche,
        slug=None,
        description=None,
        status=StoreStatus.CREATING,
        approved=False,
        preferences=as_json(event.preferences),
        brand=None,
        scouting=None,
        custom_domain=None,
        created_at=event.occurred_at,
        updated_at=event.occurred_at,
        published_at=None,
        currency=None,
        contact_email=event.contact_email,
        delivery_promise_days=PROMISE_DAYS,
        time_zone="UTC",
        shipping=None,
        returns=None,
        taxes=None,
        orders_at_suppliers=False,
    )


@STORE_FOLDS.on(NicheChanged, stores="originator_id")
def niche_changed(rows: CatalogRows, event: NicheChanged, _: UUID) -> None:
    store = rows.stores[event.originator_id]
    if store.name == store.niche:
        # Until the brand exists, the store goes by its niche.
        store.name = event.niche
    store.niche, store.updated_at = event.niche, event.occurred_at


def logo_id(store_id: UUID) -> UUID:
    """Return the id of a store's logo among the media assets; a new brand replaces the file and keeps the asset."""
    return derived(store_id, "logo")


@STORE_FOLDS.on(
    BrandGenerated,
    stores="originator_id",
    media=lambda event, _: logo_id(event.originator_id),
    media_counts=of_tenant,
)
def brand_generated(rows: CatalogRows, event: BrandGenerated, tenant: UUID) -> None:
    store, at = rows.stores[event.originator_id], event.occurred_at
    store.brand = as_json(
        {
            "identity": event.brand,
            "options": event.options,
            "reason": event.reason,
            "written_by": event.written_by,
            "generation_id": event.generation_id,
            "attempt": event.attempt,
        }
    )
    store.name, store.slug, store.description = event.brand.name, event.slug, event.brand.voice.story
    store.updated_at = at
    logo = rows.media.get(logo_id(store.id))
    if logo is None:
        row = MediaRow(
            id=logo_id(store.id),
            store_id=store.id,
            product_id=None,
            type=MediaType.LOGO,
            status=ImageState.PROCESSED,
            position=0,
            original_url=None,
            alt_text="",
            content=None,
            renditions=EMPTY_LIST,
            review=None,
            shown=None,
            other_renditions=EMPTY_LIST,
            quality=None,
            ground=None,
            studio=None,
            attempt=event.attempt,
            generation_id=event.generation_id,
            draft_id=None,
            rejection=None,
            rejection_message=None,
            created_at=at,
            updated_at=at,
        )
        logo = add_media(rows, tenant, row)
    logo.content, logo.alt_text = event.brand.logo.svg, f"{event.brand.name} logo"
    logo.attempt, logo.generation_id, logo.updated_at = event.attempt, event.generation_id, at


@STORE_FOLDS.on(BrandEdited, stores="originator_id", media=lambda event, _: logo_id(event.originator_id))
def brand_edited(rows: CatalogRows, event: BrandEdited, _: UUID) -> None:
    store, at, brand = rows.stores[event.originator_id], event.occurred_at, event.brand
    # The options and the reason stay: they tell how the first brand was chosen.
    store.brand = as_json({**json.loads(store.brand or "{}"), "identity": brand})
    store.name, store.slug, store.description = brand.name, event.slug, brand.voice.story
    store.updated_at = at
    logo = rows.media[logo_id(store.id)]
    logo.content, logo.alt_text, logo.updated_at = brand.logo.svg, f"{brand.name} logo", at


@STORE_FOLDS.on(ContactChanged, stores="originator_id")
def contact_changed(rows: CatalogRows, event: ContactChanged, _: UUID) -> None:
    store = rows.stores[event.originator_id]
    store.contact_email, store.updated_at = event.contact_email, event.occurred_at


@STORE_FOLDS.on(ProductsScouted, stores="originator_id")
def products_scouted(rows: CatalogRows, event: ProductsScouted, _: UUID) -> None:
    store = rows.stores[event.originator_id]
    store.scouting = as_json(
        {
            "keywords": event.keywords,
            "suppliers": event.suppliers,
            "candidates": event.candidates,
            "duplicates": event.duplicates,
            "fitting": event.fitting,
            "rejected": event.rejected,
            "product_ids": event.product_ids,
            "generation_id": event.generation_id,
            "attempt": event.attempt,
        }
    )
    store.updated_at = event.occurred_at


@STORE_FOLDS.on(CurrencyChosen, stores="originator_id")
def currency_chosen(rows: CatalogRows, event: CurrencyChosen, _: UUID) -> None:
    store = rows.stores[event.originator_id]
    store.currency, store.updated_at = event.currency, event.occurred_at


@STORE_FOLDS.on(DeliveryPromised, stores="originator_id")
def delivery_promised(rows: CatalogRows, event: DeliveryPromised, _: UUID) -> None:
    store = rows.stores[event.originator_id]
    store.delivery_promise_days, store.time_zone = event.days, event.time_zone
    store.updated_at = event.occurred_at


@STORE_FOLDS.on(ShippingRatesSet, stores="originator_id")
def shipping_rates_set(rows: CatalogRows, event: ShippingRatesSet, _: UUID) -> None:
    store = rows.stores[event.originator_id]
    store.shipping, store.updated_at = as_json(event.rates), event.occurred_at


@STORE_FOLDS.on(ReturnPolicySet, stores="originator_id")
def return_policy_set(rows: CatalogRows, event: ReturnPolicySet, _: UUID) -> None:
    store = rows.stores[event.originator_id]
    store.returns, store.updated_at = as_json(event.policy), event.occurred_at


@STORE_FOLDS.on(TaxesSet, stores="originator_id")
def taxes_set(rows: CatalogRows, event: TaxesSet, _: UUID) -> None:
    store = rows.stores[event.originator_id]
    store.taxes, store.updated_at = as_json(event.taxes), event.occurred_at


@STORE_FOLDS.on(SupplierOrderingSet, stores="originator_id")
def supplier_ordering_set(rows: CatalogRows, event: SupplierOrderingSet, _: UUID) -> None:
    store = rows.stores[event.originator_id]
    store.orders_at_suppliers, store.updated_at = event.enabled, event.occurred_at


@STORE_FOLDS.on(PageWritten, pages="page_id")
def page_written(rows: CatalogRows, event: PageWritten, _: UUID) -> None:
    page = rows.pages.get(event.page_id)
    if page is None:
        page = rows.pages[event.page_id] = PageRow(
            id=event.page_id,
            store_id=event.originator_id,
            type=event.type,
            title=event.title,
            slug=event.slug,
            content=event.content,
            scores=as_json(event.scores),
            written_by=event.written_by,
            version=1,
            removed=False,
            created_at=event.occurred_at,
            updated_at=event.occurred_at,
        )
        _keep_version(rows, event.originator_id, page)
        return
    page.type, page.title, page.slug, page.content = event.type, event.title, event.slug, event.content
    page.scores, page.written_by, page.updated_at = as_json(event.scores), event.written_by, event.occurred_at
    page.version += 1
    page.removed = False
    _keep_version(rows, event.originator_id, page)


@STORE_FOLDS.on(PageRemoved, pages="page_id")
def page_removed(rows: CatalogRows, event: PageRemoved, _: UUID) -> None:
    page = rows.pages[event.page_id]
    page.removed, page.updated_at = True, event.occurred_at


@STORE_FOLDS.on(PageRetitled, pages="page_id")
def page_retitled(rows: CatalogRows, event: PageRetitled, _: UUID) -> None:
    page = rows.pages[event.page_id]
    page.title, page.updated_at = event.title, event.occurred_at
    page.version += 1
    _keep_version(rows, event.originator_id, page)


def _keep_version(rows: CatalogRows, store_id: UUID, page: PageRow) -> None:
    # A loaded row has no store_id: it never changes, so it is not among the hot columns.
    rows.page_versions[page.id, page.version] = PageVersionRow(
        page_id=page.id,
        number=page.version,
        store_id=store_id,
        type=page.type,
        title=page.title,
        content=page.content,
        written_by=page.written_by,
        written_at=page.updated_at,
    )


def _store_in(
    rows: CatalogRows, event: StoreReadyForReview | StorePublished | StorePaused | StoreArchived, status: StoreStatus
) -> StoreRow:
    store = rows.stores[event.originator_id]
    store.status, store.updated_at = status, event.occurred_at
    return store


@STORE_FOLDS.on(StoreReadyForReview, stores="originator_id")
def store_ready_for_review(rows: CatalogRows, event: StoreReadyForReview, _: UUID) -> None:
    _store_in(rows, event, StoreStatus.PENDING_REVIEW)


@STORE_FOLDS.on(StoreApproved, stores="originator_id")
def store_approved(rows: CatalogRows, event: StoreApproved, _: UUID) -> None:
    store = rows.stores[event.originator_id]
    store.approved, store.updated_at = True, event.occurred_at


@STORE_FOLDS.on(StorePublished, stores="originator_id")
def store_published(rows: CatalogRows, event: StorePublished, _: UUID) -> None:
    _store_in(rows, event, StoreStatus.ACTIVE).published_at = event.occurred_at


@STORE_FOLDS.on(StorePaused, stores="originator_id")
def store_paused(rows: CatalogRows, event: StorePaused, _: UUID) -> None:
    _store_in(rows, event, StoreStatus.PAUSED)


@STORE_FOLDS.on(StoreArchived, stores="originator_id")
def store_archived(rows: CatalogRows, event: StoreArchived, _: UUID) -> None:
    _store_in(rows, event, StoreStatus.ARCHIVED)
