"""Databases of the tests' PostgreSQL: copied from a template, dropped afterwards."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import asyncpg


async def execute(dsn: str, statement: str) -> None:
    """Execute a statement on a connection of its own."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def named(dsn: str, database: str) -> str:
    """Return the address of another database of the same server."""
    return urlsplit(dsn)._replace(path=f"/{database}").geturl()


async def copy_template(dsn: str, template: str, name: str) -> str:
    """Create a database as a copy of a template and return its address.

    The files are copied. By default PostgreSQL writes every page of the copy to its log, which takes three times as long.
    """
    await execute(dsn, f"create database {name} template {template} strategy file_copy")
    return named(dsn, name)


@asynccontextmanager
async def copied_database(dsn: str, template: str, name: str) -> AsyncIterator[str]:
    """Lend a copy of a template and drop it afterwards."""
    yield await copy_template(dsn, template, name)
    await execute(dsn, f"drop database {name} with (force)")
