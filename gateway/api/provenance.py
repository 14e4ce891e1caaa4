"""Where each published field of a store came from: the event that set it, who caused it, and the call behind it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from domain.calls.aggregate import call_id
from domain.draft.events import DraftAccepted, DraftProposed, DraftRequested, TargetKind
from domain.editing import EditField
from domain.ids import derived
from domain.kernel import DomainEvent
from domain.media.events import ImageProcessed, ImageProcessingRequested, ImageReplaced, ImageVersionChosen
from domain.merchant.events import SupplierProvider
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
    BrandEdited,
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
    StoreApproved,
    StorePublished,
    StoreRequested,
    TaxesSet,
)
from domain.team.actors import Actor
from schemas.envelope import Envelope, RawEvent


class StreamHistory(Protocol):
    """The events of single streams. They are not behind the log, as read models may be."""

    async def read_streams(self, stream_ids: Sequence[UUID]) -> Sequence[RawEvent]:
        """Return the settled events of these streams, in the order of the log."""
        ...

    async def read_back(
        self, tenant: UUID, before: int | None, limit: int, *, kinds: Sequence[str] = ()
    ) -> Sequence[RawEvent]:
        """Return a tenant's newest settled events before a position, the newest first.

        Args:
            tenant: the tenant.
            before: the position; None for the end of the log.
            limit: the most events.
            kinds: only events of these kinds of stream, such as ``product``; empty means any.
        """
        ...

    async def read_people(self, tenant: UUID, before: int | None, limit: int) -> Sequence[RawEvent]:
        """Return a tenant's newest settled events of people's commands before a position, the newest first."""
        ...


class Origin(StrEnum):
    """Who made the value of a field."""

    AGENT = "AGENT"
    """A generation of the platform, or a draft that the merchant accepted."""
    MERCHANT = "MERCHANT"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingSnapshot:
    """The supplier's listing that a product was imported from, as the log keeps it."""

    provider: SupplierProvider
    source_id: str
    url: str | None
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedDraft:
    """A draft that the merchant accepted a value from."""

    id: UUID
    hint: str | None
    written_by: str
    """``house`` or a model's name."""
    call_id: UUID | None
    accepted_by: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldOrigin:
    """Where the current value of a field came from."""

    name: str
    """The field's name in GraphQL; a brand's parts have dots: ``brandIdentity.colors``."""
    set_by: Origin
    event: Envelope = field(repr=False)
    call_id: UUID | None = None
    """The recorded call whose answer is the value; None if the value is the merchant's or follows from a rule."""
    listing: ListingSnapshot | None = None
    draft: AcceptedDraft | None = None
    """The draft that the merchant accepted the value from; None if it came in another way."""
    approved_at: datetime | None = None
    """When the merchant approved the store with this value, set it, or accepted it; None if that has not happened since."""
    approved_by: UUID | None = None
    """The person who set or accepted the value, or approved or published the store or product with it. None before that, and
    for values that were set before the log named people."""


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
_BRAND_FIELDS: Mapping[EditField, Sequence[str]] = {
    EditField.NAME: ("name", "brandIdentity.name"),
    EditField.TAGLINE: ("brandIdentity.voice",),
    EditField.STORY: ("brandIdentity.voice",),
    EditField.TONE: ("brandIdentity.voice",),
    EditField.COLORS: ("brandIdentity.colors",),
    EditField.FONTS: ("brandIdentity.fonts",),
    EditField.LOGO: ("brandIdentity.logo",),
    EditField.LOOK: ("brandIdentity.look",),
}
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
    return _approved(_latest(events, {**_PRODUCT_FIELDS, AddressMoved: ("slug",)}, drafts), store, product)


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
    listing = next(filter(None, (_listing(one.event) for one in product)), None)
    origins = [
        replace(origin, listing=listing) if origin.set_by is Origin.AGENT and origin.draft is None else origin
        for origin in _approved(_latest(image, _IMAGE_FIELDS, drafts), store, product)
    ]
    requested = {one.id: one for one in image if isinstance(one.event, ImageProcessingRequested)}
    return [_processed_for(origin, requested.get(origin.event.causation_id or origin.event.id)) for origin in origins]


def _processed_for(origin: FieldOrigin, request: Envelope | None) -> FieldOrigin:
    """Return the origin of a picture with its approval by the person who had it made; unchanged if an agent had."""
    if request is None or request.causation_id is not None or not isinstance(origin.event.event, ImageProcessed):
        return origin
    return replace(origin, approved_at=origin.event.event.occurred_at, approved_by=_person(request))


def store_origins(store: Sequence[Envelope], drafts: Iterable[Sequence[Envelope]] = ()) -> list[FieldOrigin]:
    """Return the origins of the fields of a store itself, without its products, pages, collections and categories.

    Args:
        store: the events of the store.
        drafts: the events of each draft of its brand.
    """
    return _approved(_latest(store, _STORE_FIELDS, drafts), store)


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
    return _approved(_latest(events, fields, drafts), store)


def _moved(store: Iterable[Envelope], kind: AddressKind, target: str) -> Iterator[Envelope]:
    for one in store:
        if isinstance(one.event, AddressMoved) and (one.event.kind, one.event.target) == (kind, target):
            yield one


def _value(event: DomainEvent, name: str) -> object:
    return getattr(event, {"imageId": "image_id", "productIds": "product_ids"}.get(name, name))


