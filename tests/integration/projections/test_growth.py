"""Queries cost the same in a small store and in a large one: counted in rows, pages and plans, not in time."""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from domain.ids import derived
from domain.media.events import MediaType
from domain.money import Money
from domain.order.events import OrderStatus
from domain.product.events import PriceChanged
from domain.store.publication import ProductsForSale
from infra.adapters.postgres.pools import BY_INDEX
from infra.bench.growth.bench import database_of, fill
from infra.bench.growth.template import SHARING_A_WORD
from infra.bench.workload import BEGIN
from projections.catalog import queries
from projections.catalog.views import ON_SALE, ImageState, MediaSort, ProductFilter, ProductSort, StoreSort
from projections.catalog.words import SEPARATOR, tag_word
from projections.jobs.drafts import drafts_of_store
from projections.jobs.queries import generations_of_merchant
from projections.jobs.views import DraftSort, GenerationSort
from projections.reading.counting import COUNTED_MOST, Count
from projections.reading.paging import Reader, Window
from projections.reading.scope import SYSTEM, MerchantScope, Scope, ShopperScope
from projections.registry import READ_MODELS, SEARCH_PATH
from projections.sales import queries as sales
from projections.sales.discount_queries import discounts_of_store
from projections.sales.dispute_queries import disputes_of_store, payouts_of_merchant
from projections.sales.ledger_queries import balances_of_store, statement, statement_page
from projections.sales.queries import OrderFilter
from projections.sales.unfinished_queries import unfinished_in_store
from projections.sales.views import DiscountSort, DisputeSort, OrderSort, PayoutSort, RejectedWebhookSort
from tests.integration.projections.plans import ExplainingReader, nodes, rows_read
from tests.integration.projections.query_arguments import (
    NAMED,
    Query,
    arguments_of,
    every_query,
    more_arguments_of,
    name_of,
)
from tests.integration.projections.read_models import load
from tests.support.builders.histories import MOVES, History

SIZES = {"products": 3000, "orders": 3000, "tenants": 400, "events": 20_000}
PRODUCTS = SIZES["products"]
PAGE = 20


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
    history: History
    """Of another large store, with rows of every kind."""


@pytest.fixture(scope="module")
async def platforms(postgres_dsn: str) -> AsyncIterator[Platforms]:
    suffix = uuid4().hex
    names = (f"hundredth_{suffix}", f"whole_{suffix}")
    history = History(2).play([(name, number) for number in range(80) for name in sorted(MOVES) if name != "request"])
    busy, owner = history.stores[0], history.merchants[0]

    async def many_kinds(dsn: str) -> Sequence[UUID]:
        """Write every kind of row, of a store that grows as well."""
        connection = await connect(dsn)
        for name, model in READ_MODELS.items():
            await connection.execute(f"set search_path to {name}, public")
            await load(connection, model, history.raw, batch=500)
        await connection.execute(
            "update catalog.product_words set tags = tags || $1 where id in (select id from catalog.product_words limit 1)",
            SEPARATOR + tag_word(RARE_TAG),
        )
        await connection.close()
        return busy, owner, derived(busy, "generation")

    ids = await fill(postgres_dsn, SIZES, 7, lambda _: None, names=names, beside=many_kinds)
    yield Platforms(database_of(postgres_dsn, names[0]), database_of(postgres_dsn, names[1]), *ids, history)
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


def counted(filter: ProductFilter) -> Ask:
    return lambda db, at, scope: queries.count_products(db, at.store_id, scope=scope, where=filter)


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
    assert (await sales.count_orders(db, at.store_id, scope=scope)).number > 0
    assert await queries.count_media(db, at.store_id, scope=scope) > 0
    assert (await queries.count_products(db, at.store_id, scope=scope)).number > 0
    assert await balances_of_store(db, at.store_id, scope=scope)


async def media(db: Reader, at: Platforms, scope: Scope) -> None:
    await queries.media_of_store(db, at.store_id, FIRST, scope=scope)
    rare = [ImageState.REJECTED]
    await queries.media_of_store(db, at.store_id, FIRST, scope=scope, types=[MediaType.LOGO], statuses=rare)


async def going_on(db: Reader, at: Platforms, scope: Scope) -> None:
    await unfinished_in_store(db, at.store_id, scope=scope)


