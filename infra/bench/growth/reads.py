"""What the bench of growth reads: GraphQL queries of a dashboard and pages of a storefront, each with many arguments."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from infra.bench.growth.dashboard import DASHBOARD
from infra.bench.growth.requests import PART_UNIT, SAMPLE, Request
from projections.catalog.queries import PRODUCT_ORDERS
from projections.catalog.views import ProductSort
from projections.reading.cursors import cursor_of
from projections.sales.queries import NEWEST

NEWEST_PRODUCTS = PRODUCT_ORDERS[ProductSort.NEWEST]

_ROW = "id title slug status category currency sellingPrice compareAtPrice stockQuantity createdAt"
_PRODUCTS = f"query($id: ID!, $after: String, $search: String, $sort: ProductSort) {{ store(id: $id) {{ products(first: 20, after: $after, search: $search, sort: $sort) {{ pageInfo {{ hasNextPage endCursor }} nodes {{ {_ROW} }} }} }} }}"
_ORDERS = "query($id: ID!, $after: String, $statuses: [OrderStatus!]) { store(id: $id) { orders(first: 20, after: $after, statuses: $statuses) { nodes { id number status total paid refunded placedAt lines { title quantity } refunds { amount status } parcels { carrier } } } } }"
QUERIES = {
    "products": _PRODUCTS,
    "products_deep": _PRODUCTS,
    "products_by_title": _PRODUCTS,
    "search_word": _PRODUCTS,
    "search_common": _PRODUCTS,
    "search_typo": _PRODUCTS,
    "product": f"query($product: ID!) {{ product(id: $product) {{ {_ROW} description tags images {{ processedUrl status }} variants {{ title price stock }} }} }}",
    "orders": _ORDERS,
    "orders_deep": _ORDERS,
    "orders_rare": _ORDERS,
    "order": "query($order: ID!) { order(id: $order) { id number status total lines { title product { title } } refunds { amount } disputes { status } mails { kind } } }",
    "media": "query($id: ID!) { store(id: $id) { media(first: 20) { nodes { id status url } } } }",
    "media_rare": "query($id: ID!) { store(id: $id) { media(first: 1, types: [LOGO], statuses: [PROCESSED, REJECTED]) { nodes { id status } } } }",
    "counts": "query($id: ID!) { store(id: $id) { all: products(first: 0) { totalCount } drafts: products(first: 0, statuses: [DRAFT]) { totalCount } orders(first: 0) { totalCount } paid: orders(first: 0, statuses: [PAID]) { totalCount } withdrawn: orders(first: 0, withdrawn: true) { totalCount } media(first: 0) { totalCount } } }",
    "money": "query($id: ID!) { store(id: $id) { balances { account amount currency } disputeRate { payments disputed } discounts { code } rejectedWebhooks { reason } } }",
    "publication": "query($id: ID!) { store(id: $id) { name currency publicationBlockers { code message } } }",
    "stores": "query { stores(first: 20) { totalCount nodes { id name status currency products(first: 3) { totalCount nodes { title } } } } }",
    "timeline": "query($id: ID!, $at: ID!) { store(id: $id, asOf: {position: $at}) { name status products(first: 5) { totalCount nodes { title } } } }",
}
"""GraphQL queries by the name of their figure."""
PAGES = (
    "home_page",
    "list_page",
    "list_deep_page",
    "category_page",
    "price_page",
    "search_page",
    "product_page",
    "sitemap",
    "sitemap_part",
)
"""Pages of the storefront by the name of their figure."""
READS = (*QUERIES, *PAGES, *DASHBOARD)


async def requests_of(
    connection: asyncpg.Connection, store_id: UUID, merchant_id: UUID
) -> Mapping[str, Sequence[Request]]:
    """Return the requests of each read. They name rows from all over the store."""

    async def rows(query: str, *arguments: Any) -> list[asyncpg.Record]:
        return list(await connection.fetch(f"{query} limit {SAMPLE}", *arguments))

    products = await rows(
        "select id, slug, title_folded, created_at from products where store_id = $1 order by md5(id::text)", store_id
    )
    orders = await rows("select id, placed_at from orders where store_id = $1 order by md5(id::text)", store_id)
    # Not words that others begin with: a copy's word has a number at its end, and a search finds those as well.
    words = await rows(
        "select word from search_words where store_id = $1 and word ~ '^q[a-z]{3}x[0-9]*$' "
        "order by length(word) desc, md5(word)",
        store_id,
    )
    categories = await rows("select distinct category from products where store_id = $1 order by 1", store_id)
    others = await rows(
        "select id, merchant_id from stores where id <> $1 and merchant_id <> $2 order by md5(id::text)",
        store_id,
        merchant_id,
    )
    # The events of a copied tenant name the merchant of the tenant that it is copied from.
    first = await rows(
        "select s.id, s.merchant_id from (select distinct tenant from events where position <= 100) e "
        "join stores s on s.id = e.tenant order by s.id"
    )
    # The last part of the store is not full.
    parts = await rows(
        "select number, products from sitemap_parts where store_id = $1 order by number < (select max(number) from "
        "sitemap_parts where store_id = $1) desc, md5(number::text)",
        store_id,
    )
    last = await connection.fetchval("select max(position) from events")
    pages = [cursor_of(NEWEST_PRODUCTS, each["created_at"], each["id"]) for each in products]

    def ask(name: str, variables: Mapping[str, Any], merchant: UUID = merchant_id) -> Request:
        return Request(query=QUERIES[name], variables=variables, merchant_id=merchant)

    def on_store(name: str, *variables: Mapping[str, Any]) -> list[Request]:
        return [ask(name, {"id": str(store_id), **each}) for each in variables or ({},)]

    return {
        "products": on_store("products", *({"sort": sort} for sort in ("NEWEST", "PRICE_LOW", "SCORE"))),
        "products_deep": on_store("products_deep", *({"after": cursor} for cursor in pages)),
        "products_by_title": on_store(
            "products_by_title",
            *(
                {
                    "sort": "TITLE",
                    "after": cursor_of(PRODUCT_ORDERS[ProductSort.TITLE], each["title_folded"], each["id"]),
                }
                for each in products
            ),
        ),
        "search_word": on_store("search_word", *({"search": each["word"]} for each in words)),
        "search_common": on_store("search_common", *({"search": word} for word in ("lamp", "brass desk", "neon glas"))),
        "search_typo": on_store(
            "search_typo", *({"search": f"{each['word'][:3]}z{each['word'][3:]}"} for each in words)
        ),
        "product": [ask("product", {"product": str(each["id"])}) for each in products],
        "orders": on_store("orders"),
        "orders_deep": on_store(
            "orders_deep", *({"after": cursor_of(NEWEST, each["placed_at"], each["id"])} for each in orders)
        ),
        "orders_rare": on_store("orders_rare", {"statuses": ["PENDING"]}, {"statuses": ["PARTLY_FULFILLED", "PAID"]}),
        "order": [ask("order", {"order": str(each["id"])}) for each in orders],
        "media": on_store("media"),
        "media_rare": on_store("media_rare"),
        "counts": on_store("counts"),
        "money": on_store("money"),
        "publication": on_store("publication"),
        "stores": [ask("stores", {}, each["merchant_id"]) for each in others],
        "timeline": [ask("timeline", {"id": str(each["id"]), "at": str(last)}, each["merchant_id"]) for each in first],
        "home_page": [Request(path="/")],
        "list_page": [Request(path=f"/products?sort={sort}") for sort in ("featured", "newest", "price-high", "title")],
        "list_deep_page": [Request(path=f"/products?sort=newest&after={cursor}") for cursor in pages],
        "category_page": [Request(path=f"/products?category={each['category']}") for each in categories],
        "price_page": [Request(path=f"/products?min={low}&max={low + 3}") for low in range(10, 80, 7)],
        "search_page": [Request(path=f"/products?q={each['word']}") for each in words],
        "product_page": [Request(path=f"/products/{each['slug']}") for each in products],
        "sitemap": [Request(path="/sitemap.xml")],
        "sitemap_part": [
            Request(path=f"/sitemap-{each['number']}.xml", units=each["products"] / PART_UNIT) for each in parts
        ],
    }
