"""Many shoppers buy the same variant at the same time."""

import asyncio
from dataclasses import replace
from uuid import UUID, uuid4

import asyncpg
import pytest

from commands.bus import CommandBus
from commands.checkout import CartLine, PlaceOrder
from commands.discount import CreateDiscount
from commands.ports import Context, Receipt
from domain.discount.errors import DiscountUsedUp
from domain.discount.events import DiscountKind, DiscountTerms
from domain.order.events import OrderPlaced
from domain.product.aggregate import PRODUCT
from domain.product.errors import InsufficientStock
from domain.product.events import StockReserved
from domain.store.aggregate import STORE
from infra.adapters.postgres.event_store import PostgresEventLog
from infra.bench.hot_buyers import CountingLog, Death, buy_at_once, buying_processes
from infra.bootstrap import handlers
from schemas.envelope import RawEvent
from schemas.registry import decode
from tests.support.builders.samples import sealed
from tests.support.platforms.storefront import BRAND, Product, StorefrontPlatform, Variant

SHOPPERS, PIECES = 80, 60


def order_of(store: UUID, product: Product) -> PlaceOrder:
    shopper = uuid4()
    return PlaceOrder(
        order_id=uuid4(),
        store_id=store,
        lines=[piece_of(product)],
        shopper_id=shopper,
        shopper_name=sealed(shopper),
        shopper_email=sealed(shopper),
        shipping_address=sealed(shopper),
    )


def order_of_reservation(raw: RawEvent) -> UUID:
    event = decode(raw.type, raw.data)
    assert isinstance(event, StockReserved)
    return event.order_id


def piece_of(product: Product) -> CartLine:
    return CartLine(product_id=product.id, variant_id=product.variants[0], quantity=1)


async def available(pool: asyncpg.Pool, floor: StorefrontPlatform, product: Product) -> int:
    loaded = await PostgresEventLog(pool, floor.clock).load(PRODUCT, product.id)
    assert loaded is not None
    left: int = loaded.state.variants[product.variants[0]].available
    return left


