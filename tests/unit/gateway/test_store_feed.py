"""The feed of stores' events: each event once and in order, from one reader, whatever the subscribers do."""

import asyncio
import random
from collections.abc import Mapping
from contextlib import aclosing
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel import InvalidInput
from gateway.api import store_feed
from gateway.api.store_feed import StoreFeed
from schemas.envelope import RawEvent
from tests.support.builders.records import activated, raw

SOON = timedelta(milliseconds=1)
DISCONNECTS = 200


class MemoryLog:
    """Implements ``TenantLog``."""

    def __init__(self) -> None:
        self.events: list[RawEvent] = []
        self.reads = 0

    def append(self, store_id: UUID, dice: random.Random) -> None:
        position = self.events[-1].position + dice.randint(1, 3) if self.events else 1
        self.events.append(raw(activated(uuid4()), tenant=store_id, position=position))

    def known(self, store_id: UUID, after: int = 0) -> list[int]:
        return [event.position for event in self.events if event.tenant == store_id and event.position > after]

    async def read_tenants(self, after: Mapping[UUID, int], limit: int) -> list[RawEvent]:
        self.reads += 1
        taken = dict.fromkeys(after, 0)
        found = []
        for event in self.events:
            if event.position > after.get(event.tenant, event.position) and taken[event.tenant] < limit:
                taken[event.tenant] += 1
                found.append(event)
        await asyncio.sleep(0)
        return found

    async def last_position(self) -> int:
        return self.events[-1].position if self.events else 0


async def received(feed: StoreFeed, store_id: UUID, after: int, most: int) -> list[int]:
    """Return the positions of the next events."""
    found: list[int] = []
    async with aclosing(feed.follow(store_id, after)) as events:
        async for event in events:
            found.append(event.position)
            if len(found) >= most:
                break
    return found


async def test_each_event_comes_once_and_in_order_over_two_processes_and_many_disconnects() -> None:
    dice, log = random.Random(7), MemoryLog()
    stores = [uuid4(), uuid4(), uuid4()]
    feeds = [StoreFeed(log, SOON), StoreFeed(log, SOON)]
    done = asyncio.Event()

    async def write() -> None:
        for _ in range(2 * store_feed.KEPT):
            log.append(stores[0], dice)
        while not done.is_set():
            for _ in range(dice.choice([0, 0, 1, 2, 3])):
                log.append(dice.choice(stores), dice)
            await asyncio.sleep(0)

    async def subscribe(store_id: UUID) -> tuple[list[int], int]:
        found: list[int] = []
        disconnects = 0
        while disconnects < DISCONNECTS:
            after = found[-1] if found else 0
            found += await received(dice.choice(feeds), store_id, after, dice.choice([1, 2, 5, 20]))
            disconnects += 1
        return found, disconnects

    writing = asyncio.create_task(write())
    async with asyncio.timeout(60):
        results = await asyncio.gather(*[subscribe(store_id) for store_id in (*stores, stores[0])])
    done.set()
    await writing
    for store_id, (found, _) in zip((*stores, stores[0]), results, strict=True):
        assert found == log.known(store_id)[: len(found)]
    for feed in feeds:
        await feed.close()
        assert feed._tails == {}


async def test_one_reader_serves_all_subscribers() -> None:
    reads = []
    for subscribers in (1, 100):
        dice, log, store_id = random.Random(2), MemoryLog(), uuid4()
        feed = StoreFeed(log, SOON)
        for _ in range(50):
            log.append(store_id, dice)
        await asyncio.gather(*[received(feed, store_id, 0, len(log.known(store_id))) for _ in range(subscribers)])
        reads.append(log.reads)
        await feed.close()
    assert reads[0] == reads[1] == 1


async def test_a_slow_subscriber_reads_the_log_itself_and_keeps_nothing_in_memory() -> None:
    dice, log, store_id = random.Random(1), MemoryLog(), uuid4()
    feed = StoreFeed(log, SOON)
    log.append(store_id, dice)
    slow = feed.follow(store_id, 0)
    found = [(await anext(slow)).position]
    for _ in range(5 * store_feed.KEPT):
        log.append(store_id, dice)
    assert await received(feed, store_id, 0, 4 * store_feed.KEPT) == log.known(store_id)[: 4 * store_feed.KEPT]
    (tail,) = feed._tails.values()
    assert len(tail.events) <= store_feed.KEPT
    while len(found) < len(log.known(store_id)):
        found.append((await anext(slow)).position)
    assert found == log.known(store_id)
    await slow.aclose()
    await feed.close()


async def test_events_that_come_while_a_subscriber_reads_the_log_are_not_lost() -> None:
    dice, log, other, store_id = random.Random(1), MemoryLog(), uuid4(), uuid4()
    log.append(other, dice)
    feed, read = StoreFeed(log, SOON), log.read_tenants

    class Busy(MemoryLog):
        async def read_tenants(self, after: Mapping[UUID, int], limit: int) -> list[RawEvent]:
            if after != {store_id: 0}:
                return await read(after, limit)
            found = await read(after, limit)
            for _ in range(2 * store_feed.KEPT):
                log.append(store_id, dice)
            while feed._tails[store_id].head < log.events[-1].position:
                await asyncio.sleep(0.001)
            return found

    feed._log = Busy()
    first = asyncio.create_task(received(feed, store_id, 1, store_feed.KEPT))
    await asyncio.sleep(0)
    async with asyncio.timeout(30):
        found = await received(feed, store_id, 0, store_feed.KEPT)
        await first
    assert found == log.known(store_id)[: store_feed.KEPT]
    await feed.close()


async def test_an_outage_of_the_database_ends_no_subscription(caplog: pytest.LogCaptureFixture) -> None:
    dice, log, store_id = random.Random(1), MemoryLog(), uuid4()
    feed, read, failures = StoreFeed(log, SOON), log.read_tenants, iter([True, True])

    class Failing(MemoryLog):
        async def read_tenants(self, after: Mapping[UUID, int], limit: int) -> list[RawEvent]:
            if next(failures, False):
                raise ConnectionRefusedError
            return await read(after, limit)

    feed._log = Failing()
    log.append(store_id, dice)
    assert await received(feed, store_id, 0, 1) == log.known(store_id)
    assert "retrying" in caplog.text
    await feed.close()


@given(st.text(max_size=30) | st.integers().map(str))
def test_a_cursor_is_a_position_of_the_log_or_refused(cursor: str) -> None:
    log, store_id = MemoryLog(), uuid4()
    for _ in range(5):
        log.append(store_id, random.Random(0))

    async def start() -> int:
        return await StoreFeed(log, SOON).start(cursor)

    is_position = cursor in {str(number) for number in range(log.events[-1].position + 1)}
    try:
        position = asyncio.run(start())
    except InvalidInput as refusal:
        assert (refusal.field, is_position) == ("after", False)  # noqa: PT017 - any other cursor raises nothing
    else:
        assert int(cursor) == position <= log.events[-1].position
