"""Operations whose clients hang up."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from infra.web.edge import ClientGone
from infra.web.hang_ups import WATCH_SECONDS, HangUps, must_finish


def hung_up(gone: asyncio.Event) -> Callable[[], Coroutine[Any, Any, dict[str, str]]]:
    """Return a ``receive`` of a client that stays until an event."""

    async def receive() -> dict[str, str]:
        await gone.wait()
        return {"type": "http.disconnect"}

    return receive


async def test_a_long_operation_ends_when_its_client_hangs_up_and_others_go_on() -> None:
    hang_ups, gone, done = HangUps(), asyncio.Event(), asyncio.Event()
    stopped = asyncio.create_task(hang_ups.watch(asyncio.Event().wait, hung_up(gone)))
    goes_on = asyncio.create_task(hang_ups.watch(done.wait, hung_up(asyncio.Event())))
    gone.set()
    with pytest.raises(ClientGone):
        async with asyncio.timeout(WATCH_SECONDS * 50):
            await stopped
    done.set()
    assert await goes_on is True
    assert not hang_ups._young


async def test_an_operation_that_changes_something_goes_on_without_its_client() -> None:
    hang_ups, gone, done = HangUps(), asyncio.Event(), asyncio.Event()

    async def change() -> bool:
        # Called below the operation, in a task of its own.
        await asyncio.create_task(begin())
        return await done.wait()

    async def begin() -> None:
        must_finish()

    async def stopped() -> None:
        with pytest.raises(ClientGone):
            await hang_ups.watch(asyncio.Event().wait, hung_up(gone))

    changing = asyncio.create_task(hang_ups.watch(change, hung_up(gone)))
    gone.set()
    async with asyncio.timeout(WATCH_SECONDS * 50):
        # It began later: the other one was looked at before.
        await asyncio.create_task(stopped())
    done.set()
    assert await changing is True


async def test_a_cancelled_operation_is_no_hang_up_and_a_failure_is_its_own() -> None:
    hang_ups = HangUps()
    running = asyncio.create_task(hang_ups.watch(asyncio.Event().wait, hung_up(asyncio.Event())))
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    async def failing() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        await hang_ups.watch(failing, hung_up(asyncio.Event()))
    assert not hang_ups._young
