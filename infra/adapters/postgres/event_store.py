"""The event store: the half of the log that can refuse. PostgreSQL through asyncpg, one round trip per command."""

import asyncio
import hashlib
import json
import logging
from collections.abc import AsyncGenerator, Collection, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import msgspec
from pydantic import TypeAdapter

from commands.ports import (
    CommandReused,
    Commit,
    ConcurrencyConflict,
    Context,
    Loaded,
    Receipt,
    Staged,
    StreamKindMismatch,
    UnknownCause,
)
from domain.ids import uuid7
from domain.kernel import Clock, DomainEvent, StreamKind
from domain.money import RECORDED
from infra.adapters.postgres.provenance import PostgresProvenance
from infra.adapters.postgres.state_cache import Remembered, StateCache
from infra.adapters.postgres.sticky_connections import StickyConnections
from projections.engine.postgres_errors import DATABASE_AWAY
from schemas.envelope import ConsistencyToken, RawEvent
from schemas.registry import decode, encode
from schemas.topics import PARTITION_OF_TENANT, partition_of

S = TypeVar("S")
Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy

SNAPSHOT_EVERY = 100
"""A stream is snapshotted when this many events follow its last snapshot, so that loading it stays bounded."""
CACHED_STREAMS = 4096
"""States kept in memory. A cached state is only a place to start from: what followed it is always read."""
CHANNEL = "zyenta_events"
"""The publisher listens here."""
UNKNOWN_CAUSE = "ZY001"
"""How the database says that it does not hold a command's cause."""
NOTIFY_SECONDS = 0.01
"""Least time between two calls to the publisher."""

_APPEND = """
select * from append_events($1, $2, $3, $4, $5, $6, $7, $8, $9::uuid[], $10::uuid[], $11::integer[], $12::text[],
                            $13::uuid[], $14::bytea[], $15::uuid[], $16::integer[], $17, $18)
"""

_APPEND_ONE = """
select append_event($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14::uuid[], $15::integer[],
                    $16, $17)
"""

_LOAD = """
select version, position, tenant, null as type, state as data from snapshots where stream_id = $1 and fingerprint = $2
union all
select version, position, tenant, type, data from events
where stream_id = $1
  and version > coalesce((select version from snapshots where stream_id = $1 and fingerprint = $2), 0)
order by version
"""

_FOLLOW = (
    "select version, position, tenant, type, data from events where stream_id = $1 and version > $2 order by version"
)

_RECEIPT = "select digest, result, token_partition, token_position from commands where command_id = $1"

# In the order of RawEvent's fields.
_COLUMNS = """position, id, type, stream_id, version, tenant, correlation_id, causation_id, recorded_at, traceparent,
              data, previous_hash, hash, command_id, command_digest, command_result"""

