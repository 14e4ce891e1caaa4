"""A store with its pages, domains and merchant's lists."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.kernel import Value
from domain.shipping.rates import ShippingRates
from domain.store.aggregate import PROMISE_DAYS
from domain.store.brand import BrandIdentity, NameOption
from domain.store.collection_events import CollectionRule
from domain.store.domain_events import DomainProblem, DomainStatus
from domain.store.events import CopyScores, PageType, Preferences, StoreStatus, SupplierReport
from domain.store.return_policy import ReturnPolicy
from domain.store.taxes import TaxSettings


class BrandResult(Value):
    """A store's brand and why it was chosen."""

    identity: BrandIdentity
    options: list[NameOption]
    """The five candidate names."""
    reason: str
    """Why this name, for the merchant."""
    written_by: str
    """``house`` or a model's name."""
    generation_id: UUID
    attempt: int


class ScoutingResult(Value):
    """The result of a store's last scouting. The terms of each product's score are in the product."""

    keywords: list[str]
    suppliers: list[SupplierReport]
    candidates: int
    duplicates: int
    fitting: int | None = None
    """The number of different candidates that fit the niche; None for scoutings that did not measure it."""
    rejected: dict[str, int] = {}
    product_ids: list[UUID]
    generation_id: UUID
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreView:
    """A store (the product document's ``Store``)."""

    id: UUID
    merchant_id: UUID
    """The owner (``userId``)."""
    name: str
    """The brand's name; until the brand exists, the requested name or the niche."""
    slug: str | None
    """The storefront's host label (``subdomain``); None until the brand is chosen."""
    description: str | None
    """The brand's story."""
    niche: str
    status: StoreStatus
    approved: bool
    preferences: Preferences
    """What the merchant requested besides the niche (``settings``)."""
    brand: BrandResult | None
    scouting: ScoutingResult | None
    custom_domain: str | None
    """The verified domain that is its canonical address; None for the address below the platform's domain."""
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None
    """When the storefront was last published."""
    currency: str | None
    """The ISO 4217 code of its prices; None while the store has no products."""
    contact_email: str | None = None
    """The address that shoppers write to; None if the merchant gave none with the store."""
    delivery_promise_days: int = PROMISE_DAYS
    """The most calendar days from an order to the shopper's door."""
    time_zone: str = "UTC"
    """The IANA time zone of the store's dates."""
    shipping: ShippingRates | None = None
    """Where it delivers and for how much; None until the merchant sets it."""
    returns: ReturnPolicy | None = None
    """The rules for returns; None until the merchant sets them."""
    taxes: TaxSettings | None = None
    """How taxes are known; None until the merchant sets it."""
    orders_at_suppliers: bool = False
    """Whether paid orders are placed at suppliers without asking."""
    business_country: str | None = None
    """ISO 3166-1 alpha-2 code of the merchant's business; None until it is stated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainView:
    """A domain that a store connected."""

    store_id: UUID
    name: str
    """In the ASCII form of DNS, in lower case."""
    status: DomainStatus
    token: str
    problem: DomainProblem | None
    """What the last check found wrong; None if nothing."""
    connected_at: datetime
    check_until: datetime
    """When the search for the proof ends."""
    verified_at: datetime | None
    off_at: datetime | None
    """When it is switched off, because its proof is lost; None unless that is so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionView:
    """A merchant's own list of products."""

    id: UUID
    store_id: UUID
    title: str
    slug: str
    """Its address within the store, ``/collections/<slug>``."""
    text: str
    """Markdown; empty for none."""
    image_id: UUID | None
    rule: CollectionRule | None
    """Which products it has; None if the merchant lists them."""
    product_ids: tuple[UUID, ...]
    """In the merchant's order; empty with a rule."""
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryTextView:
    """The title, text and address of a category's page, as far as it has its own."""

    store_id: UUID
    category: str
    """The category's own slug, which its name makes."""
    slug: str
    """Its address within the store, ``/c/<slug>``."""
    title: str | None
    text: str | None
    """Markdown."""
    written_by: str | None
    """``house``, a model's name, or ``merchant``."""
    updated_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageView:
    """A content page (``Page``)."""

    id: UUID
    store_id: UUID
    type: PageType
    title: str
    slug: str
    content: str
    """Markdown."""
    scores: CopyScores
    written_by: str
    """``house``, a model's name, or ``merchant``."""
    created_at: datetime
    updated_at: datetime
    version: int = 1
    """The number of this text; see :class:`PageVersionView`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageVersionView:
    """The text that a page had at one time."""

    page_id: UUID
    number: int
    """1 for the first text."""
    type: PageType
    title: str
    content: str
    """Markdown."""
    written_by: str
    written_at: datetime
