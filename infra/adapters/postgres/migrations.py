"""Migrates a database with numbered SQL files, applied by yoyo, one process at a time."""

import asyncio
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

MIGRATIONS = Path(__file__).parents[2] / "migrations"
LOCK = 7241000
"""Advisory lock of the migrating process; several processes may start at once."""


class MigrationFailed(Exception):
    """A migration failed; the message is the error's traceback."""


async def migrate(dsn: str) -> None:
    """Apply the missing migrations. Several processes may call this at once; it is cheap if none is missing.

    Args:
        dsn: ``postgresql://...``; the user must be allowed to create tables.

    Raises:
        MigrationFailed: the database is as the migration before left it.
    """
    connection = await asyncpg.connect(dsn)
    try:
        if not await _is_current(connection):
            await connection.execute("select pg_advisory_lock($1)", LOCK)
            if not await _is_current(connection):
                await _apply_apart(dsn)
        await _settle_restored_rows(connection)
    finally:
        await connection.close()


async def _is_current(connection: asyncpg.Connection) -> bool:
    if await connection.fetchval("select to_regclass('public._yoyo_migration')") is None:
        return False
    applied = {row["migration_id"] for row in await connection.fetch("select migration_id from _yoyo_migration")}
    return {path.stem for path in MIGRATIONS.glob("*.sql")} <= applied


async def _apply_apart(dsn: str) -> None:
    """Apply migrations in a process that ends: yoyo, psycopg and what they read would keep 17 MB of this one."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        _, errors = await process.communicate(dsn.encode())
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise MigrationFailed(errors.decode(errors="replace").strip())


def _apply(dsn: str) -> None:
    from yoyo import get_backend, read_migrations  # noqa: PLC0415 - the process that migrates only

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


if __name__ == "__main__":
    _apply(sys.stdin.read())
