"""Time travel: what was answered at a place in the log is answered again, byte for byte."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from commands.checkout import CartLine, PlaceOrder
from commands.image_result import RecordImage
from commands.media import RequestImage
from commands.order import CancelOrder, RecordPayment
from commands.page import AddPage, EditPage
from commands.product import ActivateProduct, AddProduct, CountStock, DeactivateProduct, EditProduct
from commands.store import ApproveStore, PauseStore, PublishStore
from domain.kernel import DomainError
from domain.media.events import Operation, Rendition
from domain.money import Money
from projections.reading.time_travel import CONNECTIONS, SWEEP_EVERY
from projections.registry import READ_MODELS
from tests.support.platforms.gateway import Merchant, Platform, a_platform

POSITIONS = 50

STORE = """query ($id: ID!, $asOf: AsOfInput) { store(id: $id, asOf: $asOf) {
  id name slug niche status url subdomain approved settings createdAt updatedAt publishedAt
  brandIdentity { name colors { primary onPrimary } fonts { heading body } voice { tone tagline } logo { svg } }
  scouting { candidates keywords suppliers { provider candidates } }
  products(first: 3, sort: PRICE_LOW) { totalCount pageInfo { hasNextPage hasPreviousPage endCursor startCursor }
    edges { cursor node { id title description sellingPrice compareAtPrice stockQuantity availableQuantity status slug
      updatedAt images { originalUrl processedUrl status updatedAt } variants { title price stock available options }
      winningScore { total } store { id name status } } } }
  all: products(last: 50) { nodes { id title updatedAt } }
  pages { totalCount nodes { id type title slug content updatedAt store { updatedAt } } }
  media(statuses: [PROCESSED, REQUESTED, ORIGINAL]) { totalCount nodes { id type status url mimeType metadata renditions
    { name url } updatedAt } }
  orders { totalCount nodes { id number status total paid lines { quantity title product { title sellingPrice } }
    unmatchedPayments { intentId amount reason at }
    shopper { name email shippingAddress { city } } store { status } } }
  generation { id status progress jobs { type step status attempt } logs(first: 3) { nodes { number message } } }
  jobs { id type }
} }"""
PRODUCT = """query ($id: ID!, $asOf: AsOfInput) { product(id: $id, asOf: $asOf) {
  id title description sellingPrice stockQuantity status images { status renditions { url } } variants { stock }
  store { name orders { totalCount } } } }"""
PAGE = (
    "query ($id: ID!, $asOf: AsOfInput) { page(id: $id, asOf: $asOf) { title content store { pages { totalCount } } } }"
)
MEDIA = (
    "query ($id: ID!, $asOf: AsOfInput) { mediaAsset(id: $id, asOf: $asOf) { status attempt url metadata updatedAt } }"
)
ORDER = """query ($id: ID!, $asOf: AsOfInput) { order(id: $id, asOf: $asOf) {
  number status total paid unmatchedPayments { amount reason } lines { quantity product { title } } store { name status } shopper { name } } }"""


@pytest.fixture
async def platform(database: str) -> AsyncIterator[Platform]:
    async with a_platform(database) as whole:
        yield whole


@pytest.fixture
async def owner(platform: Platform) -> Merchant:
    return await platform.merchant()


async def answer(platform: Platform, by: Merchant, query: str, id: UUID, as_of: Any = None) -> bytes:
    """Return an answer's bytes as they are sent."""
    response = await platform.client.post(
        "/graphql",
        json={"query": query, "variables": {"id": str(id), "asOf": as_of}},
        headers={"authorization": f"Bearer {by.token}"},
    )
    return response.content


async def log_position(platform: Platform, by: Merchant) -> str:
    position: str = await platform.ask("{ logPosition }", by=by)
    return position


