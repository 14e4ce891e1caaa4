"""Reads the settled log: events that no open transaction can precede any more (ADR 0002)."""

import asyncio
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

import asyncpg

from infra.adapters.postgres.pools import Connection
from infra.adapters.postgres.provenance import PostgresProvenance
from schemas.envelope import RawEvent
from schemas.record_columns import RECORD_COLUMNS, Row
from schemas.topics import PARTITION_OF_TENANT

MAX_POSITION = 2**63 - 1
"""After the end of every log."""
# In the order of RawEvent's fields.
_COLUMNS = """position, id, type, stream_id, version, tenant, correlation_id, causation_id, recorded_at, traceparent,
              data, previous_hash, hash, command_id, command_digest, command_result, actor"""

_SETTLED = f"""
select {_COLUMNS} from events
where position > $1 and transaction_id < pg_snapshot_xmin(pg_current_snapshot())
order by position limit $2
"""  # noqa: S608 - constants only

_SETTLED_RECORDS = f"""
select {RECORD_COLUMNS} from events
where position > $1 and transaction_id < pg_snapshot_xmin(pg_current_snapshot())
order by position limit $2
"""  # noqa: S608 - constants only

_SETTLED_OF_PARTITIONS = f"""
select {_COLUMNS} from events
where position > $1 and transaction_id < pg_snapshot_xmin(pg_current_snapshot())
  and {PARTITION_OF_TENANT} = any ($3::integer[])
order by position limit $2
"""  # noqa: S608 - constants only

_OF_TENANT = f"""
select {_COLUMNS} from events
where tenant = $1 and position <= $2 and transaction_id < pg_snapshot_xmin(pg_current_snapshot()) order by position
"""  # noqa: S608 - constants only

_OF_TENANTS = f"""
select event.* from unnest($1::uuid[], $2::bigint[]) as followed (of_tenant, after)
cross join lateral (
    select {_COLUMNS} from events
    where tenant = followed.of_tenant and position > followed.after
      and transaction_id < pg_snapshot_xmin(pg_current_snapshot())
    order by position limit $3
) event
order by event.position
"""  # noqa: S608 - constants only

_OF_STREAMS = f"""
select {_COLUMNS} from events
where stream_id = any ($1::uuid[]) and transaction_id < pg_snapshot_xmin(pg_current_snapshot()) order by position
"""  # noqa: S608 - constants only

_BACK = f"""
select {_COLUMNS} from events
where tenant = $1 and position < $2 and transaction_id < pg_snapshot_xmin(pg_current_snapshot())
order by position desc limit $3
"""  # noqa: S608 - constants only

_BACK_OF_KINDS = f"""
select event.* from unnest($4::text[]) as wanted (kind)
cross join lateral (
    select {_COLUMNS} from events
    where tenant = $1 and split_part(type, '.', 1) = wanted.kind and position < $2
      and transaction_id < pg_snapshot_xmin(pg_current_snapshot())
    order by position desc limit $3
) event
order by event.position desc limit $3
"""  # noqa: S608 - constants only

_HIGHLIGHTS = """
  and type <> all($4) and (type <> all($5) or not exists (
    select from events later where later.stream_id = events.stream_id and later.version = events.version + 1
    and later.type = events.type and later.position <= $6
  ))
"""
"""Leaves out types, and all but the last event of a type in a row of one stream."""

_HIGHLIGHTS_BACK = f"""
select {_COLUMNS} from events
where tenant = $1 and position < $2 and transaction_id < pg_snapshot_xmin(pg_current_snapshot()) {_HIGHLIGHTS}
order by position desc limit $3
"""  # noqa: S608 - constants only

_HIGHLIGHTS_BACK_OF_KINDS = f"""
select event.* from unnest($7::text[]) as wanted (kind)
cross join lateral (
    select {_COLUMNS} from events
    where tenant = $1 and split_part(type, '.', 1) = wanted.kind and position < $2
      and transaction_id < pg_snapshot_xmin(pg_current_snapshot()) {_HIGHLIGHTS}
    order by position desc limit $3
) event
order by event.position desc limit $3
"""  # noqa: S608 - constants only

