"""One moment: all queries of one operation read the same snapshot of the read models.

Read models that one runner follows move in one transaction, so a snapshot never shows two of them at different
positions. An operation opens its moment with the first query and holds one connection until it ends.
"""

import asyncio
from collections.abc import Awaitable, Iterable
from contextvars import ContextVar
from typing import Any, Protocol

import asyncpg

from projections.engine.postgres_errors import DATABASE_AWAY
from projections.reading.paging import Reader
from schemas.envelope import ConsistencyToken

# A rebuild swaps tables by name, and a snapshot resolves names in the present. The lock lets a swap wait for open moments.
BEGIN = "begin isolation level repeatable read, read only; lock table public.projections in access share mode"

_ending: set[asyncio.Task[None]] = set()


class Connections(Reader, Protocol):
    """Connections that run single statements, and that can be acquired for several; such as asyncpg's pool."""

    def acquire(self) -> Awaitable[asyncpg.pool.PoolConnectionProxy]: ...

    def release(self, connection: Any, /) -> Awaitable[None]: ...


class Moment:
    """The snapshot of one operation."""

    def __init__(self) -> None:
        self._pool: Connections | None = None
        self._connection: asyncpg.pool.PoolConnectionProxy | None = None
        # Made when a query needs it: most operations are one statement.
        self._lock: asyncio.Lock | None = None
        self._reached: dict[int, int] = {}
        """By partition, the position that the read models had reached before the snapshot was taken."""
        self.has_begun = False
        """Whether a query has read it."""
        self.is_over = False

    @property
    def _turn(self) -> asyncio.Lock:
        if self._lock is None:
            self._lock = asyncio.Lock()
        return self._lock

    async def ask(self, pool: Connections, method: str, query: str, *args: Any) -> Any:
        """Run a query in the snapshot; take the snapshot first if there is none.

        A failed query ends the snapshot, and the next query takes another one.
        """
        self.has_begun = True
        async with self._turn:
            if self.is_over:
                # It ended while this query waited for its turn. A snapshot of now would have no end.
                return await getattr(pool, method)(query, *args)
            try:
                if self._connection is None:
                    connection = await pool.acquire()
                    self._pool, self._connection = pool, connection
                    await self._or_end(connection.execute(BEGIN))
                return await self._or_end(getattr(self._connection, method)(query, *args))
            finally:
                if self.is_over:
                    self._leave()

    async def move_to(self, tokens: Iterable[ConsistencyToken]) -> None:
        """Show what these tokens stand for, which the read models have reached: a snapshot from before that ends."""
        newer = [each for each in tokens if self._reached.get(each.partition, 0) < each.position]
        if newer:
            async with self._turn:
                self._leave()
                self._reached.update((each.partition, each.position) for each in newer)

    async def pause(self) -> None:
        """Return the connection to the pool. The next query takes another snapshot."""
        async with self._turn:
            self._leave()

    def end(self) -> None:
        """Return the connection to the pool, after the query that runs on it. Later queries read the present."""
        self.is_over = True
        if self._lock is None or not self._lock.locked():
            self._leave()

    async def _or_end(self, asking: Any) -> Any:
        try:
            return await asking
        except BaseException:
            # A cancelled or failed query leaves its transaction unusable.
            self._leave()
            raise

    def _leave(self) -> None:
        if self._connection is not None and self._pool is not None:
            # The answer does not wait for it.
            task = asyncio.create_task(_return(self._pool, self._connection))
            _ending.add(task)
            task.add_done_callback(_ending.discard)
            self._connection = None


async def _return(pool: Connections, connection: asyncpg.pool.PoolConnectionProxy) -> None:
    try:
        await connection.execute("rollback")
    except DATABASE_AWAY:
        connection.terminate()
    finally:
        await pool.release(connection)


_current: ContextVar[Moment | None] = ContextVar("moment", default=None)


def begin_moment() -> Moment:
    """Let the queries of this task and of the tasks that it starts read one snapshot, until the caller ends it."""
    moment = Moment()
    _current.set(moment)
    return moment


def leave_moment() -> None:
    """Let this task read the present: for operations that last long."""
    _current.set(None)


def read_once() -> None:
    """Let this task's only statement read the present: a statement is a snapshot by itself, and beginning one costs more.

    No-op if an earlier query has begun the moment.
    """
    moment = _current.get()
    if moment is not None and not moment.has_begun:
        _current.set(None)


async def move_moment(tokens: Iterable[ConsistencyToken]) -> None:
    """Move the current moment, if there is one; see :meth:`Moment.move_to`."""
    moment = _current.get()
    if moment is not None:
        await moment.move_to(tokens)


async def pause_moment() -> None:
    """Let the current moment, if there is one, hold no connection: before work that may wait for others."""
    moment = _current.get()
    if moment is not None:
        await moment.pause()


class MomentReader:
    """A pool whose queries read the current moment, or the present where there is none."""

    def __init__(self, pool: Connections) -> None:
        self.present: Reader = pool
        """Reads the present, also during a moment."""
        self._pool = pool

    async def fetch(self, query: str, *args: Any) -> list[Any]:
        moment = _current.get()
        if moment is None or moment.is_over:
            return await self._pool.fetch(query, *args)
        rows: list[Any] = await moment.ask(self._pool, "fetch", query, *args)
        return rows

    async def fetchrow(self, query: str, *args: Any) -> Any:
        moment = _current.get()
        if moment is None or moment.is_over:
            return await self._pool.fetchrow(query, *args)
        return await moment.ask(self._pool, "fetchrow", query, *args)

    async def fetchval(self, query: str, *args: Any) -> Any:
        moment = _current.get()
        if moment is None or moment.is_over:
            return await self._pool.fetchval(query, *args)
        return await moment.ask(self._pool, "fetchval", query, *args)


def present(db: Reader) -> Reader:
    """Return the reader of the present behind a reader of moments; any other reader is returned as it is."""
    return db.present if isinstance(db, MomentReader) else db