RARE_TAG = "it's \\ rare"
"""A tag of a few products in a hundred."""

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
    "a tag of many products": listed(ProductFilter(tags=frozenset({"lamp"}))),
    "a tag of no product, within prices": listed(ProductFilter(tags=frozenset({"zebra"}), price_min=2000)),
    "a tag of few products, by title": listed(ProductFilter(tags=frozenset({RARE_TAG})), ProductSort.TITLE),
    "search for a common word with a rare tag": listed(
        ProductFilter(text="lamp", tags=frozenset({RARE_TAG})), ProductSort.RELEVANCE
    ),
    "count of a common word": counted(ProductFilter(text="lamp")),
    "count of a rare word": counted(ProductFilter(text='"qaaax77"')),
    "count of a word that is common, with a rare tag": counted(ProductFilter(text="lamp", tags=frozenset({RARE_TAG}))),
    "count of prices": counted(ProductFilter(price_min=2000, price_max=7000)),
    "pictures of a page": pictures,
    "orders": orders,
    "numbers": numbers,
    "media": media,
    "what goes on": going_on,
}


MOST_PAGES = {
    "search for a common word": 8_000,
    "search with a typing error": 1_500,
    "a tag of many products": 2_000,
    "a tag of few products, by title": 2_000,
    "search for a common word with a rare tag": 2_500,
    "count of a common word": 6_000,
    "count of a word that is common, with a rare tag": 1_500,
}
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


async def test_a_count_of_many_products_is_a_lower_bound(
    reader: ExplainingReader, connection: asyncpg.Connection, store_id: UUID
) -> None:
    scope = ShopperScope(store_id)
    for where, exact in (
        (ProductFilter(), Count(PRODUCTS)),
        (ProductFilter(text="lamp"), Count(COUNTED_MOST, is_exact=False)),
        (ProductFilter(text="lamp", statuses=ON_SALE), Count(COUNTED_MOST, is_exact=False)),
        (ProductFilter(text='"qaaax77"'), Count(SHARING_A_WORD)),
        (ProductFilter(price_min=900), Count(COUNTED_MOST, is_exact=False)),
        (ProductFilter(text="nothing like this"), Count(0)),
    ):
        assert await queries.count_products(reader, store_id, scope=scope, where=where) == exact, where
    # Among them are no more rows than the bound, a probe and the rows between those that are found.
    assert max(rows_read(plan) for plan in reader.plans) < 5 * COUNTED_MOST


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


async def test_postgresql_plans_a_search_once_per_connection(
    connection: asyncpg.Connection, platforms: Platforms
) -> None:
    """It would plan for each search if it expected less of rare words than of any: the plan takes longer than the search."""
    for name, read in READS.items():
        if "word" in name or "typing" in name or "tag" in name:
            for _ in range(7):
                await read(connection, platforms, MerchantScope(platforms.merchant_id))

    # PostgreSQL always tries five plans for the arguments that it got.
    planned = await connection.fetch("select statement from pg_prepared_statements where custom_plans > 5")
    assert [row["statement"] for row in planned] == []


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
    # The rare flaw has an index, and the first products have the others.
    assert all(rows_read(plan) < 100 for plan in reader.plans)


SORTED: dict[Query, type[StrEnum]] = {
    queries.stores_of_merchant: StoreSort,
    queries.media_of_store: MediaSort,
    sales.orders_of_store: OrderSort,
    sales.rejected_webhooks_of_store: RejectedWebhookSort,
    discounts_of_store: DiscountSort,
    disputes_of_store: DisputeSort,
    payouts_of_merchant: PayoutSort,
    drafts_of_store: DraftSort,
    generations_of_merchant: GenerationSort,
}
"""The lists that clients sort, besides that of products."""


def test_every_query_with_a_sort_is_looked_at() -> None:
    with_sort = {each for each in every_query() if "sort" in inspect.signature(each).parameters}
    assert with_sort == SORTED.keys() | {queries.products_of_store}


