"""How events change collections, category texts and addresses."""

from collections.abc import Callable
from uuid import UUID

from domain.store.collection_events import (
    AddressKind,
    AddressMoved,
    CategoryDescribed,
    CollectionRemoved,
    CollectionWritten,
)
from projections.catalog.fold.sitemap import PartKeys, mark_edited, part_with
from projections.catalog.rows import CatalogRows
from projections.catalog.tables.stores import CategoryTextRow, CollectionRow, FormerAddressRow
from projections.engine.tables import Folds, as_json

PRESENTATION_FOLDS: Folds[CatalogRows] = Folds()


@PRESENTATION_FOLDS.on(CollectionWritten, collections="collection_id")
def collection_written(rows: CatalogRows, event: CollectionWritten, _: UUID) -> None:
    known = rows.collections.get(event.collection_id)
    if known is None:
        known = rows.collections[event.collection_id] = CollectionRow(
            id=event.collection_id,
            store_id=event.originator_id,
            title=event.title,
            slug=event.slug,
            text=event.text,
            image_id=event.image_id,
            rule=None,
            product_ids=as_json([]),
            removed=False,
            created_at=event.occurred_at,
            updated_at=event.occurred_at,
        )
    if known.removed:
        # It is made again under an address of its own.
        known.slug, known.removed = event.slug, False
    known.title, known.text, known.image_id = event.title, event.text, event.image_id
    known.rule = None if event.rule is None else as_json(event.rule)
    known.product_ids, known.updated_at = as_json(event.product_ids), event.occurred_at


@PRESENTATION_FOLDS.on(CollectionRemoved, collections="collection_id")
def collection_removed(rows: CatalogRows, event: CollectionRemoved, _: UUID) -> None:
    collection = rows.collections[event.collection_id]
    collection.removed, collection.updated_at = True, event.occurred_at


def _category(event: CategoryDescribed, _: UUID) -> tuple[UUID, str]:
    return event.originator_id, event.category


@PRESENTATION_FOLDS.on(CategoryDescribed, category_texts=_category)
def category_described(rows: CatalogRows, event: CategoryDescribed, _: UUID) -> None:
    key = (event.originator_id, event.category)
    known = rows.category_texts.get(key)
    if known is None:
        known = rows.category_texts[key] = _category_row(event.originator_id, event.category)
    known.title, known.text, known.written_by = event.title, event.text, event.written_by
    known.updated_at = event.occurred_at


def _category_row(store_id: UUID, category: str) -> CategoryTextRow:
    return CategoryTextRow(
        store_id=store_id, category=category, slug=category, title=None, text=None, written_by=None, updated_at=None
    )


def _moved(kind: AddressKind) -> Callable[[AddressMoved, UUID], frozenset[UUID]]:
    return lambda event, _: frozenset({UUID(event.target)}) if event.kind == kind else frozenset()


def _moved_category(event: AddressMoved, _: UUID) -> frozenset[tuple[UUID, str]]:
    return frozenset({(event.originator_id, event.target)}) if event.kind == AddressKind.CATEGORY else frozenset()


def _former(event: AddressMoved, _: UUID) -> tuple[UUID, str, str]:
    return event.originator_id, event.kind, event.former


def _part(rows: CatalogRows, event: AddressMoved, tenant: UUID) -> PartKeys:
    return part_with(rows, UUID(event.target), tenant) if event.kind == AddressKind.PRODUCT else frozenset()


@PRESENTATION_FOLDS.on(
    AddressMoved,
    through={"sitemap_parts": _part},
    pages=_moved(AddressKind.PAGE),
    products=_moved(AddressKind.PRODUCT),
    collections=_moved(AddressKind.COLLECTION),
    category_texts=_moved_category,
    former_addresses=_former,
)
def address_moved(rows: CatalogRows, event: AddressMoved, tenant: UUID) -> None:
    match event.kind:
        case AddressKind.PAGE:
            rows.pages[UUID(event.target)].slug = event.slug
        case AddressKind.PRODUCT:
            product = rows.products[UUID(event.target)]
            product.slug = event.slug
            mark_edited(rows, tenant, product, event.occurred_at)
        case AddressKind.COLLECTION:
            rows.collections[UUID(event.target)].slug = event.slug
        case AddressKind.CATEGORY:
            key = (event.originator_id, event.target)
            if key not in rows.category_texts:
                rows.category_texts[key] = _category_row(*key)
            rows.category_texts[key].slug = event.slug
    former = rows.former_addresses.get(_former(event, tenant))
    if former is None:
        former = rows.former_addresses[_former(event, tenant)] = FormerAddressRow(
            store_id=event.originator_id,
            kind=event.kind,
            slug=event.former,
            target=event.target,
            moved_at=event.occurred_at,
        )
    former.target, former.moved_at = event.target, event.occurred_at
