"""Slots for handlers."""

import asyncio

from consumers.runtime.slots import UrgentFirstSlots


async def _hold(slots: UrgentFirstSlots, urgency: int, begun: list[int], may_end: asyncio.Event) -> None:
    async with slots.slot((urgency,)):
        begun.append(urgency)
        await may_end.wait()


async def _turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_waiter_that_is_cancelled_takes_no_slot_with_it() -> None:
    slots, begun, may_end = UrgentFirstSlots(1), list[int](), asyncio.Event()
    holders = [asyncio.create_task(_hold(slots, urgency, begun, may_end)) for urgency in (5, 1, 2)]
    await _turns()
    holders[1].cancel()
    may_end.set()
    await asyncio.gather(*holders, return_exceptions=True)
    assert begun == [5, 2]


async def test_a_slot_that_comes_in_the_moment_of_a_cancellation_goes_to_the_next() -> None:
    slots, begun, may_end = UrgentFirstSlots(1), list[int](), asyncio.Event()
    first, second, third = [asyncio.create_task(_hold(slots, urgency, begun, may_end)) for urgency in (5, 1, 2)]
    await _turns()
    may_end.set()
    while not first.done():
        await asyncio.sleep(0)
    # The first holder has just handed its slot to the second, which has not run since.
    second.cancel()
    async with asyncio.timeout(60):
        await asyncio.gather(second, third, return_exceptions=True)
    assert begun == [5, 2]
