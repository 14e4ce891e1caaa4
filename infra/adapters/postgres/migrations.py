"""Migrates a database with numbered SQL files, applied by yoyo, one process at a time."""

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

MIGRATIONS = Path(__file__).parents[2] / "migrations"
LOCK = 7241000
"""Advisory lock of the migrating process; several processes may start at once."""


async def migrate(dsn: str) -> None:
    """Apply the missing migrations. Several processes may call this at once; it is cheap if none is missing.

    Args:
        dsn: ``postgresql://...``; the user must be allowed to create tables.
    """
    connection = await asyncpg.connect(dsn)
    try:
        if not await _is_current(connection):
            await connection.execute("select pg_advisory_lock($1)", LOCK)
            if not await _is_current(connection):
                await asyncio.to_thread(_apply, dsn)
        await _settle_restored_rows(connection)
    finally:
        await connection.close()


async def _is_current(connection: asyncpg.Connection) -> bool:
    if await connection.fetchval("select to_regclass('public._yoyo_migration')") is None:
        return False
    applied = {row["migration_id"] for row in await connection.fetch("select migration_id from _yoyo_migration")}
    return {path.stem for path in MIGRATIONS.glob("*.sql")} <= applied


def _apply(dsn: str) -> None:
    # Imported here, because most processes find no missing migration and need no yoyo and psycopg in memory.
    from yoyo import get_backend, read_migrations  # noqa: PLC0415

    address = urlsplit(dsn)
    backend = get_backend(address._replace(scheme="postgresql+psycopg").geturl())
    try:
        backend.apply_migrations(backend.to_apply(read_migrations(str(MIGRATIONS))))
    finally:
        backend.connection.close()


async def _settle_restored_rows(connection: asyncpg.Connection) -> None:
    """Mark rows from another cluster's dump as settled.

    Rows of a restored dump carry transaction ids in this cluster's future, and the publisher would wait for them without
    limit. Every visible row from the future is such a row. Before the first new append the last row is one of them, so
    checking the last row is enough.
    """
    if await connection.fetchval(
        "select transaction_id >= pg_snapshot_xmax(pg_current_snapshot()) from events order by position desc limit 1"
    ):
        await connection.execute(
            "update events set transaction_id = '2'::xid8"  # FrozenTransactionId: precedes every transaction
            " where transaction_id >= pg_snapshot_xmax(pg_current_snapshot())"
        )
