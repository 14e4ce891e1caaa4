"""Runs statements on a pool's connections without acquiring and resetting one for each."""

import asyncio
from contextlib import suppress
from typing import Any

import asyncpg

from projections.engine.postgres_errors import DATABASE_AWAY

Connection = asyncpg.pool.PoolConnectionProxy

IDLE_SECONDS = 0.03
"""A connection that was unused for this long returns to the pool."""
LEFT_TO_OTHERS = 4
"""Connections that stay available to other users of the pool; a quarter of a small pool."""


class StickyConnections:
    """Keeps connections acquired from one statement to the next, as long as there is work.

    A pool resets every connection that is released. The reset is a round trip and a task: it costs the server as much
    as reading a stream and the client more than deciding a command (measured: 73 and 150 microseconds). So a connection
    is released only when it is idle or when a statement failed on it. Use it only for statements that leave no state in
    their session.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._free: list[Connection] = []
        self._idle = 0
        """The fewest connections that were free since the last release of idle ones."""
        self._timer: asyncio.TimerHandle | None = None
        size = pool.get_max_size()
        self._slots = asyncio.Semaphore(max(1, size - min(LEFT_TO_OTHERS, -(-size // 4))))
        self._returning: set[asyncio.Task[None]] = set()

    async def fetch(self, query: str, *arguments: Any) -> list[asyncpg.Record]:
        """Run a statement and return its rows."""
        rows: list[asyncpg.Record] = await self._ask("fetch", query, arguments)
        return rows

    async def fetchrow(self, query: str, *arguments: Any) -> asyncpg.Record | None:
        """Run a statement and return its first row. None if there is none."""
        row: asyncpg.Record | None = await self._ask("fetchrow", query, arguments)
        return row

    async def fetchval(self, query: str, *arguments: Any) -> Any:
        """Run a statement and return the first value of its first row. None if there is none."""
        return await self._ask("fetchval", query, arguments)

    async def acquire(self) -> Connection:
        """Return a connection for several statements. The caller must release it."""
        await self._slots.acquire()
        try:
            return self._take_free() or await self._pool.acquire()
        except BaseException:
            self._slots.release()
            raise

    async def release(self, connection: Connection) -> None:
        """Keep a connection for the next statement. One that is lost or within a transaction returns to the pool."""
        if _is_lost(connection) or connection.is_in_transaction():
            self._give_up(connection)
        else:
            self._keep(connection)

    def _keep(self, connection: Connection) -> None:
        self._slots.release()
        self._free.append(connection)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._release_idle)

    async def _ask(self, method: str, query: str, arguments: tuple[Any, ...]) -> Any:
        connection = await self.acquire()
        try:
            answer = await getattr(connection, method)(query, *arguments)
        except asyncpg.InternalClientError as error:
            # asyncpg raises this for a connection whose end it is just reading: nothing was sent.
            self._give_up(connection)
            raise asyncpg.ConnectionDoesNotExistError("the connection was ending") from error
        except BaseException:
            # The pool resets it: a cancelled append may have left its advisory lock.
            self._give_up(connection)
            raise
        self._keep(connection)
        return answer

    def _give_up(self, connection: Connection) -> None:
        self._slots.release()
        self._return(connection)

    def _take_free(self) -> Connection | None:
        while self._free:
            connection = self._free.pop()
            self._idle = min(self._idle, len(self._free))
            if not _is_lost(connection):
                return connection
            self._return(connection)
        return None

    def _release_idle(self) -> None:
        self._timer = None
        idle, self._free = self._free[: self._idle], self._free[self._idle :]
        for connection in idle:
            self._return(connection)
        self._idle = len(self._free)
        if self._free:
            self._timer = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._release_idle)

    def _return(self, connection: Connection) -> None:
        task = asyncio.get_running_loop().create_task(self._release(connection))
        self._returning.add(task)
        task.add_done_callback(self._returning.discard)

    async def _release(self, connection: Connection) -> None:
        # A closed pool or a stopped server has already closed the connection.
        with suppress(*DATABASE_AWAY):
            await self._pool.release(connection)


def _is_lost(connection: Connection) -> bool:
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:
        # The pool has taken it back, because it ended.
        return True
