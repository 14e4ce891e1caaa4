"""Which part of its store's sitemap a product is in, and when the entries of a part last changed.

A product joins a part when it is on sale for the first time, and stays in it. So an edit changes one part, and no part
becomes larger than ``MOST_IN_PART``.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from projections.catalog.rows import CatalogRows
from projections.catalog.tables.products import ProductRow, SitemapPartRow
from projections.catalog.views import ON_SALE

MOST_IN_PART = 1_000
"""Products of one part, those that left it included."""

PartKeys = frozenset[tuple[UUID, int]]
"""Store and number of parts."""


def part_of_product(rows: CatalogRows, event: Any, tenant: UUID) -> PartKeys:
    """Return the part of the product that an event is about."""
    return part_with(rows, event.originator_id, tenant)


def part_with(rows: CatalogRows, product_id: UUID | None, tenant: UUID) -> PartKeys:
    """Return the part of a product; none if it was never on sale."""
    product = None if product_id is None else rows.products.get(product_id)
    return (
        frozenset() if product is None or product.sitemap_part is None else frozenset({(tenant, product.sitemap_part)})
    )


def part_to_join(rows: CatalogRows, event: Any, tenant: UUID) -> PartKeys:
    """Return the part of the product that an event is about, and the part that the next new one joins."""
    counts = rows.product_counts.get(tenant)
    following = frozenset() if counts is None else frozenset({(tenant, _next_part(counts.counts.ever_on_sale))})
    return part_of_product(rows, event, tenant) | following


def mark_edited(rows: CatalogRows, tenant: UUID, product: ProductRow, at: datetime) -> None:
    """Note that something changed that shoppers read about a product. The number in stock is not part of it."""
    product.edited_at = max(product.edited_at, at)
    if product.status in ON_SALE:
        _part(rows, tenant, product, at)


def add_to_sitemap(rows: CatalogRows, tenant: UUID, product: ProductRow, at: datetime) -> None:
    """Count a product that is on sale now and was not before. Its store has counts of products."""
    if product.sitemap_part is None:
        counts = rows.product_counts[tenant].counts
        product.sitemap_part = _next_part(counts.ever_on_sale)
        counts.ever_on_sale += 1
    _part(rows, tenant, product, at).products += 1


def take_from_sitemap(rows: CatalogRows, tenant: UUID, product: ProductRow, at: datetime) -> None:
    """Stop counting a product that was on sale until now."""
    _part(rows, tenant, product, at).products -= 1


def _part(rows: CatalogRows, tenant: UUID, product: ProductRow, at: datetime) -> SitemapPartRow:
    """Return the part of a product that was on sale. Its entries changed at a time."""
    assert product.sitemap_part is not None
    key = (tenant, product.sitemap_part)
    part = rows.sitemap_parts.get(key)
    if part is None:
        part = rows.sitemap_parts[key] = SitemapPartRow(*key, products=0, changed_at=at)
    part.changed_at = max(part.changed_at, at)
    return part


def _next_part(ever_on_sale: int) -> int:
    return ever_on_sale // MOST_IN_PART + 1
