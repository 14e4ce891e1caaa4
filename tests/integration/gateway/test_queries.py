"""Queries: a merchant reads their own objects and no others."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from commands.checkout import CartLine, PlaceOrder
from commands.order import RecordPayment
from commands.product import CountStock
from commands.store import ApproveStore, PublishStore
from domain.generation.aggregate import generation_of, job_of
from domain.generation.events import Step
from domain.money import Money
from domain.privacy import Sealed
from infra.adapters.master_keys import MasterKeys
from infra.adapters.postgres.vault import PostgresPersonalData
from tests.support.platforms.gateway import Merchant, Platform, a_platform

STORE = """query ($id: ID!) { store(id: $id) {
  id name slug niche status url subdomain approved settings publishedAt
  brandIdentity { name colors { primary onPrimary } fonts { heading body } voice { tone tagline } logo { svg }
                  options { name availability } writtenBy }
  scouting { candidates keywords suppliers { provider candidates } }
  products(first: 2) { totalCount pageInfo { hasNextPage hasPreviousPage endCursor startCursor }
    edges { cursor node { title sellingPrice costPrice compareAtPrice currency stockQuantity status sourceProvider
      images { originalUrl processedUrl position status } variants { title price stock options } winningScore { total }
      store { id } } } }
  pages { totalCount nodes { type title slug content } }
  media(statuses: [PROCESSED]) { totalCount nodes { type url mimeType metadata } }
  orders { totalCount nodes { id } }
  generation { id status progress currentStep jobs { type step status attempt } logs(first: 3)
    { pageInfo { hasNextPage endCursor } nodes { number message level } } }
  jobs { id type }
} }"""


async def an_order(platform: Platform, owner: Merchant, store_id: UUID, *, quantity: int = 2) -> UUID:
    """Publish a store and place an order in it."""
    await platform.finish(store_id)
    await platform.send(ApproveStore(store_id=store_id, merchant_id=owner.id))
    await platform.send(PublishStore(store_id=store_id, merchant_id=owner.id))
    store = await platform.ask(
        "query ($id: ID!) { store(id: $id) { products(first: 1) { nodes { id variants { id } } } } }",
        {"id": str(store_id)},
        by=owner,
    )
    (product,) = store["products"]["nodes"]
    order_id, shopper, personal = uuid4(), uuid4(), platform.deps.personal
    await platform.send(
        PlaceOrder(
            order_id=order_id,
            store_id=store_id,
            lines=[
                CartLine(
                    product_id=UUID(product["id"]), variant_id=UUID(product["variants"][0]["id"]), quantity=quantity
                )
            ],
            shopper_id=shopper,
            shopper_name=await personal.seal(shopper, "Grace"),
            shopper_email=await personal.seal(shopper, "grace@example.com"),
            shipping_address=await personal.seal(shopper, '{"line1": "1 Pier", "city": "Oslo", "country": "NO"}'),
        )
    )
    return order_id


async def test_a_store_returns_every_field_of_the_product_document(platform: Platform, owner: Merchant) -> None:
    store_id = await platform.stocked_store(owner)
    store = await platform.ask(STORE, {"id": str(store_id)}, by=owner)
    assert store["name"] == "Neon Haven"
    assert store["slug"].startswith("neon-haven")
    assert store["url"] == f"http://{store['slug']}.localhost:8001"
    assert store["brandIdentity"]["colors"] == {"primary": "#5b21b6", "onPrimary": "#ffffff"}
    assert len(store["brandIdentity"]["options"]) == 5
    assert store["scouting"]["suppliers"] == [{"provider": "SAMPLE", "candidates": 120}]
    products = store["products"]
    assert (products["totalCount"], products["pageInfo"]["hasNextPage"]) == (3, True)
    node = products["edges"][0]["node"]
    assert (node["sellingPrice"], node["compareAtPrice"], node["currency"]) == ("29.00", None, "USD")
    assert node["stockQuantity"] == 12
    assert [variant["options"] for variant in node["variants"]] == [{"color": "Red"}, {"color": "Blue"}]
    assert node["images"][0]["status"] == "REQUESTED"
    assert node["store"] == {"id": str(store_id)}
    assert [page["type"] for page in store["pages"]["nodes"]] == ["ABOUT", "FAQ", "PRIVACY_POLICY"]
    assert [media["type"] for media in store["media"]["nodes"]] == ["LOGO"]
    assert store["media"]["nodes"][0]["url"].startswith("data:image/svg+xml,")
    assert [job["step"] for job in store["generation"]["jobs"]] == ["BRAND", "SCOUT", "COPY", "IMAGES", "PAGES"]
    assert len(store["generation"]["logs"]["nodes"]) == 3
    assert store["generation"]["logs"]["pageInfo"]["hasNextPage"]


@pytest.mark.parametrize("size", [1, 2, 5])
async def test_every_page_size_returns_every_product_once(platform: Platform, owner: Merchant, size: int) -> None:
    store_id = await platform.stocked_store(owner, products=5)
    query = """query ($id: ID!, $size: Int, $after: String) { store(id: $id) { products(first: $size, after: $after) {
      edges { node { id } } pageInfo { hasNextPage endCursor } } } }"""
    seen: list[str] = []
    after = None
    for _ in range(6):
        store = await platform.ask(query, {"id": str(store_id), "size": size, "after": after}, by=owner)
        seen += [edge["node"]["id"] for edge in store["products"]["edges"]]
        after = store["products"]["pageInfo"]["endCursor"]
        if not store["products"]["pageInfo"]["hasNextPage"]:
            break
    assert len(seen) == len(set(seen)) == 5


async def test_niches_are_suggested_to_merchants_only(platform: Platform, owner: Merchant) -> None:
    assert await platform.ask("{ nicheSuggestions }", by=owner) == ["Dog toys", "Candles"]
    refused = await platform.client.post("/graphql", json={"query": "{ nicheSuggestions }"})
    assert refused.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_stores_are_listed_newest_first_and_only_the_merchant_s_own(
    platform: Platform, owner: Merchant, stranger: Merchant
) -> None:
    ids = []
    for niche in ("One", "Two", "Three"):
        ids.append(str(await platform.store(owner, niche)))
        platform.clock.advance(timedelta(seconds=1))
    await platform.store(stranger)
    stores = await platform.ask("{ stores(first: 2) { totalCount nodes { id } pageInfo { hasNextPage } } }", by=owner)
    assert stores == {
        "totalCount": 3,
        "nodes": [{"id": ids[2]}, {"id": ids[1]}],
        "pageInfo": {"hasNextPage": True},
    }


async def everything_of(platform: Platform, owner: Merchant) -> dict[str, str]:
    """Return root fields and ids of the owner's objects."""
    store_id = await platform.stocked_store(owner)
    order_id = await an_order(platform, owner, store_id)
    store = await platform.ask(
        "query ($id: ID!) { store(id: $id) { products { nodes { id } } pages { nodes { id } } media { nodes { id } } } }",
        {"id": str(store_id)},
        by=owner,
    )
    return {
        "store": str(store_id),
        "product": store["products"]["nodes"][0]["id"],
        "page": store["pages"]["nodes"][0]["id"],
        "mediaAsset": store["media"]["nodes"][0]["id"],
        "generation": str(generation_of(store_id)),
        "job": str(job_of(generation_of(store_id), Step.BRAND)),
        "order": str(order_id),
    }


