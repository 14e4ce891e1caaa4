"""The rows and tables of stores, their domains, and how they present themselves."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.store.domain_events import DomainStatus
from domain.store.events import StoreStatus
from projections.engine.tables import Json, Table

NAME_KEY = 'left(lower(name), 200) collate "C"'
"""What stores are sorted by: their name in lower case."""


@dataclass(slots=True)
class StoreRow:
    """A store; see ``views.StoreView``. Until the brand exists, ``name`` is the requested name or the niche."""

    id: UUID
    merchant_id: UUID
    niche: str
    name: str
    slug: str | None
    description: str | None
    status: StoreStatus
    approved: bool
    preferences: Json
    brand: Json | None
    scouting: Json | None
    custom_domain: str | None
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None
    currency: str | None
    contact_email: str | None
    delivery_promise_days: int
    time_zone: str
    shipping: Json | None
    """``ShippingRates``; null until the merchant sets them."""
    returns: Json | None
    taxes: Json | None
    orders_at_suppliers: bool


@dataclass(slots=True)
class DomainRow:
    """A domain that a store connected; see ``views.DomainView``."""

    store_id: UUID
    name: str
    status: DomainStatus
    token: str
    problem: str | None
    """``DomainProblem``"""
    connected_at: datetime
    check_until: datetime
    verified_at: datetime | None
    off_at: datetime | None


@dataclass(slots=True)
class CollectionRow:
    """A merchant's own list of products."""

    id: UUID
    store_id: UUID
    title: str
    slug: str
    text: str
    image_id: UUID | None
    rule: Json | None
    """``CollectionRule``; null if the merchant lists the products."""
    product_ids: Json
    removed: bool
    created_at: datetime
    updated_at: datetime


@dataclass(slots=True)
class CategoryTextRow:
    """The title, text and address of a category's page, as far as it has its own."""

    store_id: UUID
    category: str
    slug: str
    title: str | None
    text: str | None
    written_by: str | None
    updated_at: datetime | None


@dataclass(slots=True)
class FormerAddressRow:
    """An address that redirects to the present one of what it named."""

    store_id: UUID
    kind: str
    """``AddressKind``"""
    slug: str
    target: str
    moved_at: datetime


STORES = Table(
    "stores",
    StoreRow,
    hot=(
        "niche",
        "name",
        "slug",
        "custom_domain",
        "description",
        "status",
        "approved",
        "brand",
        "scouting",
        "updated_at",
        "published_at",
        "currency",
        "contact_email",
        "delivery_promise_days",
        "time_zone",
        "shipping",
        "returns",
        "taxes",
        "orders_at_suppliers",
    ),
    indexes=(
        "create index on stores (merchant_id, created_at, id)",
        f"create index on stores (merchant_id, ({NAME_KEY}), id)",
        "create index on stores (slug)",
    ),
)
DOMAINS = Table(
    "domains",
    DomainRow,
    key=("store_id", "name"),
    hot=("status", "token", "problem", "connected_at", "check_until", "verified_at", "off_at"),
    indexes=(
        "create index on domains (name)",
        "create index on domains (connected_at, name)",
        # What the schedule of checks walks through.
        "create index on domains (status, name, store_id) where status in ('PENDING', 'VERIFIED')",
    ),
)
COLLECTIONS = Table(
    "collections",
    CollectionRow,
    hot=("title", "slug", "text", "image_id", "rule", "product_ids", "removed", "updated_at"),
    indexes=("create index on collections (store_id, slug)",),
)
CATEGORY_TEXTS = Table(
    "category_texts",
    CategoryTextRow,
    key=("store_id", "category"),
    hot=("slug", "title", "text", "written_by", "updated_at"),
)
FORMER_ADDRESSES = Table(
    "former_addresses", FormerAddressRow, key=("store_id", "kind", "slug"), hot=("target", "moved_at")
)
