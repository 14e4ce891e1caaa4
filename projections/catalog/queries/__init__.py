"""Queries of the catalog, by what they are about. Import them from here.

Each takes a scope; see :mod:`projections.reading.scope`.
"""

from projections.catalog.queries.counted_products import count_products
from projections.catalog.queries.counts import catalog_tasks, categories_of_store, delivery_of_store
from projections.catalog.queries.domains import all_domains, domains_by_stores, domains_to_check
from projections.catalog.queries.media import count_media, images_by_products, media_by_id, media_by_ids, media_of_store
from projections.catalog.queries.presentation import (
    category_texts_by_stores,
    collection_by_id,
    collection_by_slug,
    collections_by_ids,
    collections_by_stores,
    present_address,
)
from projections.catalog.queries.products import (
    PRODUCT_ORDERS,
    product_by_id,
    product_by_slug,
    products_by_ids,
    products_of_store,
    variants_by_ids,
    variants_by_products,
)
from projections.catalog.queries.publication import page_facts, store_products_for_sale
from projections.catalog.queries.sitemap import pages_changed_at, sitemap_entries, sitemap_parts
from projections.catalog.queries.stores import (
    count_stores,
    page_by_id,
    page_by_slug,
    page_versions,
    pages_by_ids,
    pages_by_stores,
    store_by_domain,
    store_by_id,
    store_by_slug,
    stores_by_ids,
    stores_of_merchant,
    versions_of_page,
    versions_of_pages,
)

__all__ = [
    "PRODUCT_ORDERS",
    "all_domains",
    "catalog_tasks",
    "categories_of_store",
    "category_texts_by_stores",
    "collection_by_id",
    "collection_by_slug",
    "collections_by_ids",
    "collections_by_stores",
    "count_media",
    "count_products",
    "count_stores",
    "delivery_of_store",
    "domains_by_stores",
    "domains_to_check",
    "images_by_products",
    "media_by_id",
    "media_by_ids",
    "media_of_store",
    "page_by_id",
    "page_by_slug",
    "page_facts",
    "page_versions",
    "pages_by_ids",
    "pages_by_stores",
    "pages_changed_at",
    "present_address",
    "product_by_id",
    "product_by_slug",
    "products_by_ids",
    "products_of_store",
    "sitemap_entries",
    "sitemap_parts",
    "store_by_domain",
    "store_by_id",
    "store_by_slug",
    "store_products_for_sale",
    "stores_by_ids",
    "stores_of_merchant",
    "variants_by_ids",
    "variants_by_products",
    "versions_of_page",
    "versions_of_pages",
]
