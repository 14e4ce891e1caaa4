"""The new tables of a rebuild before they are live: which code may resume them, their statistics and their indexes."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import asyncpg

from projections.engine.tables import Connection, ReadModel, Table

FOLD_PACKAGES = ("domain", "schemas", "projections")
"""The packages that decide what folds do."""
INDEX_SECONDS = 600.0
"""How long one index may take; creating it concurrently waits for every older snapshot."""
SIDE_BY_SIDE = 2
"""How many tables get their indexes at the same time."""


def fingerprint(model: ReadModel[Any]) -> str:
    """Return the version and code digest that a half-built rebuild must have to be resumed."""
    digest = hashlib.sha256(model.tables_ddl.encode() + _sources())
    return f"version {model.version}, {digest.hexdigest()[:16]}"


@cache
def _sources() -> bytes:
    """Return a digest of all code that decides which rows an event makes.

    It covers more than the folds, because a fixed helper is as good a reason to start over as a fixed fold.
    """
    digest = hashlib.sha256()
    root = Path(__file__).parents[3]
    for path in sorted(path for package in FOLD_PACKAGES for path in (root / package).rglob("*.py")):
        digest.update(str(path.relative_to(root)).encode() + path.read_bytes())
    return digest.digest()


async def pause_autovacuum(connection: Connection, model: ReadModel[Any], schema: str) -> None:
    """Keep PostgreSQL from vacuuming and analyzing new tables again and again while they grow.

    :func:`finish` analyzes them once, and ends the pause.
    """
    for table in model.tables:
        await connection.execute(
            f'alter table "{schema}".{table.name} set (autovacuum_enabled = off, toast.autovacuum_enabled = off)'
        )


async def finish(pool: asyncpg.Pool, model: ReadModel[Any], schema: str) -> None:
    """Create the indexes, which costs less after the rows are loaded, and analyze the tables.

    The indexes are created concurrently although no query uses the tables. Otherwise a transaction would hold an id for
    as long as an index takes. PostgreSQL creates one such index of a table at a time, so tables are what is shared out.

    Args:
        pool: ``SIDE_BY_SIDE`` of its connections are used at once.
        model: whose tables.
        schema: where they are.
    """
    tables = await _largest_first(pool, model, schema)
    if await _has_missing_indexes(pool, model, schema):
        await _share_out(_index, pool, schema, tables)
    await _share_out(_analyze, pool, schema, tables)


async def _has_missing_indexes(pool: asyncpg.Pool, model: ReadModel[Any], schema: str) -> bool:
    """Whether indexes are to be created; drop what a rebuild left that was killed while it created them."""
    existing = await pool.fetch(
        """
        select indexrelid::regclass::text as name, indisvalid as valid
        from pg_index i join pg_class c on c.oid = i.indrelid
        where c.relnamespace = $1::regnamespace and not i.indisprimary
        """,
        schema,
    )
    if len(existing) == sum(len(table.indexes) for table in model.tables) and all(each["valid"] for each in existing):
        return False
    for each in existing:
        await pool.execute(f"drop index {each['name']}")
    return True


async def _largest_first(pool: asyncpg.Pool, model: ReadModel[Any], schema: str) -> list[Table[Any]]:
    """Return the tables; the largest takes longest, so it is begun first."""
    rows = await pool.fetch(
        """
        select relname from pg_class where relnamespace = $1::regnamespace and relkind = 'r'
        order by pg_table_size(oid) desc
        """,
        schema,
    )
    tables = {table.name: table for table in model.tables}
    return [tables[row["relname"]] for row in rows]


async def _share_out(
    work: Callable[[asyncpg.Pool, str, Iterator[Table[Any]]], Coroutine[Any, Any, None]],
    pool: asyncpg.Pool,
    schema: str,
    tables: Sequence[Table[Any]],
) -> None:
    """Work on ``SIDE_BY_SIDE`` tables at the same time."""
    waiting = iter(tables)
    async with asyncio.TaskGroup() as tasks:
        for _ in range(SIDE_BY_SIDE):
            tasks.create_task(work(pool, schema, waiting))


async def _analyze(pool: asyncpg.Pool, schema: str, tables: Iterator[Table[Any]]) -> None:
    """Analyze the tables that no other task has begun, and leave the next times to PostgreSQL."""
    async with _inside(pool, schema) as connection:
        for table in tables:
            await connection.execute(f"analyze {table.name}")
            await connection.execute(f"alter table {table.name} reset (autovacuum_enabled, toast.autovacuum_enabled)")


async def _index(pool: asyncpg.Pool, schema: str, tables: Iterator[Table[Any]]) -> None:
    """Create the indexes of the tables that no other task has begun."""
    async with _inside(pool, schema) as connection:
        for table in tables:
            for statement in table.indexes:
                concurrently = statement.replace("index", "index concurrently", 1)
                await connection.execute(concurrently, timeout=INDEX_SECONDS)


@asynccontextmanager
async def _inside(pool: asyncpg.Pool, schema: str) -> AsyncIterator[Connection]:
    """Open a connection that finds the tables of a schema, and whose commits do not wait for the disk.

    An index takes three commits. The swap's commit waits for the disk, and with it for all of them.
    """
    async with pool.acquire() as connection:
        await connection.execute(f'set search_path to "{schema}"; set synchronous_commit to off')
        try:
            yield connection
        finally:
            await connection.execute("reset search_path; reset synchronous_commit")
