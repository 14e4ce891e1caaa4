"""The rows and tables of products.

The columns of a product that change often (price, status, stock) are in another table than its long texts, so that a
price change does not rewrite the description.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.product.events import ProductStatus
from projections.catalog.counts import ProductCounts
from projections.engine.tables import Json, Table

TITLE_KEY = 'left(title_folded, 200) collate "C"'
"""What products are sorted by title with. Bounded, since an entry of an index must be smaller than a third of a page."""
SCORE_KEY = "coalesce(score_total, -1)"
"""What products are sorted by score with; products without a score come last."""


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
    counts: ProductCounts


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
