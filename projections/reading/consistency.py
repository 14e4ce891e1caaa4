"""Read your own writes: wait until the read models have applied a place in the log."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

import asyncpg

from domain.kernel import Transient
from projections.engine.checkpoints import reached
from projections.engine.postgres_errors import DATABASE_AWAY
from schemas.envelope import ConsistencyToken

CHECKPOINTS_SECONDS = 0.002
"""How long waiters share one reading of the checkpoints. Checkpoints only rise, so an old reading is never too high."""
LONGEST_PAUSE_SECONDS = 0.05


class Stale(Exception):
    """The read models did not reach a token's place in time. The write stands; a later retry helps."""

    def __init__(self, token: ConsistencyToken) -> None:
        super().__init__(
            f"The read models have not reached {token} yet. What was written is safe; ask again in a moment."
        )
        self.token = token


class Consistency(Protocol):
    """Waits for the read models."""

    async def wait(self, token: ConsistencyToken) -> None:
        """Return once every read model has applied the token's event.

        Raises:
            Stale: the read models did not get there within the time limit of some seconds.
            Transient: the checkpoints cannot be read; retrying helps.
        """
        ...


class CheckpointConsistency:
    """Implements :class:`Consistency` by polling the checkpoints, often at first."""

    def __init__(self, pool: asyncpg.Pool, read_models: Sequence[str], *, seconds: float = 5.0) -> None:
        """Name what is waited for.

        Args:
            pool: of the database with the checkpoints.
            read_models: which must all have applied a token's event.
            seconds: the time limit of one wait.
        """
        self._pool = pool
        self._read_models = read_models
        self._seconds = seconds
        self._reading: asyncio.Task[Mapping[int, int]] | None = None
        self._reading_since = 0.0

    async def wait(self, token: ConsistencyToken) -> None:
        pause = 0.001
        try:
            async with asyncio.timeout(self._seconds):
                while (await self._positions()).get(token.partition, 0) < token.position:
                    await asyncio.sleep(pause)
                    pause = min(LONGEST_PAUSE_SECONDS, pause * 1.2)
        except TimeoutError:
            raise Stale(token) from None
        except DATABASE_AWAY as error:
            raise Transient("PostgreSQL", f"the checkpoints could not be read ({type(error).__name__})") from error

    async def _positions(self) -> Mapping[int, int]:
        now = asyncio.get_running_loop().time()
        if self._reading is None or (self._reading.done() and now - self._reading_since > CHECKPOINTS_SECONDS):
            self._reading = asyncio.create_task(reached(self._pool, self._read_models))
            self._reading.add_done_callback(lambda task: task.cancelled() or task.exception())
            self._reading_since = now
        # Shielded: the time-out of one waiter must not cancel what the others wait for.
        return await asyncio.shield(self._reading)
