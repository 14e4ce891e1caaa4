"""Parts of a platform that are made when first asked for, shared from then on, and closed with the platform."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial, wraps
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class NotConfigured(Exception):
    """A setting that this role needs is missing; the message names it."""


class Parts:
    """The open parts of one platform, by the method that makes each. The stack closes the newest first."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack
        self._open: dict[object, Any] = {}
        self._locks: defaultdict[object, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def get(self, key: object, make: Callable[[], AbstractAsyncContextManager[T]]) -> T:
        """Return the part of ``key``; make it first if this is the first call.

        Roles start at the same time, so a second caller waits until the part is made. If making it fails, the next
        caller tries again.
        """
        async with self._locks[key]:
            if key not in self._open:
                self._open[key] = await self._stack.enter_async_context(make())
            part: T = self._open[key]
            return part


class HasParts(Protocol):
    """What may have :func:`shared` methods."""

    @property
    def parts(self) -> Parts:
        """The open parts."""
        ...


P = TypeVar("P", bound=HasParts)


def shared(make: Callable[[P], AsyncIterator[T]]) -> Callable[[P], Coroutine[Any, Any, T]]:
    """Turn a method that yields a part into one that returns the same part on every call.

    The method is an asynchronous generator with one ``yield``; what follows the ``yield`` closes the part.
    """
    opened = asynccontextmanager(make)

    @wraps(make)
    async def part(owner: P) -> T:
        return await owner.parts.get(make, partial(opened, owner))

    return part
