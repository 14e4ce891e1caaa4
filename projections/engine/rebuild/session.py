"""What rebuilding and verifying share: one at a time per read model, progress, and the errors that callers see."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from aiokafka.errors import KafkaError

from domain.kernel import Transient
from projections.engine.postgres_errors import DATABASE_AWAY
from projections.engine.tables import Connection

LOCK = 7241004
"""With the hash of the read model's name, the advisory lock of the process that rebuilds or verifies it."""


class RebuildRefused(Exception):
    """The new tables were not swapped in; the live tables are unchanged."""


class AlreadyRebuilding(RebuildRefused):
    """Another process rebuilds or verifies the same read model."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is being rebuilt by another process. Wait for it, or stop it and try again.")


@dataclass(slots=True)
class RebuildProgress:
    """The progress of a rebuild or a verification."""

    phase: str = "preparing"
    """preparing, reading, indexing, comparing, swapping."""
    events: int = 0
    """How many events this run read."""
    share: float = 0.0
    """The share of the way to the live tables' positions, 0 to 1."""


Report = Callable[[RebuildProgress], None]


@asynccontextmanager
async def rebuild_lock(connection: Connection, name: str) -> AsyncIterator[None]:
    """Hold a read model's rebuild lock. It ends with the connection, so a killed process leaves no lock behind.

    Raises:
        AlreadyRebuilding: another process holds it.
    """
    if not await connection.fetchval("select pg_try_advisory_lock($1, hashtext($2))", LOCK, name):
        raise AlreadyRebuilding(name)
    try:
        yield
    finally:
        with suppress(*DATABASE_AWAY):
            await connection.execute("select pg_advisory_unlock($1, hashtext($2))", LOCK, name)


def as_transient(error: Exception) -> Exception:
    """Return an error of the broker or PostgreSQL as ``Transient``, and others as they are; of a group, the first."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, KafkaError):
        return Transient("the broker", f"{type(error).__name__}: {error}")
    if isinstance(error, DATABASE_AWAY):
        return Transient("PostgreSQL", f"{type(error).__name__}: {error}")
    return error
