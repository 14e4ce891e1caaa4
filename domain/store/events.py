"""Events of a store."""

from enum import StrEnum
from uuid import UUID

from domain.editing import EditField
from domain.kernel import DomainEvent, Value
from domain.merchant.events import SupplierProvider
from domain.shipping.rates import ShippingRates
from domain.store.brand import BrandIdentity, NameOption
from domain.store.collection_events import CollectionEvent
from domain.store.domain_events import DomainOfStoreEvent
from domain.store.return_policy import ReturnPolicy
from domain.store.taxes import TaxSettings
from domain.store.team_events import TeamEvent


class StoreStatus(StrEnum):
    """The status of a store."""

    CREATING = "CREATING"
    PENDING_REVIEW = "PENDING_REVIEW"
    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    ARCHIVED = "ARCHIVED"


class PageType(StrEnum):
    """The kinds of content page."""

    PRIVACY_POLICY = "PRIVACY_POLICY"
    TERMS_OF_SERVICE = "TERMS_OF_SERVICE"
    REFUND_POLICY = "REFUND_POLICY"
    ABOUT = "ABOUT"
    CONTACT = "CONTACT"
    FAQ = "FAQ"
    CUSTOM = "CUSTOM"


class Preferences(Value):
    """The merchant's wishes beyond the niche; every field is optional."""

    name: str | None = None
    """A name the merchant would like."""
    tone: str | None = None
    """The tone of the store's texts."""
    colours: list[str] = []
    """Preferred colors in the merchant's words."""
    audience: str | None = None
    """The target audience."""


class CopyScores(Value):
    """Measurements of a text."""

    keyword_density: dict[str, float] = {}
    """Each keyword's share of all words, 0 to 1."""
    reading_ease: float = 0.0
    """Flesch reading ease, about 0 (hard) to 100 (easy)."""
    words: int = 0


class StoreRequested(DomainEvent, wire_name="store.store_requested.v1"):
    """A merchant requested a store in a niche."""

    merchant_id: UUID
    niche: str
    """The store's subject in the merchant's words."""
    preferences: Preferences = Preferences()
    contact_email: str | None = None
    """The business e-mail address that shoppers write to; the store's pages show it publicly."""


class NicheChanged(DomainEvent, wire_name="store.niche_changed.v1"):
    """The merchant chose another niche for the store, or corrected what it means."""

    niche: str
    """The store's subject from now on."""


class BrandGenerated(DomainEvent, wire_name="store.brand_generated.v1"):
    """The store adopted a brand. One event per attempt of the brand step; the latest brand counts."""

    generation_id: UUID
    attempt: int
    """Of the brand step; 1 at first."""
    brand: BrandIdentity
    options: list[NameOption]
    """The five names that were compared, the chosen one among them."""
    reason: str
    """Why this name and not the others, for the merchant."""
    slug: str
    """The storefront's host label, ``<slug>.localhost``; unique over all stores."""
    written_by: str
    """``house`` or a model's name."""


class BrandEdited(DomainEvent, wire_name="store.brand_edited.v1"):
    """The merchant changed parts of the brand, by an edit or by accepting a draft. The latest brand counts."""

    brand: BrandIdentity
    """The whole brand as it is from now on."""
    fields: list[EditField]
    """What was changed."""
    slug: str
    """The storefront's host label. It follows the name until the store is published, and stays from then on."""


class ContactChanged(DomainEvent, wire_name="store.contact_changed.v1"):
    """The merchant changed the address that shoppers write to."""

    contact_email: str | None
    """The business e-mail address that the store's pages show publicly; null if the merchant removed it."""


class SupplierReport(Value):
    """One supplier's part in a scouting."""

    provider: SupplierProvider
    candidates: int
    """Listings it returned, before ranking and removal of duplicates."""
    error: str | None = None
    """Why the supplier returned too few listings or none; null if it answered fully."""


