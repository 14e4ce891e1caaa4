"""Where each published field of a store came from, for each kind of thing that has fields."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from domain.kernel import DomainEvent
from domain.media.events import ImageProcessed, ImageProcessingRequested, ImageReplaced, ImageVersionChosen
from domain.product.events import (
    PhotoRemoved,
    PhotosArranged,
    PriceChanged,
    ProductActivated,
    ProductAdded,
    ProductCopyWritten,
    ProductDeactivated,
    ProductDescribed,
    ProductImported,
    ProductMetaWritten,
    ProductRetitled,
)
from domain.store.collection_events import AddressKind, AddressMoved, CategoryDescribed, CollectionWritten
from domain.store.domain_events import PrimaryDomainChosen
from domain.store.events import (
    BrandGenerated,
    ContactChanged,
    CurrencyChosen,
    DeliveryPromised,
    NicheChanged,
    PageRetitled,
    PageWritten,
    ProductsScouted,
    ReturnPolicySet,
    ShippingRatesSet,
    StoreRequested,
    TaxesSet,
)
from gateway.api.field_origins import FieldOrigin, Origin, latest_origins, listing_of, person_of, with_approvals
from schemas.envelope import Envelope

_PRODUCT_FIELDS: Mapping[type[DomainEvent], Sequence[str]] = {
    ProductImported: (
        "originalTitle", "originalDescription", "sourceProvider", "sourceId", "sourceUrl", "winningScore", "title", "description", "slug", "category", "tags", "attributes", "sellingPrice", "costPrice",
        "shippingDays", "variants", "images",
    ),
    ProductAdded: ("title", "description", "slug", "sellingPrice", "costPrice", "variants", "images"),
    ProductCopyWritten: (
        "title", "description", "slug", "features", "benefits", "callToAction", "metaTitle", "metaDescription",
    ),
    ProductRetitled: ("title",),
    ProductDescribed: ("description", "features", "benefits", "callToAction"),
    ProductMetaWritten: ("metaTitle", "metaDescription"),
    PriceChanged: ("sellingPrice", "compareAtPrice"),
    PhotosArranged: ("images",),
    PhotoRemoved: ("images",),
    ProductActivated: ("status",),
    ProductDeactivated: ("status",),
}  # fmt: skip
_STORE_FIELDS: Mapping[type[DomainEvent], Sequence[str]] = {
    StoreRequested: ("niche", "contactEmail"),
    NicheChanged: ("niche",),
    ContactChanged: ("contactEmail",),
    BrandGenerated: (
        "name", "subdomain", "brandIdentity.name", "brandIdentity.voice", "brandIdentity.colors", "brandIdentity.fonts",
        "brandIdentity.logo", "brandIdentity.look",
    ),
    ProductsScouted: ("products",),
    DeliveryPromised: ("deliveryPromiseDays", "timeZone"),
    ShippingRatesSet: ("shipping",),
    CurrencyChosen: ("currency",),
    ReturnPolicySet: ("returnPolicy",),
    TaxesSet: ("taxes",),
    PrimaryDomainChosen: ("customDomain",),
}  # fmt: skip
_PAGE_FIELDS: Mapping[type[DomainEvent], Sequence[str]] = {
    PageWritten: ("title", "slug", "content"),
    PageRetitled: ("title",),
    AddressMoved: ("slug",),
}
_COLLECTION_FIELDS: Mapping[type[DomainEvent], Sequence[str]] = {
    CollectionWritten: ("title", "text", "imageId", "rule", "productIds"),
    AddressMoved: ("slug",),
}
_CATEGORY_FIELDS: Mapping[type[DomainEvent], Sequence[str]] = {
    CategoryDescribed: ("title", "text"),
    AddressMoved: ("slug",),
}
_IMAGE_FIELDS: Mapping[type[DomainEvent], Sequence[str]] = {
    ImageProcessingRequested: ("originalUrl", "altText", "position"),
    ImageProcessed: ("renditions",),
    ImageReplaced: ("renditions",),
    ImageVersionChosen: ("renditions",),
}


def product_origins(
    product: Sequence[Envelope], store: Sequence[Envelope], drafts: Iterable[Sequence[Envelope]] = ()
) -> list[FieldOrigin]:
    """Return the origins of a product's fields.

    Args:
        product: the events of the product.
        store: the events of its store.
        drafts: the events of each draft of the product.
    """
    product_id = next((one.event.originator_id for one in product), None)
    moved = _moved(store, AddressKind.PRODUCT, str(product_id))
    events = sorted([*product, *moved], key=lambda one: one.position)
    return with_approvals(latest_origins(events, {**_PRODUCT_FIELDS, AddressMoved: ("slug",)}, drafts), store, product)


def image_origins(
    image: Sequence[Envelope],
    product: Sequence[Envelope],
    store: Sequence[Envelope],
    drafts: Iterable[Sequence[Envelope]] = (),
) -> list[FieldOrigin]:
    """Return the origins of an image's fields.

    Args:
        image: the events of the image.
        product: the events of the product that it shows.
        store: the events of its store.
        drafts: the events of each draft of the image.
    """
    listing = next(filter(None, (listing_of(one.event) for one in product)), None)
    origins = [
        replace(origin, listing=listing) if origin.set_by is Origin.AGENT and origin.draft is None else origin
        for origin in with_approvals(latest_origins(image, _IMAGE_FIELDS, drafts), store, product)
    ]
    requested = {one.id: one for one in image if isinstance(one.event, ImageProcessingRequested)}
    return [_processed_for(origin, requested.get(origin.event.causation_id or origin.event.id)) for origin in origins]


def _processed_for(origin: FieldOrigin, request: Envelope | None) -> FieldOrigin:
    """Return the origin of a picture with its approval by the person who had it made; unchanged if an agent had."""
    if request is None or request.causation_id is not None or not isinstance(origin.event.event, ImageProcessed):
        return origin
    return replace(origin, approved_at=origin.event.event.occurred_at, approved_by=person_of(request))


def store_origins(store: Sequence[Envelope], drafts: Iterable[Sequence[Envelope]] = ()) -> list[FieldOrigin]:
    """Return the origins of the fields of a store itself, without its products, pages, collections and categories.

    Args:
        store: the events of the store.
        drafts: the events of each draft of its brand.
    """
    return with_approvals(latest_origins(store, _STORE_FIELDS, drafts), store)


def page_origins(
    page_id: UUID, store: Sequence[Envelope], drafts: Iterable[Sequence[Envelope]] = ()
) -> list[FieldOrigin]:
    """Return the origins of a page's fields, from the events of its store and of each draft of the page."""
    own = [one for one in store if getattr(one.event, "page_id", None) == page_id]
    return _part_origins(own, AddressKind.PAGE, str(page_id), _PAGE_FIELDS, store, drafts)


