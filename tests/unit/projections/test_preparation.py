"""Preparing read models in the background."""

import asyncio
from contextlib import suppress
from typing import Any, cast

import pytest

from projections.engine.preparation import Preparation
from schemas.internal.cancellation import check_cancelled


async def test_a_preparation_stops_although_an_error_takes_the_place_of_its_cancellation() -> None:
    began = asyncio.Event()

    async def prepare(_: Any) -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            raise ConnectionResetError("The connection was lost while the preparation cleaned up.")

    preparing = asyncio.create_task(
        Preparation([], cast("Any", None), prepare, prepare)._until_ready(cast("Any", SomeModel), prepare)
    )
    await began.wait()
    preparing.cancel()
    async with asyncio.timeout(30):
        with suppress(asyncio.CancelledError):
            await preparing
    assert preparing.cancelled()


class SomeModel:
    name = "some"


async def test_a_task_that_was_not_cancelled_goes_on() -> None:
    check_cancelled()


async def test_a_cancelled_task_must_end() -> None:
    async def stubborn() -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        with pytest.raises(asyncio.CancelledError):
            check_cancelled()

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    task.cancel()
    await task