class Merchandising:
    """A merchant and shoppers at work on one store, the same for the same seed."""

    def __init__(self, platform: Platform, owner: Merchant, store_id: UUID, seed: int) -> None:
        self._platform, self._owner, self.store_id = platform, owner, store_id
        self._dice = random.Random(seed)
        self.products: list[UUID] = []
        self.pages: list[UUID] = []
        self.images: list[UUID] = []
        self.orders: list[UUID] = []
        self._moves: list[Callable[[], Awaitable[Any]]] = [
            self._edit,
            self._edit,
            self._count,
            self._add,
            self._page,
            self._edit_page,
            self._image,
            self._image_done,
            self._order,
            self._order,
            self._pay,
            self._cancel,
            self._shelve,
        ]

    async def open(self) -> None:
        send, store, owner = self._platform.send, self.store_id, self._owner.id
        await self._platform.finish(store)
        await send(ApproveStore(store_id=store, merchant_id=owner))
        await send(PublishStore(store_id=store, merchant_id=owner))
        rows = await self._platform.deps.reader.fetch("select id from products where store_id = $1 order by id", store)
        self.products = [row["id"] for row in rows]
        rows = await self._platform.deps.reader.fetch("select id from pages where store_id = $1 order by id", store)
        self.pages = [row["id"] for row in rows]

    async def move(self) -> None:
        """Do something that changes something."""
        while True:
            before = await self._platform.log.last_position()
            self._platform.clock.advance(timedelta(milliseconds=self._dice.randrange(1, 5000)))
            try:
                await self._dice.choice(self._moves)()
            except (DomainError, IndexError):
                continue
            if await self._platform.log.last_position() > before:
                return

    async def _edit(self) -> None:
        number = self._dice.randrange(1000)
        price = Money(minor=1000 + number) if number % 2 else None
        await self._platform.send(
            EditProduct(
                product_id=self._dice.choice(self.products),
                merchant_id=self._owner.id,
                title=f"Lamp {number}",
                description=f"It glows, “{number}”." if number % 3 else None,
                price=price,
            )
        )

    async def _count(self) -> None:
        product = self._dice.choice(self.products)
        variant = await self._platform.deps.reader.fetchval(
            "select id from variants where product_id = $1 order by position limit 1", product
        )
        await self._platform.send(
            CountStock(
                product_id=product, merchant_id=self._owner.id, variant_id=variant, on_hand=self._dice.randrange(20)
            )
        )

    async def _add(self) -> None:
        id = uuid4()
        await self._platform.send(
            AddProduct(
                product_id=id,
                store_id=self.store_id,
                merchant_id=self._owner.id,
                title="By hand",
                description="Mine.",
                cost=Money(minor=500),
                price=Money(minor=900 + len(self.products)),
                compare_at=None,
                stock=3,
                image_urls=["http://images.localhost/1.jpg"],
            )
        )
        self.products.append(id)
        await self._platform.send(ActivateProduct(product_id=id, merchant_id=self._owner.id))

    async def _page(self) -> None:
        id = uuid4()
        await self._platform.send(
            AddPage(
                store_id=self.store_id,
                merchant_id=self._owner.id,
                page_id=id,
                title=f"Page {len(self.pages)}",
                content="# Hello",
            )
        )
        self.pages.append(id)

    async def _edit_page(self) -> None:
        words = str(self._dice.random())
        title, content = (words, None) if self._dice.random() < 0.5 else (None, f"# {words}")
        await self._platform.send(
            EditPage(
                store_id=self.store_id,
                merchant_id=self._owner.id,
                page_id=self._dice.choice(self.pages),
                title=title,
                content=content,
            )
        )

    async def _image(self) -> None:
        # Always another one: a picture of a live shop made again is a draft, and no answer here shows drafts.
        id = uuid4()
        await self._platform.send(
            RequestImage(
                image_id=id,
                store_id=self.store_id,
                merchant_id=self._owner.id,
                product_id=None,
                url="http://images.localhost/x.jpg",
                alt_text="A lamp",
                operations=list(Operation),
                ground="#ffffff",
            )
        )
        self.images.append(id)

    async def _image_done(self) -> None:
        sizes = [
            Rendition(name=name, key=f"sha256/ab/{name}.webp", width=size, height=size, size_bytes=size)
            for name, size in (("thumbnail", 200), ("large", 1600))
        ]
        await self._platform.send(
            RecordImage(
                image_id=self.images[-1],
                attempt=1,
                renditions=sizes,
                source_sha256="ab",
                source_size=(9, 9),
                operations=[Operation.SHARPEN],
                seconds=0.5,
            )
        )

    async def _order(self) -> None:
        product = self._dice.choice(self.products)
        variant = await self._platform.deps.reader.fetchval(
            "select id from variants where product_id = $1 order by position limit 1", product
        )
        id, shopper, personal = uuid4(), uuid4(), self._platform.deps.personal
        await self._platform.send(
            PlaceOrder(
                order_id=id,
                store_id=self.store_id,
                lines=[CartLine(product_id=product, variant_id=variant, quantity=1)],
                shopper_id=shopper,
                shopper_name=await personal.seal(shopper, "Grace"),
                shopper_email=await personal.seal(shopper, "grace@example.com"),
                shipping_address=await personal.seal(shopper, '{"line1": "1 Pier", "city": "Oslo", "country": "NO"}'),
            )
        )
        self.orders.append(id)

    async def _pay(self) -> None:
        id = self._dice.choice(self.orders)
        total = await self._platform.deps.reader.fetchval("select total_minor from orders where id = $1", id)
        await self._platform.send(
            RecordPayment(order_id=id, paid=Money(minor=total), fee=Money(minor=total // 20), intent_id=f"p-{id}")
        )

    async def _cancel(self) -> None:
        await self._platform.send(CancelOrder(order_id=self._dice.choice(self.orders), reason="Not paid in time."))

    async def _shelve(self) -> None:
        store, owner, kind = self.store_id, self._owner.id, self._dice.randrange(4)
        product = self._dice.choice(self.products)
        await self._platform.send(
            [
                PauseStore(store_id=store, merchant_id=owner),
                PublishStore(store_id=store, merchant_id=owner),
                DeactivateProduct(product_id=product, merchant_id=owner),
                ActivateProduct(product_id=product, merchant_id=owner),
            ][kind]
        )


@pytest.mark.long
async def test_answers_at_fifty_positions_come_back_byte_for_byte(platform: Platform, owner: Merchant) -> None:
    neighbour = Merchandising(platform, owner, await platform.stocked_store(owner), seed=1)
    await neighbour.open()
    shop = Merchandising(platform, owner, await platform.stocked_store(owner, products=4), seed=2)
    recorded: list[tuple[str, str, UUID, bytes]] = []

    async def record() -> None:
        position = await log_position(platform, owner)
        recorded.append((position, STORE, shop.store_id, await answer(platform, owner, STORE, shop.store_id)))
        for query, ids in ((PRODUCT, shop.products), (PAGE, shop.pages), (MEDIA, shop.images), (ORDER, shop.orders)):
            recorded.extend([(position, query, id, await answer(platform, owner, query, id)) for id in ids[-2:]])

    await record()
    await shop.open()
    for _ in range(POSITIONS - 1):
        await neighbour.move()
        await shop.move()
        await record()
    assert len({position for position, *_ in recorded}) == POSITIONS
    assert len({body for _, query, _, body in recorded if query is STORE}) == POSITIONS
    assert all(b'"errors"' not in body for *_, body in recorded)
    assert len(shop.orders) > 3
    assert len(shop.images) > 1

    for position, query, id, body in random.Random(3).sample(recorded, len(recorded)):
        assert await answer(platform, owner, query, id, {"position": position}) == body, (position, query[:40])


async def test_a_time_means_what_was_recorded_by_then(platform: Platform, pool: asyncpg.Pool) -> None:
    # The log's times are the database's; the gateway asks its own clock what is in the future.
    platform.clock.at = datetime.now(UTC) + timedelta(minutes=5)
    owner = await platform.merchant()
    shop = Merchandising(platform, owner, await platform.stocked_store(owner), seed=4)
    await shop.open()
    before = await answer(platform, owner, STORE, shop.store_id)
    at = await pool.fetchval("select clock_timestamp()")
    await shop.move()
    assert await answer(platform, owner, STORE, shop.store_id) != before
    assert await answer(platform, owner, STORE, shop.store_id, {"time": at.isoformat()}) == before


async def test_two_times_can_be_compared_in_one_operation(platform: Platform, owner: Merchant) -> None:
    store_id = await platform.stocked_store(owner)
    shop = Merchandising(platform, owner, store_id, seed=5)
    await shop.open()
    first = await log_position(platform, owner)
    product = shop.products[0]
    await platform.send(EditProduct(product_id=product, merchant_id=owner.id, title="Renamed"))
    second = await log_position(platform, owner)
    await platform.send(EditProduct(product_id=product, merchant_id=owner.id, title="Again"))
    query = """query ($id: ID!, $first: ID!, $second: ID!) {
      before: product(id: $id, asOf: {position: $first}) { title store { products { totalCount } } }
      again: product(id: $id, asOf: {position: $first}) { title }
      after: product(id: $id, asOf: {position: $second}) { title }
      now: product(id: $id) { title } }"""
    found = (await platform.post(query, {"id": str(product), "first": first, "second": second}, by=owner))["data"]
    titles = [found[name]["title"] for name in ("before", "again", "after", "now")]
    assert titles[0] == titles[1] != "Renamed"
    assert titles[2:] == ["Renamed", "Again"]
    assert found["before"]["store"]["products"]["totalCount"] == 3


async def test_the_past_is_its_owners_alone(platform: Platform, owner: Merchant) -> None:
    stranger = await platform.merchant()
    shop = Merchandising(platform, owner, await platform.stocked_store(owner), seed=6)
    await shop.open()
    while not (shop.images and shop.orders):
        await shop.move()
    position = await log_position(platform, owner)
    asked = [
        (STORE, shop.store_id),
        (PRODUCT, shop.products[0]),
        (PAGE, shop.pages[0]),
        (MEDIA, shop.images[0]),
        (ORDER, shop.orders[0]),
    ]
    for query, id in asked:
        assert codes(await answer(platform, owner, query, id, {"position": position})) == []
        assert codes(await answer(platform, stranger, query, id, {"position": position})) == ["NOT_FOUND"]
        unknown = await answer(platform, owner, query, uuid4(), {"position": position})
        assert codes(unknown) == ["NOT_FOUND"]


def codes(body: bytes) -> list[str]:
    return [error["extensions"]["code"] for error in json.loads(body).get("errors", [])]


async def test_places_that_are_none_are_refused(platform: Platform, owner: Merchant) -> None:
    nothing_yet = await log_position(platform, owner)
    store_id = await platform.store(owner)
    assert codes(await answer(platform, owner, STORE, store_id, {"position": nothing_yet})) == ["NOT_FOUND"]
    wrong: list[tuple[Any, str]] = [
        ({}, "asOf"),
        ({"position": "1", "time": "2026-01-01T00:00:00Z"}, "asOf"),
        ({"position": "soon"}, "asOf.position"),
        ({"position": "-1"}, "asOf.position"),
        ({"position": "999999999"}, "asOf.position"),
        ({"position": "9" * 30}, "asOf.position"),
        ({"time": "2026-01-01T00:00:00"}, "asOf.time"),
        ({"time": "2999-01-01T00:00:00Z"}, "asOf.time"),
    ]
    for as_of, field in wrong:
        (error,) = json.loads(await answer(platform, owner, STORE, store_id, as_of))["errors"]
        assert error["extensions"] == {"code": "INVALID_INPUT", "field": field}, as_of
    many = "".join(f"a{n}: store(id: $id, asOf: {{position: {int(nothing_yet) + n}}}) {{ id }} " for n in range(1, 6))
    body = await answer(platform, owner, f"query ($id: ID!) {{ {many} }}", store_id)
    assert "INVALID_INPUT" in codes(body)


async def test_a_consistency_token_is_a_position(platform: Platform, owner: Merchant) -> None:
    store_id = await platform.stocked_store(owner)
    token = await platform.ask(
        'mutation ($id: ID!) { addPage(input: {storeId: $id, title: "News", content: "# 1"}) { consistencyToken } }',
        {"id": str(store_id)},
        by=owner,
    )
    before = await answer(platform, owner, STORE, store_id)
    shop = Merchandising(platform, owner, store_id, seed=7)
    await shop.open()
    assert await answer(platform, owner, STORE, store_id, {"position": token["consistencyToken"]}) == before


async def test_many_readers_of_the_past_share_few_connections_and_leave_nothing_behind(
    platform: Platform, owner: Merchant, pool: asyncpg.Pool
) -> None:
    shop = Merchandising(platform, owner, await platform.stocked_store(owner), seed=8)
    await shop.open()
    recorded = []
    for _ in range(4):
        await shop.move()
        position = await log_position(platform, owner)
        recorded.append((position, await answer(platform, owner, STORE, shop.store_id)))
    many = recorded * SWEEP_EVERY
    bodies = await asyncio.gather(
        *(answer(platform, owner, STORE, shop.store_id, {"position": position}) for position, _ in many)
    )
    assert bodies == [body for _, body in many]
    sessions = await pool.fetchval(
        "select count(*) from pg_stat_activity where datname = current_database() and application_name like '%travel'"
    )
    assert 1 <= sessions <= CONNECTIONS
    # In the past's own connections there is nothing left, and the read models of the present are as they were.
    tables = sum(len(model.tables) for model in READ_MODELS.values())
    kept = await pool.fetchval("select count(*) from pg_class where relpersistence = 't' and relkind = 'r'")
    assert kept <= sessions * tables
    assert await answer(platform, owner, STORE, shop.store_id) == recorded[-1][1]
