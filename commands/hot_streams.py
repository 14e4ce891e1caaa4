"""Short queues for hot streams: colliding commands are decided one after the other.

Optimistic concurrency is cheap while collisions are rare. With n concurrent writers on one stream, n - 1 lose each round,
so the work grows with the square of n. A stream on which commands of this process collided is therefore *hot* for some
seconds, and a command that names it waits for its turn. Collisions with other processes stay optimistic, because there are
far fewer processes than shoppers.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from uuid import UUID

from commands.ports import ConcurrencyConflict

HOT_SECONDS = 10.0
"""How long a stream stays hot after its last collision or its last waiting command."""
PATIENCE_SECONDS = 8.0
"""Longest wait of a command for its turn; then it fails as too contended."""
MOST = 1_000
"""Most hot streams at a time; the least recently busy one is dropped first."""


class HotStreams:
    """The queues of one process, one per hot stream."""

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
        """Guard an append to existing streams against a concurrent append of this process to the same streams.

        Raises:
            ConcurrencyConflict: another append to one of the streams is running, so this one would collide.
        """
        if not self._appending.isdisjoint(streams):
            raise ConcurrencyConflict("another append of this process to the same stream is running")
        self._appending |= streams
        try:
            yield
        finally:
            self._appending -= streams

    @asynccontextmanager
    async def turn(self, streams: Iterable[UUID]) -> AsyncIterator[None]:
        """Wait for the turn on the hot ones of the streams, in order of arrival.

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
                    # All commands take locks in the same order, so that no two wait for each other.
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
