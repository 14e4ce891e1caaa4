"""Databases of the tests' PostgreSQL: copied from a template, dropped afterwards."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

SHARED_MEMORY = Path("/dev/shm")
ROOM_BYTES = 4 * 2**30
"""What four servers need with their databases and logs, several times."""
PREFIX = "zyenta-test-"
IN_USE = "in-use"
"""A file in each directory of a server, locked as long as its run lives."""


def memory_directory() -> Path | None:
    """Return a file system in memory with room for servers; ``None``: there is none, take the ordinary place.

    Each copied database has 350 files. ext4 does not give a deleted file's number to another within a minute, and passes
    over all those numbers for every new file: behind a thousand dropped databases a copy takes ten times as long.
    """
    usable = SHARED_MEMORY.is_mount() and os.access(SHARED_MEMORY, os.W_OK)
    return SHARED_MEMORY if usable and shutil.disk_usage(SHARED_MEMORY).free >= ROOM_BYTES else None


@contextmanager
def server_directory(place: Path | None) -> Iterator[Path]:
    """Lend a directory for a server. Remove those of runs that were killed: their memory is not given back by itself.

    Args:
        place: where it is created; ``None`` for the ordinary place.
    """
    # Not pytest's directory: as root the server runs as another user, who must be able to reach its data.
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir=place) as name:
        directory = Path(name)
        directory.chmod(0o711)
        with (directory / "new").open("w") as lock:
            # It gets its name when it is locked, so that no other run finds it free.
            fcntl.flock(lock, fcntl.LOCK_EX)
            (directory / "new").rename(directory / IN_USE)
            remove_abandoned(directory.parent)
            yield directory


def remove_abandoned(place: Path) -> None:
    """Remove the directories of servers whose run has ended without doing so."""
    for path in place.glob(f"{PREFIX}*/{IN_USE}"):
        with suppress(OSError), path.open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path.parent, ignore_errors=True)


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
