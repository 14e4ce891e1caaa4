"""Simultaneous orders of one variant, through the real command bus of one process.

Each buyer orders one piece with their own cart, as the checkout does: ``OrderPlaced``, ``StockReserved`` and ``CartOrdered``
in one transaction, or a rejection when all stock is reserved. There are fewer pieces than buyers. The bench fails if the
number of orders is not the stock, or if an order is rejected for another reason.
"""

import asyncio
import time
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from commands.bus import CommandBus
from commands.checkout import CartLine, PlaceOrder
from commands.ports import Context, Receipt
from domain.ids import uuid7
from domain.kernel import DomainEvent
from domain.money import Money
from domain.privacy import Sealed
from domain.product.aggregate import PRODUCT
from domain.product.errors import InsufficientStock
from domain.product.events import ImportedVariant, ProductActivated, ProductAdded
from domain.store.events import StorePublished, StoreRequested
from infra.adapters.postgres.event_store import PostgresEventLog
from infra.bench.figures import Bench, Figures, ReportPhase, Sizes, Target
from infra.bench.filling import fill_with_streams
from infra.bench.servers import Servers
from infra.bootstrap import handlers, open_platform


class CountingLog(PostgresEventLog):
    """An event log that counts failed commits."""

    collisions = 0

    async def commit(self, commit: Any) -> Receipt:
        """Append a commit, and count it if it fails."""
        try:
            return await super().commit(commit)
        except Exception:
            self.collisions += 1
            raise


async def measure(servers: Servers, sizes: Sizes, seed: int, report: ReportPhase) -> Figures:
    """Sell out several variants, one after the other. The seed determines only the streams' ids."""
    buyers, pieces, rounds = sizes["buyers"], sizes["pieces"], sizes["rounds"]
    store_id, products = uuid7(seed, 0), [uuid7(seed, 1 + n) for n in range(rounds)]
    report("creating a store with stock")
    streams = [_store(store_id), *(_product(id, store_id, pieces) for id in products)]
    await fill_with_streams(servers.dsn, streams, tenants=[store_id] * len(streams), after=0)
    decisions, seconds, slowest = 0, 0.0, 0.0
    async with open_platform(servers.settings, migrated=False) as platform:
        log = CountingLog(await platform.pool(), platform.clock)
        bus = CommandBus(log, handlers(platform.clock))
        for number, product in enumerate(products, 1):
            report(f"selling out variant {number} of {rounds}")
            began = time.perf_counter()
            took = await asyncio.gather(*(_buy(bus, store_id, product) for _ in range(buyers)))
            seconds += time.perf_counter() - began
            decisions += buyers
            slowest = max(slowest, *(each for _, each in took))
            sold = sum(bought for bought, _ in took)
            loaded = await log.load(PRODUCT, product)
            assert loaded is not None
            kept = loaded.state.variants[product].reserved_total
            if not sold == kept == min(pieces, buyers):
                raise RuntimeError(
                    f"{sold} orders were confirmed and {kept} pieces are reserved; the stock is {pieces}"
                )
    return {
        "decisions_per_s": decisions / seconds,
        "collisions_per_buyer": log.collisions / decisions,
        "slowest_ms": slowest * 1000,
    }


async def _buy(bus: CommandBus, store_id: UUID, product_id: UUID) -> tuple[bool, float]:
    """Return whether the order was confirmed, and the seconds until the answer."""
    order_id, shopper = uuid4(), uuid4()
    sealed = Sealed(person_id=shopper, ciphertext="v1.k1.5e0Zr1Y2c3V4a5B6.Hq3xJm8vT0pWn2sYdK4uLrE7cZ6bA9gF1iMoNhQ")
    command = PlaceOrder(
        order_id=order_id,
        store_id=store_id,
        lines=[CartLine(product_id=product_id, variant_id=product_id, quantity=1)],
        shopper_id=shopper,
        shopper_name=sealed,
        shopper_email=sealed,
        shipping_address=sealed,
        cart_id=uuid4(),
    )
    began = time.perf_counter()
    try:
        await bus.dispatch(command, Context(command_id=uuid4(), correlation_id=order_id))
    except InsufficientStock:
        return False, time.perf_counter() - began
    return True, time.perf_counter() - began


def _store(id: UUID) -> list[DomainEvent]:
    head = {"originator_id": id, "occurred_at": datetime.now(UTC)}
    return [
        StoreRequested(**head, originator_version=1, merchant_id=id, niche="Ceramic planters"),
        StorePublished(**head, originator_version=2),
    ]


def _product(id: UUID, store_id: UUID, pieces: int) -> list[DomainEvent]:
    """Return a product on sale with one variant, which has the product's id."""
    head = {"originator_id": id, "occurred_at": datetime.now(UTC)}
    price, cost = Money(minor=3495), Money(minor=1200)
    return [
        ProductAdded(
            **head,
            originator_version=1,
            store_id=store_id,
            title="Planter",
            slug=f"planter-{id.hex[-8:]}",
            description="Holds a plant.",
            cost=cost,
            price=price,
            variants=[ImportedVariant(variant_id=id, title="Default", price=price, cost=cost, stock=pieces)],
        ),
        ProductActivated(**head, originator_version=2),
    ]


BENCH = Bench(
    name="hot",
    about="Simultaneous orders of one variant, one process; exactly the stock is sold",
    measure=measure,
    full={"buyers": 200, "pieces": 150, "rounds": 10},
    quick={"buyers": 200, "pieces": 150, "rounds": 3},
    targets=(
        Target(figure="decisions_per_s", least=500),
        Target(figure="collisions_per_buyer", most=1),
        Target(figure="slowest_ms"),
    ),
    with_kafka=False,
)
