"""The connection pools of every process, with the settings each kind of work needs."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import asyncpg

from infra.adapters.reachability import naming_database
from projections.engine.postgres_errors import IDLE_IN_TRANSACTION
from projections.names import SEARCH_PATH
from projections.reading.closing import closing

Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy

WRITE_CONNECTIONS = 20
"""Connections for the write side, per role."""
READ_CONNECTIONS = 10
"""Connections for queries of read models, per role."""
STATEMENT_SECONDS = 60
"""After this long, asyncpg gives up on a statement."""

INDEX_ORDER = {
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_sort": "off",
    "max_parallel_workers_per_gather": "0",
}
"""Planner settings for connections that read the events of some partitions.

PostgreSQL expects a few hundred such events. It would read and sort the whole table for every batch (half a second at
300,000 events). With these settings it follows the index of positions until the batch is full (15 ms).
"""

BY_INDEX = {"random_page_cost": "1.1", "enable_seqscan": "off", "jit": "off"}
"""Planner settings for connections that read a page of rows from large tables.

PostgreSQL expects an average number of rows of a store. By default, it would rather sort them than follow an index in the
order of a list, or read a whole table: both would take long in a large store.
"""


@asynccontextmanager
async def write_pool(dsn: str, *, roles: int = 1) -> AsyncIterator[asyncpg.Pool]:
    """Open connections for the write side; they see read models too.

    Args:
        dsn: the event store's database.
        roles: how many roles share the pool.

    Raises:
        Unreachable: the database does not answer.
    """
    settings = {
        "search_path": f"{SEARCH_PATH}, public",
        "application_name": "zyenta",
        "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION,
    }
    with naming_database(dsn):
        pool = await asyncpg.create_pool(
            dsn,
            min_size=1,
            max_size=WRITE_CONNECTIONS * roles,
            server_settings=settings,
            command_timeout=STATEMENT_SECONDS,
        )
    async with closing(pool):
        yield pool


@asynccontextmanager
async def read_pool(dsn: str, *, roles: int = 1) -> AsyncIterator[asyncpg.Pool]:
    """Open read-only connections for queries of read models.

    A read-only connection leaves nothing in its session, so the pool does not reset it. A reset costs a round trip per
    query, and a page of the dashboard takes sixteen queries.

    Args:
        dsn: the read models' database.
        roles: how many roles share the pool.

    Raises:
        Unreachable: the database does not answer.
    """
    settings = {
        "search_path": f"{SEARCH_PATH}, public",
        "application_name": "zyenta",
        "default_transaction_read_only": "on",
        **BY_INDEX,
        "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION,
    }
    with naming_database(dsn):
        pool = await asyncpg.create_pool(
            dsn,
            min_size=1,
            max_size=READ_CONNECTIONS * roles,
            server_settings=settings,
            command_timeout=STATEMENT_SECONDS,
            reset=_skip_reset,
        )
    async with closing(pool):
        yield pool


@asynccontextmanager
async def worker_pool(
    dsn: str, *, connections: int, settings: Mapping[str, str] | None = None
) -> AsyncIterator[asyncpg.Pool]:
    """Open a few connections for one worker process that shares out the log.

    The process's queries leave nothing in a session that another one could trip over, so the pool does not reset it.

    Args:
        dsn: the database.
        connections: how many at most.
        settings: server settings of every connection.
    """
    pool = await asyncpg.create_pool(
        dsn, min_size=1, max_size=connections, server_settings=dict(settings or {}), reset=_skip_reset
    )
    async with closing(pool):
        yield pool


async def _skip_reset(_connection: asyncpg.Connection) -> None:
    """Leave the session as it is."""
