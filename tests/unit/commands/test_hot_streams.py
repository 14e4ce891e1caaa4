"""Queues of hot streams: order of arrival, no deadlock, limited waiting."""

import asyncio
from uuid import UUID, uuid4

import pytest

from commands.hot_streams import HOT_SECONDS, MOST, HotStreams
from commands.ports import ConcurrencyConflict


def test_a_stream_without_collisions_is_not_hot() -> None:
    hot, stream = HotStreams(), uuid4()
    assert hot.among([stream]) == ()
    hot.heat([stream])
    assert hot.among([stream, uuid4()]) == (stream,)


async def test_a_hot_stream_gives_one_turn_at_a_time_in_order_of_arrival() -> None:
    hot, stream = HotStreams(), uuid4()
    hot.heat([stream])
    served: list[int] = []
    inside = 0

    async def work(number: int) -> None:
        nonlocal inside
        async with hot.turn([stream]):
            inside += 1
            assert inside == 1
            await asyncio.sleep(0)
            served.append(number)
            inside -= 1

    await asyncio.gather(*(work(number) for number in range(20)))
    assert served == list(range(20))


async def test_two_turns_on_the_same_streams_do_not_deadlock() -> None:
    hot, one, two = HotStreams(), uuid4(), uuid4()
    hot.heat([one, two])

    async def work(*streams: UUID) -> None:
        async with hot.turn(hot.among(streams)):
            await asyncio.sleep(0)

    async with asyncio.timeout(10):
        await asyncio.gather(*(work(one, two) if n % 2 else work(two, one) for n in range(20)))


def test_a_stream_cools_down_and_is_forgotten() -> None:
    time = 0.0
    hot, stream = HotStreams(now=lambda: time), uuid4()
    hot.heat([stream])
    assert hot.among([stream]) == (stream,)
    time = HOT_SECONDS + 1
    assert hot.among([stream]) == ()
    assert len(hot) == 0


def test_the_number_of_hot_streams_is_limited() -> None:
    hot = HotStreams()
    hot.heat(uuid4() for _ in range(MOST + 5))
    assert len(hot) == MOST


def test_of_two_appends_to_one_stream_the_second_is_not_sent() -> None:
    hot, one, two = HotStreams(), uuid4(), uuid4()
    with hot.appending(frozenset({one})):
        with pytest.raises(ConcurrencyConflict), hot.appending(frozenset({one, two})):
            pytest.fail("both were sent")
        with hot.appending(frozenset({two})):
            pass
    with hot.appending(frozenset({one})):
        pass


async def test_a_turn_begins_after_a_running_append_to_its_stream() -> None:
    hot, stream, order = HotStreams(), uuid4(), list[str]()
    hot.heat([stream])

    async def decide() -> None:
        async with hot.turn([stream]):
            order.append("decided")

    with hot.appending([stream]):
        deciding = asyncio.create_task(decide())
        for _ in range(5):
            await asyncio.sleep(0)
        order.append("appended")
    await deciding
    assert order == ["appended", "decided"]
