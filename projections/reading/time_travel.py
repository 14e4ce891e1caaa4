"""Answers queries as of an earlier place in the log.

A tenant's events up to that place are folded into temporary tables of one connection. Tables, folds and queries are
those of the live read models; only the search path differs. Connections and their tables are kept: one transaction
inserts the rows, and its rollback removes them.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, cast
from uuid import UUID

import asyncpg

from domain.kernel import Clock, CorruptStream, InvalidInput, Transient
from domain.numbers import whole_number
from projections.engine.postgres_errors import DATABASE_AWAY, IDLE_IN_TRANSACTION
from projections.engine.rebuild.bulk_load import apply_around
from projections.engine.records import POISON
from projections.engine.tables import Connection, ReadModel
from projections.reading.closing import closing
from projections.reading.paging import Reader
from schemas.envelope import ConsistencyToken, RawEvent

CONNECTIONS = 12
"""How many readings of the past one process opens at once."""
MOST = 4
"""How many readings of the past one answer may open; each holds a connection until the answer is complete."""
SETTLE_SECONDS = 2.0
"""How long the last events may take to settle: an open append may still commit before them."""
SWEEP_EVERY = 16
"""After how many uses a connection vacuums its tables: autovacuum cannot reach temporary tables."""
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
LOADED = "loaded"
"""The savepoint after the rows are inserted; a failed query rolls back to it."""
WAIT_SECONDS = 10.0
"""How long to wait for a free connection."""

logger = logging.getLogger(__name__)


class TenantEvents(Protocol):
    """The event store, one tenant at a time."""

    async def read_tenant(self, tenant: UUID, up_to: int) -> list[RawEvent]:
        """Return a tenant's settled events up to a position, in log order."""
        ...

    async def position_at(self, tenant: UUID, at: datetime) -> int:
        """Return the position of a tenant's last event that was recorded at a time or before; 0 if there is none.

        The last by position: if a clock went back, a time means the later of two places.
        """
        ...

    async def position_of(self, stream_id: UUID) -> int:
        """Return the position of a stream's first event; 0 if there is none."""
        ...

    async def recorded_since(self, tenant: UUID, at: datetime) -> bool:
        """Whether one of a tenant's events was recorded at a time or later."""
        ...

    async def last_position(self) -> int:
        """Return the last settled position of the log."""
        ...


@dataclass(frozen=True, slots=True)
class AsOf:
    """A place in the log: a position, or the last position that was recorded at a time or before.

    Positions order the log; times are readings of a clock. If a clock went back, a time that it showed twice means the
    second.
    """

    position: int | None = None
    time: datetime | None = None

    @classmethod
    def parse(cls, *, position: str | None, time: datetime | None) -> "AsOf":
        """Parse a place that a client passed.

        Args:
            position: a number, or a consistency token, which contains one.
            time: with a time zone.

        Raises:
            InvalidInput: the place is invalid, missing, or both arguments are there.
        """
        if (position is None) == (time is None):
            raise InvalidInput("as_of", "Pass either a position or a time.")
        if position is None:
            assert time is not None
            if time.tzinfo is None:
                raise InvalidInput("as_of.time", f"{time.isoformat()} has no time zone; add one, such as Z.")
            try:
                return cls(time=time.astimezone(UTC))
            except OverflowError as error:
                raise InvalidInput(
                    "as_of.time", f"{time.isoformat()} is before the year 1 or after 9999. Use a later or earlier one."
                ) from error
        number = whole_number(position)
        if number is not None and number >= 0:
            return cls(position=number)
        try:
            return cls(position=ConsistencyToken.parse(position).position)
        except ValueError as error:
            raise InvalidInput(
                "as_of.position",
                f"{position[:40]!r} is not a position. Pass a number such as 1042, or a consistency token such as 3-1042.",
            ) from error


@dataclass(frozen=True, slots=True)
class Past:
    """A tenant's rows as of a position in the log."""

    reader: Reader
    at: datetime
    """When the tenant's last event up to the position occurred. The beginning of 1970 if there is none."""


