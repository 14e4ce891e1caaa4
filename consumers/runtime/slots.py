"""Slots for a consumer's handlers: the most urgent record that waits gets the next one."""

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

from consumers.ports import Urgency


class UrgentFirstSlots:
    """A semaphore whose waiters are served by urgency, the lowest first, and among equals in the order of arrival.

    Args:
        slots: how many holders there are at once.
    """

    def __init__(self, slots: int) -> None:
        self._free = slots
        self._waiting: list[tuple[Urgency, int, asyncio.Future[None]]] = []
        self._arrivals = count()

    @asynccontextmanager
    async def slot(self, urgency: Urgency = ()) -> AsyncIterator[None]:
        """Hold a slot; wait for it behind more urgent ones."""
        await self._acquire(urgency)
        try:
            yield
        finally:
            self._release()

    async def _acquire(self, urgency: Urgency) -> None:
        if self._free:
            self._free -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (urgency, next(self._arrivals), turn))
        try:
            await turn
        except asyncio.CancelledError:
            # The slot may have come in the moment of the cancellation.
            if turn.done() and not turn.cancelled():
                self._release()
            raise

    def _release(self) -> None:
        while self._waiting:
            _, _, turn = heapq.heappop(self._waiting)
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
