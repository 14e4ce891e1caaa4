"""Where each published field of a store came from: the event that set it, who caused it, and the call behind it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from domain.calls.aggregate import call_id
from domain.draft.events import DraftAccepted, DraftProposed, DraftRequested
from domain.editing import EditField
from domain.ids import derived
from domain.kernel import DomainEvent
from domain.merchant.events import SupplierProvider
from domain.product.events import (
    PriceChanged,
    ProductAdded,
    ProductCopyWritten,
    ProductDescribed,
    ProductImported,
    ProductMetaWritten,
    ProductRetitled,
)
from domain.store.events import (
    BrandEdited,
    BrandGenerated,
    ContactChanged,
    DeliveryPromised,
    NicheChanged,
    PageRetitled,
    PageWritten,
    ProductsScouted,
    ShippingRatesSet,
    StoreApproved,
    StoreRequested,
)
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
    """The person who accepted the draft, or the owner who approved the store; None if neither happened."""


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
}


def product_origins(
    product: Iterable[Envelope], store: Iterable[Envelope], drafts: Iterable[Sequence[Envelope]] = ()
) -> list[FieldOrigin]:
    """Return the origins of a product's fields.

    Args:
        product: the events of the product.
        store: the events of its store.
        drafts: the events of each draft of the product.
    """
    return _approved(_latest(product, _PRODUCT_FIELDS, drafts), store)


def store_origins(store: Sequence[Envelope], drafts: Iterable[Sequence[Envelope]] = ()) -> list[FieldOrigin]:
    """Return the origins of the fields of a store itself, without its products and pages.

    Args:
        store: the events of the store.
        drafts: the events of each draft of its brand.
    """
    return _approved(_latest(store, _STORE_FIELDS, drafts), store)


def page_origins(
    page_id: UUID, store: Sequence[Envelope], drafts: Iterable[Sequence[Envelope]] = ()
) -> list[FieldOrigin]:
    """Return the origins of a page's fields, from the events of its store and of each draft of the page."""
    own = (one for one in store if getattr(one.event, "page_id", None) == page_id)
    return _approved(_latest(own, _PAGE_FIELDS, drafts), store)


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
        written_by, call = "", None
        for envelope in draft:
            match envelope.event:
                case DraftRequested():
                    hint = envelope.event.hint
                case DraftProposed():
                    written_by, call = envelope.event.written_by, envelope.event.call_id
                    if call is None and envelope.causation_id is not None:
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
        return FieldOrigin(name=name, set_by=Origin.MERCHANT, event=envelope, approved_at=at)
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


def _approved(latest: Mapping[str, FieldOrigin], store: Iterable[Envelope]) -> list[FieldOrigin]:
    """Return origins with the first approval of the store after each field was set. Only its owner approves a store."""
    owner: UUID | None = None
    approvals: list[Envelope] = []
    for envelope in store:
        if isinstance(envelope.event, StoreRequested):
            owner = envelope.event.merchant_id
        elif isinstance(envelope.event, StoreApproved):
            approvals.append(envelope)

    def approved(origin: FieldOrigin) -> FieldOrigin:
        if origin.approved_at is not None:
            return origin
        first = next((one for one in approvals if one.position > origin.event.position), None)
        return origin if first is None else replace(origin, approved_at=first.event.occurred_at, approved_by=owner)

    return [approved(origin) for origin in latest.values()]