class TimeTravel:
    """Opens readings of the past; see the module."""

    def __init__(
        self, pool: asyncpg.Pool, events: TenantEvents, models: Iterable[ReadModel[Any]], clock: Clock
    ) -> None:
        """Connect a pool and the event store.

        Args:
            pool: made by :func:`travel_pool` for the same read models.
            events: the event store.
            models: the read models to fold.
            clock: tells which times are in the future.
        """
        self._clock = clock
        self._uses: dict[int, int] = {}
        """How often each connection was used since its last vacuum, by server process."""
        self._emptying: set[asyncio.Task[None]] = set()
        self._tickets = asyncio.Semaphore(max(1, pool.get_max_size() // MOST))
        self._pool = pool
        self._events = events
        self._models = tuple(models)

    async def now(self) -> int:
        """Return the last settled position: as of it, a query always returns the same answer."""
        return await self._events.last_position()

    async def beginning(self, stream_id: UUID) -> AsOf:
        """Return the place of a stream's first event."""
        return AsOf(position=await self._events.position_of(stream_id))

    async def locate(self, tenant: UUID, as_of: AsOf) -> int:
        """Return the position of a place in a tenant's history.

        Raises:
            InvalidInput: the place is in the future.
        """
        if as_of.position is None:
            assert as_of.time is not None
            # The event store's clock may be ahead of this one, or this one may have gone back.
            if as_of.time > self._clock.now() and not await self._events.recorded_since(tenant, as_of.time):
                raise InvalidInput(
                    "as_of.time", f"{as_of.time.isoformat()} is in the future. Pass a time that has passed."
                )
            # Events of the last moments may still commit: a time is not exact, a position is.
            return await self._events.position_at(tenant, as_of.time)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + SETTLE_SECONDS
        while (last := await self._events.last_position()) < as_of.position:
            if loop.time() > deadline:
                raise InvalidInput(
                    "as_of.position",
                    f"Position {as_of.position} is in the future; the log ends at {last}. Pass {last} or less.",
                )
            await asyncio.sleep(0.02)
        return as_of.position

    @asynccontextmanager
    async def ticket(self) -> AsyncIterator[None]:
        """Reserve up to ``MOST`` readings at once, so that no answer waits for one while it holds another.

        Raises:
            Transient: too many others are reading the past; retrying helps.
        """
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._tickets.acquire()
        except TimeoutError as error:
            raise Transient("The archive", "too many are reading the past") from error
        try:
            yield
        finally:
            self._tickets.release()

    @asynccontextmanager
    async def reading(self, tenant: UUID, position: int) -> AsyncIterator[Past]:
        """Yield the database for queries about one tenant as of a position.

        Raises:
            Transient: no connection was free in time, or PostgreSQL failed; retrying helps.
        """
        try:
            events = await self._events.read_tenant(tenant, position)
            connection = await self._pool.acquire(timeout=WAIT_SECONDS)
            try:
                await connection.execute("begin")
                for model in self._models:
                    await _load(model, events, connection)
                await connection.execute(f"savepoint {LOADED}")
                yield Past(_OneByOne(connection), _time_of(events))
            finally:
                # The answer does not wait for the rollback.
                task = asyncio.create_task(self._empty(connection))
                self._emptying.add(task)
                task.add_done_callback(self._emptying.discard)
        except (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError) as error:
            raise Transient("PostgreSQL", f"the past could not be read ({type(error).__name__})") from error

    async def _empty(self, connection: asyncpg.pool.PoolConnectionProxy) -> None:
        """Roll the rows back and return the connection to the pool; vacuum after ``SWEEP_EVERY`` uses."""
        try:
            await connection.execute("rollback")
            process = connection.get_server_pid()
            self._uses[process] = self._uses.get(process, 0) + 1
            if self._uses[process] >= SWEEP_EVERY:
                del self._uses[process]
                await connection.execute(f"vacuum {', '.join(table.name for m in self._models for table in m.tables)}")
        except DATABASE_AWAY as error:
            # The pool closes a connection that cannot be used again.
            logger.warning("a connection for time travel could not be emptied: %s", type(error).__name__)
        finally:
            await self._pool.release(connection)


def _time_of(events: Sequence[RawEvent]) -> datetime:
    for event in reversed(events):
        with suppress(*POISON):
            return event.decode().event.occurred_at
    return BEGINNING


async def _load(model: ReadModel[Any], events: Sequence[RawEvent], connection: Connection) -> None:
    # The live runner parked the same events that cannot be decoded or applied.
    decoded = []
    for event in events:
        with suppress(*POISON):
            each = model.decoder.decode_stored(event)
            if each is not None:
                decoded.append(each)
    try:
        rows = model.fold(model.empty(), decoded)
    except CorruptStream:
        await apply_around(model, decoded, connection)
        return
    for table in model.tables:
        await table.insert(list(getattr(rows, table.name).values()), connection)


class _OneByOne:
    """Lets concurrent resolvers share a connection, which runs one statement at a time."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._turn = asyncio.Lock()

    async def fetch(self, query: str, *args: Any) -> list[Any]:
        return cast("list[Any]", await self._ask(self._connection.fetch, query, *args))

    async def fetchrow(self, query: str, *args: Any) -> Any:
        return await self._ask(self._connection.fetchrow, query, *args)

    async def fetchval(self, query: str, *args: Any) -> Any:
        return await self._ask(self._connection.fetchval, query, *args)

    async def _ask(self, ask: Callable[..., Awaitable[Any]], query: str, *args: Any) -> Any:
        async with self._turn:
            try:
                return await ask(query, *args)
            except asyncpg.PostgresError:
                # A failed query must not remove the rows that the others read.
                await self._connection.execute(f"rollback to savepoint {LOADED}")
                raise


@asynccontextmanager
async def travel_pool(
    database_url: str, models: Iterable[ReadModel[Any]], *, connections: int = CONNECTIONS
) -> AsyncIterator[asyncpg.Pool]:
    """Open connections with temporary tables of the read models, which see no other tables.

    Args:
        database_url: a database where temporary tables may be created.
        models: whose tables.
        connections: the most connections; each is opened when it is needed.
    """
    # No indexes: a tenant has few rows.
    ddl = "".join(model.temporary_ddl for model in models)

    async def prepare(connection: Connection) -> None:
        await connection.execute(ddl)

    pool = await asyncpg.create_pool(
        database_url,
        min_size=0,
        max_size=connections,
        init=prepare,
        max_inactive_connection_lifetime=600,
        server_settings={
            "search_path": "pg_temp",
            "application_name": "zyenta time travel",
            "jit": "off",
            "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION,
        },
        command_timeout=30,
    )
    async with closing(pool):
        yield pool
