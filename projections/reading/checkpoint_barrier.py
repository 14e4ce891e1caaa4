"""Waits until the read models have passed a place in the log."""

import asyncio
from collections.abc import Mapping, Sequence

import asyncpg

from domain.kernel import Transient
from projections.engine.checkpoints import reached
from projections.engine.postgres_errors import DATABASE_AWAY
from projections.reading.consistency import Stale
from schemas.envelope import ConsistencyToken

LOOK_SECONDS = 0.002
"""How old a look at the checkpoints may be, so that many waiters share one. Checkpoints never go back, so that an old
look only says less than is true."""
LONGEST_PAUSE_SECONDS = 0.05


class CheckpointBarrier:
    """Implements :class:`projections.reading.consistency.ReadBarrier` by looking at the checkpoints, often at first."""

    def __init__(self, pool: asyncpg.Pool, read_models: Sequence[str], *, seconds: float = 5.0) -> None:
        self._pool = pool
        self._read_models = read_models
        self._seconds = seconds
        self._looking: asyncio.Task[Mapping[int, int]] | None = None
        self._begun_at = 0.0

    async def wait(self, token: ConsistencyToken) -> None:
        pause = 0.001
        try:
            async with asyncio.timeout(self._seconds):
                while (await self._look()).get(token.partition, 0) < token.position:
                    await asyncio.sleep(pause)
                    pause = min(LONGEST_PAUSE_SECONDS, pause * 1.2)
        except TimeoutError:
            raise Stale(token) from None
        except DATABASE_AWAY as error:
            raise Transient("PostgreSQL", f"the checkpoints could not be read ({type(error).__name__})") from error

    async def _look(self) -> Mapping[int, int]:
        now = asyncio.get_running_loop().time()
        if self._looking is None or (self._looking.done() and now - self._begun_at > LOOK_SECONDS):
            self._looking = asyncio.create_task(reached(self._pool, self._read_models))
            self._looking.add_done_callback(lambda task: task.cancelled() or task.exception())
            self._begun_at = now
        # Shielded: one waiter's time-out must not end the look of the others.
        return await asyncio.shield(self._looking)
