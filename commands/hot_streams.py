"""Short queues for hot streams: commands that collide again and again are decided one after the other.

Optimistic concurrency is cheap while collisions are rare. On one hot stream, of n writers at once n - 1 lose each round,
so the work grows with the square of n. A stream on which commands of this process collided is therefore *hot* for some
seconds: a command that names it waits for its turn before it is decided. Other processes are still met optimistically:
there are as many of those as there are processes, not as there are buyers.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from uuid import UUID

from commands.ports import ConcurrencyConflict

HOT_SECONDS = 10.0
"""How long a stream stays hot after its last collision, or after the last command that had to wait for its turn."""
PATIENCE_SECONDS = 8.0
"""The longest a command waits for its turn before it is given up as too contended."""
MOST = 1_000
"""How many hot streams are remembered; the one that was busy longest ago is dropped first."""


class HotStreams:
    """The queues of one process, by stream."""

    def __init__(self, *, patience: float = PATIENCE_SECONDS, now: Callable[[], float] = time.monotonic) -> None:
        self._patience, self._now = patience, now
        self._locks: OrderedDict[UUID, asyncio.Lock] = OrderedDict()
        self._hot_until: dict[UUID, float] = {}
        self._appending: set[UUID] = set()

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

    @contextmanager
    def appending(self, streams: frozenset[UUID]) -> Iterator[None]:
        """Append to streams that were there; of two appends of this process to one version, the second is not sent.

        Raises:
            ConcurrencyConflict: another append to one of them is on its way, so that this one would collide.
        """
        if not self._appending.isdisjoint(streams):
            raise ConcurrencyConflict("another append of this process to the same stream is on its way")
        self._appending |= streams
        try:
            yield
        finally:
            self._appending -= streams

    @asynccontextmanager
    async def turn(self, streams: Iterable[UUID]) -> AsyncIterator[None]:
        """Wait for the turn on those of the streams that are hot, first come first served.

        Raises:
            ConcurrencyConflict: the turn did not come in time; retrying may help.
        """
        hot = self._hot_of(streams)
        if not hot:
            yield
            return
        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout(self._patience):
                    # All take them in one order, so that no two wait for each other.
                    for stream, lock in hot:
                        if lock.locked():
                            self.heat((stream,))
                        await held.enter_async_context(lock)
            except TimeoutError as error:
                raise ConcurrencyConflict(f"no turn on a hot stream within {self._patience:g} s") from error
            yield

    def _hot_of(self, streams: Iterable[UUID]) -> list[tuple[UUID, asyncio.Lock]]:
        if not self._locks:
            return []
        now = self._now()
        hot: list[tuple[UUID, asyncio.Lock]] = []
        for stream in sorted(set(streams)):
            lock = self._locks.get(stream)
            if lock is None:
                continue
            if self._hot_until[stream] > now or lock.locked():
                hot.append((stream, lock))
            else:
                del self._locks[stream], self._hot_until[stream]
        return hot
