"""Merchants find an order by its number and a person by an address, and erase that person."""

from uuid import UUID, uuid4

import asyncpg
import pytest

from commands.after_sale import CancelOrderByMerchant
from commands.order import RecordPayment
from domain.money import Money
from infra.adapters.postgres.vault import DIGESTS
from infra.bench.growth.bench import database_of
from tests.integration.gateway.test_mutations import change
from tests.integration.gateway.test_queries import an_order
from tests.support.platforms.gateway import Merchant, Platform

CUSTOMER = """
query ($id: ID!, $email: String!) {
  store(id: $id) { customer(email: $email) { waitingNotices erasable searchedSince orders { nodes { id shopper { name email } } } } }
}
"""
ORDERS = "query ($id: ID!, $number: String) { store(id: $id) { orders(filter: { number: $number }) { totalCount nodes { id number } } } }"
TIMELINE = """
query ($id: ID!, $asOf: AsOfInput) { order(id: $id, asOf: $asOf) { timeline { nodes { kind message detail position } } } }
"""


@pytest.fixture
async def store_id(platform: Platform, owner: Merchant) -> UUID:
    return await platform.stocked_store(owner)


@pytest.fixture
async def order_id(platform: Platform, owner: Merchant, store_id: UUID) -> UUID:
    return await an_order(platform, owner, store_id)


async def test_an_order_is_found_by_its_number_as_people_write_it(
    platform: Platform, owner: Merchant, store_id: UUID, order_id: UUID
) -> None:
    whole = await platform.ask(ORDERS, {"id": str(store_id)}, by=owner)
    (order,) = whole["orders"]["nodes"]
    number = order["number"]
    for written in (number, number.lower(), number.removeprefix("ZY-"), f" #{number[:5]} {number[5:]} "):
        found = await platform.ask(ORDERS, {"id": str(store_id), "number": written}, by=owner)
        assert found["orders"] == {"totalCount": 1, "nodes": [order]}, written
    unknown = await platform.ask(ORDERS, {"id": str(store_id), "number": "ZY-ZZZZZZ"}, by=owner)
    assert unknown["orders"] == {"totalCount": 0, "nodes": []}


async def test_a_timeline_has_the_events_up_to_a_position(platform: Platform, owner: Merchant, order_id: UUID) -> None:
    await platform.send(
        RecordPayment(order_id=order_id, paid=Money(minor=5800), fee=Money(minor=290), intent_id="pi_1")
    )
    moments = (await platform.ask(TIMELINE, {"id": str(order_id)}, by=owner))["timeline"]["nodes"]
    assert [each["kind"] for each in moments] == ["ORDER", "PAYMENT"]
    assert moments[0]["message"] == "The order was placed: 2 pieces for $58.00."
    assert moments[1] == {
        "kind": "PAYMENT",
        "message": "$58.00 was paid. The platform keeps $2.90.",
        "detail": "pi_1",
        "position": moments[1]["position"],
    }
    before = {"id": str(order_id), "asOf": {"position": moments[0]["position"]}}
    assert (await platform.ask(TIMELINE, before, by=owner))["timeline"]["nodes"] == moments[:1]


