"""The event store, and a second database beside the first."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from infra.adapters.postgres.event_store import PostgresEventLog
from infra.clock import SystemClock


@pytest.fixture
async def log(pool: asyncpg.Pool) -> AsyncIterator[PostgresEventLog]:
    """The event store of the test's database."""
    log = PostgresEventLog(pool, SystemClock())
    yield log
    await log.drain()


@pytest.fixture
async def other_log(other_pool: asyncpg.Pool) -> AsyncIterator[PostgresEventLog]:
    """The event store of the other database."""
    log = PostgresEventLog(other_pool, SystemClock())
    yield log
    await log.drain()