_BACK_OF_PEOPLE = f"""
select {_COLUMNS} from events
where tenant = $1 and position < $2 and actor is not null and transaction_id < pg_snapshot_xmin(pg_current_snapshot())
order by position desc limit $3
"""  # noqa: S608 - constants only

SET_BACK = timedelta(days=1)
"""How far the database's clock may go back. A later event may be recorded so much earlier than one before it."""

_HALVED = """
with recursive halved (low, high) as (
    select 0::bigint, coalesce((
        select position from events where (tenant, position) > ($1, 0::bigint)
        and (tenant, position) <= ($1, 9223372036854775807) order by tenant desc, position desc limit 1
    ), 0) + 1
    union all
    select coalesce(earlier.position, low), case when earlier.position is null then middle else high end
    from (select low, high, (low + high) / 2 as middle from halved where high - low > 1) step
    left join lateral (
        select first.position from (
            select position, recorded_at from events
            where (tenant, position) >= ($1, middle) and (tenant, position) < ($1, high)
            order by tenant, position limit 1
        ) first where first.recorded_at <= {until}
    ) earlier on true
)
"""
"""Halves a tenant's positions until two are left: ``low``, recorded until a time, and ``high``, recorded later.

Only the index by tenant and position serves these pairs. PostgreSQL would rather pass the events of all tenants to find one of
a large tenant.
"""

_POSITION_AT = f"""
{_HALVED.format(until="$2::timestamptz + $3::interval")}
select position from events
where (tenant, position) > ($1, 0::bigint) and (tenant, position) < ($1, (select min(high) from halved))
and recorded_at <= $2 and transaction_id < pg_snapshot_xmin(pg_current_snapshot())
order by tenant desc, position desc limit 1
"""  # noqa: S608 - constants only

_RECORDED_SINCE = f"""
{_HALVED.format(until="$2::timestamptz - $3::interval")}
select exists (
    select from (
        select from events
        where (tenant, position) > ($1, (select max(low) from halved))
        and (tenant, position) <= ($1, 9223372036854775807)
        and recorded_at >= $2 and transaction_id < pg_snapshot_xmin(pg_current_snapshot())
        order by tenant, position limit 1
    ) later
)
"""  # noqa: S608 - constants only

_TENANTS = """
select distinct tenant from events where stream_id = any ($1::uuid[])
union
select id from unnest($1::uuid[]) as id where exists (select from events where tenant = id)
"""


