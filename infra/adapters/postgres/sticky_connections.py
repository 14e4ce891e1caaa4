"""Runs single statements on a pool's connections, without the pool's toll on each of them."""

import asyncio
from contextlib import suppress
from typing import Any

import asyncpg

from projections.engine.postgres_errors import DATABASE_AWAY

Connection = asyncpg.pool.PoolConnectionProxy

TIDY_SECONDS = 0.03
"""A connection that was not needed for this long goes back to the pool."""
LEFT_TO_OTHERS = 4
"""Connections of the pool that are never borrowed here; fewer where the pool is small."""


class StickyConnections:
    """Borrows connections for as long as statement follows statement.

    A pool resets a connection whenever one comes back: a round trip and a task, which cost the server as much as
    reading a stream and the client more than deciding a command (measured: 73 and 150 microseconds). So a connection
    stays borrowed while there is work, and goes back, reset, when there is none, or when a statement failed on it.
    Only for statements that leave nothing behind in their session.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._free: list[Connection] = []
        self._unneeded = 0
        """The fewest connections that were free since the last look."""
        self._timer: asyncio.TimerHandle | None = None
        size = pool.get_max_size()
        self._places = asyncio.Semaphore(max(1, size - min(LEFT_TO_OTHERS, -(-size // 4))))
        self._returning: set[asyncio.Task[None]] = set()

    async def fetch(self, query: str, *arguments: Any) -> list[asyncpg.Record]:
        """Run a statement and return its rows."""
        async with self._places:
            connection = self._spare() or await self._pool.acquire()
            try:
                rows: list[asyncpg.Record] = await connection.fetch(query, *arguments)
            except asyncpg.InternalClientError as error:
                # asyncpg's word for a connection whose end it is just reading: nothing was sent.
                self._give_back(connection)
                raise asyncpg.ConnectionDoesNotExistError("the connection was ending") from error
            except BaseException:
                # Reset by the pool: a cancelled append may have left its advisory lock behind.
                self._give_back(connection)
                raise
            self._free.append(connection)
            if self._timer is None:
                self._timer = asyncio.get_running_loop().call_later(TIDY_SECONDS, self._tidy)
            return rows

    def _spare(self) -> Connection | None:
        while self._free:
            connection = self._free.pop()
            self._unneeded = min(self._unneeded, len(self._free))
            if not connection.is_closed():
                return connection
            self._give_back(connection)
        return None

    def _tidy(self) -> None:
        self._timer = None
        idle, self._free = self._free[: self._unneeded], self._free[self._unneeded :]
        for connection in idle:
            self._give_back(connection)
        self._unneeded = len(self._free)
        if self._free:
            self._timer = asyncio.get_running_loop().call_later(TIDY_SECONDS, self._tidy)

    def _give_back(self, connection: Connection) -> None:
        task = asyncio.get_running_loop().create_task(self._release(connection))
        self._returning.add(task)
        task.add_done_callback(self._returning.discard)

    async def _release(self, connection: Connection) -> None:
        # A pool that is closed, or a server that is gone, has taken the connection with it.
        with suppress(*DATABASE_AWAY):
            await self._pool.release(connection)
