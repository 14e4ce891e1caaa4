"""Queries about the sitemap of a store."""

# ruff: noqa: S608  # the parts are this module's constants; values are arguments

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from domain.store.collection_events import AddressKind
from projections.catalog.queries.scoped import of_store
from projections.catalog.views import ON_SALE
from projections.reading.paging import Reader
from projections.reading.scope import Scope

IMAGES_MOST = 10
"""Images of a product in the sitemap."""

_OF_PAGES = ", ".join(f"'{kind}'" for kind in AddressKind if kind is not AddressKind.PRODUCT)
_SOLD = ", ".join(f"'{status}'" for status in sorted(ON_SALE))
_CHANGES = (
    "select max(updated_at) from pages where store_id = s.id",
    "select max(updated_at) from collections where store_id = s.id",
    "select max(updated_at) from category_texts where store_id = s.id",
    f"select max(moved_at) from former_addresses where store_id = s.id and kind in ({_OF_PAGES})",
)


class SitemapPart(NamedTuple):
    """A part of a sitemap with products on sale."""

    number: int
    changed_at: datetime
    """When one of its entries last came, changed or went."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SitemapEntry:
    """A product on sale."""

    slug: str
    edited_at: datetime
    images: Sequence[str]
    """Keys of the largest rendition of each image, in the product's order."""


async def sitemap_parts(db: Reader, store_id: UUID, *, scope: Scope) -> list[SitemapPart]:
    """Return the parts of a store's sitemap that have products on sale, by number."""
    where = of_store(scope, "s.store_id", store_id)
    # One row: a hundred parts as rows take longer to receive than to find.
    record = await db.fetchrow(
        "select array_agg(s.number order by s.number) as numbers, array_agg(s.changed_at order by s.number) as times "
        f"from sitemap_parts s where {where.sql} and s.products > 0",
        *where.arguments,
    )
    return list(map(SitemapPart, record["numbers"] or (), record["times"] or ()))


async def sitemap_entries(db: Reader, store_id: UUID, number: int, *, scope: Scope) -> list[SitemapEntry]:
    """Return the products on sale in a part of a store's sitemap."""
    where = of_store(scope, "p.store_id", store_id).add("p.sitemap_part = {}", number)
    largest = (
        "select r.one ->> 'key' from jsonb_array_elements(m.renditions) r (one) "
        "order by (r.one ->> 'width')::bigint desc limit 1"
    )
    images = (
        f"select ({largest}) from media m where m.product_id = p.id and m.renditions <> '[]'::jsonb "
        f"order by m.position, m.created_at, m.id limit {IMAGES_MOST}"
    )
    records = await db.fetch(
        f"select p.slug, p.edited_at, array({images}) as images from products p "
        f"where {where.sql} and p.status in ({_SOLD}) order by p.id",
        *where.arguments,
    )
    return [SitemapEntry(**record) for record in records]


async def pages_changed_at(db: Reader, store_id: UUID, *, scope: Scope) -> datetime | None:
    """Return when a store's content pages, collections and categories last changed; None before it has any."""
    where = of_store(scope, "s.id", store_id)
    times = ", ".join(f"({change})" for change in _CHANGES)
    changed: datetime | None = await db.fetchval(
        f"select greatest({times}) from stores s where {where.sql}", *where.arguments
    )
    return changed
