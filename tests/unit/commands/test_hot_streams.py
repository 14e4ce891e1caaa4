"""Queues of hot streams: order of arrival, no deadlock, limited waiting."""

import asyncio
from uuid import UUID, uuid4

import pytest

from commands.hot_streams import HOT_SECONDS, MOST, HotStreams
from commands.ports import ConcurrencyConflict


async def test_a_stream_without_collisions_has_no_queue() -> None:
    hot, stream = HotStreams(), uuid4()
    async with hot.turn([stream]), hot.turn([stream]):
        assert len(hot) == 0


async def test_a_hot_stream_serves_one_command_at_a_time_in_order_of_arrival() -> None:
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


async def test_two_commands_on_the_same_streams_do_not_deadlock() -> None:
    hot, one, two = HotStreams(), uuid4(), uuid4()
    hot.heat([one, two])

    async def work(*streams: UUID) -> None:
        async with hot.turn(streams):
            await asyncio.sleep(0)

    await asyncio.gather(*(work(one, two) if n % 2 else work(two, one) for n in range(20)))


async def test_a_command_that_waits_too_long_gets_a_conflict_and_leaves_the_queue() -> None:
    hot, stream = HotStreams(patience=0.01), uuid4()
    hot.heat([stream])
    async with hot.turn([stream]):
        with pytest.raises(ConcurrencyConflict):
            async with hot.turn([stream]):
                pytest.fail("the turn was given to two")
    async with hot.turn([stream]):
        pass


async def test_a_stream_cools_down_and_is_forgotten() -> None:
    time = 0.0
    hot, stream = HotStreams(now=lambda: time), uuid4()
    hot.heat([stream])
    time = HOT_SECONDS + 1
    async with hot.turn([stream]):
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
