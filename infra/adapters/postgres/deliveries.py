"""Counts deliveries in PostgreSQL, so that the count survives a crash."""

from typing import Any

import asyncpg

from domain.kernel import Transient
from projections.engine.postgres_errors import DATABASE_AWAY
from schemas.internal.deliveries import Delivery, Place

_BEGIN = """
insert into deliveries as d (consumer_group, event_id, topic, partition, record_offset, count)
values ($1, $2, $3, $4, $5, 1)
on conflict (consumer_group, event_id) do update
set count = d.count + 1, topic = excluded.topic, partition = excluded.partition,
    record_offset = excluded.record_offset, last_at = clock_timestamp()
returning count, count - 1 - failures as crashes
"""

_FAILED = """
update deliveries set failures = failures + 1, last_error = $3, last_at = clock_timestamp()
where consumer_group = $1 and event_id = $2
"""

_WITHDRAW = """
with first as (delete from deliveries where consumer_group = $1 and event_id = $2 and count <= 1)
update deliveries set count = count - 1 where consumer_group = $1 and event_id = $2 and count > 1
"""

_DONE = "delete from deliveries where consumer_group = $1 and event_id = $2"


class PostgresDeliveries:
    """Implements :class:`schemas.internal.deliveries.DeliveryLedger`: two short statements per handled event."""

    def __init__(self, pool: asyncpg.Pool, *, timeout_seconds: float = 10.0) -> None:
        self._pool = pool
        self._timeout_seconds = timeout_seconds

    async def begin(self, place: Place) -> Delivery:
        row = await self._run(_BEGIN, place.group, place.event_id, place.topic, place.partition, place.offset)
        return Delivery(row["count"], row["crashes"])

    async def failed(self, place: Place, reason: str) -> None:
        await self._run(_FAILED, place.group, place.event_id, reason)

    async def withdraw(self, place: Place) -> None:
        await self._run(_WITHDRAW, place.group, place.event_id)

    async def done(self, place: Place) -> None:
        await self._run(_DONE, place.group, place.event_id)

    async def _run(self, statement: str, *values: Any) -> Any:
        try:
            return await self._pool.fetchrow(statement, *values, timeout=self._timeout_seconds)
        except DATABASE_AWAY as error:
            raise Transient("PostgreSQL", f"deliveries could not be counted ({type(error).__name__})") from error
