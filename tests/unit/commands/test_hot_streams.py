"""Queues of hot streams: in turn, in one order, with an end to patience."""

import asyncio
from uuid import UUID, uuid4

import pytest

from commands.hot_streams import HOT_SECONDS, MOST, HotStreams
from commands.ports import ConcurrencyConflict


async def test_a_stream_without_collisions_has_no_queue() -> None:
    hot, stream = HotStreams(), uuid4()
    async with hot.turn([stream]), hot.turn([stream]):
        assert len(hot) == 0


async def test_a_hot_stream_is_given_to_one_at_a_time_in_the_order_they_came() -> None:
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


async def test_two_that_want_the_same_streams_in_another_order_do_not_wait_for_each_other() -> None:
    hot, one, two = HotStreams(), uuid4(), uuid4()
    hot.heat([one, two])

    async def work(*streams: UUID) -> None:
        async with hot.turn(streams):
            await asyncio.sleep(0)

    await asyncio.gather(*(work(one, two) if n % 2 else work(two, one) for n in range(20)))


async def test_who_waits_too_long_is_told_of_a_conflict_and_leaves_the_queue() -> None:
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


def test_no_more_streams_are_remembered_than_there_is_room_for() -> None:
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
