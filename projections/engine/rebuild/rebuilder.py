"""Builds a read model anew beside the live one and puts it in its place, while commands and queries go on.

The new tables are in the schema ``<name>_build``, with checkpoints of their own, and grow from the beginning of the topic
up to where the live ones stand. Then both are compared, where the live ones stand in one snapshot of the database; rows
and checkpoints always agree there. At last, in one transaction: the live checkpoints are locked, which stops the live
runner at its next write; the last few events are applied, so that both stand at the same places again; the schemas swap
names. Since the comparison only the log has changed either: whoever writes to one moves its checkpoints, and only this
rebuild owns those of the new tables.

While anybody's transaction has an id, nothing that is appended after it is published (ADR 0002). So only short ones here
have one: a chunk of events, and the swap. What takes long (comparing, indexes) goes without.

Queries name tables without a schema, so the next one of any connection, prepared or not, reads the new tables; one that
is running finishes on the old ones, which are dropped when it is done. The runner finds itself fenced, and goes on with
the new tables.

Killed or refused, a rebuild leaves the live tables as they were, and the next one goes on where it stopped; but for one by
other code, which begins anew: what the old code has folded may be what was mended.

With a new version of the tables or of their meaning (``version`` raised) there is nothing to compare row by row; the new
tables are refused only if one is empty whose namesake holds rows. Until the swap the old rows stay readable. Runners of
the old code keep them up to date while there are any; runners of the new code write nothing into old tables, so if all
were replaced the old rows stand still meanwhile, and queries with a consistency token answer ``STALE``. After the swap
runners of the old code are fenced and stand idle. So deploy projectors first; queries of the new code may need columns
that the old tables lack.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from aiokafka.errors import KafkaError

from domain.kernel import Transient
from projections.engine.checkpoints import (
    Checkpoint,
    Fenced,
    Live,
    create_tables,
    drop_tables,
    ensure_live,
    live_tables,
    positions_of,
    take_over,
)
from projections.engine.postgres_errors import DATABASE_AWAY
from projections.engine.rebuild.bulk_load import CHUNK, KEPT_UNAPPLIABLE, BulkLoad, BulkLoadWorkers, Unappliable
from projections.engine.rebuild.row_diff import Histories, RowDifference, Side, compare, count_rows, open_snapshot
from projections.engine.rebuild.staging import fingerprint, finish
from projections.engine.tables import Connection, ReadModel

LOCK = 7241004
"""With the read model's name, the advisory lock of the one process that rebuilds it."""
ROUNDS = 10
"""How often the live tables are followed before they are stopped: the last round is a few events."""
STILL_SECONDS = 3.0
"""How long the live runner, and with it the publisher, may stand still at most: readers wait five seconds for the log."""

logger = logging.getLogger(__name__)


class RebuildRefused(Exception):
    """The new tables did not take the place of the live ones, which are as they were."""


class Different(RebuildRefused):
    """The new tables and the live ones hold different rows."""

    def __init__(self, name: str, difference: RowDifference) -> None:
        super().__init__(
            f"{name} stays as it is: by the log its rows would be others. {difference}. If the live rows are the wrong "
            "ones, rebuild again with --even-if-different."
        )
        self.difference = difference


class Emptied(RebuildRefused):
    """A table of the new version is empty, and its namesake is not."""

    def __init__(self, name: str, table: str, rows: int) -> None:
        super().__init__(
            f"{name} stays as it is: in the new version {table} is empty, in the live one it holds {rows:,} rows. If that "
            "is meant, rebuild again with --even-if-different."
        )


class AlreadyRebuilding(RebuildRefused):
    """Another process rebuilds the same read model."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is being rebuilt by another process. Wait for it, or stop it and try again.")


@dataclass(slots=True)
class RebuildProgress:
    """How far a rebuild has come."""

    phase: str = "preparing"
    """preparing, reading, indexing, comparing, swapping."""
    events: int = 0
    """Read by this run."""
    share: float = 0.0
    """Of the way to where the live tables stand, 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """What a rebuild did."""

    name: str
    version: int
    events: int
    """Read by this run; a run that was resumed does not count those before it."""
    resumed: bool
    rows: Mapping[str, int]
    """When they were compared."""
    unappliable: tuple[Unappliable, ...]
    """Events that were passed over, as the runner that parked them did; a thousand at most."""
    difference: RowDifference | None
    """Of the tables that went, where that was allowed."""
    fenced_seconds: float
    """How long the live runner stood still."""


Report = Callable[[RebuildProgress], None]


@dataclass(slots=True)
class _Run:
    progress: RebuildProgress = field(default_factory=RebuildProgress)
    unappliable: list[Unappliable] = field(default_factory=list)
    resumed: bool = False