async def test_buyers_of_a_hot_variant_are_served_in_sequence_until_it_is_sold_out(
    floor: StorefrontPlatform, pool: asyncpg.Pool
) -> None:
    store = await floor.open_store("fern", BRAND)
    vase = await floor.stock(store, "Blue Vase", slug="blue-vase", variants=[Variant("Default", 4900, PIECES)])
    log = CountingLog(pool, floor.clock)
    bus = CommandBus(log, handlers(floor.clock))

    async def buy() -> Receipt:
        order = order_of(store, vase)
        return await bus.dispatch(order, Context(command_id=uuid4(), correlation_id=order.order_id))

    async def crowd(shoppers: int) -> list[Receipt | BaseException]:
        return await asyncio.gather(*(buy() for _ in range(shoppers)), return_exceptions=True)

    first = await crowd(SHOPPERS // 2)
    assert all(isinstance(outcome, Receipt) for outcome in first), first
    assert log.collisions == 0, "of two appends of one process to one stream, the second is not sent"
    second = await crowd(SHOPPERS // 2)
    assert log.collisions == 0
    assert sum(isinstance(outcome, Receipt) for outcome in second) == PIECES - SHOPPERS // 2, second
    assert sum(isinstance(outcome, InsufficientStock) for outcome in second) == SHOPPERS - PIECES, second
    assert await available(pool, floor, vase) == 0


async def test_two_hundred_buyers_at_two_processes_buy_exactly_the_stock(
    floor: StorefrontPlatform, database: str, pool: asyncpg.Pool
) -> None:
    store = await floor.open_store("fern", BRAND)
    vase = await floor.stock(store, "Blue Vase", slug="blue-vase", variants=[Variant("Default", 4900, 150)])
    async with buying_processes(database, [None, None]) as processes:
        sale = await buy_at_once(processes, store, piece_of(vase), 200)
    assert (sale.sold, sale.refused, sale.try_again) == (150, 50, 0)
    assert await available(pool, floor, vase) == 0
    events = await PostgresEventLog(pool, floor.clock).read_settled(0, 10_000)
    assert all(event.computed_hash == event.hash for event in events)
    reserved = [event for event in events if event.type == StockReserved.wire_name]
    orders = {event.correlation_id: event.stream_id for event in events if event.type == OrderPlaced.wire_name}
    assert [event.version for event in reserved] == list(range(reserved[0].version, reserved[0].version + 150))
    # Every reservation is beside its own order, of the same command.
    assert {order_of_reservation(event) for event in reserved} == set(orders.values())
    assert len({event.command_id for event in reserved}) == 150
    # From the last event of each command, a restored store knows that the command was carried out.
    last = {event.command_id: event for event in events}
    assert all((event.command_digest is not None) == (last[event.command_id] is event) for event in events)


@pytest.mark.parametrize(
    ("pieces", "number"), [pytest.param(1, 1, id="the last piece"), pytest.param(40, 2, id="groups")]
)
async def test_of_a_hundred_buyers_as_many_order_as_there_are_pieces_although_processes_crash(
    floor: StorefrontPlatform, database: str, pool: asyncpg.Pool, pieces: int, number: int
) -> None:
    store = await floor.open_store("fern", BRAND)
    vase = await floor.stock(store, "Blue Vase", slug="blue-vase", variants=[Variant("Default", 4900, pieces)])
    buyers = [uuid4() for _ in range(100)]
    deaths = [Death(number, committed=False), Death(number, committed=True), None]
    async with buying_processes(database, deaths) as (*crashing, steady):
        for process in crashing:
            with pytest.raises((EOFError, ConnectionResetError)):
                await process.buy(store, piece_of(vase), buyers)
        # All buyers send the same commands again.
        sale = await steady.buy(store, piece_of(vase), buyers)
    assert (sale.sold, sale.refused, sale.try_again) == (pieces, 100 - pieces, 0)
    assert await available(pool, floor, vase) == 0
    types = [event.type for event in await PostgresEventLog(pool, floor.clock).read_settled(0, 10_000)]
    assert types.count(OrderPlaced.wire_name) == types.count(StockReserved.wire_name) == pieces


async def test_the_last_uses_of_a_code_go_to_as_many_of_100_orders_of_different_products(
    floor: StorefrontPlatform, pool: asyncpg.Pool
) -> None:
    uses = 7
    store = await floor.open_store("fern", BRAND)
    vases = [await floor.stock(store, f"Vase {n}", slug=f"vase-{n}") for n in range(20)]
    merchant = (await floor.log.load(STORE, store)).state.merchant_id  # type: ignore[union-attr]
    terms = DiscountTerms(kind=DiscountKind.PERCENTAGE, basis_points=1000, most_uses=uses)
    code = CreateDiscount(store_id=store, merchant_id=merchant, code="LAST7", terms=terms)
    await floor.dispatch(code, Context(command_id=uuid4(), correlation_id=store))
    # Two buses are two processes: they share no queue.
    buses = [CommandBus(PostgresEventLog(pool, floor.clock), handlers(floor.clock)) for _ in range(2)]

    async def buy(n: int) -> Receipt:
        order = replace(order_of(store, vases[n % len(vases)]), discount_code="last 7")
        return await buses[n % 2].dispatch(order, Context(command_id=uuid4(), correlation_id=order.order_id))

    outcomes = await asyncio.gather(*(buy(n) for n in range(100)), return_exceptions=True)
    assert sum(isinstance(outcome, Receipt) for outcome in outcomes) == uses, outcomes
    assert sum(isinstance(outcome, DiscountUsedUp) for outcome in outcomes) == 100 - uses, outcomes
    kinds = await floor.events_of(store)
    assert [kinds.count(f"{kind}.v1") for kind in ("discount.discount_use_reserved", "order.order_placed")] == [
        uses
    ] * 2
