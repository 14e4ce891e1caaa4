"""Many shoppers buy the same variant at the same time."""

import asyncio
from uuid import UUID, uuid4

import asyncpg

from commands.bus import CommandBus
from commands.checkout import CartLine, PlaceOrder
from commands.ports import Commit, ConcurrencyConflict, Context, Receipt
from domain.product.aggregate import PRODUCT
from domain.product.errors import InsufficientStock
from infra.adapters.postgres.event_store import PostgresEventLog
from infra.bootstrap import handlers
from tests.support.builders.samples import sealed
from tests.support.platforms.storefront import BRAND, Product, StorefrontPlatform, Variant

SHOPPERS, PIECES = 80, 60


def order_of(store: UUID, product: Product) -> PlaceOrder:
    shopper = uuid4()
    return PlaceOrder(
        order_id=uuid4(),
        store_id=store,
        lines=[CartLine(product_id=product.id, variant_id=product.variants[0], quantity=1)],
        shopper_id=shopper,
        shopper_name=sealed(shopper),
        shopper_email=sealed(shopper),
        shipping_address=sealed(shopper),
    )


class CountingLog(PostgresEventLog):
    """Counts commits with a conflict."""

    collisions = 0

    async def commit(self, commit: Commit) -> Receipt:
        try:
            return await super().commit(commit)
        except ConcurrencyConflict:
            self.collisions += 1
            raise


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
    product = await log.load(PRODUCT, vase.id)
    assert product is not None
    assert product.state.variants[vase.variants[0]].available == 0