class Rebuilder:
    """Rebuilds read models; see the module."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        bootstrap_servers: str,
        *,
        histories: Histories | None = None,
        workers: BulkLoadWorkers | None = None,
    ) -> None:
        """Make a rebuilder.

        Args:
            pool: six of its connections are used at once.
            bootstrap_servers: where the log is.
            histories: where the event behind a difference is looked for.
            workers: who fills the tables where there is much to fill; left out: this process alone.
        """
        self._pool = pool
        self._bootstrap_servers = bootstrap_servers
        self._histories = histories
        self._workers = workers

    async def rebuild(
        self, model: ReadModel[Any], *, even_if_different: bool = False, report: Report = lambda _: None
    ) -> Rebuilt:
        """Build a read model anew and swap it in.

        Args:
            model: which, of the version this program has.
            even_if_different: swap although the rows differ.
            report: told of progress, several times a second.

        Raises:
            RebuildRefused: the live tables stay; the message says why.
            Transient: PostgreSQL or the broker failed; the next rebuild goes on where this one stopped.
        """
        run = _Run()
        try:
            async with self._pool.acquire() as connection, alone(connection, model.name):
                return await self._rebuild(connection, model, run, even_if_different, report)
        except Exception as error:
            raise known_trouble(error) from error

    async def rebuild_when_due(self, model: ReadModel[Any]) -> None:
        """Return once the live tables are of the program's version or newer, whoever rebuilds them.

        Raises:
            RebuildRefused, Transient: see :meth:`rebuild`.
        """
        while True:
            try:
                async with self._pool.acquire() as connection:
                    live = await live_tables(connection, model.name)
                if live is not None and live.version >= model.version:
                    return
                await self.rebuild(model)
            except AlreadyRebuilding:
                await asyncio.sleep(0.5)

    async def _rebuild(
        self,
        connection: Connection,
        model: ReadModel[Any],
        run: _Run,
        even_if_different: bool,
        report: Report,
    ) -> Rebuilt:
        live = await ensure_live(connection, model)
        if live.version > model.version:
            raise RebuildRefused(
                f"{model.name} is live in version {live.version}, this program has {model.version}. "
                "Rebuild with the newer program."
            )
        progress, schema = run.progress, f"{model.name}_build"
        await self._drop(connection, f"{model.name}_old")
        places = await self._prepare(connection, model, schema, run)
        goal = await self._positions(connection, model.name)

        def passed(each: Unappliable) -> None:
            logger.warning(
                "%s passes over offset %d of partition %d: %s", schema, each.offset, each.partition, each.error
            )
            if len(run.unappliable) < KEPT_UNAPPLIABLE:
                run.unappliable.append(each)

        def read(count: int) -> None:
            progress.events += count
            wanted = sum(goal.values())
            progress.share = sum(min(place.position, goal[n]) for n, place in bulk_load.places.items()) / max(1, wanted)
            report(progress)

        bulk_load = BulkLoad(
            model, self._pool, self._bootstrap_servers, schema, places, on_unappliable=passed, on_read=read
        )
        progress.phase = "reading"
        if self._workers is not None:
            await self._workers.load(bulk_load, goal)
        async with bulk_load.open():
            await bulk_load.load(goal)
            progress.phase = "indexing"
            report(progress)
            await finish(connection, model, schema)
            progress.phase = "reading"
            await self._catch_up(connection, bulk_load, progress)
            rows, difference = await self._compare(connection, model, live, bulk_load, run, even_if_different, report)
            progress.phase = "swapping"
            report(progress)
            await self._catch_up(connection, bulk_load, progress)
            fenced_seconds = await self._swap(connection, model, bulk_load)
        await self._drop(connection, f"{model.name}_old")
        return Rebuilt(
            name=model.name,
            version=model.version,
            events=progress.events,
            resumed=run.resumed,
            rows=rows,
            unappliable=tuple(run.unappliable),
            difference=difference,
            fenced_seconds=fenced_seconds,
        )

    async def _prepare(self, connection: Connection, model: ReadModel[Any], schema: str, run: _Run) -> list[Checkpoint]:
        """Make the new tables, or go on with those of a rebuild that was killed."""
        mark = fingerprint(model)
        known = await connection.fetchval(
            "select obj_description(oid, 'pg_namespace') from pg_namespace where nspname = $1", schema
        )
        run.resumed = known == mark
        async with connection.transaction():
            if not run.resumed:
                await drop_tables(connection, schema)
                await create_tables(connection, model, schema, indexes=False)
                await connection.execute(f"comment on schema \"{schema}\" is '{mark}'")
            return await take_over(connection, schema, await self._positions(connection, schema))

    async def _catch_up(self, connection: Connection, bulk_load: BulkLoad, progress: RebuildProgress) -> None:
        """Follow the live tables until only a few events are missing."""
        for _ in range(ROUNDS):
            before = progress.events
            await bulk_load.load(await self._positions(connection, bulk_load.projection.name))
            if progress.events - before < CHUNK // 8:
                return

    async def _compare(
        self,
        connection: Connection,
        model: ReadModel[Any],
        live: Live,
        bulk_load: BulkLoad,
        run: _Run,
        even_if_different: bool,
        report: Report,
    ) -> tuple[dict[str, int], RowDifference | None]:
        """Return how many rows the new tables have, and what the live ones have otherwise, where that is allowed.

        Raises:
            Different, Emptied: it is not.
        """
        async with open_snapshot(self._pool) as snapshot:
            positions = await self._positions(snapshot, model.name)
            await bulk_load.load(positions)
            run.progress.phase = "comparing"
            report(run.progress)
            old, new = Side(snapshot, model.name), Side(connection, bulk_load.schema)
            rows = await count_rows(new, model)
            difference = None
            if live.version == model.version:
                difference = await compare(old, new, model, self._histories, positions)
                if difference is not None and not even_if_different:
                    raise Different(model.name, difference)
            elif not even_if_different:
                await _refuse_emptied(old, model, rows)
            return rows, difference

    async def _swap(self, connection: Connection, model: ReadModel[Any], bulk_load: BulkLoad) -> float:
        """Put the new tables in the place of the live ones; return for how many seconds these stood still.

        Raises:
            Fenced: somebody else has written to the new tables.
            Transient: the last events took too long; the live tables stay, and the next rebuild goes on from here.
        """
        loop = asyncio.get_running_loop()
        name, schema = model.name, bulk_load.schema
        async with connection.transaction():
            # Where this process is frozen, the server ends what it has begun.
            await connection.execute(
                "set local lock_timeout to '2s'; set local idle_in_transaction_session_timeout to '5s'"
            )
            begun = loop.time()
            try:
                async with asyncio.timeout(STILL_SECONDS):
                    stopped = await positions_of(connection, name, lock=True)
                    await bulk_load.load({number: checkpoint.position for number, checkpoint in stopped.items()})
            except TimeoutError as error:
                raise Transient(
                    "the last step of the rebuild", f"{name} would have stood still for over {STILL_SECONDS:.0f} s"
                ) from error
            await connection.execute(f'alter schema "{name}" rename to "{name}_old"')
            await connection.execute(f'alter schema "{schema}" rename to "{name}"')
            await connection.execute(f'comment on schema "{name}" is null')
            # The owner goes up, so that a write of the live runner that waits for these rows fails.
            moved = await connection.fetch(
                """
                update checkpoints as c set next_offset = b.next_offset, position = b.position,
                    owner = c.owner + 1, running = false, updated_at = clock_timestamp()
                from checkpoints as b join unnest($3::integer[], $4::bigint[]) as o (partition, owner)
                    on b.partition = o.partition and b.owner = o.owner
                where c.schema_name = $1 and b.schema_name = $2 and b.partition = c.partition and b.position = c.position
                returning c.partition
                """,
                name,
                schema,
                list(bulk_load.places),
                [place.owner for place in bulk_load.places.values()],
            )
            if lost := bulk_load.places.keys() - {row["partition"] for row in moved}:
                raise Fenced(schema, [bulk_load.places[number] for number in sorted(lost)])
            await connection.execute("delete from checkpoints where schema_name = $1", schema)
            await connection.execute(
                "update projections set version = $2, built_at = clock_timestamp() where name = $1", name, model.version
            )
        return loop.time() - begun

    async def _drop(self, connection: Connection, schema: str) -> None:
        """Drop a schema once nobody reads it any more; if that takes long, the next rebuild does."""
        for _ in range(10):
            with suppress(asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
                async with connection.transaction():
                    # Short, because queries queue behind a lock that is waited for.
                    await connection.execute("set local lock_timeout to '200ms'")
                    await drop_tables(connection, schema)
                return
            await asyncio.sleep(0.5)
        logger.warning("%s is still being read; it is dropped by the next rebuild", schema)

    async def _positions(self, connection: Connection, schema: str) -> dict[int, int]:
        return {number: place.position for number, place in (await positions_of(connection, schema)).items()}


async def _refuse_emptied(old: Side, model: ReadModel[Any], rows: Mapping[str, int]) -> None:
    """Refuse a new version that lost all rows of a table it still has.

    Raises:
        Emptied: it did.
    """
    for table, count in rows.items():
        if count:
            continue
        known = await old.connection.fetchval("select to_regclass($1)", f'"{old.schema}".{table}')
        if known is not None:
            before = await old.connection.fetchval(f'select count(*) from "{old.schema}".{table}')  # noqa: S608 - own names
            if before:
                raise Emptied(model.name, table, before)


@asynccontextmanager
async def alone(connection: Connection, name: str) -> AsyncIterator[None]:
    """Hold the lock of the one that rebuilds; it goes with the connection, so a killed process leaves none behind.

    Raises:
        AlreadyRebuilding: somebody else holds it.
    """
    if not await connection.fetchval("select pg_try_advisory_lock($1, hashtext($2))", LOCK, name):
        raise AlreadyRebuilding(name)
    try:
        yield
    finally:
        with suppress(*DATABASE_AWAY):
            await connection.execute("select pg_advisory_unlock($1, hashtext($2))", LOCK, name)


def known_trouble(error: Exception) -> Exception:
    """Return an error as callers know it: of several the first, that of a lane which made the others stop."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, KafkaError):
        return Transient("the broker", f"{type(error).__name__}: {error}")
    if isinstance(error, DATABASE_AWAY):
        return Transient("PostgreSQL", f"{type(error).__name__}: {error}")
    return error
