"""Visits to stores by day (``infra/migrations/0123-visits.sql``)."""

import asyncio
import contextlib
import logging

import asyncpg

from domain.store.visits import Counts, VisitCounts

logger = logging.getLogger(__name__)

FLUSH_SECONDS = 5.0
"""How often a process writes what it counted. A crash loses the visits since then."""

_ADD = """
insert into visits (store_id, day, visits) select * from unnest($1::uuid[], $2::date[], $3::bigint[])
on conflict (store_id, day) do update set visits = visits.visits + excluded.visits
"""


class PostgresVisits:
    """Adds counted visits to the sums of the days."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    async def add(self, counts: Counts) -> None:
        """Add some visits in one statement."""
        # In one order, so that two processes do not wait for each other.
        rows = sorted(counts.items())
        stores, days = [store for (store, _), _ in rows], [day for (_, day), _ in rows]
        await self._pool.execute(_ADD, stores, days, [number for _, number in rows])

    async def flush(self, counted: VisitCounts) -> None:
        """Write what was counted since the last time. It waits for the next time if the database is away."""
        taken = counted.take()
        if not taken:
            return
        try:
            await self.add(taken)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            logger.warning("%d stores' visits wait for the database: %s", len(taken), error)
            counted.put_back(taken)

    async def run(self, counted: VisitCounts, stop: asyncio.Event) -> None:
        """Write what is counted every few seconds until the stop, and once more then."""
        while not stop.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), FLUSH_SECONDS)
            await self.flush(counted)
