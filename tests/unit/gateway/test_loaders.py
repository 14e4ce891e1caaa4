"""Callers of a loader wait for the same query, and each can be cancelled without the others."""

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from gateway.graphql.loaders import Loaders, SharedLoader
from gateway.graphql.types.order import Order
from projections.reading.scope import MerchantScope
from tests.support.fakes.event_log import FixedClock


class Query:
    """The function of a loader, which waits until the test lets it go on."""

    def __init__(self) -> None:
        self.started, self.go_on = asyncio.Event(), asyncio.Event()
        self.was_cancelled = False

    async def __call__(self, keys: list[int]) -> Sequence[int]:
        self.started.set()
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.was_cancelled = True
            raise
        return [10 * key for key in keys]


async def waiting(loader: SharedLoader[int, int], key: int) -> int:
    return await loader.load(key)


def test_a_cancelled_caller_leaves_the_value_to_the_others() -> None:
    async def test() -> None:
        query = Query()
        loader = SharedLoader(query)
        one, other = (asyncio.create_task(waiting(loader, 1)) for _ in range(2))
        await query.started.wait()
        one.cancel()
        await asyncio.wait({one})
        query.go_on.set()
        assert await other == 10
        assert one.cancelled()
        assert not query.was_cancelled

    asyncio.run(test())


def test_a_query_is_cancelled_with_the_last_of_its_callers() -> None:
    async def test() -> None:
        query = Query()
        loader = SharedLoader(query)
        callers = [asyncio.create_task(waiting(loader, key)) for key in (1, 1, 2)]
        await query.started.wait()
        for caller in callers:
            caller.cancel()
        await asyncio.wait(callers)
        async with asyncio.timeout(60):
            while not query.was_cancelled:
                await asyncio.sleep(0)
        again = asyncio.create_task(waiting(loader, 1))
        query.go_on.set()
        assert await again == 10

    asyncio.run(test())


class CountedReads:
    """A database without disputes, which counts its queries."""

    def __init__(self) -> None:
        self.queries: list[tuple[object, ...]] = []

    async def fetch(self, sql: str, *arguments: object) -> list[object]:
        self.queries.append((sql, *arguments))
        return []


def test_a_list_of_orders_asks_for_all_disputes_in_one_query() -> None:
    async def test() -> None:
        db: Any = CountedReads()
        scope = MerchantScope(uuid4())
        reading: Any = SimpleNamespace(
            db=db, scope=scope, loaders=Loaders(db, scope, db, db, present=db, now=FixedClock().now)
        )
        ids = [uuid4(), uuid4(), uuid4()]
        views = [SimpleNamespace(id=id, store_id=uuid4()) for id in ids]
        orders: list[Any] = [SimpleNamespace(view=view, reading=reading) for view in views]
        resolver: Any = Order.disputes
        assert await asyncio.gather(*(resolver(order) for order in orders)) == [[], [], []]
        ((_, asked, _),) = db.queries
        assert asked == ids

    asyncio.run(test())