async def test_a_person_is_erased_once_every_order_is_finished(
    platform: Platform, owner: Merchant, stranger: Merchant, store_id: UUID, order_id: UUID
) -> None:
    asked = {"id": str(store_id), "email": "GRACE@example.com"}
    known = (await platform.ask(CUSTOMER, asked, by=owner))["customer"]
    assert known["orders"]["nodes"] == [
        {"id": str(order_id), "shopper": {"name": "Grace", "email": "grace@example.com"}}
    ]
    assert (known["waitingNotices"], known["erasable"], known["searchedSince"]) == (0, False, None)
    assert (await platform.ask(CUSTOMER, {**asked, "email": "ada@example.com"}, by=owner))["customer"] is None

    ids = {"storeId": str(store_id), "email": asked["email"]}
    early = await change(platform, owner, "eraseCustomer", "erasedOrders", **ids)
    assert early["userErrors"][0]["code"] == "SHOPPER_STILL_SERVED"
    foreign = await change(platform, stranger, "eraseCustomer", "erasedOrders", **ids)
    assert foreign["userErrors"][0]["code"] == "NOT_FOUND"

    await platform.send(
        RecordPayment(order_id=order_id, paid=Money(minor=5800), fee=Money(minor=290), intent_id="pi_1")
    )
    await platform.send(CancelOrderByMerchant(order_id=order_id, merchant_id=owner.id, refund_id=order_id))
    command = {"commandId": str(uuid4())}
    erased = await change(platform, owner, "eraseCustomer", "erasedOrders", **ids, **command)
    assert (erased["userErrors"], erased["erasedOrders"]) == ([], 1)
    before = await platform.event_count()
    assert await change(platform, owner, "eraseCustomer", "erasedOrders", **ids, **command) == erased
    other = await change(platform, owner, "eraseCustomer", "erasedOrders", **{**ids, "email": "x@y.example"}, **command)
    assert other["userErrors"][0]["code"] == "COMMAND_REUSED"
    assert await platform.event_count() == before
    order = await platform.ask(
        "query ($id: ID!) { order(id: $id) { total shopper { name email shippingAddress { city } } } }",
        {"id": str(order_id)},
        by=owner,
    )
    assert order == {"total": "58.00", "shopper": {"name": None, "email": None, "shippingAddress": None}}
    assert (await platform.ask(CUSTOMER, asked, by=owner))["customer"] is None


async def test_generations_of_all_stores_are_listed_by_status(
    platform: Platform, owner: Merchant, stranger: Merchant, store_id: UUID
) -> None:
    query = """
    query ($statuses: [JobStatus!], $store: ID) {
      me { generations(filter: { statuses: $statuses, storeId: $store }) { nodes { storeId status jobs { step status } } } }
    }
    """
    second = await platform.store(owner)
    every = (await platform.ask(query, by=owner))["generations"]["nodes"]
    assert {each["storeId"] for each in every} == {str(store_id), str(second)}
    assert all(len(each["jobs"]) == 5 for each in every)
    one = (await platform.ask(query, {"store": str(second)}, by=owner))["generations"]["nodes"]
    assert [each["storeId"] for each in one] == [str(second)]
    assert (await platform.ask(query, {"statuses": ["FAILED"]}, by=owner))["generations"]["nodes"] == []
    assert (await platform.ask(query, {"store": str(second)}, by=stranger))["generations"]["nodes"] == []


async def test_an_address_is_found_by_its_digest_and_among_older_orders_by_opening_them(
    platform: Platform, owner: Merchant, store_id: UUID, order_id: UUID, postgres_dsn: str
) -> None:
    asked = {"id": str(store_id), "email": "grace@example.com"}

    async def found() -> list[str]:
        customer = (await platform.ask(CUSTOMER, asked, by=owner))["customer"]
        return [] if customer is None else [order["id"] for order in customer["orders"]["nodes"]]

    assert await found() == [str(order_id)], "from before the first digest"
    reader = platform.deps.reader
    shopper, placed_at = await reader.fetchrow("select shopper_id, placed_at from orders where id = $1", order_id)
    connection = await asyncpg.connect(database_of(postgres_dsn, await reader.fetchval("select current_database()")))
    await platform.deps.personal.seal_address(shopper, store_id, "Grace@example.com")
    assert await found() == [str(order_id)], "found twice, named once"
    await connection.execute(
        "update person_keys set created_at = $2::timestamptz - interval '1 day' where person_id = $1",
        DIGESTS,
        placed_at,
    )
    assert await found() == [str(order_id)], "found by its digest"
    await connection.execute("delete from shopper_addresses")
    assert await found() == [], "later orders are not opened"
    # Other tests share the platform.
    await connection.execute("delete from person_keys where person_id = $1", DIGESTS)
    await connection.close()