class ProductsScouted(DomainEvent, wire_name="store.products_scouted.v1"):
    """Suppliers were searched, listings were ranked, and the best were imported as products."""

    generation_id: UUID
    attempt: int
    """Of the scout step; 1 at first."""
    keywords: list[str]
    """The search phrases."""
    suppliers: list[SupplierReport]
    candidates: int
    """Listings of all suppliers together, before ranking and removal of duplicates."""
    duplicates: int
    """The number of candidates that were the same thing as a better one."""
    product_ids: list[UUID]
    """The imported products."""
    fitting: int | None = None
    """The number of different candidates that fit the niche, whether they can be sold or not; null in older events."""
    rejected: dict[str, int] = {}
    """The number of candidates that were not imported, by reason: ``{"NO_PHOTO": 12}``. Empty in older events."""


class CurrencyChosen(DomainEvent, wire_name="store.currency_chosen.v1"):
    """The store's first product set the store's currency."""

    currency: str
    """ISO 4217 code of all the store's prices."""


class PageWritten(DomainEvent, wire_name="store.page_written.v1"):
    """A content page was written; a later text of the same page replaces it."""

    page_id: UUID
    """Stays the same when the page is rewritten."""
    type: PageType
    title: str
    slug: str
    """The page's address within the store, ``/pages/<slug>``."""
    content: str
    """Markdown."""
    scores: CopyScores = CopyScores()
    written_by: str
    """``house``, a model's name, or ``merchant``."""


class DeliveryPromised(DomainEvent, wire_name="store.delivery_promised.v1"):
    """The merchant set the longest delivery time that the store promises, and the time zone of its dates."""

    days: int
    """Calendar days from the order to the shopper's door."""
    time_zone: str = "UTC"
    """IANA name, such as ``Europe/Berlin``."""


class ShippingRatesSet(DomainEvent, wire_name="store.shipping_rates_set.v1"):
    """The merchant set where the store delivers and for how much; later rates replace these."""

    rates: ShippingRates


class TaxesSet(DomainEvent, wire_name="store.taxes_set.v1"):
    """The merchant decided how the store's taxes are known; orders from now on have them."""

    taxes: TaxSettings


class ReturnPolicySet(DomainEvent, wire_name="store.return_policy_set.v1"):
    """The merchant set the store's rules for returns. They hold for orders from then on, and for earlier ones if better."""

    policy: ReturnPolicy


class SupplierOrderingSet(DomainEvent, wire_name="store.supplier_ordering_set.v1"):
    """The merchant decided whether paid orders are placed at suppliers without asking."""

    enabled: bool


class PageRetitled(DomainEvent, wire_name="store.page_retitled.v1"):
    """The merchant changed a page's title; its text stays."""

    page_id: UUID
    title: str


class PageRemoved(DomainEvent, wire_name="store.page_removed.v1"):
    """The merchant dropped a page. A generation does not write a page of its type again."""

    page_id: UUID


class StoreReadyForReview(DomainEvent, wire_name="store.store_ready_for_review.v1"):
    """The generation is complete; the merchant reviews the store."""

    generation_id: UUID


class StoreApproved(DomainEvent, wire_name="store.store_approved.v1"):
    """The merchant approved the store."""


class StorePublished(DomainEvent, wire_name="store.store_published.v1"):
    """The storefront opened, for the first time or again."""


class StorePaused(DomainEvent, wire_name="store.store_paused.v1"):
    """The storefront is paused."""


class StoreArchived(DomainEvent, wire_name="store.store_archived.v1"):
    """The store is archived permanently; its slug stays reserved."""


class SlugReserved(DomainEvent, wire_name="slug.slug_reserved.v1"):
    """A slug was reserved for a store. Each slug has one stream, which makes it unique."""

    slug: str
    store_id: UUID
    """The store that owns the slug."""


StoreEvent = (
    StoreRequested
    | NicheChanged
    | BrandGenerated
    | BrandEdited
    | ContactChanged
    | ProductsScouted
    | CurrencyChosen
    | PageWritten
    | PageRetitled
    | PageRemoved
    | DeliveryPromised
    | ShippingRatesSet
    | DomainOfStoreEvent
    | CollectionEvent
    | ReturnPolicySet
    | TaxesSet
    | SupplierOrderingSet
    | TeamEvent
    | StoreReadyForReview
    | StoreApproved
    | StorePublished
    | StorePaused
    | StoreArchived
)