class SettledLog:
    """The settled events, in log order."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self.provenance = PostgresProvenance(pool)
        """Tells the store's events from foreign records."""

    async def read_settled(
        self,
        after: int,
        limit: int,
        *,
        connection: Connection | None = None,
        partitions: Collection[int] | None = None,
    ) -> list[RawEvent]:
        """Return up to ``limit`` settled events after a position.

        Args:
            after: the position before the first event.
            limit: the most to return.
            connection: the connection to read with; one of the pool if left out.
            partitions: read only events of these partitions of the topic; see ``pools.INDEX_ORDER``.
        """
        reader = connection or self._pool
        if partitions is None:
            rows = await reader.fetch(_SETTLED, after, limit)
        else:
            rows = await reader.fetch(_SETTLED_OF_PARTITIONS, after, limit, list(partitions))
        return [RawEvent(*row) for row in rows]

    async def read_records(self, after: int, limit: int, *, connection: Connection) -> list[Row]:
        """Return up to ``limit`` settled events after a position, as columns of their records.

        Args:
            after: the position before the first event.
            limit: the most to return.
            connection: the connection to read with.
        """
        return cast("list[Row]", await connection.fetch(_SETTLED_RECORDS, after, limit))

    async def read_tenant(self, tenant: UUID, up_to: int) -> list[RawEvent]:
        """Return all of one tenant's events up to a position, in log order."""
        return [RawEvent(*row) for row in await self._pool.fetch(_OF_TENANT, tenant, up_to)]

    async def read_tenants(self, after: Mapping[UUID, int], limit: int) -> list[RawEvent]:
        """Return each tenant's settled events after a position of its own, in log order.

        Args:
            after: the position before the first event, by tenant.
            limit: the most events of one tenant.
        """
        rows = await self._pool.fetch(_OF_TENANTS, list(after), list(after.values()), limit)
        return [RawEvent(*row) for row in rows]

    async def read_streams(self, stream_ids: Sequence[UUID]) -> list[RawEvent]:
        """Return all settled events of these streams, in log order."""
        return [RawEvent(*row) for row in await self._pool.fetch(_OF_STREAMS, list(stream_ids))]

    async def read_back(
        self,
        tenant: UUID,
        before: int | None,
        limit: int,
        *,
        kinds: Sequence[str] = (),
        without: Sequence[str] = (),
        newest_of: Sequence[str] = (),
        until: int | None = None,
    ) -> list[RawEvent]:
        """Return a tenant's newest settled events before a position, the newest first.

        Args:
            tenant: the tenant.
            before: the position; None for the end of the log.
            limit: the most events.
            kinds: only events of these kinds of stream, such as ``product``; empty means any.
            without: types of events that are left out, by their wire names.
            newest_of: types of which only the last of several in a row of one stream is returned.
            until: the position up to which a later one in the row counts; None for the end of the log.
        """
        end = MAX_POSITION if before is None else min(before, MAX_POSITION)
        given: list[object] = [tenant, end, limit]
        if without or newest_of:
            query = _HIGHLIGHTS_BACK_OF_KINDS if kinds else _HIGHLIGHTS_BACK
            given += [list(without), list(newest_of), MAX_POSITION if until is None else until]
        else:
            query = _BACK_OF_KINDS if kinds else _BACK
        if kinds:
            given.append(sorted(set(kinds)))
        return [RawEvent(*row) for row in await self._pool.fetch(query, *given)]

    async def read_people(self, tenant: UUID, before: int | None, limit: int) -> list[RawEvent]:
        """Return a tenant's newest settled events of people's commands before a position, the newest first."""
        end = MAX_POSITION if before is None else min(before, MAX_POSITION)
        return [RawEvent(*row) for row in await self._pool.fetch(_BACK_OF_PEOPLE, tenant, end, limit)]

    async def position_at(self, tenant: UUID, at: datetime) -> int:
        """Return the position of a tenant's last event recorded at or before a time; 0 if there is none."""
        position: int | None = await self._pool.fetchval(_POSITION_AT, tenant, at, SET_BACK)
        return position or 0

    async def position_of(self, stream_id: UUID) -> int:
        """Return the position of a stream's first event; 0 if there is none."""
        first = "select position from events where stream_id = $1 order by version limit 1"
        position: int | None = await self._pool.fetchval(first, stream_id)
        return position or 0

    async def recorded_since(self, tenant: UUID, at: datetime) -> bool:
        """Return whether the tenant has an event recorded at or after a time."""
        recorded: bool = await self._pool.fetchval(_RECORDED_SINCE, tenant, at, SET_BACK)
        return recorded

    async def tenants_of(self, ids: Sequence[UUID]) -> list[UUID]:
        """Return the tenants of these ids. Each id is a tenant or a stream; unknown ids are left out."""
        return [row["tenant"] for row in await self._pool.fetch(_TENANTS, list(ids))]

    async def last_position(self) -> int:
        """Return the position of the last settled event; 0 if the log is empty."""
        position: int | None = await self._pool.fetchval(
            "select position from events where transaction_id < pg_snapshot_xmin(pg_current_snapshot())"
            " order by position desc limit 1"
        )
        return position or 0

    async def scan(
        self,
        after: int = 0,
        *,
        up_to: int | None = None,
        batch: int = 5000,
        partitions: Collection[int] | None = None,
    ) -> AsyncGenerator[list[RawEvent], None]:
        """Yield settled events in batches, up to a position or the end.

        While the caller works on a batch, PostgreSQL reads the next one. A caller that stops early closes the iterator.

        Args:
            after: the position before the first event.
            up_to: the last position; the end of the log if left out.
            batch: the most events of a batch.
            partitions: read only events of these partitions of the topic.
        """
        reading = asyncio.create_task(self.read_settled(after, batch, partitions=partitions))
        try:
            while events := await reading:
                last = events[-1].position
                if up_to is not None and last >= up_to:
                    if rest := [event for event in events if event.position <= up_to]:
                        yield rest
                    return
                reading = asyncio.create_task(self.read_settled(last, batch, partitions=partitions))
                yield events
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
