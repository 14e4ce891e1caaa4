"""A port of which a call can wait, to run two requests in a chosen order."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

Follow = Callable[[], Awaitable[object]]


class Interposed:
    """Passes each call on to a port; after the next call of a name, something happens before the answer is given."""

    def __init__(self, port: Any) -> None:
        self._port, self._after = port, dict[str, Follow]()

    def after(self, name: str, follow: Follow) -> None:
        """Await ``follow`` between the next call of a method and its answer."""
        self._after[name] = follow

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)
        follow = self._after.pop(name, None)
        if follow is None:
            return method

        async def call(*args: Any, **named: Any) -> Any:
            answer = await method(*args, **named)
            await follow()
            return answer

        return call


class Pause:
    """Holds a task at a point until the test lets it go on."""

    def __init__(self) -> None:
        self.reached, self.over = asyncio.Event(), asyncio.Event()

    async def __call__(self) -> None:
        self.reached.set()
        async with asyncio.timeout(60):
            await self.over.wait()
