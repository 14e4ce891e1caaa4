"""The store aggregate: request, brand, pages, review, publication."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from domain.kernel import CorruptStream, StreamKind, first_header, next_header
from domain.shipping.rates import ShippingRates, default_rates
from domain.store.brand import BrandIdentity
from domain.store.collection_events import (
    AddressKind,
    AddressMoved,
    CategoryDescribed,
    CollectionEvent,
    CollectionRemoved,
    CollectionWritten,
)
from domain.store.collections import Assortment
from domain.store.collections import with_event as presented
from domain.store.domain_events import (
    DomainConnected,
    DomainFailed,
    DomainOfStoreEvent,
    DomainProofFound,
    DomainProofLost,
    DomainProofMissing,
    DomainRemoved,
    DomainVerified,
    PrimaryDomainChosen,
)
from domain.store.domains import CustomDomain, with_event
from domain.store.errors import StoreNotReady
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
    Preferences,
    ProductsScouted,
    ReturnPolicySet,
    ShippingRatesSet,
    StoreApproved,
    StoreArchived,
    StoreEvent,
    StorePaused,
    StorePublished,
    StoreReadyForReview,
    StoreRequested,
    StoreStatus,
    SupplierOrderingSet,
    TaxesSet,
)
from domain.store.niche import sellable_niche
from domain.store.pages import LEGAL_PAGES, PageRef
from domain.store.pages import with_event as with_page_event
from domain.store.return_policy import ReturnPolicy
from domain.store.taxes import TaxSettings
from domain.store.team import Team, with_team_event
from domain.store.team_events import InvitationWithdrawn, PersonInvited, PersonJoined, PersonLeft, TeamRoleChanged
from domain.team.roles import Role

PROMISE_DAYS = 30
"""The delivery time that a store promises if its merchant sets none: the legal limit in the European Union
(Directive 2011/83/EU, Article 18)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """A merchant's store."""

    id: UUID
    version: int
    merchant_id: UUID
    niche: str
    preferences: Preferences = Preferences()
    contact_email: str | None = None
    """The address that shoppers write to; None if the merchant gave none."""
    status: StoreStatus = StoreStatus.CREATING
    approved: bool = False
    brand: BrandIdentity | None = None
    name_options: tuple[str, ...] = ()
    """The names that were compared for its brand."""
    slug: str | None = None
    pages: Mapping[UUID, PageRef] = field(default_factory=dict)
    removed_pages: Mapping[UUID, PageRef] = field(default_factory=dict)
    """As they were when the merchant dropped them."""
    product_ids: tuple[UUID, ...] = ()
    """The products of the latest scouting."""
    former_product_ids: tuple[UUID, ...] = ()
    """The products of earlier scoutings; some may still be on sale."""
    currency: str | None = None
    """The currency of its products; None without products, or if the first one is older than this rule."""
    delivery_promise_days: int = PROMISE_DAYS
    """The most calendar days from an order to the shopper's door; slower products are not imported."""
    time_zone: str = "UTC"
    """The IANA time zone of the store's dates."""
    shipping: ShippingRates | None = None
    """Where the store delivers and for how much; None until the merchant sets it."""
    domains: Mapping[str, CustomDomain] = field(default_factory=dict)
    """Every domain that it ever connected, by name."""
    assortment: Assortment = Assortment()
    """Its collections, category texts and changed addresses."""
    primary_domain: str | None = None
    """The verified domain that is its canonical address; None for the address below the platform's domain."""
    returns: ReturnPolicy = ReturnPolicy()
    """The rules for returns; those of the law until the merchant sets them."""
    taxes: TaxSettings = TaxSettings()
    orders_at_suppliers: bool = False
    """Whether paid orders are placed at suppliers without asking."""
    team: Team = Team()
    """The people who work in it besides the owner."""

    def role_of(self, person_id: UUID) -> Role | None:
        """Return a person's role; None if the person has none in this store."""
        return Role.OWNER if person_id == self.merchant_id else self.team.roles.get(person_id)

    def shipping_in(self, currency: str) -> ShippingRates:
        """Return the store's rates, or the default ones in a currency."""
        return self.shipping or default_rates(currency)

    @property
    def was_published(self) -> bool:
        """Whether the store was ever published, so that shoppers may know its address."""
        return self.status in {StoreStatus.ACTIVE, StoreStatus.PAUSED}

    @property
    def legal_pages(self) -> Sequence[tuple[UUID, PageRef]]:
        """The pages that an order is placed under, with their ids, in the order of ``LEGAL_PAGES``."""
        return [(id, page) for type in LEGAL_PAGES for id, page in self.pages.items() if page.type is type]

    def refuse_archived(self, action: str) -> None:
        """Refuse a change of an archived store or its contents.

        Args:
            action: the refused action as a participle, such as ``edited``.

        Raises:
            StoreNotReady: the store is archived.
        """
        if self.status is StoreStatus.ARCHIVED:
            raise StoreNotReady(self.id, self.status, action, "Request a new store instead.")

    def approve(self, *, at: datetime) -> Sequence[StoreEvent]:
        """Approve the reviewed store. No-op if it is approved.

        Raises:
            StoreNotReady: the store's first generation is not complete, or the store is archived.
        """
        if self.approved:
            return ()
        self.refuse_archived("approved")
        if self.status is not StoreStatus.PENDING_REVIEW:
            hint = (
                "Wait until its generation is complete; if that has failed or was cancelled, run its step again "
                "(retryStep). If it needs your attention, choose another niche (chooseNiche) or go on with what was found "
                "(continueGeneration)."
            )
            raise StoreNotReady(self.id, self.status, "approved", hint)
        return (StoreApproved(**next_header(self, at)),)

    def publish(self, *, at: datetime) -> Sequence[StoreEvent]:
        """Open the storefront. No-op if it is open.

        Raises:
            StoreNotReady: the store is not approved, or archived.
        """
        if self.status is StoreStatus.ACTIVE:
            return ()
        self.refuse_archived("published")
        if not self.approved:
            raise StoreNotReady(self.id, self.status, "published", "Approve it first.")
        return (StorePublished(**next_header(self, at)),)

    def pause(self, *, at: datetime) -> Sequence[StoreEvent]:
        """Pause the storefront. No-op if it is paused.

        Raises:
            StoreNotReady: the store is not published.
        """
        if self.status is StoreStatus.PAUSED:
            return ()
        if self.status is not StoreStatus.ACTIVE:
            raise StoreNotReady(self.id, self.status, "paused", "Only a published store can be paused.")
        return (StorePaused(**next_header(self, at)),)

    def archive(self, *, at: datetime) -> Sequence[StoreEvent]:
        """Archive the store permanently. No-op if it is archived."""
        if self.status is StoreStatus.ARCHIVED:
            return ()
        return (StoreArchived(**next_header(self, at)),)