def without(id: str, answer: dict[str, Any]) -> str:
    return str(answer).replace(id, "ID")


async def test_another_merchant_s_object_reads_like_an_unknown_one(
    platform: Platform, owner: Merchant, stranger: Merchant
) -> None:
    for name, id in (await everything_of(platform, owner)).items():
        query = f"query ($id: ID!) {{ {name}(id: $id) {{ id }} }}"
        assert (await platform.ask(query, {"id": id}, by=owner)) == {"id": id}
        unknown = str(uuid4())
        foreign = await platform.post(query, {"id": id}, by=stranger)
        absent = await platform.post(query, {"id": unknown}, by=stranger)
        assert without(id, foreign) == without(unknown, absent)
        assert foreign["errors"][0]["extensions"]["code"] == "NOT_FOUND"
        malformed = await platform.post(query, {"id": "no id"}, by=owner)
        assert malformed["data"] == {name: None}
        assert malformed["errors"][0]["extensions"] == {"code": "NOT_FOUND"}
        nobody = await platform.post(query, {"id": id})
        assert nobody["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_an_order_shows_its_shopper_until_the_personal_data_is_erased(
    platform: Platform, owner: Merchant
) -> None:
    order_id = await an_order(platform, owner, await platform.stocked_store(owner))
    query = """query ($id: ID!) { order(id: $id) { number status total currency items
      shopper { id name email shippingAddress { line1 line2 city country printedLines } }
      lines { title quantity unitPrice total product { title } } } }"""
    order = await platform.ask(query, {"id": str(order_id)}, by=owner)
    assert (order["status"], order["total"], order["items"]) == ("PENDING", "58.00", 2)
    assert order["shopper"]["name"] == "Grace"
    address = order["shopper"]["shippingAddress"]
    assert address.pop("printedLines") == ["1 Pier", "Oslo", "Norway"]
    assert address == {"line1": "1 Pier", "line2": None, "city": "Oslo", "country": "NO"}
    assert order["lines"][0]["product"]["title"] == order["lines"][0]["title"]
    shopper_id = order["shopper"]["id"]
    await platform.deps.personal.forget(UUID(shopper_id))
    order = await platform.ask(query, {"id": str(order_id)}, by=owner)
    assert order["shopper"] == {"id": shopper_id, "name": None, "email": None, "shippingAddress": None}


