"""The live values of a draft's target: in full from its events, and as fingerprints from the states that commands decide on."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, cast
from uuid import UUID

from domain.draft.events import DraftTarget, TargetKind
from domain.editing import EditField, FieldValues, Fingerprints, fingerprint, fingerprints
from domain.kernel import DomainEvent
from domain.media.aggregate import IMAGE
from domain.media.events import MediaEvent
from domain.media.picture import picture_value
from domain.product.events import ProductArchived, ProductEvent
from domain.product.texts import texts_set_by
from domain.store.aggregate import STORE, Store
from domain.store.events import StoreArchived, StoreEvent, StoreStatus
from domain.store.texts import brand_values, category_values, collection_values, page_values


async def live_values(
    target: DraftTarget, store_id: UUID, read: Callable[[UUID], Awaitable[Sequence[DomainEvent]]]
) -> FieldValues:
    """Return the present values of a target. Empty if it or what it is part of does not exist, is archived or was removed.

    Args:
        target: of a draft.
        store_id: the store of the draft.
        read: returns the events of a stream.
    """
    events = await read(target.stream(store_id))
    for holder in _holders(target, store_id, events):
        if any(isinstance(event, StoreArchived | ProductArchived) for event in await read(holder)):
            return {}
    return values_of(target, events)


def _holders(target: DraftTarget, store_id: UUID, events: Iterable[DomainEvent]) -> Sequence[UUID]:
    """Return the other streams of what a target is part of."""
    if target.kind is TargetKind.PRODUCT:
        return (store_id,)
    if target.kind is TargetKind.IMAGE:
        image = IMAGE.fold(cast("Iterable[MediaEvent]", events))
        return (store_id,) if image is None or image.product_id is None else (store_id, image.product_id)
    return ()


def values_of(target: DraftTarget, events: Iterable[DomainEvent]) -> FieldValues:
    """Return a target's values in some events. Empty if the target does not exist, is archived or was removed.

    Args:
        target: of a draft.
        events: of the product or image for one of these, else of the store, in their order.
    """
    if target.kind is TargetKind.PRODUCT:
        return _product_values(cast("Iterable[ProductEvent]", events))
    if target.kind is TargetKind.IMAGE:
        image = IMAGE.fold(cast("Iterable[MediaEvent]", events))
        return {} if image is None else {EditField.PICTURE: picture_value(image)}
    of_store = list(cast("Iterable[StoreEvent]", events))
    store = STORE.fold(of_store)
    if store is None or store.status is StoreStatus.ARCHIVED:
        return {}
    if target.kind is TargetKind.PAGE:
        return page_values(target.id, of_store)
    if target.kind is TargetKind.BRAND:
        return {} if store.brand is None else brand_values(store.brand)
    if target.kind is TargetKind.CATEGORY:
        return _category_values(target, store)
    collection = store.assortment.collections.get(target.id)
    return {} if collection is None else collection_values(collection)


def fingerprints_in_store(target: DraftTarget, store: Store) -> Fingerprints:
    """Return the fingerprints of a target that is a part of its store. Empty if the store does not have it."""
    match target.kind:
        case TargetKind.BRAND:
            return {} if store.brand is None else fingerprints(brand_values(store.brand))
        case TargetKind.PAGE:
            page = store.pages.get(target.id)
            return {} if page is None else {EditField.TITLE: fingerprint(page.title), EditField.CONTENT: page.content}
        case TargetKind.COLLECTION:
            collection = store.assortment.collections.get(target.id)
            return {} if collection is None else fingerprints(collection_values(collection))
        case TargetKind.CATEGORY:
            return fingerprints(_category_values(target, store))
        case TargetKind.PRODUCT | TargetKind.IMAGE:
            raise ValueError(f"A {target.kind.lower()} is a stream of its own.")


def _category_values(target: DraftTarget, store: Store) -> FieldValues:
    return {} if target.category is None else category_values(store.assortment.described.get(target.category))


def _product_values(events: Iterable[ProductEvent]) -> FieldValues:
    values: dict[EditField, Any] = {}
    for event in events:
        if isinstance(event, ProductArchived):
            return {}
        values |= texts_set_by(event)
    return values
