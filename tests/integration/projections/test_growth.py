"""A page of products costs the same in a small store and in a large one: counted in rows and plans, not in time."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from domain.money import Money
from domain.product.events import PriceChanged
from domain.store.publication import ProductsForSale
from infra.adapters.postgres.migrations import migrate
from infra.adapters.postgres.pools import BY_INDEX
from infra.bench.one_store import fill_with_one_store
from infra.bench.workload import BEGIN
from projections.catalog import queries
from projections.catalog.views import ON_SALE, ProductFilter, ProductSort
from projections.reading.paging import Window
from projections.reading.scope import ShopperScope
from projections.registry import READ_MODELS, SEARCH_PATH

PRODUCTS = 3000
PAGE = 20


class ExplainingReader:
    """A reader that keeps the plan of each query beside its rows."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self.plans: list[dict[str, Any]] = []

    async def fetch(self, query: str, *args: Any) -> list[Any]:
        answer = await self._connection.fetchval(f"explain (analyze, format json) {query}", *args)
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


@pytest.fixture(scope="module")
async def store_id(database_of_one_store: tuple[str, UUID]) -> UUID:
    return database_of_one_store[1]


@pytest.fixture(scope="module")
async def database_of_one_store(postgres_dsn: str) -> AsyncIterator[tuple[str, UUID]]:
    admin = await asyncpg.connect(postgres_dsn)
    name, store_id = f"growth_{uuid4().hex}", uuid4()
    await admin.execute(f"create database {name}")
    dsn = postgres_dsn.rsplit("/", 1)[0] + f"/{name}"
    await migrate(dsn)
    await fill_with_one_store(
        dsn, merchant_id=uuid4(), store_id=store_id, products=PRODUCTS, seed=7, report=lambda _: None
    )
    yield dsn, store_id
    await admin.execute(f"drop database {name} with (force)")
    await admin.close()


@pytest.fixture
async def connection(database_of_one_store: tuple[str, UUID]) -> AsyncIterator[asyncpg.Connection]:
    settings = {"search_path": f"{SEARCH_PATH}, public", **BY_INDEX}
    connection = await asyncpg.connect(database_of_one_store[0], server_settings=settings)
    yield connection
    await connection.close()


@pytest.fixture
async def reader(connection: asyncpg.Connection) -> ExplainingReader:
    return ExplainingReader(connection)


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
    database_of_one_store: tuple[str, UUID],
) -> None:
    dsn, store_id = database_of_one_store
    connection = await asyncpg.connect(dsn, server_settings={"search_path": f"{SEARCH_PATH}, public"})
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
    # A rare flaw is looked for among all products. So is a photo, if none is finished.
    assert sum(rows_read(plan) > 100 for plan in reader.plans) == 2
