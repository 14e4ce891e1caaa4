"""A separate database for read models."""

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import asyncpg
import pytest

from infra.adapters.postgres.migrations import MIGRATIONS


@pytest.fixture(scope="session")
async def read_models_dsn(postgres_dsn: str) -> str:
    """The address of an empty database for read models."""
    connection = await asyncpg.connect(postgres_dsn)
    await connection.execute("create database read_models")
    await connection.close()
    dsn = urlsplit(postgres_dsn)._replace(path="/read_models").geturl()
    connection = await asyncpg.connect(dsn)
    for name in ("0061-search.sql", "0123-visits.sql"):
        await connection.execute((MIGRATIONS / name).read_text())
    await connection.close()
    return dsn


@pytest.fixture
async def db(read_models_dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """A new connection without settings of other tests."""
    connection = await asyncpg.connect(read_models_dsn, server_settings={"synchronous_commit": "off"})
    yield connection
    await connection.close()
