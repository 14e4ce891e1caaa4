"""The rows and tables of the catalog read model.

The columns of a product that change often (price, status, stock) are in another table than its long texts, so that a
price change does not rewrite the description.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from domain.media.events import MediaType
from domain.product.events import ProductStatus
from domain.store.domain_events import DomainStatus
from domain.store.events import StoreStatus
from projections.catalog.views import ImageState
from projections.engine.tables import Json, Table

EMPTY_LIST = Json("[]")
"""An empty JSON array."""
NAME_KEY = 'left(lower(name), 200) collate "C"'
"""What stores are sorted by: their name in lower case."""
TITLE_KEY = 'left(title_folded, 200) collate "C"'
"""What products are sorted by title with. Bounded, since an entry of an index must be smaller than a third of a page."""
SCORE_KEY = "coalesce(score_total, -1)"
"""What products are sorted by score with; products without a score come last."""


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
    returns: Json | None
    taxes: Json | None
    orders_at_suppliers: bool
    """``ShippingRates``; null until the merchant sets them."""


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
    version: int
    removed: bool
    created_at: datetime
    updated_at: datetime


@dataclass(slots=True)
class PageVersionRow:
    """A page's text at one time; orders name the versions that they were placed under."""

    page_id: UUID
    number: int
    store_id: UUID
    type: str
    title: str
    content: str
    written_by: str
    written_at: datetime


@dataclass(slots=True)
class ProductRow:
    """The columns of a product that change often, or that lists are filtered and sorted by."""

    id: UUID
    store_id: UUID
    status: ProductStatus
    """As it is shown: an active product with nothing available is out of stock."""
    title: str
    title_folded: str
    """The title after ``domain.text.fold``, for sorting."""
    slug: str
    category: str | None
    currency: str
    price_minor: int
    compare_at_minor: int | None
    cost_minor: int
    lowest_offset_minor: int
    """Of its variants' prices to its price, like ``highest_offset_minor``; a price change keeps both."""
    highest_offset_minor: int
    on_hand: int
    """Summed over its variants, like ``available`` and ``short``, so that no query sums them."""
    available: int
    short: int
    score_total: float | None
    shipping_days: str | None
    """The fewest and the most days, such as ``4-9``; None if the product was added by hand."""
    has_manufacturer: bool
    """Whether the supplier names the manufacturer."""
    created_at: datetime
    updated_at: datetime
    edited_at: datetime
    """When something last changed that shoppers read about it. The number in stock is not part of it."""
    sitemap_part: int | None
    """The number of its part of the sitemap; None if it was never on sale."""


@dataclass(slots=True)
class ProductTextRow:
    """The long texts of a product, which rarely change."""

    id: UUID
    description: str
    meta_title: str | None
    meta_description: str | None
    copy: Json | None
    """``views.CopyNotes``; None until copy is written."""
    original_title: str
    original_description: str
    tags: Json
    source: Json | None
    """``views.Source``; None if the product was added by hand."""


@dataclass(slots=True)
class ProductWordsRow:
    """The words that a product is found by, as ``projections.catalog.words`` returns them, with spaces between them."""

    id: UUID
    store_id: UUID
    title: str
    labels: str
    """Of its category and tags."""
    description: str
    tags: str
    """As ``projections.catalog.words.tag_word`` returns them, with line breaks between them."""


@dataclass(slots=True)
class SearchWordRow:
    """A word of the titles and labels of a store, now or earlier; typing errors are corrected to one of them."""

    store_id: UUID
    word: str


@dataclass(slots=True)
class ProductCountsRow:
    """How many products a store has, so that no query counts them."""

    store_id: UUID
    counts: Json
    """``projections.catalog.counts.ProductCounts``."""


@dataclass(slots=True)
class SitemapPartRow:
    """A part of a store's sitemap."""

    store_id: UUID
    number: int
    products: int
    """Products of it that are on sale."""
    changed_at: datetime
    """When one of its entries last came, changed or went."""