def request_store(
    store_id: UUID,
    *,
    merchant_id: UUID,
    niche: str,
    preferences: Preferences,
    contact_email: str | None = None,
    at: datetime,
) -> Sequence[StoreEvent]:
    """Request a store.

    Raises:
        InvalidInput: the niche is empty, too long, has control characters, or asks for goods that are not sold.
    """
    return (
        StoreRequested(
            **first_header(store_id, at),
            merchant_id=merchant_id,
            niche=sellable_niche(niche),
            preferences=preferences,
            contact_email=contact_email,
        ),
    )


def evolve(store: Store | None, event: StoreEvent) -> Store:  # noqa: C901 - one case for each family of events
    """Apply one recorded event. Checks no rule: what is in the log happened."""
    match store, event:
        case None, StoreRequested():
            return Store(
                id=event.originator_id,
                version=event.originator_version,
                merchant_id=event.merchant_id,
                niche=event.niche,
                preferences=event.preferences,
                contact_email=event.contact_email,
            )
        case Store(), BrandGenerated() | BrandEdited():
            return _with_brand(store, event)
        case Store(), ProductsScouted():
            return replace(
                store,
                version=event.originator_version,
                product_ids=tuple(event.product_ids),
                former_product_ids=(*store.former_product_ids, *store.product_ids),
            )
        case Store(), PageWritten() | PageRetitled() | PageRemoved():
            pages, removed = with_page_event(store.pages, store.removed_pages, event)
            return replace(store, version=event.originator_version, pages=pages, removed_pages=removed)
        case (
            Store(),
            NicheChanged()
            | ContactChanged()
            | CurrencyChosen()
            | DeliveryPromised()
            | ShippingRatesSet()
            | ReturnPolicySet()
            | TaxesSet()
            | SupplierOrderingSet(),
        ):
            return _with_choice(store, event)
        case Store(), (
            DomainConnected()
            | DomainProofMissing()
            | DomainVerified()
            | DomainProofLost()
            | DomainProofFound()
            | DomainFailed()
            | DomainRemoved()
            | PrimaryDomainChosen()
        ):
            return _with_domain(store, event)
        case Store(), CollectionWritten() | CollectionRemoved() | CategoryDescribed() | AddressMoved():
            return _with_presentation(store, event)
        case Store(), PersonInvited() | InvitationWithdrawn() | PersonJoined() | TeamRoleChanged() | PersonLeft():
            return replace(store, version=event.originator_version, team=with_team_event(store.team, event))
        case Store(), StoreApproved():
            return replace(store, version=event.originator_version, approved=True)
        case Store(), StoreReadyForReview() | StorePublished() | StorePaused() | StoreArchived():
            return replace(store, version=event.originator_version, status=_STATUS_AFTER[type(event)])
        case _:
            raise CorruptStream(event)


