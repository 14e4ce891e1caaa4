"""What the queries answer: every field and every page."""

import base64
import json
from collections.abc import Awaitable, Callable
from datetime import date
from enum import StrEnum
from functools import partial
from typing import Any
from uuid import uuid4

import asyncpg
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.generation.events import JobStatus, JobType, Step
from domain.ids import derived
from domain.kernel import InvalidInput
from domain.media.events import MediaType, RejectionReason
from domain.merchant.events import SupplierProvider
from domain.money import Money
from domain.order.events import OrderStatus
from domain.product.events import ProductImported, ProductStatus
from domain.store.events import StoreStatus
from projections.catalog import queries as catalog
from projections.catalog.views import ImageState, MediaSort, ProductFilter, ProductSort, ProductView, StoreSort
from projections.jobs import queries as jobs
from projections.jobs.views import GenerationSort
from projections.merchants.queries import merchant_by_id
from projections.reading.counting import Count
from projections.reading.paging import Slice, Window
from projections.reading.scope import SYSTEM, ShopperScope
from projections.sales import queries as sales
from projections.sales.statistics import SalesDay, SalesSpan, sales_by_day, summed
from projections.sales.views import OrderSort
from tests.integration.projections.read_models import build
from tests.support.builders.histories import History, with_text
from tests.support.examples import drawn