@dataclass(slots=True)
class VariantRow:
    """A variant. Its price is stored as the offset to the product's price, which a price change keeps."""

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
    """Pieces missing from paid orders since the last count."""
    created_at: datetime
    updated_at: datetime

    @property
    def available(self) -> int:
        return max(0, self.on_hand - self.reserved)

    @property
    def short(self) -> int:
        return self.missing + max(0, self.reserved - self.on_hand)


@dataclass(slots=True)
class MediaRow:
    """A product's image, an image without a product, or a logo."""

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
    """``views.StudioNotes``; None until the image is processed."""
    review: Json | None
    """``domain.media.events.CutoutReview``; None if no cut-out was requested."""
    shown: str | None
    """``domain.media.events.ImageVersion``; None until the image is processed."""
    other_renditions: Json
    """The version that is not shown."""
    quality: float | None
    """``domain.media.quality.picture_quality``; None until the image is processed."""
    attempt: int
    generation_id: UUID | None
    draft_id: UUID | None
    """The draft that it was made for; None for an image of the store."""
    rejection: str | None
    rejection_message: str | None
    created_at: datetime
    updated_at: datetime


@dataclass(slots=True)
class MediaCountsRow:
    """How many media assets a store has, without those of drafts, so that no query counts them."""

    store_id: UUID
    counts: Json
    """A tally by type, and in each by status."""


@dataclass(slots=True)
class StudioMonthRow:
    """How long the studio worked for a store in a month, so that no query adds up images."""

    store_id: UUID
    month: date
    """Its first day, in UTC."""
    seconds: float


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
PAGES = Table(
    "pages",
    PageRow,
    hot=("type", "title", "slug", "content", "scores", "written_by", "version", "removed", "updated_at"),
    indexes=("create index on pages (store_id, slug)",),
)
PAGE_VERSIONS = Table("page_versions", PageVersionRow, key=("page_id", "number"))
PRODUCTS = Table(
    "products",
    ProductRow,
    hot=(
        "status",
        "title",
        "title_folded",
        "slug",
        "category",
        "price_minor",
        "compare_at_minor",
        "lowest_offset_minor",
        "highest_offset_minor",
        "on_hand",
        "available",
        "short",
        "shipping_days",
        # These do not change; they are counted again with the product.
        "currency",
        "cost_minor",
        "has_manufacturer",
        "updated_at",
        "edited_at",
        "sitemap_part",
    ),
    indexes=(
        "create index on products (store_id, slug)",
        # One index per order of ``queries.PRODUCT_ORDERS``, so that a page never sorts a store's products, nor passes
        # over those in another status.
        "create index on products (store_id, status, created_at, id)",
        "create index on products (store_id, status, price_minor, id)",
        f"create index on products (store_id, status, ({TITLE_KEY}), id)",
        # With the columns of conditions, so that a page is found in the index alone. PostgreSQL wants the column of the key.
        f"create index on products (store_id, status, ({SCORE_KEY}), id) include (score_total, price_minor)",
        f"create index on products (store_id, category, status, ({SCORE_KEY}), id)",
        # Flaws that few products have; see ``queries.publication``.
        "create index on products (store_id, created_at, id) where price_minor < cost_minor",
        "create index on products (store_id, created_at, id) where not has_manufacturer",
        "create index on products (store_id, shipping_days, created_at, id)",
        "create index on products (store_id, sitemap_part)",
    ),
)
PRODUCT_TEXTS = Table(
    "product_texts",
    ProductTextRow,
    hot=("description", "meta_title", "meta_description", "copy"),
)
PRODUCT_WORDS = Table(
    "product_words",
    ProductWordsRow,
    hot=("title", "description"),
    generated={
        # The store is one of the words, so that the index finds a word in one store among thousands.
        # A tag is a word, too, so that the index also finds a few tagged products among many.
        "document": "tsvector generated always as ("
        "array_to_tsvector(array[replace(store_id::text, '-', '')] || string_to_array(tags, chr(10))) "
        "|| setweight(to_tsvector('english', title), 'A') || setweight(to_tsvector('english', labels), 'B') "
        "|| setweight(to_tsvector('english', description), 'D'))"
    },
    indexes=(
        "create index on product_words using gin (document)",
        # To count the products with a word that most of a store's products have.
        "create index on product_words (store_id)",
    ),
)
SEARCH_WORDS = Table(
    "search_words",
    SearchWordRow,
    # Not by store first: PostgreSQL expects few words of a store, and would compare all of them with a misspelled one.
    key=("word", "store_id"),
    # With btree_gin, the words of one store and those with a trigram are both read from this index.
    indexes=("create index on search_words using gin (store_id, word public.gin_trgm_ops)",),
)
PRODUCT_COUNTS = Table("product_counts", ProductCountsRow, key=("store_id",), hot=("counts",))
SITEMAP_PARTS = Table("sitemap_parts", SitemapPartRow, key=("store_id", "number"), hot=("products", "changed_at"))
VARIANTS = Table(
    "variants",
    VariantRow,
    hot=("price_offset_minor", "on_hand", "reserved", "missing", "updated_at"),
    indexes=("create index on variants (product_id)",),
)
MEDIA = Table(
    "media",
    MediaRow,
    hot=(
        "product_id",
        "status",
        "position",
        "original_url",
        "alt_text",
        "content",
        "renditions",
        "ground",
        "studio",
        "review",
        "shown",
        "other_renditions",
        "quality",
        "attempt",
        "generation_id",
        "draft_id",
        "rejection",
        "rejection_message",
        "updated_at",
    ),
    indexes=(
        "create index on media (store_id, type, status, created_at, id) where draft_id is null",
        "create index on media (generation_id) where studio is not null",
        "create index on media (product_id) where product_id is not null",
        # Photos of products that can be shown.
        "create index on media (store_id) where product_id is not null and renditions <> '[]'::jsonb",
    ),
)
MEDIA_COUNTS = Table("media_counts", MediaCountsRow, key=("store_id",), hot=("counts",))
STUDIO_MONTHS = Table("studio_months", StudioMonthRow, key=("store_id", "month"), hot=("seconds",))


