"""The event store on PostgreSQL: appends with optimistic concurrency, one round trip per command."""

import asyncio
import json
import logging
from collections.abc import Collection, Sequence
from typing import TypeVar
from uuid import UUID

import asyncpg
import msgspec

from commands.ports import (
    CommandReused,
    Commit,
    ConcurrencyConflict,
    Context,
    KnownCommands,
    Loaded,
    Receipt,
    Staged,
    StreamKindMismatch,
    UnknownCause,
    after_group,
)
from domain.ids import uuid7
from domain.kernel import Clock, DomainEvent, StreamKind
from domain.money import RECORDED
from infra.adapters.postgres.group_append import APPEND_GROUP, group_arguments
from infra.adapters.postgres.group_commits import GroupCommits
from infra.adapters.postgres.settled_log import SettledLog
from infra.adapters.postgres.snapshots import SNAPSHOT_EVERY, SnapshotWriter, shape_of
from infra.adapters.postgres.state_cache import CachedState, StateCache
from infra.adapters.postgres.sticky_connections import StickyConnections
from projections.engine.postgres_errors import DATABASE_AWAY
from schemas.envelope import ConsistencyToken
from schemas.registry import decode, encode
from schemas.topics import partition_of

S = TypeVar("S")

CACHED_STREAMS = 4096
"""States kept in memory. A load starts from the cached state and reads the events after it."""
CHANNEL = "zyenta_events"
"""The publisher listens here."""
UNKNOWN_CAUSE = "ZY001"
"""The SQLSTATE of ``append_events`` if the store does not hold a command's cause."""
KNOWN_COMMANDS = "ZY002"
"""The SQLSTATE of ``append_group`` if a command has run before."""
NOTIFY_SECONDS = 0.01
"""Least time between two notifications of the publisher."""

COLLISIONS = (asyncpg.UniqueViolationError, asyncpg.SerializationError, asyncpg.DeadlockDetectedError)
"""What PostgreSQL raises if another append was first."""

_APPEND = """
select * from append_events($1, $2, $3, $4, $5, $6, $7, $8, $9::uuid[], $10::uuid[], $11::integer[], $12::text[],
                            $13::uuid[], $14::bytea[], $15::uuid[], $16::integer[], $17, $18, $19)
"""