def _person(envelope: Envelope) -> UUID | None:
    """Return the person who sent the event's command. None if no person did, or the log did not name people yet."""
    return None if envelope.actor is None else Actor.parse(envelope.actor).person_id


def _latest(
    events: Iterable[Envelope],
    fields: Mapping[type[DomainEvent], Sequence[str]],
    drafts: Iterable[Sequence[Envelope]],
) -> dict[str, FieldOrigin]:
    accepted = _acceptances(drafts)
    latest: dict[str, FieldOrigin] = {}
    for envelope in events:
        for name in _fields_set_by(envelope.event, fields):
            latest[name] = _origin(name, envelope, accepted.get(envelope.correlation_id))
    return latest


def _acceptances(drafts: Iterable[Sequence[Envelope]]) -> dict[UUID, AcceptedDraft]:
    """Return the acceptances of drafts by their correlation id, which the events of the same command share."""
    accepted: dict[UUID, AcceptedDraft] = {}
    for draft in drafts:
        hint: str | None = None
        kind: TargetKind | None = None
        written_by, call = "", None
        for envelope in draft:
            match envelope.event:
                case DraftRequested():
                    hint, kind = envelope.event.hint, envelope.event.target.kind
                case DraftProposed():
                    written_by, call = envelope.event.written_by, envelope.event.call_id
                    if call is None and envelope.causation_id is not None and kind is TargetKind.BRAND:
                        # A brand step of a live store ends with a draft; its call is recorded for the step.
                        call = call_id(derived(envelope.causation_id, "brand-agent"))
                case DraftAccepted():
                    accepted[envelope.correlation_id] = AcceptedDraft(
                        id=envelope.event.originator_id,
                        hint=hint,
                        written_by=written_by,
                        call_id=call,
                        accepted_by=envelope.event.accepted_by,
                    )
    return accepted


def _fields_set_by(event: DomainEvent, fields: Mapping[type[DomainEvent], Sequence[str]]) -> Sequence[str]:
    if isinstance(event, BrandEdited):
        return [name for part in event.fields for name in _BRAND_FIELDS.get(part, ())]
    if isinstance(event, ImageReplaced) and event.alt_text is not None:
        return ("renditions", "altText")
    return fields.get(type(event), ())


def _origin(name: str, envelope: Envelope, draft: AcceptedDraft | None) -> FieldOrigin:
    at = envelope.event.occurred_at
    if draft is not None:
        return FieldOrigin(
            name=name,
            set_by=Origin.AGENT,
            event=envelope,
            call_id=draft.call_id,
            draft=draft,
            approved_at=at,
            approved_by=draft.accepted_by,
        )
    if envelope.causation_id is None:
        return FieldOrigin(
            name=name, set_by=Origin.MERCHANT, event=envelope, approved_at=at, approved_by=_person(envelope)
        )
    call = next(_calls(envelope), None)
    return FieldOrigin(
        name=name,
        set_by=Origin.AGENT,
        event=envelope,
        call_id=None if call is None else call_id(derived(envelope.causation_id, call)),
        listing=_listing(envelope.event),
    )


def _calls(envelope: Envelope) -> Iterator[str]:
    """Yield the name of the reaction whose recorded answer became the event, as the agents name it."""
    match envelope.event:
        case BrandGenerated():
            yield "brand-agent"
        case ProductCopyWritten(originator_id=product_id):
            yield f"copy-agent:{product_id}"
        case PageWritten(type=type):
            yield f"page-agent:{type}"
        case CategoryDescribed():
            yield "page-agent:categories"
        case ProductImported(source_provider=provider):
            yield f"scout-agent:search:{provider}"
        case _:
            return


def _listing(event: DomainEvent) -> ListingSnapshot | None:
    if not isinstance(event, ProductImported):
        return None
    return ListingSnapshot(
        provider=event.source_provider,
        source_id=event.source_id,
        url=event.source_url,
        title=event.original_title,
    )


def _approved(
    latest: Mapping[str, FieldOrigin], store: Iterable[Envelope], product: Iterable[Envelope] = ()
) -> list[FieldOrigin]:
    """Return origins with the first approval after each field was set.

    A person approves a value with the store, by its first publication, or by putting the product on sale.
    """
    approvals = sorted([*_of_store(store), *_of_product(product)], key=lambda one: one[0].position)

    def approved(origin: FieldOrigin) -> FieldOrigin:
        if origin.approved_at is not None:
            return origin
        for approval, person in approvals:
            if approval.position > origin.event.position:
                return replace(origin, approved_at=approval.event.occurred_at, approved_by=person)
        return origin

    return [approved(origin) for origin in latest.values()]


def _of_store(store: Iterable[Envelope]) -> Iterator[tuple[Envelope, UUID | None]]:
    """Yield each approval of a store and its first publication, with the person."""
    owner: UUID | None = None
    published = False
    for envelope in store:
        match envelope.event:
            case StoreRequested():
                owner = envelope.event.merchant_id
            case StoreApproved():
                yield envelope, _person(envelope) or owner
            case StorePublished() if not published:
                published = True
                yield envelope, _person(envelope) or owner
            case _:
                continue


def _of_product(product: Iterable[Envelope]) -> Iterator[tuple[Envelope, UUID | None]]:
    """Yield each time that a person put a product on sale, with the person."""
    return ((one, _person(one)) for one in product if isinstance(one.event, ProductActivated))