_STATUS_AFTER: Mapping[type[StoreEvent], StoreStatus] = {
    StoreReadyForReview: StoreStatus.PENDING_REVIEW,
    StorePublished: StoreStatus.ACTIVE,
    StorePaused: StoreStatus.PAUSED,
    StoreArchived: StoreStatus.ARCHIVED,
}


def _with_choice(
    store: Store,
    event: NicheChanged
    | ContactChanged
    | CurrencyChosen
    | DeliveryPromised
    | ShippingRatesSet
    | ReturnPolicySet
    | TaxesSet
    | SupplierOrderingSet,
) -> Store:
    version = event.originator_version
    match event:
        case NicheChanged():
            return replace(store, version=version, niche=event.niche)
        case ContactChanged():
            return replace(store, version=version, contact_email=event.contact_email)
        case CurrencyChosen():
            return replace(store, version=version, currency=event.currency)
        case DeliveryPromised():
            return replace(store, version=version, delivery_promise_days=event.days, time_zone=event.time_zone)
        case ShippingRatesSet():
            return replace(store, version=version, shipping=event.rates)
        case ReturnPolicySet():
            return replace(store, version=version, returns=event.policy)
        case TaxesSet():
            return replace(store, version=version, taxes=event.taxes)
        case SupplierOrderingSet():
            return replace(store, version=version, orders_at_suppliers=event.enabled)


def _with_brand(store: Store, event: BrandGenerated | BrandEdited) -> Store:
    store = replace(store, version=event.originator_version, brand=event.brand, slug=event.slug)
    if isinstance(event, BrandEdited):
        return store
    return replace(store, name_options=tuple(option.name for option in event.options))


def _with_domain(store: Store, event: DomainOfStoreEvent) -> Store:
    version = event.originator_version
    if isinstance(event, PrimaryDomainChosen):
        return replace(store, version=version, primary_domain=event.name)
    return replace(store, version=version, domains=with_event(store.domains, event))


def _with_presentation(store: Store, event: CollectionEvent) -> Store:
    store = replace(store, version=event.originator_version, assortment=presented(store.assortment, event))
    if isinstance(event, AddressMoved) and event.kind is AddressKind.PAGE:
        page_id = UUID(event.target)
        return replace(store, pages={**store.pages, page_id: replace(store.pages[page_id], slug=event.slug)})
    return store


STORE = StreamKind("store", Store, evolve)
