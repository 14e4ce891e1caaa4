"""What can happen to a store."""

from enum import StrEnum
from uuid import UUID

from domain.kernel import DomainEvent, Value
from domain.merchant.events import SupplierProvider
from domain.store.brand import BrandIdentity, NameOption


class StoreStatus(StrEnum):
    """Where a store stands."""

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
    """What the merchant asked for beyond the niche; every field may be left out."""

    name: str | None = None
    """A name the merchant would like."""
    tone: str | None = None
    """How the store is to speak."""
    colours: list[str] = []
    """Colours to lean on, as the merchant named them."""
    audience: str | None = None
    """Whom it is for."""


class CopyScores(Value):
    """How a text measures, kept beside it."""

    keyword_density: dict[str, float] = {}
    """Keyword to its share of all words, 0 to 1."""
    reading_ease: float = 0.0
    """Flesch reading ease, about 0 (hard) to 100 (easy)."""
    words: int = 0


class StoreRequested(DomainEvent, wire_name="store.store_requested.v1"):
    """A merchant asked for a store in a niche."""

    merchant_id: UUID
    niche: str
    """What the store is to be about, in the merchant's words."""
    preferences: Preferences = Preferences()
    contact_email: str | None = None
    """The business address that shoppers write to; it stands on the store's pages for everybody to read."""


class BrandGenerated(DomainEvent, wire_name="store.brand_generated.v1"):
    """The store got its brand: one per attempt of the brand step, the last one counts."""

    generation_id: UUID
    attempt: int
    """Of the brand step; 1 at first."""
    brand: BrandIdentity
    options: list[NameOption]
    """The five names that were weighed, the chosen one among them."""
    reason: str
    """Why this name and not the others, for the merchant."""
    slug: str
    """The storefront's host label, ``<slug>.localhost``; unique over all stores."""
    written_by: str
    """``house`` or a model's name."""


class SupplierReport(Value):
    """What one supplier contributed to a scouting."""

    provider: SupplierProvider
    candidates: int
    """Listings it returned, before ranking and removal of duplicates."""
    error: str | None = None
    """Why it contributed less than it could, or nothing."""


class ProductsScouted(DomainEvent, wire_name="store.products_scouted.v1"):
    """Suppliers were searched, listings ranked, and the best imported as the products named here."""

    generation_id: UUID
    attempt: int
    """Of the scout step; 1 at first."""
    keywords: list[str]
    """What was searched for."""
    suppliers: list[SupplierReport]
    candidates: int
    """Listings of all suppliers together, before ranking and removal of duplicates."""
    duplicates: int
    """How many candidates were the same thing as a better one."""
    product_ids: list[UUID]
    """The products that were imported."""


class CurrencyChosen(DomainEvent, wire_name="store.currency_chosen.v1"):
    """The store's first product decided what it sells in."""

    currency: str
    """ISO 4217 code; of every product from now on."""


class PageWritten(DomainEvent, wire_name="store.page_written.v1"):
    """A content page got its text; a later one of the same slug replaces it."""

    page_id: UUID
    """Stays the same when the page is rewritten."""
    type: PageType
    title: str
    slug: str
    """Its address within the store, ``/pages/<slug>``."""
    content: str
    """Markdown."""
    scores: CopyScores = CopyScores()
    written_by: str
    """``house``, a model's name, or ``merchant``."""


class PageRetitled(DomainEvent, wire_name="store.page_retitled.v1"):
    """The merchant gave a page another title; its text stays as it is."""

    page_id: UUID
    title: str


class StoreReadyForReview(DomainEvent, wire_name="store.store_ready_for_review.v1"):
    """Generation is complete; the merchant is to look at it."""

    generation_id: UUID


class StoreApproved(DomainEvent, wire_name="store.store_approved.v1"):
    """The merchant looked at the store and stands behind it."""


class StorePublished(DomainEvent, wire_name="store.store_published.v1"):
    """The storefront answers shoppers from now on, for the first time or again."""


class StorePaused(DomainEvent, wire_name="store.store_paused.v1"):
    """The storefront is shut for now."""


class StoreArchived(DomainEvent, wire_name="store.store_archived.v1"):
    """The store is put away for good; its slug stays taken."""


class SlugReserved(DomainEvent, wire_name="slug.slug_reserved.v1"):
    """A storefront slug belongs to a store. Its stream exists once per slug, which is what makes it unique."""

    slug: str
    store_id: UUID
    """Whose it is from now on."""


StoreEvent = (
    StoreRequested
    | BrandGenerated
    | ProductsScouted
    | CurrencyChosen
    | PageWritten
    | PageRetitled
    | StoreReadyForReview
    | StoreApproved
    | StorePublished
    | StorePaused
    | StoreArchived
)