_APPEND_ONE = """
select append_event($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14::uuid[], $15::integer[],
                    $16, $17, $18)
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

_KNOWN = "select command_id from commands where command_id = any ($1::uuid[])"

_OUTDATED = """
select distinct e.stream_id from unnest($1::uuid[], $2::integer[]) as assumed (stream_id, version)
join events e on e.stream_id = assumed.stream_id and e.version = assumed.version + 1
"""

logger = logging.getLogger(__name__)


class PostgresEventLog(SettledLog):
    """Implements :class:`commands.ports.EventLog`.

    Isolation is READ COMMITTED: an append is protected by ``unique (stream_id, version)``, not by locks.
    """

    def __init__(self, pool: asyncpg.Pool, clock: Clock, *, cached_streams: int = CACHED_STREAMS) -> None:
        super().__init__(pool)
        self._snapshots = SnapshotWriter(pool)
        self._statements = StickyConnections(pool)
        self._clock = clock
        self._cache = StateCache(cached_streams)
        self._wake = asyncio.Event()
        self._commits = GroupCommits(self._commit_alone, self.commit_group)

    async def load(self, kind: StreamKind[S], stream_id: UUID) -> Loaded | None:
        shape = shape_of(kind)
        cached = self._cache.get(stream_id)
        if cached is not None and cached.fingerprint == shape.fingerprint:
            start, snapshot_version = cached.loaded, cached.snapshot_version
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
        self._cache.put(stream_id, CachedState(shape.fingerprint, loaded, snapshot_version))
        return loaded

    def cached(self, kind: StreamKind[S], stream_id: UUID) -> Loaded | None:
        cached = self._cache.get(stream_id)
        return None if cached is None or cached.fingerprint != shape_of(kind).fingerprint else cached.loaded

    async def commit(self, commit: Commit) -> Receipt:
        return await self._commits.commit(commit)

    async def _commit_alone(self, commit: Commit) -> Receipt:
        command_id = commit.context.command_id
        events = [(staged, event) for staged in commit.staged for event in staged.events]
        token = ConsistencyToken.of(events[-1][0].tenant, 0) if events else commit.read
        result = None if commit.result is None else msgspec.json.encode(commit.result).decode()
        try:
            if len(events) == 1:
                position = await self._append_one(commit, result, *events[0])
                replayed = position is None
            else:
                replayed, position = await self._append(commit, result, token, events)
        except COLLISIONS as error:
            self._forget([commit])
            raise ConcurrencyConflict(str(error)) from error
        except asyncpg.PostgresError as error:
            if error.sqlstate == UNKNOWN_CAUSE and commit.context.cause is not None:
                raise UnknownCause(commit.context.causation_id, commit.context.cause.position) from error
            raise
        if replayed:
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

    async def commit_group(self, commits: Sequence[Commit]) -> Sequence[Receipt]:
        results = [None if commit.result is None else msgspec.json.encode(commit.result).decode() for commit in commits]
        try:
            ((first,),) = await self._statements.fetch(APPEND_GROUP, *group_arguments(commits, results, self._new_id))
        except COLLISIONS as error:
            self._forget(commits)
            raise ConcurrencyConflict(str(error)) from error
        except asyncpg.PostgresError as error:
            if error.sqlstate == KNOWN_COMMANDS:
                raise KnownCommands from error
            if error.sqlstate == UNKNOWN_CAUSE:
                cause = next(commit.context for commit in commits if commit.context.cause is not None)
                raise UnknownCause(cause.causation_id, 0 if cause.cause is None else cause.cause.position) from error
            raise
        if any(commit.staged for commit in commits):
            self._wake.set()
        receipts: list[Receipt] = []
        position: int = first
        for commit, result in zip(commits, results, strict=True):
            self._after_append(commit.staged, position)
            position += sum(len(staged.events) for staged in commit.staged)
            receipts.append(
                Receipt(
                    command_id=commit.context.command_id,
                    result=None if result is None else msgspec.json.decode(result),
                    token=(
                        ConsistencyToken.of(commit.staged[-1].tenant, position - 1)
                        if commit.staged
                        else after_group(commit.read, first)
                    ),
                    replayed=False,
                )
            )
        return receipts

    def _forget(self, commits: Sequence[Commit]) -> None:
        for commit in commits:
            for stream_id in (*commit.assumed, *(staged.stream_id for staged in commit.staged)):
                self._cache.drop(stream_id)

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
            commit.context.actor,
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
            commit.context.actor,
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

    async def known(self, command_ids: Collection[UUID]) -> frozenset[UUID]:
        rows = await self._statements.fetch(_KNOWN, list(command_ids))
        return frozenset(row["command_id"] for row in rows)

    async def outdated(self, assumed: Collection[tuple[UUID, int]]) -> frozenset[UUID]:
        rows = await self._statements.fetch(
            _OUTDATED, [stream for stream, _ in assumed], [version for _, version in assumed]
        )
        return frozenset(row["stream_id"] for row in rows)

    async def notify_appends(self) -> None:
        """Notify the publisher of appends until cancelled.

        A NOTIFY inside the append would take a lock that serializes commits. This sends one per burst instead.
        """
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self._statements.fetch(f"notify {CHANNEL}")
            except DATABASE_AWAY as error:
                # The publisher polls too, so a lost wake-up costs a second, not events.
                logger.warning("could not wake the publisher: %s", error)
                await asyncio.sleep(0.5)
            # The woken publisher polls every few milliseconds. Without this pause every other append would notify.
            await asyncio.sleep(NOTIFY_SECONDS)

    async def drain(self) -> None:
        """Wait for the commits and snapshots that are being written."""
        await self._commits.drain()
        await self._snapshots.drain()

    def _after_append(self, staged: Sequence[Staged], position: int) -> None:
        for stream in staged:
            position += len(stream.events)
            version = stream.expected_version + len(stream.events)
            loaded = Loaded(stream.state, version, position - 1, stream.tenant)
            cached = self._cache.peek(stream.stream_id)
            snapshot_version = 0 if cached is None else cached.snapshot_version
            shape = shape_of(stream.kind)
            if version - snapshot_version >= SNAPSHOT_EVERY:
                snapshot_version = version
                self._snapshots.write(stream.stream_id, shape, loaded)
            self._cache.put(stream.stream_id, CachedState(shape.fingerprint, loaded, snapshot_version))


def _cause(context: Context) -> tuple[int | None, bytes | None]:
    return (None, None) if context.cause is None else (context.cause.position, context.cause.hash)


def _receipt(command_id: UUID, row: asyncpg.Record) -> Receipt:
    token = None
    if row["token_position"] is not None and row["token_partition"] is not None:
        token = ConsistencyToken(row["token_partition"], row["token_position"])
    result = None if row["result"] is None else json.loads(row["result"])
    return Receipt(command_id=command_id, result=result, token=token, replayed=True)