SHARED = settings(
    max_examples=drawn(30),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
IMPORTS = [("import", n) for n in range(40)]
FULL = [
    ("supplier", 0),
    ("brand", 0),
    *(("import", n) for n in range(0, 24, 2)),
    *(("edit", n) for n in range(28, 42)),  # activate
    *(("edit", n) for n in range(7)),  # copy
    ("image", 0),
    ("page", 0),
    ("page", 4),
    ("order", 1),
    ("order", 3),
    ("payment", 6),  # the first order is paid, the second is not
    ("store", 0),  # ready for review, approved, published
    ("store", 4),
    ("store", 6),
]


async def history_of(db: asyncpg.Connection, moves: list[tuple[str, int]], stores: int = 2) -> History:
    history = History(stores).play(moves)
    await build(db, history.raw, batch=500)
    return history


async def read_pages(ask: Callable[[Window], Awaitable[Slice[Any]]], size: int, *, backwards: bool) -> list[Any]:
    """Read a list page by page, and check what each page says about its neighbors."""
    nodes: list[Any] = []
    cursor: str | None = None
    while True:
        window = Window(last=size, before=cursor) if backwards else Window(first=size, after=cursor)
        page = await ask(window)
        assert len(page.edges) <= size
        if backwards:
            nodes = [*page.nodes, *nodes]
            assert page.has_next is (cursor is not None)
            cursor, more = page.start_cursor, page.has_previous
        else:
            nodes = [*nodes, *page.nodes]
            assert page.has_previous is (cursor is not None)
            cursor, more = page.end_cursor, page.has_next
        if not more:
            return nodes


@SHARED
@given(
    size=st.integers(1, 9),
    backwards=st.booleans(),
    sort=st.sampled_from([sort for sort in ProductSort if sort is not ProductSort.RELEVANCE]),
    numbers=st.lists(st.integers(0, 60), max_size=25),
)
async def test_every_product_is_on_one_page_in_order(
    db: asyncpg.Connection, size: int, backwards: bool, sort: ProductSort, numbers: list[int]
) -> None:
    history = await history_of(db, [("add" if n % 4 == 0 else "import", n) for n in numbers], stores=1)
    store = history.stores[0]
    whole = await catalog.products_of_store(db, store, Window(first=100), sort=sort, scope=SYSTEM)
    assert {product.id for product in whole.nodes} == set(history.products)
    assert not whole.has_next
    assert not whole.has_previous
    pages = await read_pages(
        lambda window: catalog.products_of_store(db, store, window, sort=sort, scope=SYSTEM), size, backwards=backwards
    )
    assert pages == list(whole.nodes)
    keys: dict[ProductSort, Callable[[ProductView], tuple[float | str, ...]]] = {
        ProductSort.NEWEST: lambda p: (-p.created_at.timestamp(),),
        ProductSort.PRICE_LOW: lambda p: (p.price.minor,),
        ProductSort.PRICE_HIGH: lambda p: (-p.price.minor,),
        ProductSort.TITLE: lambda p: (p.title.lower(),),
        ProductSort.SCORE: lambda p: (p.score is None,),
    }
    assert list(map(keys[sort], pages)) == sorted(map(keys[sort], pages))


@pytest.mark.parametrize("backwards", [False, True])
async def test_stores_orders_and_media_are_paged_alike(db: asyncpg.Connection, backwards: bool) -> None:
    moves = [*FULL, *[("image", 0)] * 5, *(("order", n) for n in range(12)), *[("request", 0)] * 5]
    history = await history_of(db, moves)
    merchant, store = history.merchants[0], history.stores[0]
    asked: tuple[tuple[Any, type[StrEnum]], ...] = (
        (partial(catalog.stores_of_merchant, db, merchant, scope=SYSTEM), StoreSort),
        (partial(sales.orders_of_store, db, store, scope=SYSTEM), OrderSort),
        (partial(catalog.media_of_store, db, store, statuses=(), scope=SYSTEM), MediaSort),
        (partial(jobs.generations_of_merchant, db, merchant, scope=SYSTEM), GenerationSort),
    )
    for ask, sorts in asked:
        for sort in sorts:
            whole = (await ask(Window(first=100), sort=sort)).nodes
            assert len(whole) > 2
            assert await read_pages(lambda window: ask(window, sort=sort), 2, backwards=backwards) == list(whole)  # noqa: B023
            by: Callable[[Any], Any] = lambda each: getattr(each, "created_at", None) or each.placed_at  # noqa: E731
            if sort is StoreSort.NAME:
                by = lambda store: store.name.lower()  # noqa: E731
            elif sort in {OrderSort.TOTAL_HIGH, OrderSort.TOTAL_LOW}:
                by = lambda order: (order.total.currency, order.total.minor)  # noqa: E731
            keys = [(by(each), each.id) for each in whole]
            assert keys == sorted(keys, reverse=sort.name in {"NEWEST", "TOTAL_HIGH"})


async def test_a_cursor_stays_valid_when_its_row_is_deleted(db: asyncpg.Connection) -> None:
    history = await history_of(db, [("import", n) for n in range(0, 20, 2)], stores=1)
    first = await catalog.products_of_store(db, history.stores[0], Window(first=3), scope=SYSTEM)
    await db.execute("delete from products where id = $1", first.nodes[-1].id)
    rest = await catalog.products_of_store(
        db, history.stores[0], Window(first=100, after=first.end_cursor), scope=SYSTEM
    )
    assert {product.id for product in (*first.nodes, *rest.nodes)} == set(history.products)


@pytest.mark.parametrize(
    ("window", "field"),
    [
        (Window(first=1, last=1), "last"),
        (Window(first=-1), "first"),
        (Window(last=101), "last"),
        (Window(after="nonsense"), "after"),
        (Window(before="é"), "before"),
        (Window(after="W10"), "after"),
        (Window(after="WyJuZXdlc3QiLCAiMjAyNi0xMS0yM1QxMjowMDowMCIsICJ4Il0"), "after"),
    ],
)
async def test_an_invalid_window_is_rejected_with_the_argument_name(
    db: asyncpg.Connection, window: Window, field: str
) -> None:
    await history_of(db, [])
    with pytest.raises(InvalidInput) as refusal:
        await catalog.products_of_store(db, uuid4(), window, scope=SYSTEM)
    assert refusal.value.field == field


async def test_a_cursor_of_another_sorting_is_rejected(db: asyncpg.Connection) -> None:
    history = await history_of(db, IMPORTS, stores=1)
    page = await catalog.products_of_store(
        db, history.stores[0], Window(first=1), sort=ProductSort.PRICE_LOW, scope=SYSTEM
    )
    with pytest.raises(InvalidInput, match="not a cursor of this list"):
        await catalog.products_of_store(db, history.stores[0], Window(after=page.end_cursor), scope=SYSTEM)


@pytest.mark.parametrize(
    ("sort", "key"),
    [
        (ProductSort.NEWEST, "0001-01-01T00:00:00+23:59"),
        (ProductSort.NEWEST, "9999-12-31T23:59:59-23:59"),
        (ProductSort.SCORE, 10**400),
        (ProductSort.PRICE_LOW, 10**400),
        (ProductSort.TITLE, "\ud800"),
    ],
)
async def test_a_cursor_with_an_impossible_key_is_rejected(db: asyncpg.Connection, sort: ProductSort, key: Any) -> None:
    history = await history_of(db, IMPORTS, stores=1)
    name = catalog.PRODUCT_ORDERS[sort].name
    cursor = base64.urlsafe_b64encode(json.dumps([name, key, str(history.stores[0])]).encode()).decode()
    with pytest.raises(InvalidInput, match="not a cursor of this list"):
        await catalog.products_of_store(db, history.stores[0], Window(after=cursor), sort=sort, scope=SYSTEM)


async def test_a_store_has_its_brand_its_scouting_and_its_logo(db: asyncpg.Connection) -> None:
    history = await history_of(db, FULL)
    store = await catalog.store_by_id(db, history.stores[0], scope=SYSTEM)
    assert store is not None
    assert store.brand is not None
    assert store.scouting is not None
    assert (store.name, store.slug, store.status, store.approved) == ("Brand 0", "brand-0", StoreStatus.ACTIVE, True)
    assert store.description == store.brand.identity.voice.story
    assert len(store.brand.options) == 5
    assert store.preferences.colours == ["teal"]
    assert store.scouting.suppliers[0].provider is SupplierProvider.SAMPLE
    assert store.published_at is not None
    assert await catalog.store_by_slug(db, "brand-0", scope=SYSTEM) == store
    assert await catalog.store_by_slug(db, "brand-1", scope=SYSTEM) is None
    (logo,) = (await catalog.media_of_store(db, store.id, Window(), types={MediaType.LOGO}, scope=SYSTEM)).nodes
    assert logo.content is not None
    assert (logo.content, logo.filename) == (store.brand.identity.logo.svg, "logo.svg")
    assert (logo.mime_type, logo.size_bytes, logo.key) == ("image/svg+xml", len(logo.content), None)


async def test_a_store_without_a_brand_is_named_by_the_request_or_the_niche(db: asyncpg.Connection) -> None:
    history = await history_of(db, [], stores=2)
    views = await catalog.stores_by_ids(db, [*history.stores, uuid4()], scope=SYSTEM)
    assert [views[id].name for id in history.stores] == ["Mine", "Niche 1"]
    assert [views[id].slug for id in history.stores] == [None, None]


async def test_an_active_product_with_nothing_available_is_out_of_stock(db: asyncpg.Connection) -> None:
    # The first has one variant with no stock; the other has two pieces, both reserved by an order.
    history = await history_of(db, [("import", 0), ("add", 2), ("edit", 28), ("edit", 29), ("order", 1)], stores=1)
    store, (empty, taken) = history.stores[0], history.products
    views = await catalog.products_by_ids(db, [empty, taken], scope=SYSTEM)
    assert [views[id].status for id in (empty, taken)] == [ProductStatus.OUT_OF_STOCK] * 2
    assert (views[taken].on_hand, views[taken].available) == (2, 0)
    sold_out = ProductFilter(statuses=frozenset({ProductStatus.OUT_OF_STOCK}))
    assert await catalog.count_products(db, store, where=sold_out, scope=SYSTEM) == Count(2)
    active = ProductFilter(statuses=frozenset({ProductStatus.ACTIVE}))
    assert await catalog.count_products(db, store, where=active, scope=SYSTEM) == Count(0)


async def test_a_price_change_moves_every_variant_by_the_same_amount(db: asyncpg.Connection) -> None:
    history = await history_of(db, [("import", 2), ("edit", 7)], stores=1)
    (id,) = history.products
    product, state = await catalog.product_by_id(db, id, scope=SYSTEM), history.state(id)
    assert product is not None
    assert product.price == state.price == Money(minor=907)
    variants = (await catalog.variants_by_products(db, [id], scope=SYSTEM))[id]
    assert {variant.id: variant.price for variant in variants} == {
        id: variant.price for id, variant in state.variants.items()
    }
    assert [variant.position for variant in variants] == [0, 1, 2]
    assert variants[1].options == {"size": "1"}


async def test_images_keep_their_renditions_while_they_are_processed_again(db: asyncpg.Connection) -> None:
    moves = [("import", 1), ("image", 3), ("image", 1), ("image", 9)]
    history = await history_of(db, moves, stores=1)
    (product,) = history.products
    (image,) = (await catalog.images_by_products(db, [product], scope=SYSTEM))[product]
    assert (image.status, image.processed_key) == (ImageState.REQUESTED, "sha256/ab/1-large.webp")
    asset = await catalog.media_by_id(db, image.id, scope=SYSTEM)
    assert asset is not None
    assert (asset.attempt, asset.width, asset.filename) == (2, 1600, "9.webp")
    rejected = await history_of(db, [*moves, ("image", 5)], stores=1)
    (image,) = (await catalog.images_by_products(db, rejected.products, scope=SYSTEM))[rejected.products[0]]
    assert (image.status, image.rejection) == (ImageState.REJECTED, RejectionReason.CORRUPT)


async def test_products_are_found_by_text_category_and_price(db: asyncpg.Connection) -> None:
    history = await history_of(db, [("add", 7), ("add", 12), ("import", 2), ("edit", 2)], stores=1)
    store = history.stores[0]

    async def titles_of(**filter: Any) -> set[str]:
        page = await catalog.products_of_store(db, store, Window(), where=ProductFilter(**filter), scope=SYSTEM)
        return {product.title for product in page.nodes}

    assert await titles_of(text="HAND made 7") == {"Hand-made 7"}
    assert await titles_of(text="%") == set()
    assert await titles_of(text="lamp") == {"Copy 2"}
    assert await titles_of(category="Lamps") == {"Copy 2"}
    assert await titles_of(price_min=1507, price_max=1507) == {"Hand-made 7"}
    assert [(each.category, each.products) for each in await catalog.categories_of_store(db, store, scope=SYSTEM)] == [
        ("Lamps", 1)
    ]
    product = await catalog.product_by_slug(db, store, "copy-2", scope=SYSTEM)
    assert product is not None
    assert (product.features, product.copy_written_by, product.score is None) == (("LED",), "house", False)


async def test_products_are_found_and_sorted_ignoring_case_and_accents(db: asyncpg.Connection) -> None:
    # Decomposed, as in a log from before text had one normal form.
    titles = ["Zebra mug", "Straße lamp", "Cafe\u0301 pot", "Łódź mug", "Işıklı Çay Bardağı", "İstanbul poster"]
    history = History(1).play([("add", number) for number in range(len(titles))])
    for number, title in enumerate(titles):
        old, new = f'"title":"Hand-made {number}"'.encode(), f'"title":"{title}"'.encode()
        history.raw[:] = [with_text(each, old, new) for each in history.raw]
    await build(db, history.raw, batch=500)

    async def titles_with(text: str | None = None) -> list[str]:
        page = await catalog.products_of_store(
            db, history.stores[0], Window(), where=ProductFilter(text=text), sort=ProductSort.TITLE, scope=SYSTEM
        )
        return [product.title for product in page.nodes]

    for text in ("STRASSE", "straße", "lamp straß"):
        assert await titles_with(text) == ["Straße lamp"], text
    for text in ("CAFÉ", "cafe\u0301", "cafe"):
        assert await titles_with(text) == ["Cafe\u0301 pot"], text
    assert await titles_with("lodz") == ["Łódź mug"]
    assert await titles_with("IŞIKLI çay") == await titles_with("isikli cay") == ["Işıklı Çay Bardağı"]
    assert await titles_with("istanbul") == await titles_with("İSTANBUL") == ["İstanbul poster"]
    assert [title[0] for title in await titles_with()] == ["C", "I", "İ", "Ł", "S", "Z"]


async def test_products_are_found_by_a_tag_of_any_case_and_any_letters(db: asyncpg.Connection) -> None:
    history = History(1).play([("import", number) for number in range(4)])
    listed = iter([["Desk", "Lamps"], ["it's \\ a & b | c"], ["Łódź:*", "DESK"], []])
    for place, event in enumerate(history.raw):
        if event.type == ProductImported.wire_name:
            data = json.loads(event.data) | {"tags": next(listed)}
            history.raw[place] = msgspec.structs.replace(event, data=json.dumps(data).encode())
    await build(db, history.raw, batch=500)

    async def found_by(*tags: str, **filter: Any) -> int:
        where = ProductFilter(tags=frozenset(tag.lower() for tag in tags), **filter)
        page = await catalog.products_of_store(db, history.stores[0], Window(), where=where, scope=SYSTEM)
        assert await catalog.count_products(db, history.stores[0], where=where, scope=SYSTEM) == Count(len(page.nodes))
        return len(page.nodes)

    assert await found_by("desk") == 2
    assert await found_by("desk", "IT'S \\ a & b | c") == 3
    assert await found_by("łódź:*") == 1
    assert await found_by("lamp") == await found_by("it") == await found_by("łódź") == 0
    assert await found_by("desk", price_min=1020) == 1
    assert await found_by("desk", text="lodz") == 1


async def test_the_sales_of_days_are_those_of_the_stores_orders(db: asyncpg.Connection) -> None:
    moves = [(name, number) for number in range(60) for name in ("import", "edit", "order", "payment")]
    history = await history_of(db, moves, stores=2)
    for store in history.stores:
        first, last = date(2025, 1, 1), date(2027, 12, 31)
        span = SalesSpan(store_id=store, first=first, last=last, time_zone="Asia/Kathmandu", currency="USD")
        await db.execute("insert into public.visits values ($1, '2024-12-31', 8), ($1, '2026-05-04', 7)", store)
        ((*days,),) = await sales_by_day(db, [span], scope=ShopperScope(store))
        assert summed(days) == SalesDay(day=first)
        ((*days,),) = await sales_by_day(db, [span], scope=SYSTEM)
        sums = summed(days)
        ((placed, paid),) = await db.fetch("select count(*), count(paid_at) from orders where store_id = $1", store)
        assert (sums.placed, sums.placed_and_paid, sums.paid, sums.visits) == (placed, paid, paid, 7)
        assert sum(day.visits for day in days if day.day == date(2026, 5, 4)) == 7
        assert placed > paid > 0
        revenue = "select -sum(minor) from ledger_postings where book = $1 and kind = 'CHARGE' and account = 'SALES'"
        assert sums.revenue == await db.fetchval(revenue, store)
        zone = "select distinct (placed_at at time zone 'Asia/Kathmandu')::date from orders where store_id = $1"
        assert {day.day for day in days if day.placed} == {row[0] for row in await db.fetch(zone, store)}


async def test_days_of_several_spans_are_those_of_their_zones_also_when_clocks_change_at_midnight(
    db: asyncpg.Connection,
) -> None:
    history = await history_of(db, [], stores=2)
    first, second = history.stores
    await db.execute(
        "insert into sales_periods (store_id, minutes, begins_at, currency, placed, placed_and_paid, paid, revenue_minor, "
        "refunds_minor, platform_fees_minor) select s, m, t, 'USD', m / 15, 0, 0, 0, 0, 0 from unnest($1::uuid[]) s, "
        "unnest(array[15, 180]) m, "
        "generate_series('2026-03-06Z'::timestamptz, '2026-11-03T23:59Z', m * interval '1 minute') t",
        [first, second],
    )
    spans = [
        SalesSpan(store_id=store, first=date(2026, *begin), last=date(2026, *end), time_zone=zone, currency="USD")
        for store, begin, end, zone in (
            (first, (3, 7), (3, 9), "America/Havana"),
            (second, (5, 1), (5, 1), "Asia/Kathmandu"),
            (first, (10, 30), (11, 2), "America/Havana"),
            (first, (4, 4), (4, 6), "Pacific/Auckland"),
            (first, (9, 26), (9, 28), "Pacific/Auckland"),
            (second, (3, 7), (3, 9), "America/Los_Angeles"),
            (second, (10, 31), (11, 2), "America/Los_Angeles"),
        )
    ]
    of_row = (
        "select (begins_at at time zone $2)::date as day, count(*) from sales_periods where store_id = $1 "
        "and minutes = 15 group by 1 having (begins_at at time zone $2)::date between $3 and $4 order by 1"
    )
    found = await sales_by_day(db, spans, scope=SYSTEM)
    # The day whose clocks change is an hour longer or shorter: 96 quarters of an hour, and 4 more or less.
    assert [[day.placed for day in days] for days in found[3:]] == [[96, n, 96] for n in (100, 92, 92, 100)]
    for span, days in zip(spans, found, strict=True):
        expected = await db.fetch(of_row, span.store_id, span.time_zone, span.first, span.last)
        assert [(day.day, day.placed) for day in days] == [tuple(row) for row in expected], span
        assert len(days) == (span.last - span.first).days + 1


async def test_pages_are_ordered_by_type_then_title(db: asyncpg.Connection) -> None:
    history = await history_of(db, [("page", 0), ("page", 6), ("page", 4), ("page", 2), ("page", 14)], stores=2)
    store, other = history.stores
    pages = await catalog.pages_by_stores(db, [store, other], scope=SYSTEM)
    assert [page.slug for page in pages[store]] == ["contact", "refund_policy", "privacy_policy", "custom"]
    assert pages[other] == ()
    policy = await catalog.page_by_slug(db, store, "privacy_policy", scope=SYSTEM)
    assert policy is not None
    assert (policy.title, policy.scores.words) == ("Page 14", 14)
    assert policy.created_at < policy.updated_at


async def test_a_generation_has_its_steps_and_its_log(db: asyncpg.Connection) -> None:
    moves = [("brand", 0), ("step", 0), ("step", 10), ("step", 1), ("step", 21)]
    history = await history_of(db, moves, stores=1)
    (generation,) = (await jobs.generations_by_stores(db, history.stores, scope=SYSTEM))[history.stores[0]]
    assert (generation.status, generation.current_step) == (JobStatus.FAILED, None)
    brand, scout, copy, *_ = generation.jobs
    assert (brand.type, brand.status, brand.progress) == (JobType.BRAND_GENERATOR, JobStatus.COMPLETED, 100)
    assert brand.done == brand.total > 1
    assert brand.output is not None
    assert brand.output["name"] == "Brand 0"
    assert (scout.status, scout.error, scout.progress) == (JobStatus.FAILED, "The supplier did not answer.", 14)
    assert (copy.status, copy.attempt, copy.started_at) == (JobStatus.PENDING, 0, None)
    assert generation.progress == (100 * 15 + 14 * 20) // 100
    lines = await jobs.job_logs(db, generation.id, scope=SYSTEM)
    assert [(line.level, line.job_id) for line in lines] == [
        ("INFO", None),
        ("INFO", brand.id),
        ("INFO", scout.id),
        ("INFO", brand.id),
        ("INFO", brand.id),
        ("INFO", scout.id),
        ("ERROR", scout.id),
        ("ERROR", None),
    ]
    assert await jobs.job_logs(db, generation.id, after=lines[2].number, limit=2, scope=SYSTEM) == lines[3:5]
    assert await jobs.job_logs(db, scout.id, scope=SYSTEM) == tuple(line for line in lines if line.job_id == scout.id)
    assert await jobs.job_by_id(db, scout.id, scope=SYSTEM) == scout
    whole = await jobs.job_by_id(db, generation.id, scope=SYSTEM)
    assert whole is not None
    assert (whole.type, whole.progress, whole.error) == (None, generation.progress, generation.error)


async def test_overdue_steps_and_unpaid_orders_are_found(db: asyncpg.Connection) -> None:
    history = await history_of(db, [*FULL, ("order", 6)], stores=1)
    generation = derived(history.stores[0], "generation")
    brand = await jobs.job_by_id(db, derived(generation, Step.BRAND), scope=SYSTEM)
    assert brand is not None
    assert brand.deadline is not None
    assert await jobs.jobs_past_deadline(db, brand.deadline, scope=SYSTEM) == ()
    (overdue,) = await jobs.jobs_past_deadline(db, brand.deadline.replace(microsecond=1), scope=SYSTEM)
    assert (overdue.generation_id, overdue.step, overdue.attempt) == (generation, Step.BRAND, 1)
    pending = [id for id in history.orders if history.state(id).status is OrderStatus.PENDING]
    views = [await sales.order_by_id(db, id, scope=SYSTEM) for id in pending]
    last = max(view.placed_at for view in views if view is not None)
    assert set(await sales.pending_orders_before(db, last.replace(microsecond=1), scope=SYSTEM)) == set(pending)
    assert len(await sales.pending_orders_before(db, last, scope=SYSTEM)) == len(pending) - 1


async def test_a_paid_order_has_the_paid_amount(db: asyncpg.Connection) -> None:
    history = await history_of(db, FULL, stores=1)
    paid = next(id for id in history.orders if history.state(id).status is OrderStatus.PAID)
    order = await sales.order_by_id(db, paid, scope=SYSTEM)
    assert order is not None
    assert order.total == order.paid == history.state(paid).total
    assert order.lines[0].total + order.shipping == order.total
    assert order.shopper_name.person_id == order.shopper_id
    of_other_store = await sales.order_by_id(db, paid, scope=ShopperScope(uuid4()))
    assert of_other_store is None


async def test_a_merchant_has_their_suppliers(db: asyncpg.Connection) -> None:
    history = await history_of(db, [("supplier", 0), ("supplier", 2), ("later", 3), ("supplier", 0)])
    merchant = await merchant_by_id(db, history.merchants[0], scope=SYSTEM)
    assert merchant is not None
    assert (merchant.email.person_id, merchant.name) == (merchant.id, None)
    assert [(each.provider, each.account_id, each.is_active) for each in merchant.suppliers] == [
        (SupplierProvider.ALIEXPRESS, None, False),
        (SupplierProvider.SPOCKET, "account-2", True),
    ]
    assert {each.merchant_id for each in merchant.suppliers} == {merchant.id}
    assert await merchant_by_id(db, uuid4(), scope=SYSTEM) is None


async def test_a_search_finds_stems_unfinished_words_and_misspelled_words(db: asyncpg.Connection) -> None:
    titles = ["Wireless keyboard", "Walnut keyboards", "Desk lamp", "Headphone stand"]
    history = History(1).play([("add", number) for number in range(len(titles))])
    for number, title in enumerate(titles):
        old, new = f'"title":"Hand-made {number}"'.encode(), f'"title":"{title}"'.encode()
        history.raw[:] = [with_text(each, old, new) for each in history.raw]
    await build(db, history.raw, batch=500)

    async def found(text: str, size: int = 10) -> list[str]:
        titles, after = [], None
        while True:
            page = await catalog.products_of_store(
                db,
                history.stores[0],
                Window(first=size, after=after),
                where=ProductFilter(text=text),
                sort=ProductSort.RELEVANCE,
                scope=SYSTEM,
            )
            titles += [product.title for product in page.nodes]
            after = page.end_cursor
            if not page.has_next:
                return titles

    keyboards = {"Wireless keyboard", "Walnut keyboards"}
    for text in ("keyboard", "keyboards", "keyb", "keyboard".replace("a", "")):
        assert set(await found(text)) == keyboards, text
        assert await found(text, size=1) == await found(text), text
    assert await found("keyboard -walnut") == ["Wireless keyboard"]
    assert await found("phone") == ["Headphone stand"]
    for text in (
        "",
        "!!!",
        "%",
        "_",
        "\0",
        "🔥",
        "the",
        "&|!:*()",
        "'\\",
        '"',
        "-",
        "-lamp",
        "مصباح",
        "灯",
        "x" * 10_000,
    ):
        assert await found(text) == [], text