_SETTLED = f"""
select {_COLUMNS} from events
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

_POSITION_AT = """
select position from events
where tenant = $1 and recorded_at <= $2 and transaction_id < pg_snapshot_xmin(pg_current_snapshot())
order by position desc limit 1
"""

_RECORDED_SINCE = """
select exists (
    select from events
    where tenant = $1 and recorded_at >= $2 and transaction_id < pg_snapshot_xmin(pg_current_snapshot())
)
"""

_TENANTS = """
select distinct tenant from events where stream_id = any ($1::uuid[])
union
select id from unnest($1::uuid[]) as id where exists (select from events where tenant = id)
"""

logger = logging.getLogger(__name__)


class PostgresEventLog:
    """Implements :class:`commands.ports.EventLog`.

    Isolation is READ COMMITTED: an append is protected by ``unique (stream_id, version)``, not by locks.
    """

    def __init__(self, pool: asyncpg.Pool, clock: Clock, *, cached_streams: int = CACHED_STREAMS) -> None:
        self._pool = pool
        self.provenance = PostgresProvenance(pool)
        """Tells this store's events from foreign records."""
        self._statements = StickyConnections(pool)
        self._clock = clock
        self._cache = StateCache(cached_streams)
        self._wake = asyncio.Event()
        self._background: set[asyncio.Task[None]] = set()

    async def load(self, kind: StreamKind[S], stream_id: UUID) -> Loaded | None:
        shape = _shape(kind)
        known = self._cache.use(stream_id)
        if known is not None and known.fingerprint == shape.fingerprint:
            start, snapshot_version = known.loaded, known.snapshot_version
            rows = await self._statements.fetch(_FOLLOW, stream_id, start.version)
        else:
            start, snapshot_version = Loaded(None, 0, 0), 0
            rows = await self._statements.fetch(_LOAD, stream_id, shape.fingerprint)
            if rows and rows[0]["type"] is None:
                row = rows.pop(0)
                start = Loaded(
                    shape.adapter.validate_json(row["data"], context=RECORDED),
                    row["version"],
                    row["position"],
                    row["tenant"],
                )
                snapshot_version = start.version
            elif rows and not kind.begins_with(rows[0]["type"]):
                raise StreamKindMismatch(kind, stream_id)
        if not rows and start.version == 0:
            return None
        loaded = start
        if rows:
            state = kind.fold((decode(row["type"], row["data"]) for row in rows), start.state)
            last = rows[-1]
            loaded = Loaded(state, last["version"], last["position"], last["tenant"])
        self._cache.keep(stream_id, Remembered(shape.fingerprint, loaded, snapshot_version))
        return loaded

    def cached(self, kind: StreamKind[S], stream_id: UUID) -> Loaded | None:
        known = self._cache.use(stream_id)
        return None if known is None or known.fingerprint != _shape(kind).fingerprint else known.loaded

    async def commit(self, commit: Commit) -> Receipt:
        command_id = commit.context.command_id
        events = [(staged, event) for staged in commit.staged for event in staged.events]
        token = ConsistencyToken.of(events[-1][0].tenant, 0) if events else commit.read
        result = None if commit.result is None else msgspec.json.encode(commit.result).decode()
        try:
            if len(events) == 1:
                position = await self._append_one(commit, result, *events[0])
                known = position is None
            else:
                known, position = await self._append(commit, result, token, events)
        except (asyncpg.UniqueViolationError, asyncpg.SerializationError, asyncpg.DeadlockDetectedError) as error:
            for stream_id in (*commit.assumed, *(staged.stream_id for staged in commit.staged)):
                self._cache.forget(stream_id)
            raise ConcurrencyConflict(str(error)) from error
        except asyncpg.PostgresError as error:
            if error.sqlstate == UNKNOWN_CAUSE and commit.context.cause is not None:
                raise UnknownCause(commit.context.causation_id, commit.context.cause.position) from error
            raise
        if known:
            return await self._first_receipt(command_id, commit.digest)
        if position is not None and token is not None:
            token = ConsistencyToken(token.partition, position)
        if events and position is not None:
            self._wake.set()
            self._after_append(commit.staged, position - len(events) + 1)
        return Receipt(
            command_id=command_id,
            result=None if result is None else msgspec.json.decode(result),
            token=token,
            replayed=False,
        )

    async def _append_one(self, commit: Commit, result: str | None, staged: Staged, event: DomainEvent) -> int | None:
        (row,) = await self._statements.fetch(
            _APPEND_ONE,
            commit.context.command_id,
            commit.digest,
            result,
            partition_of(staged.tenant),
            commit.context.correlation_id,
            commit.context.causation_id,
            commit.context.traceparent,
            self._new_id(),
            staged.stream_id,
            event.originator_version,
            event.wire_name,
            staged.tenant,
            encode(event),
            list(commit.assumed) or None,
            list(commit.assumed.values()) or None,
            *_cause(commit.context),
        )
        position: int | None = row[0]
        return position

    async def _append(
        self,
        commit: Commit,
        result: str | None,
        token: ConsistencyToken | None,
        events: Sequence[tuple[Staged, DomainEvent]],
    ) -> tuple[bool, int | None]:
        (row,) = await self._statements.fetch(
            _APPEND,
            commit.context.command_id,
            commit.digest,
            result,
            None if token is None else token.partition,
            None if commit.read is None else commit.read.position,
            commit.context.correlation_id,
            commit.context.causation_id,
            commit.context.traceparent,
            [self._new_id() for _ in events],
            [staged.stream_id for staged, _ in events],
            [event.originator_version for _, event in events],
            [event.wire_name for _, event in events],
            [staged.tenant for staged, _ in events],
            [encode(event) for _, event in events],
            list(commit.assumed) or None,
            list(commit.assumed.values()) or None,
            *_cause(commit.context),
        )
        return row["replayed"], row["token_position"]

    async def _first_receipt(self, command_id: UUID, digest: bytes) -> Receipt:
        (row,) = await self._statements.fetch(_RECEIPT, command_id)
        if row["digest"] != digest:
            raise CommandReused(command_id)
        return _receipt(command_id, row)

    def _new_id(self) -> UUID:
        return uuid7(int(self._clock.now().timestamp() * 1000))

    async def outcome(self, command_id: UUID) -> Receipt | None:
        rows = await self._statements.fetch(_RECEIPT, command_id)
        return _receipt(command_id, rows[0]) if rows else None

    async def read_settled(
        self,
        after: int,
        limit: int,
        *,
        connection: Connection | None = None,
        partitions: Collection[int] | None = None,
    ) -> list[RawEvent]:
        """Return up to ``limit`` events after a position, in log order, none of which can be overtaken any more.

        Args:
            after: the position before the first.
            limit: how many at most.
            connection: what to read through; any of the pool if left out.
            partitions: only events that go to these partitions of the topic; see ``pools.INDEX_ORDER``.
        """
        reader = connection or self._pool
        if partitions is None:
            rows = await reader.fetch(_SETTLED, after, limit)
        else:
            rows = await reader.fetch(_SETTLED_OF_PARTITIONS, after, limit, list(partitions))
        return [RawEvent(*row) for row in rows]

    async def read_tenant(self, tenant: UUID, up_to: int) -> list[RawEvent]:
        """Return all of one tenant's events up to a position, in log order."""
        return [RawEvent(*row) for row in await self._pool.fetch(_OF_TENANT, tenant, up_to)]

    async def position_at(self, tenant: UUID, at: datetime) -> int:
        """Return the position of a tenant's last event that was recorded at a time or before; 0 if there is none."""
        position: int | None = await self._pool.fetchval(_POSITION_AT, tenant, at)
        return position or 0

    async def recorded_since(self, tenant: UUID, at: datetime) -> bool:
        """Whether one of a tenant's events was recorded at a time or later."""
        found: bool = await self._pool.fetchval(_RECORDED_SINCE, tenant, at)
        return found

    async def tenants_of(self, ids: Sequence[UUID]) -> list[UUID]:
        """Return the tenants among these ids, and those of the streams among them."""
        return [row["tenant"] for row in await self._pool.fetch(_TENANTS, list(ids))]

    async def last_position(self) -> int:
        """Return where the settled log ends; 0 if it is empty."""
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
        """Yield the settled log in batches, from after a position up to another, or until there is no more.

        While the caller works on a batch, PostgreSQL reads the next one; who stops early closes the iterator.

        Args:
            after: the position before the first.
            up_to: the last position.
            batch: events in a batch at most.
            partitions: only events that go to these partitions of the topic.
        """
        reading = asyncio.create_task(self.read_settled(after, batch, partitions=partitions))
        try:
            while events := await reading:
                last = events[-1].position
                if up_to is not None and last >= up_to:
                    if wanted := [event for event in events if event.position <= up_to]:
                        yield wanted
                    return
                reading = asyncio.create_task(self.read_settled(last, batch, partitions=partitions))
                yield events
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def notify_appends(self) -> None:
        """Tell the publisher of appends until cancelled.

        A NOTIFY inside the append would take a lock that makes commits queue; this sends one per burst instead.
        """
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self._statements.fetch(f"notify {CHANNEL}")
            except DATABASE_AWAY as error:
                # The publisher polls as well, so a lost wake-up costs milliseconds, not events.
                logger.warning("could not wake the publisher: %s", error)
                await asyncio.sleep(0.5)
            # Awake, it looks every few milliseconds by itself; without this pause every other append would notify.
            await asyncio.sleep(NOTIFY_SECONDS)

    async def drain(self) -> None:
        """Wait for snapshots that are being written."""
        await asyncio.gather(*self._background, return_exceptions=True)

    def _after_append(self, staged: Sequence[Staged], position: int) -> None:
        for stream in staged:
            position += len(stream.events)
            version = stream.expected_version + len(stream.events)
            loaded = Loaded(stream.state, version, position - 1, stream.tenant)
            known = self._cache.look(stream.stream_id)
            snapshot_version = 0 if known is None else known.snapshot_version
            shape = _shape(stream.kind)
            if version - snapshot_version >= SNAPSHOT_EVERY:
                snapshot_version = version
                task = asyncio.create_task(self._snapshot(stream.stream_id, shape, loaded))
                self._background.add(task)
                task.add_done_callback(self._background.discard)
            self._cache.keep(stream.stream_id, Remembered(shape.fingerprint, loaded, snapshot_version))

    async def _snapshot(self, stream_id: UUID, shape: "_Shape", loaded: Loaded) -> None:
        try:
            await self._pool.execute(
                """
                insert into snapshots (stream_id, fingerprint, version, position, tenant, state)
                values ($1, $2, $3, $4, $5, $6)
                on conflict (stream_id) do update set fingerprint = excluded.fingerprint, version = excluded.version,
                    position = excluded.position, tenant = excluded.tenant, state = excluded.state
                where snapshots.version < excluded.version or snapshots.fingerprint <> excluded.fingerprint
                """,
                stream_id,
                shape.fingerprint,
                loaded.version,
                loaded.position,
                loaded.tenant,
                shape.adapter.dump_json(loaded.state),
            )
        except DATABASE_AWAY as error:
            # A snapshot is a short cut; the stream loads without it, only slower.
            logger.warning("could not write the snapshot of stream %s: %s", stream_id, error)


class _Shape:
    """How a kind's state is written, and a fingerprint that changes when the state's fields do."""

    def __init__(self, kind: StreamKind[Any]) -> None:
        self.adapter: TypeAdapter[Any] = TypeAdapter(kind.state)
        schema = json.dumps(self.adapter.json_schema(mode="serialization"), sort_keys=True)
        self.fingerprint = f"{kind.name}.{hashlib.sha256(schema.encode()).hexdigest()[:16]}"


_shapes: dict[str, _Shape] = {}


def _shape(kind: StreamKind[Any]) -> _Shape:
    if kind.name not in _shapes:
        _shapes[kind.name] = _Shape(kind)
    return _shapes[kind.name]


def _cause(context: Context) -> tuple[int | None, bytes | None]:
    return (None, None) if context.cause is None else (context.cause.position, context.cause.hash)


def _receipt(command_id: UUID, row: asyncpg.Record) -> Receipt:
    token = None
    if row["token_position"] is not None and row["token_partition"] is not None:
        token = ConsistencyToken(row["token_partition"], row["token_position"])
    result = None if row["result"] is None else json.loads(row["result"])
    return Receipt(command_id=command_id, result=result, token=token, replayed=True)
