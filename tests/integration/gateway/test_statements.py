"""A list needs as many statements for thirty rows as for one: counted for every list of the schema, fields below included."""

from collections import Counter
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import asyncpg
import pytest
from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

from commands.checkout import CartLine, PlaceOrder
from commands.discount import CreateDiscount
from commands.order import RecordPayment
from commands.store import ApproveStore, PublishStore
from domain.discount.events import DiscountKind, DiscountTerms
from domain.money import Money
from infra.adapters.master_keys import MasterKeys
from infra.adapters.postgres.vault import PostgresPersonalData
from projections.reading.moment import MomentReader
from projections.registry import SEARCH_PATH
from tests.support.platforms.gateway import Merchant, Platform, a_platform
from tests.support.schema import published_schema

SCHEMA = published_schema()
MANY = 24
DEEP = 3
"""Levels of lists below a field of the store."""


@pytest.fixture
async def statements() -> list[str]:
    """What the read models and the keys of people were asked, in order."""
    return []


@pytest.fixture
async def platform(database: str, statements: list[str]) -> AsyncIterator[Platform]:
    def note(record: asyncpg.connection.LoggedQuery) -> None:
        # Connections are reset and transactions end in the background; the driver asks for types in capitals.
        if record.query.startswith(("select", "with")):
            statements.append(record.query)

    async def watch(connection: asyncpg.Connection) -> None:
        connection.add_query_logger(note)

    settings = {"search_path": f"{SEARCH_PATH}, public"}
    async with (
        asyncpg.create_pool(database, min_size=1, max_size=4, server_settings=settings, init=watch) as pool,
        a_platform(
            database, reader=MomentReader(pool), personal=PostgresPersonalData(pool, MasterKeys([b"k" * 32]))
        ) as whole,
    ):
        yield whole


async def a_store(platform: Platform, owner: Merchant, rows: int) -> UUID:
    """Return a store with as many products, paid orders and discount codes."""
    store_id = await platform.stocked_store(owner, products=rows)
    for number in range(rows):
        terms = DiscountTerms(kind=DiscountKind.FREE_SHIPPING)
        await platform.send(CreateDiscount(store_id=store_id, merchant_id=owner.id, code=f"CODE{number}", terms=terms))
    await platform.finish(store_id)
    await platform.send(ApproveStore(store_id=store_id, merchant_id=owner.id))
    await platform.send(PublishStore(store_id=store_id, merchant_id=owner.id))
    store = await platform.ask(
        "query ($id: ID!) { store(id: $id) { products(first: 24) { nodes { id variants { id } } } } }",
        {"id": str(store_id)},
        by=owner,
    )
    for product in store["products"]["nodes"]:
        order_id, shopper, personal = uuid4(), uuid4(), platform.deps.personal
        line = CartLine(product_id=UUID(product["id"]), variant_id=UUID(product["variants"][0]["id"]), quantity=1)
        sealed = await personal.seal(shopper, '{"line1": "1 Pier", "country": "NO"}')
        await platform.send(
            PlaceOrder(
                order_id=order_id,
                store_id=store_id,
                lines=[line],
                shopper_id=shopper,
                shopper_name=sealed,
                shopper_email=sealed,
                shipping_address=sealed,
            )
        )
        paid, fee = Money(minor=2900), Money(minor=58)
        await platform.send(RecordPayment(order_id=order_id, paid=paid, fee=fee, intent_id=f"pi_{order_id}"))
    return store_id


def selection(type: object, levels: int, path: tuple[str, ...] = ()) -> str:
    """Return all fields of a type that need no argument, with lists and objects below them."""
    named = get_named_type(type)  # type: ignore[call-overload]
    if isinstance(named, GraphQLUnionType | GraphQLInterfaceType):
        return "{ __typename }"
    assert isinstance(named, GraphQLObjectType)
    fields = []
    for name, field in named.fields.items():
        if any(map(is_required_argument, field.args.values())):
            continue
        below = get_named_type(field.type)
        if is_leaf_type(below):
            fields.append(name)
        elif levels > 0 and below.name not in path and below.name not in {"Store", "User"}:
            page = "(first: 2)" if "first" in field.args else ""
            fields.append(f"{name}{page} {selection(field.type, levels - 1, (*path, named.name))}")
    return f"{{ {' '.join(fields) or '__typename'} }}"


def lists_of_a_store() -> dict[str, str]:
    """Return a query of each field of a store that has fields below it."""
    store = SCHEMA.type_map["Store"]
    assert isinstance(store, GraphQLObjectType)

    def query(name: str, field: GraphQLField) -> str:
        needed = [argument for argument, each in field.args.items() if is_required_argument(each)]
        required = {argument: str(UUID(int=7)) if argument.endswith("Id") else "2026-11" for argument in needed}
        arguments = [f'{argument}: "{value}"' for argument, value in required.items()]
        arguments += [f"first: {MANY}"] if "first" in field.args else []
        given = f"({', '.join(arguments)})" if arguments else ""
        return f"query ($id: ID!) {{ store(id: $id) {{ {name}{given} {selection(field.type, DEEP, ('Store',))} }} }}"

    return {
        name: query(name, field) for name, field in store.fields.items() if not is_leaf_type(get_named_type(field.type))
    }


async def test_no_list_needs_a_statement_for_each_row(platform: Platform, statements: list[str]) -> None:
    owner = await platform.merchant()
    one, many = await a_store(platform, owner, 1), await a_store(platform, owner, MANY)
    await platform.barrier.catch_up()
    grown = {}
    for name, query in lists_of_a_store().items():
        counts = []
        for store_id in (one, many):
            await platform.ask(query, {"id": str(store_id)}, by=owner)  # connections learn their types once
            statements.clear()
            await platform.ask(query, {"id": str(store_id)}, by=owner)
            counts.append(Counter(statements))
        if counts[1].total() > counts[0].total():
            grown[name] = [(number, text[:120]) for text, number in (counts[1] - counts[0]).most_common(3)]
    assert grown == {}
