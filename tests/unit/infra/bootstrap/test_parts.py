"""Parts of a platform that are made once, when first asked for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from infra.bootstrap.parts import Parts, shared


class Workshop:
    """Has two parts, of which one needs the other, and writes down what happens to them."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self.parts = Parts(stack)
        self.diary: list[str] = []
        self.failures = 0

    @shared
    async def bench(self) -> AsyncIterator[object]:
        """The bench."""
        self.diary.append("open bench")
        await asyncio.sleep(0)
        if self.failures:
            self.failures -= 1
            raise ConnectionError
        yield object()
        self.diary.append("close bench")

    @shared
    async def lamp(self) -> AsyncIterator[object]:
        """The lamp, which stands on the bench."""
        await self.bench()
        self.diary.append("open lamp")
        yield object()
        self.diary.append("close lamp")


async def test_callers_at_the_same_time_share_one_part() -> None:
    async with AsyncExitStack() as stack:
        workshop = Workshop(stack)
        first, second = await asyncio.gather(workshop.bench(), workshop.bench())
        assert first is second
        assert await workshop.bench() is first
        assert workshop.diary == ["open bench"]


async def test_parts_close_before_the_parts_they_need() -> None:
    async with AsyncExitStack() as stack:
        workshop = Workshop(stack)
        await workshop.lamp()
    assert workshop.diary == ["open bench", "open lamp", "close lamp", "close bench"]


async def test_a_part_that_could_not_be_made_is_tried_again() -> None:
    async with AsyncExitStack() as stack:
        workshop = Workshop(stack)
        workshop.failures = 1
        with pytest.raises(ConnectionError):
            await workshop.bench()
        await workshop.bench()
    assert workshop.diary == ["open bench", "open bench", "close bench"]


async def test_two_platforms_share_nothing() -> None:
    async with AsyncExitStack() as stack:
        one, other = Workshop(stack), Workshop(stack)
        assert await one.bench() is not await other.bench()
