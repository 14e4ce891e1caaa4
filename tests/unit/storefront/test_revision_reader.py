"""Requests that arrive together read a revision with one statement, and never one that was read before they came."""

import asyncio
from typing import Any, cast
from uuid import UUID

import pytest

from projections.catalog.views import StoreView
from storefront.visit.revision_reader import RevisionReader


class Store:
    id = UUID(int=1)


STORE = cast("StoreView", Store())


class Readings:
    """Statements that answer when a test says so."""

    def __init__(self) -> None:
        self.begun: list[asyncio.Future[tuple[Any, ...]]] = []

    async def revision(self, store: StoreView) -> tuple[Any, ...]:
        reading: asyncio.Future[tuple[Any, ...]] = asyncio.get_running_loop().create_future()
        self.begun.append(reading)
        return await reading


def reader_of(readings: Readings) -> RevisionReader:
    return RevisionReader(cast("Any", readings))


async def settle() -> None:
    """Let every task go on until it waits."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_request_joins_the_next_reading_and_not_the_one_that_has_begun() -> None:
    readings = Readings()
    reader = reader_of(readings)
    first = asyncio.create_task(reader.of(STORE))
    await settle()
    others = [asyncio.create_task(reader.of(STORE)) for _ in range(5)]
    await settle()
    assert len(readings.begun) == 1
    readings.begun[0].set_result(("old",))
    await settle()
    assert [task.done() for task in (first, *others)] == [True] + 5 * [False]
    readings.begun[1].set_result(("new",))
    assert await asyncio.gather(first, *others) == [("old",)] + 5 * [("new",)]
    assert len(readings.begun) == 2


async def test_a_reading_that_fails_fails_for_its_requests_alone() -> None:
    readings = Readings()
    reader = reader_of(readings)
    first = asyncio.create_task(reader.of(STORE))
    await settle()
    second = asyncio.create_task(reader.of(STORE))
    await settle()
    readings.begun[0].set_exception(ConnectionResetError())
    with pytest.raises(ConnectionResetError):
        await first
    await settle()
    readings.begun[1].set_result(("r",))
    assert await second == ("r",)
    third = asyncio.create_task(reader.of(STORE))
    await settle()
    readings.begun[2].set_result(("s",))
    assert await third == ("s",)


@pytest.mark.parametrize("fails", [False, True])
async def test_a_client_that_hangs_up_takes_nothing_from_the_others(*, fails: bool) -> None:
    readings = Readings()
    reader = reader_of(readings)
    gone, waiting = asyncio.create_task(reader.of(STORE)), asyncio.create_task(reader.of(STORE))
    await settle()
    gone.cancel()
    await settle()
    if fails:
        readings.begun[0].set_exception(ConnectionResetError())
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(waiting, 60)
    else:
        readings.begun[0].set_result(("r",))
        assert await asyncio.wait_for(waiting, 60) == ("r",)
    assert gone.cancelled()
