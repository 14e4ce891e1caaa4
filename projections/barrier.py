"""Waits until the read models have passed a place in the log."""

import asyncio
from collections.abc import Sequence

import asyncpg

from projections.checkpoints import lagging
from projections.freshness import Stale
from schemas.envelope import ConsistencyToken


class CheckpointBarrier:
    """Implements :class:`projections.freshness.ReadBarrier` by looking at the checkpoints, often at first."""

    def __init__(self, pool: asyncpg.Pool, read_models: Sequence[str], *, seconds: float = 5.0) -> None:
        self._pool = pool
        self._read_models = read_models
        self._seconds = seconds

    async def wait(self, token: ConsistencyToken) -> None:
        pause = 0.002
        try:
            async with asyncio.timeout(self._seconds):
                while await lagging(self._pool, token, self._read_models):
                    await asyncio.sleep(pause)
                    pause = min(0.05, pause * 1.4)
        except TimeoutError:
            raise Stale(token) from None
