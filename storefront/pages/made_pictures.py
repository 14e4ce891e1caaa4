"""Pictures that are made when they are asked for, and kept for the next one who asks."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable

KEPT = 64
"""Pictures of one process, about 100 kB each."""


class MadePictures:
    """The pictures that were asked for last. One is made at a time, so that strangers leave shoppers the processor."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, ...], bytes] = OrderedDict()
        self._one = asyncio.Semaphore(1)

    def find(self, key: tuple[str, ...]) -> bytes | None:
        """Return a picture that was made; None if it was not, or is not kept any more."""
        return self._kept.get(key)

    async def make(self, key: tuple[str, ...], make: Callable[[], bytes]) -> bytes:
        """Return a picture, made in a thread if it is not kept."""
        await self._one.acquire()
        # A thread cannot be stopped. A client that hangs up leaves, but the next picture waits until the thread is done.
        making = asyncio.create_task(self._make(key, make))
        making.add_done_callback(lambda _: self._one.release())
        return await asyncio.shield(making)

    async def _make(self, key: tuple[str, ...], make: Callable[[], bytes]) -> bytes:
        made = self._kept.get(key)
        if made is None:
            made = await asyncio.to_thread(make)
            self._kept[key] = made
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return made