class CountingPersonalData(PostgresPersonalData):
    """Counts the values of each key lookup."""

    lookups: list[int]

    async def open_many(self, sealed: Sequence[Sealed]) -> Sequence[str | None]:
        self.lookups.append(len(sealed))
        return await super().open_many(sealed)


async def test_short_units_are_shown_on_product_and_order_and_no_stock_is_negative(
    platform: Platform, owner: Merchant
) -> None:
    store_id = await platform.stocked_store(owner, products=1)
    order_id = await an_order(platform, owner, store_id, quantity=3)
    query = """query ($id: ID!, $order: ID!) {
      store(id: $id) { products { nodes { id stockQuantity availableQuantity shortQuantity
        variants { id stock available short } } } }
      order(id: $order) { total shortQuantity lines { short } } }"""

    async def read() -> Any:
        return (await platform.post(query, {"id": str(store_id), "order": str(order_id)}, by=owner))["data"]

    product = (await read())["store"]["products"]["nodes"][0]
    red, blue = (UUID(variant["id"]) for variant in product["variants"])
    for variant, on_hand in ((red, 1), (blue, 0)):
        await platform.send(
            CountStock(product_id=UUID(product["id"]), merchant_id=owner.id, variant_id=variant, on_hand=on_hand)
        )
    answer = await read()
    product = answer["store"]["products"]["nodes"][0]
    assert [product[name] for name in ("stockQuantity", "availableQuantity", "shortQuantity")] == [1, 0, 2]
    assert [(each["stock"], each["available"], each["short"]) for each in product["variants"]] == [(1, 0, 2), (0, 0, 0)]
    assert (answer["order"]["shortQuantity"], answer["order"]["lines"]) == (0, [{"short": 0}])
    due = Money.parse(answer["order"]["total"])
    await platform.send(RecordPayment(order_id=order_id, paid=due, fee=Money(minor=0), intent_id="pi_1"))
    answer = await read()
    product = answer["store"]["products"]["nodes"][0]
    assert [product[name] for name in ("stockQuantity", "availableQuantity", "shortQuantity")] == [0, 0, 2]
    assert (answer["order"]["shortQuantity"], answer["order"]["lines"]) == (2, [{"short": 2}])
    await platform.send(CountStock(product_id=UUID(product["id"]), merchant_id=owner.id, variant_id=red, on_hand=9))
    answer = await read()
    assert answer["store"]["products"]["nodes"][0]["shortQuantity"] == 0
    assert answer["order"]["shortQuantity"] == 2


