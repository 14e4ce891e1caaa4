"""The catalogue's tables: their rows, and the working set its folds change.

What changes often about a product (price, status, stock) lives apart from what is long (texts), so that a price
change does not write a description anew.
"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from domain.media.events import MediaType
from domain.product.events import ProductStatus
from domain.store.events import StoreStatus
from projections.catalog.views import ImageState
from projections.engine.tables import Json, Table

EMPTY_LIST = Json("[]")
"""No entries."""


@dataclass(slots=True)
class StoreRow:
    """A store as ``catalog_views.StoreView`` tells it; ``name`` is the name asked for until the brand has one."""

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


@dataclass(slots=True)
class PageRow:
    """A content page."""

    id: UUID
    store_id: UUID
    type: str
    title: str
    slug: str
    content: str
    scores: Json
    written_by: str
    created_at: datetime
    updated_at: datetime


@dataclass(slots=True)
class ProductRow:
    """What changes often about a product, and what lists are filtered and sorted by."""

    id: UUID
    store_id: UUID
    status: ProductStatus
    title: str
    title_folded: str
    """As ``domain.text.fold`` leaves it, to search in and to sort by."""
    slug: str
    category: str | None
    currency: str
    price_minor: int
    compare_at_minor: int | None
    cost_minor: int
    score_total: float | None
    created_at: datetime
    updated_at: datetime


@dataclass(slots=True)
class ProductTextRow:
    """What is long about a product and rarely changes."""

    id: UUID
    description: str
    description_folded: str
    """Searched in, as is ``labels_folded``."""
    labels_folded: str
    """Category and tags."""
    meta_title: str | None
    meta_description: str | None
    copy: Json | None
    """``catalog_views.CopyNotes`` once a copywriter wrote it."""
    original_title: str
    original_description: str
    tags: Json
    source: Json | None
    """``catalog_views.Source``, unless it was added by hand."""


@dataclass(slots=True)
class VariantRow:
    """A variant. Its price is kept as the distance to its product's, which a price change leaves as it is."""

    id: UUID
    product_id: UUID
    position: int
    sku: str | None
    title: str
    options: Json
    price_offset_minor: int
    cost_minor: int
    on_hand: int
    reserved: int
    missing: int
    """Pieces that are missing from paid orders, since the last count."""
    created_at: datetime
    updated_at: datetime


@dataclass(slots=True)
class MediaRow:
    """A product's image, an image by itself, or a logo."""

    id: UUID
    store_id: UUID
    product_id: UUID | None
    type: MediaType
    status: ImageState
    position: int
    original_url: str | None
    alt_text: str
    content: str | None
    renditions: Json
    ground: str | None
    studio: Json | None
    """``catalog_views.StudioNotes`` once the studio finished it."""
    attempt: int
    generation_id: UUID | None
    rejection: str | None
    rejection_message: str | None
    created_at: datetime
    updated_at: datetime


STORES = Table(
    "stores",
    StoreRow,
    hot=(
        "name",
        "slug",
        "description",
        "status",
        "approved",
        "brand",
        "scouting",
        "updated_at",
        "published_at",
        "currency",
    ),
    indexes=(
        "create index on stores (merchant_id, created_at, id)",
        "create index on stores (slug)",
        "create index on stores (custom_domain) where custom_domain is not null",
    ),
)
PAGES = Table(
    "pages",
    PageRow,
    hot=("type", "title", "slug", "content", "scores", "written_by", "updated_at"),
    indexes=("create index on pages (store_id, slug)",),
)
PRODUCTS = Table(
    "products",
    ProductRow,
    hot=("status", "title", "title_folded", "slug", "price_minor", "compare_at_minor", "updated_at"),
    indexes=("create index on products (store_id, created_at, id)", "create index on products (store_id, slug)"),
)
PRODUCT_TEXTS = Table(
    "product_texts",
    ProductTextRow,
    hot=("description", "description_folded", "meta_title", "meta_description", "copy"),
)
VARIANTS = Table(
    "variants",
    VariantRow,
    hot=("on_hand", "reserved", "missing", "updated_at"),
    indexes=("create index on variants (product_id)",),
)
MEDIA = Table(
    "media",
    MediaRow,
    hot=(
        "status",
        "position",
        "original_url",
        "alt_text",
        "content",
        "renditions",
        "ground",
        "studio",
        "attempt",
        "generation_id",
        "rejection",
        "rejection_message",
        "updated_at",
    ),
    indexes=(
        "create index on media (store_id, created_at, id)",
        "create index on media (product_id) where product_id is not null",
    ),
)


@dataclass(slots=True)
class CatalogRows:
    """The rows a batch touches, by table and key."""

    stores: dict[UUID, StoreRow] = field(default_factory=dict)
    pages: dict[UUID, PageRow] = field(default_factory=dict)
    products: dict[UUID, ProductRow] = field(default_factory=dict)
    product_texts: dict[UUID, ProductTextRow] = field(default_factory=dict)
    variants: dict[UUID, VariantRow] = field(default_factory=dict)
    media: dict[UUID, MediaRow] = field(default_factory=dict)


TABLES = (STORES, PAGES, PRODUCTS, PRODUCT_TEXTS, VARIANTS, MEDIA)