@pytest.mark.parametrize(
    ("query", "sort"),
    [(query, sort) for query, sorts in SORTED.items() for sort in sorts],
    ids=lambda each: each if isinstance(each, StrEnum) else name_of(each),
)
async def test_an_index_serves_every_sort(
    reader: ExplainingReader, arguments: dict[Query, tuple[Any, ...]], query: Query, sort: StrEnum
) -> None:
    owner, _ = arguments[query]
    page = await query(reader, owner, Window(first=2), sort=sort, scope=SYSTEM)
    await query(reader, owner, Window(first=2, after=page.end_cursor), sort=sort, scope=SYSTEM)
    await query(reader, owner, Window(last=2, before=page.end_cursor), sort=sort, scope=SYSTEM)

    # The parts of the list of media are merged, a page of each.
    parts = 3 * len(MediaType) * len(ImageState) if query is queries.media_of_store else 0
    pages = [plan for plan in reader.plans if any(node["Node Type"] == "Limit" for node in nodes(plan))]
    assert len(pages) == 3
    for plan in pages:
        sorts = [node for node in nodes(plan) if "Sort" in node["Node Type"]]
        assert sum(node["Actual Rows"] for node in sorts) <= parts, plan


MOST_PASSED = 5
"""Rows that a query reads for each row that it returns, those of other tables included."""
SPARE = 150
"""Further rows that it may read."""

COUNTING: dict[str, str] = {
    "catalog.queries.sitemap.pages_changed_at": "looks at pages, categories, moved addresses and at most 200 collections",
    "sales.dispute_queries.dispute_rate": "counts disputed orders of some months, a few in a thousand",
    "sales.statistics.sales_by_day": "adds up at most 96 rows for a day",
    "sales.statistics.sales_tasks": "counts what waits for a decision",
    "sales.unfinished_queries.overdue_refunds": "looks at every refund without an outcome, for operators",
    "sales.unfinished_queries.unfinished_in_store": "counts what goes on",
    "sales.stock_notice_queries.notices_to_announce": "looks up each variant that is waited for, whatever waits for it",
}
"""Queries that read more rows than they return, and why."""
OF_SCHEDULES = frozenset(
    {
        "catalog.queries.domains.all_domains",
        "catalog.queries.domains.domains_to_check",
        "jobs.queries.jobs_past_deadline",
        "merchants.plan_queries.merchants_past_grace",
        "sales.dispute_queries.disputes_near_deadline",
        "sales.queries.pending_orders_before",
        "sales.queries.pending_orders_of_archived_stores",
        "sales.stock_notice_queries.notices_to_announce",
        "sales.stock_notice_queries.notices_unchanged_since",
        "sales.unfinished_queries.overdue_refunds",
    }
)
"""Queries that no person asks: schedules and operators do."""


def scopes_of(query: Query, history: History) -> Iterator[Scope]:
    if name_of(query) not in OF_SCHEDULES:
        yield from (MerchantScope(history.merchants[0]), ShopperScope(history.stores[0]))
    # An operator asks for one store's statement.
    if query is not statement:
        yield SYSTEM


@pytest.fixture(scope="module")
async def arguments(platforms: Platforms) -> dict[Query, tuple[Any, ...]]:
    """The arguments of every query, for rows of the store with every kind of row."""
    history, connection = platforms.history, await connect(platforms.large)
    store, merchant = history.stores[0], history.merchants[0]
    rows = {
        table.name: dict(row)
        for model in READ_MODELS.values()
        for table in model.tables
        if "store_id" in table.columns
        and (row := await connection.fetchrow(f"select * from {table.name} where store_id = $1 limit 1", store))
    }
    await connection.close()
    return {**arguments_of(history, store, merchant), **more_arguments_of(rows, store, merchant)}


@pytest.mark.parametrize("query", sorted(every_query(), key=name_of), ids=name_of)
async def test_every_query_finds_its_rows_by_an_index(
    reader: ExplainingReader, platforms: Platforms, arguments: dict[Query, tuple[Any, ...]], query: Query
) -> None:
    named = {"store_id": platforms.history.stores[0]} if query is statement_page else NAMED.get(query, {})
    for scope in scopes_of(query, platforms.history):
        await query(reader, *arguments[query], **named, scope=scope)

    for plan in reader.plans:
        assert not [node for node in nodes(plan) if node["Node Type"] == "Seq Scan"], plan
        if name_of(query) not in COUNTING:
            assert rows_read(plan) <= SPARE + MOST_PASSED * plan["Actual Rows"], plan