async def test_the_shoppers_of_a_page_of_orders_need_one_key_lookup(database: str) -> None:
    async with asyncpg.create_pool(database, min_size=1, max_size=2) as pool:
        personal = CountingPersonalData(pool, MasterKeys([b"k" * 32]))
        personal.lookups = []
        async with a_platform(database, personal=personal) as platform:
            owner = await platform.merchant()
            store_id = await platform.stocked_store(owner)
            orders = [await an_order(platform, owner, store_id, quantity=1) for _ in range(3)]
            query = "query ($id: ID!) { store(id: $id) { orders { nodes { shopper { name email shippingAddress { city } } } } } }"
            store = await platform.ask(query, {"id": str(store_id)}, by=owner)
    shopper = {"name": "Grace", "email": "grace@example.com", "shippingAddress": {"city": "Oslo"}}
    assert [node["shopper"] for node in store["orders"]["nodes"]] == [shopper] * len(orders)
    assert personal.lookups == [3 * len(orders)]


async def test_a_query_with_a_consistency_token_sees_the_write(platform: Platform, owner: Merchant) -> None:
    platform.barrier.wedged = True
    written = await platform.ask(
        'mutation { requestStore(input: {niche: "Lamps"}) { store { id } storeId generationId consistencyToken'
        " userErrors { code } } }",
        by=owner,
    )
    assert written["store"] is None
    assert written["userErrors"] == []
    platform.barrier.wedged = False
    query = "query ($id: ID!, $token: String) { store(id: $id, consistencyToken: $token) { niche } }"
    variables = {"id": written["storeId"]}
    assert (await platform.post(query, variables, by=owner))["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    token = {"token": written["consistencyToken"]}
    assert await platform.ask(query, variables | token, by=owner) == {"niche": "Lamps"}


@pytest.mark.parametrize("cursor", ["x", "-1", "99999999999999999999"])
async def test_an_invalid_log_cursor_is_rejected(platform: Platform, owner: Merchant, cursor: str) -> None:
    store_id = await platform.store(owner)
    query = "query ($id: ID!, $after: String) { generation(id: $id) { logs(after: $after) { nodes { number } } } }"
    answer = await platform.post(query, {"id": str(generation_of(store_id)), "after": cursor}, by=owner)
    assert [error["extensions"] for error in answer["errors"]] == [{"code": "INVALID_INPUT", "field": "after"}]


@pytest.mark.parametrize("way", ["argument", "header"])
async def test_a_stalled_read_model_answers_stale(platform: Platform, owner: Merchant, way: str) -> None:
    platform.barrier.wedged = True
    query = "query ($token: String) { stores(consistencyToken: $token) { totalCount } }"
    answer = (
        await platform.post(query, {"token": "3-99"}, by=owner)
        if way == "argument"
        else await platform.post(query, by=owner, headers={"x-consistency-token": "1-5, 3-99, 3-7"})
    )
    extensions = answer["errors"][0]["extensions"]
    assert extensions["code"] == "STALE"
    assert extensions["consistencyToken"] == ("3-99" if way == "argument" else "1-5")


@pytest.mark.parametrize("token", ["x", "3", "3-", "-4", "3-4-5", "8-1", "1-" + "9" * 30, "1-1 " * 17])
async def test_an_error_quotes_an_invalid_consistency_token(platform: Platform, owner: Merchant, token: str) -> None:
    answer = await platform.post(
        "query ($token: String) { me(consistencyToken: $token) { id } }", {"token": token}, by=owner
    )
    assert answer["errors"][0]["extensions"] == {"code": "INVALID_INPUT", "field": "consistencyToken"}


@pytest.mark.parametrize(
    ("arguments", "field"), [("first: 101", "first"), ("first: 1, last: 1", "last"), ('after: "?"', "after")]
)
async def test_an_error_names_the_invalid_argument_of_a_window(
    platform: Platform, owner: Merchant, arguments: str, field: str
) -> None:
    answer = await platform.post(f"{{ stores({arguments}) {{ totalCount }} }}", by=owner)
    assert answer["errors"][0]["extensions"] == {"code": "INVALID_INPUT", "field": field}
