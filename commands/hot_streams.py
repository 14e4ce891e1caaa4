"""Hot streams: the streams of one process on which commands collide, and their turns.

Optimistic concurrency is cheap while collisions are rare. With n concurrent writers on one stream, n - 1 lose each round,
so the work grows with the square of n. A stream on which commands of this process collided is therefore *hot* for some
seconds, and a command that names it joins a queue; see :mod:`commands.group_queue`.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from uuid import UUID

from commands.ports import ConcurrencyConflict

HOT_SECONDS = 10.0
"""How long a stream stays hot after its last collision or its last waiting command."""
MOST = 1_000
"""Most hot streams at a time; the least recently busy one is dropped first."""


class HotStreams:
    """The hot streams of one process."""

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._locks: OrderedDict[UUID, asyncio.Lock] = OrderedDict()
        self._hot_until: dict[UUID, float] = {}
        self._appending: dict[UUID, asyncio.Event] = {}

    def __len__(self) -> int:
        return len(self._locks)

    def heat(self, streams: Iterable[UUID]) -> None:
        """Mark streams on which a command collided."""
        until = self._now() + HOT_SECONDS
        for stream in streams:
            self._locks.setdefault(stream, asyncio.Lock())
            self._locks.move_to_end(stream)
            self._hot_until[stream] = until
        while len(self._locks) > MOST:
            dropped, _ = self._locks.popitem(last=False)
            del self._hot_until[dropped]

    def among(self, streams: Iterable[UUID]) -> tuple[UUID, ...]:
        """Return the hot ones of the streams, in the order in which every command locks them."""
        if not self._locks:
            return ()
        now = self._now()
        hot: list[UUID] = []
        for stream in sorted(set(streams)):
            lock = self._locks.get(stream)
            if lock is None:
                continue
            if self._hot_until[stream] > now or lock.locked():
                hot.append(stream)
            else:
                del self._locks[stream], self._hot_until[stream]
        return tuple(hot)

    @contextmanager
    def appending(self, streams: Collection[UUID]) -> Iterator[None]:
        """Guard an append to existing streams against a concurrent append of this process to the same streams.

        Raises:
            ConcurrencyConflict: another append to one of the streams is running, so this one would collide.
        """
        if not self._appending.keys().isdisjoint(streams):
            raise ConcurrencyConflict("another append of this process to the same stream is running")
        ended = asyncio.Event()
        self._appending |= dict.fromkeys(streams, ended)
        try:
            yield
        finally:
            for stream in streams:
                del self._appending[stream]
            ended.set()

    async def until_appended(self, streams: Collection[UUID]) -> None:
        """Wait until no append of this process to one of the streams is running."""
        while not self._appending.keys().isdisjoint(streams):
            await next(self._appending[stream] for stream in streams if stream in self._appending).wait()

    @asynccontextmanager
    async def turn(self, hot: Sequence[UUID]) -> AsyncIterator[None]:
        """Wait for the turn on hot streams, in order of arrival, and for the appends to them that are running.

        Args:
            hot: streams from :meth:`among`, in its order, so that no two turns wait for each other.
        """
        async with AsyncExitStack() as held:
            for stream in hot:
                lock = self._locks.get(stream)
                if lock is not None:
                    await held.enter_async_context(lock)
            # A state that is read before an append ends would be out of date.
            await self.until_appended(hot)
            yield
