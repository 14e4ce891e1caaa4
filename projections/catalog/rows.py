"""All rows and tables of the catalog read model."""

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from projections.catalog.tables.media import (
    MEDIA,
    MEDIA_COUNTS,
    STUDIO_MONTHS,
    MediaCountsRow,
    MediaRow,
    StudioMonthRow,
)
from projections.catalog.tables.pages import PAGE_VERSIONS, PAGES, PageRow, PageVersionRow
from projections.catalog.tables.products import (
    PRODUCT_COUNTS,
    PRODUCT_TEXTS,
    PRODUCT_WORDS,
    PRODUCTS,
    SEARCH_WORDS,
    SITEMAP_PARTS,
    VARIANTS,
    ProductCountsRow,
    ProductRow,
    ProductTextRow,
    ProductWordsRow,
    SearchWordRow,
    SitemapPartRow,
    VariantRow,
)
from projections.catalog.tables.stores import (
    CATEGORY_TEXTS,
    COLLECTIONS,
    DOMAINS,
    FORMER_ADDRESSES,
    STORES,
    CategoryTextRow,
    CollectionRow,
    DomainRow,
    FormerAddressRow,
    StoreRow,
)
from projections.engine.tables import Json

EMPTY_LIST = Json("[]")
"""An empty JSON array."""


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
