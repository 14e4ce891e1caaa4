"""Runs single statements on a pool's connections, without the pool's toll on each of them."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

import asyncpg

T = TypeVar("T")
Connection = asyncpg.pool.PoolConnectionProxy

TIDY_SECONDS = 0.03
"""A connection that was not needed for this long goes back to the pool."""
LEFT_TO_OTHERS = 0.25
"""Share of the pool that is never borrowed here."""


class Statements:
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
        self._places = asyncio.Semaphore(max(1, int(pool.get_max_size() * (1 - LEFT_TO_OTHERS))))
        self._returning: set[asyncio.Task[None]] = set()

    async def fetch(self, query: str, *arguments: Any) -> list[asyncpg.Record]:
        """Run a statement and return its rows."""
        return await self._run(lambda connection: connection.fetch(query, *arguments))

    async def fetchrow(self, query: str, *arguments: Any) -> asyncpg.Record | None:
        """Run a statement and return its first row."""
        return await self._run(lambda connection: connection.fetchrow(query, *arguments))

    async def _run(self, statement: Callable[[Connection], Awaitable[T]]) -> T:
        async with self._places:
            connection = await self._borrow()
            try:
                result = await statement(connection)
            except BaseException:
                # Reset by the pool: a cancelled append may have left its advisory lock behind.
                self._give_back(connection)
                raise
            self._free.append(connection)
            if self._timer is None:
                self._timer = asyncio.get_running_loop().call_later(TIDY_SECONDS, self._tidy)
            return result

    async def _borrow(self) -> Connection:
        while self._free:
            connection = self._free.pop()
            self._unneeded = min(self._unneeded, len(self._free))
            if not connection.is_closed():
                return connection
            self._give_back(connection)
        return await self._pool.acquire()

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
        with suppress(asyncpg.InterfaceError, asyncpg.PostgresError, OSError):
            await self._pool.release(connection)
