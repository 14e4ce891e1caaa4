"""The facts that decide whether a store may be published."""

# ruff: noqa: S608  # the parts are constants of modules; values are arguments

from uuid import UUID

from domain.store.events import PageType
from domain.store.legal_text import BLANK, NAMES_BUSINESS
from domain.store.publication import (
    NAMED_MOST,
    FlawedProducts,
    PageFacts,
    ProductFacts,
    ProductsForSale,
    products_for_sale,
)
from projections.catalog.counts import BELOW_COST, NO_MANUFACTURER
from projections.catalog.queries.counts import counts_of_store
from projections.catalog.queries.scoped import of_store
from projections.catalog.views import ON_SALE
from projections.reading.conditions import parts_of
from projections.reading.paging import Reader
from projections.reading.scope import Scope

RARE = 100
"""A flaw is rare if fewer than one product of these has it."""


async def page_facts(db: Reader, store_id: UUID, *, scope: Scope) -> dict[PageType, PageFacts]:
    """Return a store's pages by type; of several custom pages, one."""
    where = of_store(scope, "g.store_id", store_id)
    number = len(where.arguments)
    records = await db.fetch(
        "select g.id, g.type, g.written_by, "
        f"strpos(g.content, ${number + 1}) > 0 as has_blanks, strpos(g.content, ${number + 2}) > 0 as names_business "
        f"from pages g where {where.sql} and not g.removed",
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


async def store_products_for_sale(
    db: Reader, store_id: UUID, promise_days: int, *, scope: Scope, with_drafts: bool = False
) -> ProductsForSale:
    """Return what a store's products for sale have in common.

    Args:
        db: the database.
        store_id: the store.
        promise_days: the most days to the shopper that the store promises.
        scope: whose rows may be returned.
        with_drafts: whether to include drafts with a price and stock, which the first publication puts on sale. Takes
            the longer, the more products there are.
    """
    if with_drafts:
        return products_for_sale(await _with_drafts(db, store_id, scope), promise_days)
    counts = await counts_of_store(db, store_id, scope)
    number, days, facts = counts.by_category(ON_SALE).total(), counts.by_shipping_days(ON_SALE), counts.by_fact(ON_SALE)
    if not number:
        return products_for_sale([], promise_days)
    where = of_store(scope, "p.store_id", store_id)
    oldest = _oldest("p.currency, p.created_at, p.id", where.sql, 1)
    currency = await db.fetchval(oldest, *where.arguments)

    async def flawed(few: int, condition: str, *values: object) -> FlawedProducts:
        if not few:
            return FlawedProducts()
        where = of_store(scope, "p.store_id", store_id).add(condition, *values)
        columns = "p.id, p.title, p.created_at"
        is_rare = few * RARE < number
        find = _rare(columns, where.sql, NAMED_MOST) if is_rare else _oldest(columns, where.sql, NAMED_MOST)
        rows = await db.fetch(find, *where.arguments)
        return FlawedProducts(few, tuple((row["id"], row["title"]) for row in rows))

    pictures = of_store(scope, "m.store_id", store_id)
    slow = {pair: products for pair, products in days.items() if pair[1] > promise_days}
    return ProductsForSale(
        number=number,
        has_photo=await db.fetchval(
            f"select exists (select from media m where {pictures.sql} and m.product_id is not null "
            "and m.renditions <> '[]'::jsonb "
            "and (select p.status in ('ACTIVE', 'OUT_OF_STOCK') from products p where p.id = m.product_id))",
            *pictures.arguments,
        ),
        currency=currency,
        slowest_days=max((most for _, most in days), default=0),
        other_currency=await flawed(number - facts[currency], "p.currency <> {}", currency),
        slow=await flawed(sum(slow.values()), "p.shipping_days = any({})", [f"{least}-{most}" for least, most in slow]),
        unknown_delivery=await flawed(number - days.total(), "p.shipping_days is null"),
        no_manufacturer=await flawed(facts[NO_MANUFACTURER], "not p.has_manufacturer"),
        below_cost=await flawed(facts[BELOW_COST], "p.price_minor < p.cost_minor"),
    )


def _rare(columns: str, condition: str, most: int) -> str:
    """Return the query of the oldest of a few products, which the condition's own index has."""
    return (
        f"with few as materialized (select p.* from products p where {condition}) select {columns} from few p "
        f"where p.status in ('ACTIVE', 'OUT_OF_STOCK') order by p.created_at, p.id limit {most}"
    )


def _oldest(columns: str, condition: str, most: int) -> str:
    """Return the query of a store's oldest products on sale, which follows the index of each status."""
    rows = f"select {columns} from products p where {condition} and p.status = part.name order by p.created_at, p.id"
    return (
        f"select p.* from {parts_of(ON_SALE)} cross join lateral ({rows} limit {most}) p "
        f"order by p.created_at, p.id limit {most}"
    )


async def _with_drafts(db: Reader, store_id: UUID, scope: Scope) -> list[ProductFacts]:
    where = of_store(scope, "p.store_id", store_id)
    records = await db.fetch(
        "select p.id, p.title, p.currency, p.price_minor, p.cost_minor, p.has_manufacturer, "
        "split_part(p.shipping_days, '-', 2)::bigint as slowest_days, "
        "exists (select from media m where m.product_id = p.id and m.renditions <> '[]'::jsonb) as has_photo "
        f"from products p where {where.sql} and (p.status in ('ACTIVE', 'OUT_OF_STOCK') "
        "or (p.status = 'DRAFT' and p.price_minor > 0 and p.available > 0)) order by p.created_at, p.id",
        *where.arguments,
    )
    return [ProductFacts(**dict(record)) for record in records]
