"""Judges whether the gateway can do its work."""

import asyncio
from collections.abc import Sequence

import asyncpg

from projections.readiness import Check

SECONDS = 2.0


class PlatformReadiness:
    """Implements :class:`projections.readiness.Readiness`: the database answers, and every read model is there."""

    def __init__(self, pool: asyncpg.Pool, read_models: Sequence[str]) -> None:
        self._pool = pool
        self._read_models = read_models

    async def checks(self) -> Sequence[Check]:
        try:
            async with asyncio.timeout(SECONDS):
                present = {row["name"] for row in await self._pool.fetch("select name from projections")}
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
            return [Check(name="postgresql", healthy=False, detail=type(error).__name__)]
        return [
            Check(name="postgresql", healthy=True),
            *(
                Check(
                    name=f"read model {name}",
                    healthy=name in present,
                    detail="" if name in present else "it was never built; start its projector",
                )
                for name in self._read_models
            ),
        ]
