"""The origin of a field: the event that set it, who caused it, the call behind it, and who approved it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.calls.aggregate import call_id
from domain.draft.events import DraftAccepted, DraftProposed, DraftRequested, TargetKind
from domain.editing import EditField
from domain.ids import derived
from domain.kernel import DomainEvent
from domain.media.events import ImageReplaced
from domain.merchant.events import SupplierProvider
from domain.product.events import (
    ProductActivated,
    ProductCopyWritten,
    ProductImported,
)
from domain.store.collection_events import CategoryDescribed
from domain.store.events import (
    BrandEdited,
    BrandGenerated,
    PageWritten,
    StoreApproved,
    StorePublished,
    StoreRequested,
)
from domain.team.actors import Actor
from schemas.envelope import Envelope


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


def person_of(envelope: Envelope) -> UUID | None:
    """Return the person who sent the event's command. None if no person did, or the log did not name people yet."""
    return None if envelope.actor is None else Actor.parse(envelope.actor).person_id


def latest_origins(
    events: Iterable[Envelope],
    fields: Mapping[type[DomainEvent], Sequence[str]],
    drafts: Iterable[Sequence[Envelope]],
) -> dict[str, FieldOrigin]:
    """Return the latest origin of each field, by its name in GraphQL.

    Args:
        events: in their order.
        fields: the fields that each event sets.
        drafts: the events of each draft of the same thing.
    """
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
            name=name, set_by=Origin.MERCHANT, event=envelope, approved_at=at, approved_by=person_of(envelope)
        )
    call = next(_calls(envelope), None)
    return FieldOrigin(
        name=name,
        set_by=Origin.AGENT,
        event=envelope,
        call_id=None if call is None else call_id(derived(envelope.causation_id, call)),
        listing=listing_of(envelope.event),
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


def listing_of(event: DomainEvent) -> ListingSnapshot | None:
    """Return the listing that a product was imported from. None for other events."""
    if not isinstance(event, ProductImported):
        return None
    return ListingSnapshot(
        provider=event.source_provider,
        source_id=event.source_id,
        url=event.source_url,
        title=event.original_title,
    )


def with_approvals(
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
                yield envelope, person_of(envelope) or owner
            case StorePublished() if not published:
                published = True
                yield envelope, person_of(envelope) or owner
            case _:
                continue


def _of_product(product: Iterable[Envelope]) -> Iterator[tuple[Envelope, UUID | None]]:
    """Yield each time that a person put a product on sale, with the person."""
    return ((one, person_of(one)) for one in product if isinstance(one.event, ProductActivated))