@dataclass(slots=True)
class CatalogRows:
    """The rows that a batch touches, by table and key."""

    stores: dict[UUID, StoreRow] = field(default_factory=dict)
    domains: dict[tuple[UUID, str], DomainRow] = field(default_factory=dict)
    collections: dict[UUID, CollectionRow] = field(default_factory=dict)
    category_texts: dict[tuple[UUID, str], CategoryTextRow] = field(default_factory=dict)
    former_addresses: dict[tuple[UUID, str, str], FormerAddressRow] = field(default_factory=dict)
    pages: dict[UUID, PageRow] = field(default_factory=dict)
    page_versions: dict[tuple[UUID, int], PageVersionRow] = field(default_factory=dict)
    products: dict[UUID, ProductRow] = field(default_factory=dict)
    product_texts: dict[UUID, ProductTextRow] = field(default_factory=dict)
    product_words: dict[UUID, ProductWordsRow] = field(default_factory=dict)
    search_words: dict[tuple[str, UUID], SearchWordRow] = field(default_factory=dict)
    product_counts: dict[UUID, ProductCountsRow] = field(default_factory=dict)
    sitemap_parts: dict[tuple[UUID, int], SitemapPartRow] = field(default_factory=dict)
    variants: dict[UUID, VariantRow] = field(default_factory=dict)
    media: dict[UUID, MediaRow] = field(default_factory=dict)
    media_counts: dict[UUID, MediaCountsRow] = field(default_factory=dict)
    studio_months: dict[tuple[UUID, date], StudioMonthRow] = field(default_factory=dict)


TABLES = (
    STORES,
    DOMAINS,
    COLLECTIONS,
    CATEGORY_TEXTS,
    FORMER_ADDRESSES,
    PAGES,
    PAGE_VERSIONS,
    PRODUCTS,
    PRODUCT_TEXTS,
    PRODUCT_WORDS,
    SEARCH_WORDS,
    PRODUCT_COUNTS,
    SITEMAP_PARTS,
    VARIANTS,
    MEDIA,
    MEDIA_COUNTS,
    STUDIO_MONTHS,
)
