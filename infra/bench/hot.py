"""Simultaneous orders of one variant, through the real command bus of one process or of several.

Each buyer orders one piece with their own cart, as the checkout does: ``OrderPlaced``, ``StockReserved`` and ``CartOrdered``
in one transaction, or a rejection when all stock is reserved. There are fewer pieces than buyers. The bench fails if the
number of orders is not the stock.
"""

import time
from datetime import UTC, datetime
from uuid import UUID

from commands.checkout import CartLine
from domain.ids import uuid7
from domain.kernel import DomainEvent
from domain.money import Money
from domain.product.aggregate import PRODUCT
from domain.product.events import ImportedVariant, ProductActivated, ProductAdded
from domain.store.events import StorePublished, StoreRequested
from infra.adapters.postgres.event_store import PostgresEventLog
from infra.bench.figures import Bench, Figures, NoFigures, ReportPhase, Sizes, Target
from infra.bench.filling import fill_with_streams
from infra.bench.hot_buyers import Sale, buy_at_once, buying_processes
from infra.bench.servers import Servers
from infra.bootstrap import open_platform


async def measure(servers: Servers, sizes: Sizes, seed: int, report: ReportPhase) -> Figures:
    """Sell out several variants, one after the other. The seed determines only the streams' ids."""
    buyers, pieces, rounds = sizes["buyers"], sizes["pieces"], sizes["rounds"]
    store_id, products = uuid7(seed, 0), [uuid7(seed, 1 + n) for n in range(rounds)]
    report("creating a store with stock")
    streams = [_store(store_id), *(_product(id, store_id, pieces) for id in products)]
    await fill_with_streams(servers.dsn, streams, tenants=[store_id] * len(streams), after=0)
    seconds, total = 0.0, Sale()
    report("starting the processes")
    async with (
        open_platform(servers.settings, migrated=False) as platform,
        buying_processes(servers.dsn, [None] * sizes["processes"]) as processes,
    ):
        log = PostgresEventLog(await platform.pool(), platform.clock)
        for number, product in enumerate(products, 1):
            report(f"selling out variant {number} of {rounds}")
            line = CartLine(product_id=product, variant_id=product, quantity=1)
            began = time.perf_counter()
            sale = await buy_at_once(processes, store_id, line, buyers)
            seconds += time.perf_counter() - began
            total.add(sale)
            loaded = await log.load(PRODUCT, product)
            assert loaded is not None
            kept = loaded.state.variants[product].reserved_total
            if kept != sale.sold or sale.sold > pieces:
                raise NoFigures(
                    f"{sale.sold} orders were confirmed and {kept} pieces are reserved; the stock is {pieces}"
                )
            if not sale.try_again and sale.sold != min(pieces, buyers):
                raise NoFigures(f"{sale.sold} pieces were sold to {buyers} buyers; the stock is {pieces}")
    waits = sorted(total.seconds)
    return {
        "decisions_per_s": len(waits) / seconds,
        "p99_ms": waits[len(waits) * 99 // 100] * 1000,
        "sold": float(total.sold),
        "refused": float(total.refused),
        "try_again": float(total.try_again),
        "collisions_per_buyer": total.collisions / len(waits),
    }


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
    about="Simultaneous orders of one variant, exactly the stock is sold",
    measure=measure,
    full={"buyers": 200, "pieces": 150, "rounds": 10, "processes": 1},
    quick={"buyers": 200, "pieces": 150, "rounds": 3, "processes": 1},
    targets=(
        Target(figure="decisions_per_s", least=500),
        Target(figure="p99_ms"),
        Target(figure="sold"),
        Target(figure="refused"),
        Target(figure="try_again", most=0),
        Target(figure="collisions_per_buyer", most=1),
    ),
    with_kafka=False,
)
