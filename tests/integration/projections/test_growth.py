"""Queries cost the same in a small store and in a large one: counted in rows, pages and plans, not in time."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from domain.media.events import MediaType
from domain.money import Money
from domain.order.events import OrderStatus
from domain.product.events import PriceChanged
from domain.store.publication import ProductsForSale
from infra.adapters.postgres.pools import BY_INDEX
from infra.bench.growth.bench import database_of, fill
from infra.bench.workload import BEGIN
from projections.catalog import queries
from projections.catalog.views import ON_SALE, ImageState, ProductFilter, ProductSort
from projections.reading.paging import Reader, Window
from projections.reading.scope import MerchantScope, Scope, ShopperScope
from projections.registry import READ_MODELS, SEARCH_PATH
from projections.sales import queries as sales
from projections.sales.ledger_queries import balances_of_store
from projections.sales.queries import OrderFilter

SIZES = {"products": 3000, "orders": 3000, "tenants": 400, "events": 20_000}
PRODUCTS = SIZES["products"]
PAGE = 20


class ExplainingReader:
    """A reader that keeps the plan of each query beside its rows."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self.plans: list[dict[str, Any]] = []

    @property
    def pages(self) -> int:
        """Pages of tables and indexes that the queries took."""
        return sum(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] for plan in self.plans)

    async def fetch(self, query: str, *args: Any) -> list[Any]:
        answer = await self._connection.fetchval(f"explain (analyze, buffers, format json) {query}", *args)
        self.plans.append(json.loads(answer)[0]["Plan"])
        return list(await self._connection.fetch(query, *args))

    async def fetchrow(self, query: str, *args: Any) -> Any:
        return next(iter(await self.fetch(query, *args)), None)

    async def fetchval(self, query: str, *args: Any) -> Any:
        row = await self.fetchrow(query, *args)
        return None if row is None else row[0]


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def rows_read(plan: dict[str, Any]) -> float:
    """Return the rows that a plan takes from tables, those that a filter removes included."""
    return sum(
        float((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"])
        for node in nodes(plan)
        if "Relation Name" in node
    )


def assert_small(plan: dict[str, Any]) -> None:
    """Check that a plan scans no table and sorts no more than a page of each status."""
    for node in nodes(plan):
        assert node["Node Type"] != "Seq Scan", plan
        assert node["Node Type"] != "Sort" or node["Actual Rows"] <= 4 * (PAGE + 1), plan


@dataclass(frozen=True, slots=True)
class Platforms:
    """A large platform, and one of a hundredth of its size, with the same store."""

    small: str
    """Address of its database."""
    large: str
    store_id: UUID
    merchant_id: UUID


@pytest.fixture(scope="module")
async def platforms(postgres_dsn: str) -> AsyncIterator[Platforms]:
    suffix = uuid4().hex
    names = (f"hundredth_{suffix}", f"whole_{suffix}")
    ids = await fill(postgres_dsn, SIZES, 7, lambda _: None, names=names)
    yield Platforms(database_of(postgres_dsn, names[0]), database_of(postgres_dsn, names[1]), *ids)
    admin = await asyncpg.connect(postgres_dsn)
    for name in names:
        await admin.execute(f"drop database {name} with (force)")
    await admin.close()


async def connect(dsn: str) -> asyncpg.Connection:
    settings = {"search_path": f"{SEARCH_PATH}, public", **BY_INDEX}
    return await asyncpg.connect(dsn, server_settings=settings)


@pytest.fixture
async def connection(platforms: Platforms) -> AsyncIterator[asyncpg.Connection]:
    """A connection to the large platform."""
    connection = await connect(platforms.large)
    yield connection
    await connection.close()


@pytest.fixture
async def reader(connection: asyncpg.Connection) -> ExplainingReader:
    return ExplainingReader(connection)


@pytest.fixture
def store_id(platforms: Platforms) -> UUID:
    return platforms.store_id


Ask = Callable[[Reader, Platforms, Scope], Awaitable[Any]]
FIRST = Window(first=PAGE)


def listed(filter: ProductFilter = ProductFilter(), sort: ProductSort = ProductSort.SCORE) -> Ask:  # noqa: B008
    return lambda db, at, scope: queries.products_of_store(db, at.store_id, FIRST, scope=scope, where=filter, sort=sort)


async def pictures(db: Reader, at: Platforms, scope: Scope) -> None:
    found = await queries.products_of_store(db, at.store_id, FIRST, scope=scope)
    ids = [product.id for product in found.nodes]
    await queries.images_by_products(db, ids, scope=scope)
    await queries.variants_by_products(db, ids, scope=scope)
    await queries.products_by_ids(db, ids[:1], scope=scope)


async def orders(db: Reader, at: Platforms, scope: Scope) -> None:
    await sales.orders_of_store(db, at.store_id, FIRST, scope=scope)
    found = await sales.orders_of_store(
        db, at.store_id, FIRST, scope=scope, where=OrderFilter(statuses=frozenset({OrderStatus.CANCELLED}))
    )
    await sales.order_by_id(db, found.nodes[0].id, scope=scope)
    await sales.mails_of_orders(db, [order.id for order in found.nodes], scope=scope)


async def numbers(db: Reader, at: Platforms, scope: Scope) -> None:
    assert await sales.count_orders(db, at.store_id, scope=scope) > 0
    assert await queries.count_media(db, at.store_id, scope=scope) > 0
    assert await queries.count_products(db, at.store_id, scope=scope) > 0
    assert await balances_of_store(db, at.store_id, scope=scope)


async def media(db: Reader, at: Platforms, scope: Scope) -> None:
    await queries.media_of_store(db, at.store_id, FIRST, scope=scope)
    rare = [ImageState.REJECTED]
    await queries.media_of_store(db, at.store_id, FIRST, scope=scope, types=[MediaType.LOGO], statuses=rare)


READS: dict[str, Ask] = {
    "list": listed(),
    "list by title": listed(sort=ProductSort.TITLE),
    "search for a rare word": listed(ProductFilter(text='"qaaax77"'), ProductSort.RELEVANCE),
    "search for a rare word, the cheapest first": listed(ProductFilter(text='"qaaax77"'), ProductSort.PRICE_LOW),
    "search for a common word": listed(ProductFilter(text="lamp"), ProductSort.RELEVANCE),
    "search for a common word, the cheapest first": listed(ProductFilter(text="lamp"), ProductSort.PRICE_LOW),
    "search with a typing error": listed(ProductFilter(text="qaazax77"), ProductSort.RELEVANCE),
    "prices, the best first": listed(ProductFilter(price_min=2000, price_max=7000)),
    "few prices, the best first": listed(ProductFilter(price_min=2000, price_max=2100)),
    "pictures of a page": pictures,
    "orders": orders,
    "numbers": numbers,
    "media": media,
}


MOST_PAGES = {"search for a common word": 8_000, "search with a typing error": 1_500}
"""Pages that a read takes at most, if they are many however large the store is."""


@pytest.mark.parametrize(
    ("read", "of_merchant"), [(read, True) for read in READS] + [(read, False) for read in READS if read != "numbers"]
)
async def test_a_read_takes_few_pages_of_a_large_store(
    reader: ExplainingReader, platforms: Platforms, read: str, *, of_merchant: bool
) -> None:
    scope = MerchantScope(platforms.merchant_id) if of_merchant else ShopperScope(platforms.store_id)
    await READS[read](reader, platforms, scope)
    assert reader.pages <= MOST_PAGES.get(read, 700)


@pytest.mark.parametrize("sort", ProductSort)
async def test_a_page_of_products_reads_no_more_rows_than_it_shows(
    reader: ExplainingReader, store_id: UUID, sort: ProductSort
) -> None:
    scope, where = ShopperScope(store_id), ProductFilter(statuses=ON_SALE)

    async def page(window: Window) -> str | None:
        found = await queries.products_of_store(reader, store_id, window, scope=scope, where=where, sort=sort)
        assert len(found.nodes) == PAGE
        return found.end_cursor

    await page(Window(first=PAGE, after=await page(Window(first=PAGE))))

    for plan in reader.plans:
        assert_small(plan)
        assert rows_read(plan) < 10 * PAGE, plan


async def test_a_page_of_one_category_reads_no_more_rows_than_it_shows(
    reader: ExplainingReader, store_id: UUID
) -> None:
    scope = ShopperScope(store_id)
    category = (await queries.categories_of_store(reader, store_id, scope=scope))[0].category
    reader.plans.clear()

    await queries.products_of_store(
        reader,
        store_id,
        Window(first=PAGE),
        scope=scope,
        where=ProductFilter(statuses=ON_SALE, category=category),
        sort=ProductSort.SCORE,
    )

    (plan,) = reader.plans
    assert_small(plan)
    assert rows_read(plan) < 10 * PAGE, plan


async def test_postgresql_plans_the_list_of_products_once_per_connection(
    platforms: Platforms,
) -> None:
    store_id, connection = platforms.store_id, await connect(platforms.small)
    for _ in range(10):
        await queries.products_of_store(connection, store_id, Window(first=PAGE), scope=ShopperScope(store_id))

    (plans,) = await connection.fetch(
        "select custom_plans, generic_plans from pg_prepared_statements where statement like 'select p.%'"
    )

    # PostgreSQL always tries five plans for the arguments that it got.
    assert tuple(plans) == (5, 5)
    await connection.close()


@pytest.mark.parametrize("promise_days", [5, 14])
async def test_what_a_publication_asks_of_the_products_is_counted(
    reader: ExplainingReader, connection: asyncpg.Connection, store_id: UUID, promise_days: int
) -> None:
    """The counts say what all products say, and the flaws of most products are named without reading all."""
    (product,) = await connection.fetch("select id from products order by created_at, id limit 1")
    cheap = PriceChanged(
        originator_id=product["id"],
        originator_version=9,
        occurred_at=BEGIN,
        price=Money(minor=1),
        compare_at=None,
    )
    async with connection.transaction():
        await READ_MODELS["catalog"].apply([(cheap, store_id)], connection)
    scope = ShopperScope(store_id)

    async def facts(*, with_drafts: bool) -> ProductsForSale:
        return await queries.store_products_for_sale(
            reader, store_id, promise_days, scope=scope, with_drafts=with_drafts
        )

    of_all = await facts(with_drafts=True)
    reader.plans.clear()
    assert await facts(with_drafts=False) == of_all
    assert (of_all.below_cost.number, of_all.number) == (1, PRODUCTS)
    assert (of_all.slow.number, of_all.no_manufacturer.number) == (PRODUCTS if promise_days < 9 else 0, PRODUCTS)
    # Only the rare flaw is looked for among all products.
    assert sum(rows_read(plan) > 100 for plan in reader.plans) == 1
