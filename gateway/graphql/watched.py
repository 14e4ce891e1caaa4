"""Subscriptions that end with the right to see them, also while nothing happens."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import TypeVar

T = TypeVar("T")


async def while_allowed(
    items: AsyncGenerator[T, None], check: Callable[[], Awaitable[object]], *, every: timedelta
) -> AsyncGenerator[T, None]:
    """Yield items, and ask again and again whether they may still be seen.

    Args:
        items: what is yielded; closed at the end.
        check: raises if the caller lost the right. It is also asked before each item.
        every: the time between two questions while no item comes.
    """
    pending: asyncio.Task[T] | None = None
    try:
        while True:
            if pending is None:
                pending = asyncio.create_task(_next(items))
            done, _ = await asyncio.wait({pending}, timeout=every.total_seconds())
            if done:
                try:
                    item = pending.result()
                except _Ended:
                    return
                finally:
                    pending = None
                await check()
                yield item
            else:
                await check()
    finally:
        if pending is not None:
            pending.cancel()
            with suppress(asyncio.CancelledError, _Ended):
                await pending
        await items.aclose()


async def _next(items: AsyncGenerator[T, None]) -> T:
    try:
        return await anext(items)
    except StopAsyncIteration:
        raise _Ended from None


class _Ended(Exception):
    """The items have ended. A task cannot have StopAsyncIteration as its result."""
