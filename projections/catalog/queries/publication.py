"""The facts that decide whether a store may be published."""

# ruff: noqa: S608  # the parts are constants of modules; values are arguments

from uuid import UUID

from domain.store.events import PageType
from domain.store.legal_text import BLANK, NAMES_BUSINESS
from domain.store.publication import PageFacts, ProductFacts
from projections.catalog.queries.scoped import within
from projections.reading.paging import Conditions, Reader
from projections.reading.scope import Scope


async def page_facts(db: Reader, store_id: UUID, *, scope: Scope) -> dict[PageType, PageFacts]:
    """Return a store's pages by type; of several custom pages, one."""
    where = within(scope, Conditions().add("g.store_id = {}", store_id), "g.store_id")
    number = len(where.arguments)
    records = await db.fetch(
        "select g.id, g.type, g.written_by, "
        f"strpos(g.content, ${number + 1}) > 0 as has_blanks, strpos(g.content, ${number + 2}) > 0 as names_business "
        f"from pages g where {where.sql}",
        *where.arguments,
        f"[{BLANK}",
        NAMES_BUSINESS,
    )
    return {
        PageType(record["type"]): PageFacts(
            id=record["id"],
            by_merchant=record["written_by"] == "merchant",
            has_blanks=record["has_blanks"],
            names_business=record["names_business"],
        )
        for record in records
    }


async def product_facts(db: Reader, store_id: UUID, *, scope: Scope, with_drafts: bool = False) -> list[ProductFacts]:
    """Return a store's products for sale, by age.

    Args:
        db: the database.
        store_id: the store.
        scope: whose rows may be returned.
        with_drafts: whether to include drafts with a price and stock, which the first publication puts on sale.
    """
    where = within(scope, Conditions().add("p.store_id = {}", store_id), "p.store_id")
    drafts = "p.status = 'DRAFT' and p.price_minor > 0 and p.available > 0"
    for_sale = (
        f"(p.status in ('ACTIVE', 'OUT_OF_STOCK') or ({drafts}))"
        if with_drafts
        else "p.status in ('ACTIVE', 'OUT_OF_STOCK')"
    )
    records = await db.fetch(
        "select p.id, p.title, p.currency, p.price_minor, p.cost_minor, "
        "(t.source -> 'shipping_days' ->> 1)::int as slowest_days, "
        "coalesce(t.source -> 'attributes' ? 'Manufacturer', false) as has_manufacturer, "
        "exists (select from media m where m.product_id = p.id and m.renditions <> '[]'::jsonb) as has_photo "
        f"from products p join product_texts t on t.id = p.id where {where.sql} and {for_sale} "
        "order by p.created_at, p.id",
        *where.arguments,
    )
    return [ProductFacts(**dict(record)) for record in records]
