"""The event store, and a second database beside the first."""

import itertools
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import asyncpg
import pytest

from infra.adapters.event_store import PostgresEventLog
from infra.bootstrap import SystemClock

_numbers = itertools.count(1)


@pytest.fixture
async def log(pool: asyncpg.Pool) -> AsyncIterator[PostgresEventLog]:
    """The event store of the test's database."""
    log = PostgresEventLog(pool, SystemClock())
    yield log
    await log.drain()


@pytest.fixture
async def other_database(postgres_dsn: str, template: str) -> AsyncIterator[str]:
    """The address of another fresh, migrated database: what is there after the first was lost."""
    name = f"other_{next(_numbers)}"
    connection = await asyncpg.connect(postgres_dsn)
    try:
        await connection.execute(f"create database {name} template {template}")
        yield urlsplit(postgres_dsn)._replace(path=f"/{name}").geturl()
        await connection.execute(f"drop database {name} with (force)")
    finally:
        await connection.close()


@pytest.fixture
async def other_pool(other_database: str) -> AsyncIterator[asyncpg.Pool]:
    """Connections to the other database."""
    async with asyncpg.create_pool(other_database, min_size=1, max_size=10) as connections:
        yield connections


@pytest.fixture
async def other_log(other_pool: asyncpg.Pool) -> AsyncIterator[PostgresEventLog]:
    """The event store of the other database."""
    log = PostgresEventLog(other_pool, SystemClock())
    yield log
    await log.drain()