def collection_origins(
    collection_id: UUID, store: Sequence[Envelope], drafts: Iterable[Sequence[Envelope]] = ()
) -> list[FieldOrigin]:
    """Return the origins of a collection's fields, from the events of its store and of each draft of the collection.

    A collection is written whole. A field's origin is the latest event that gave it another value.
    """
    own: list[Envelope] = []
    origins: dict[str, FieldOrigin] = {}
    for one in store:
        if not isinstance(one.event, CollectionWritten) or one.event.collection_id != collection_id:
            continue
        before = own[-1].event if own else None
        for origin in _part_origins([one], AddressKind.COLLECTION, "", _COLLECTION_FIELDS, store, drafts):
            if before is None or _value(before, origin.name) != _value(one.event, origin.name):
                origins[origin.name] = origin
        if before is None:
            origins["slug"] = replace(origins["title"], name="slug")
        own.append(one)
    moved = _part_origins([], AddressKind.COLLECTION, str(collection_id), _COLLECTION_FIELDS, store, drafts)
    return list({**origins, **{origin.name: origin for origin in moved}}.values())


def category_origins(
    category: str, store: Sequence[Envelope], drafts: Iterable[Sequence[Envelope]] = ()
) -> list[FieldOrigin]:
    """Return the origins of a category page's fields, from the events of its store and of each draft of the page."""
    own = [one for one in store if isinstance(one.event, CategoryDescribed) and one.event.category == category]
    return _part_origins(own, AddressKind.CATEGORY, category, _CATEGORY_FIELDS, store, drafts)


def _part_origins(
    own: Sequence[Envelope],
    kind: AddressKind,
    target: str,
    fields: Mapping[type[DomainEvent], Sequence[str]],
    store: Sequence[Envelope],
    drafts: Iterable[Sequence[Envelope]],
) -> list[FieldOrigin]:
    events = sorted([*own, *_moved(store, kind, target)], key=lambda one: one.position)
    return with_approvals(latest_origins(events, fields, drafts), store)


def _moved(store: Iterable[Envelope], kind: AddressKind, target: str) -> Iterator[Envelope]:
    for one in store:
        if isinstance(one.event, AddressMoved) and (one.event.kind, one.event.target) == (kind, target):
            yield one


def _value(event: DomainEvent, name: str) -> object:
    return getattr(event, {"imageId": "image_id", "productIds": "product_ids"}.get(name, name))
