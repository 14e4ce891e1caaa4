"""Rebuilds a read model beside the live one and swaps it in, while commands and queries go on.

The new tables are in the schema ``<name>_build`` with their own checkpoints. A bulk load fills them from the beginning
of the topic up to the live positions. Then both sets of tables are compared at the live positions of one snapshot, in
which rows and checkpoints agree. The swap is one transaction:

1. It locks the live checkpoints, which stops the live runner at its next write.
2. It applies the last few events, so that both sets stand at the same positions.
3. It swaps the names of the schemas.

Between comparison and swap, only the log can change either set: each writer moves checkpoints, and this rebuild owns
those of the new tables.

While a transaction has an id, later appends are not published (ADR 0002). So only short transactions of a rebuild have
one: a write of the load, and the swap. Comparing and indexing take long and have none.

Queries name tables without a schema. The next query of any connection reads the new tables, prepared or not; a running
query finishes on the old tables, which are dropped afterwards. The live runner is fenced, and continues with the new
tables.

A killed or refused rebuild leaves the live tables unchanged, and the next rebuild resumes it. A rebuild by other code
starts over, because the difference may be a fixed fold.

A new ``version`` of the tables or their meaning cannot be compared row by row. Its tables are refused only if one is
empty while the live table of the same name is not. Until the swap the old rows stay readable. Runners of the old code
keep them current while there are any; runners of the new code do not write to old tables. If no old runner is left, the
old rows stand still until the swap, and queries with a consistency token answer ``STALE``. After the swap, runners of
the old code are fenced and idle. So deploy projectors first; queries of the new code may need columns that the old
tables lack.
"""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import asyncpg

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
from projections.engine.rebuild.bulk_load import MAX_UNAPPLIABLE, BulkLoad, BulkLoadWorkers, Unappliable
from projections.engine.rebuild.row_diff import Histories, RowDifference, Side, compare, count_rows, open_snapshot
from projections.engine.rebuild.session import (
    AlreadyRebuilding,
    RebuildProgress,
    RebuildRefused,
    Report,
    as_transient,
    rebuild_lock,
)
from projections.engine.rebuild.staging import fingerprint, finish, pause_autovacuum
from projections.engine.tables import Connection, ReadModel

ROUNDS = 10
"""How many rounds follow the live tables before they are stopped, so that the last round is short."""
FEW = 512
"""Events that the last round may leave to the swap."""
STILL_SECONDS = 3.0
"""How long the swap may stop the live runner and the publisher; queries wait five seconds for the log."""

logger = logging.getLogger(__name__)


class Different(RebuildRefused):
    """The new tables and the live ones hold different rows."""

    def __init__(self, name: str, difference: RowDifference) -> None:
        super().__init__(
            f"{name} is unchanged: its rows differ from what the log makes of them. {difference}. If the live rows are "
            "wrong, rebuild again with --even-if-different."
        )
        self.difference = difference


class Emptied(RebuildRefused):
    """A table of the new version is empty, and the live table of that name is not."""

    def __init__(self, name: str, table: str, rows: int) -> None:
        super().__init__(
            f"{name} is unchanged: in the new version {table} is empty, in the live version it has {rows:,} rows. If that "
            "is intended, rebuild again with --even-if-different."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """The result of a rebuild."""

    name: str
    version: int
    events: int
    """How many events this run read, without those of the run that it resumed."""
    resumed: bool
    rows: Mapping[str, int]
    """How many rows each table had at the comparison."""
    unappliable: tuple[Unappliable, ...]
    """Events that were passed over, which the live runner parked; a thousand at most."""
    difference: RowDifference | None
    """The first difference of the replaced tables, if differences were allowed."""
    fenced_seconds: float
    """How long the swap stopped the live runner."""


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
        """Connect a pool and the log.

        Args:
            pool: four of its connections are used at once.
            bootstrap_servers: where the log is.
            histories: where to look for the event behind a difference.
            workers: share a large load; None if this process loads alone.
        """
        self._pool = pool
        self._bootstrap_servers = bootstrap_servers
        self._histories = histories
        self._workers = workers

    async def rebuild(
        self, model: ReadModel[Any], *, even_if_different: bool = False, report: Report = lambda _: None
    ) -> Rebuilt:
        """Build a read model from the log and swap it in.

        Args:
            model: what to rebuild, in the version of this program.
            even_if_different: swap although the rows differ.
            report: called with the progress, several times a second.

        Raises:
            RebuildRefused: the live tables are unchanged; the message says why.
            Transient: PostgreSQL or the broker failed; the next rebuild resumes this one.
        """
        run = _Run()
        try:
            async with self._pool.acquire() as connection, rebuild_lock(connection, model.name):
                return await self._rebuild(connection, model, run, report, even_if_different=even_if_different)
        except Exception as error:
            raise as_transient(error) from error

    async def rebuild_when_due(self, model: ReadModel[Any]) -> None:
        """Return once the live tables have the program's version or a newer one; rebuild them unless another process does.

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
        report: Report,
        *,
        even_if_different: bool,
    ) -> Rebuilt:
        live = await ensure_live(connection, model)
        if live.version > model.version:
            raise RebuildRefused(
                f"{model.name} is live in version {live.version}, this program has {model.version}. "
                "Rebuild with the newer program."
            )
        progress, schema = run.progress, f"{model.name}_build"
        await self._drop(connection, f"{model.name}_old")
        checkpoints = await self._prepare(connection, model, schema, run)
        goal = await self._positions(connection, model.name)

        def pass_over(record: Unappliable) -> None:
            logger.warning(
                "%s passes over offset %d of partition %d: %s", schema, record.offset, record.partition, record.error
            )
            if len(run.unappliable) < MAX_UNAPPLIABLE:
                run.unappliable.append(record)

        def add(count: int) -> None:
            progress.events += count
            progress.share = bulk_load.share_of(goal)
            report(progress)

        bulk_load = BulkLoad(
            model, self._pool, self._bootstrap_servers, schema, checkpoints, on_unappliable=pass_over, on_read=add
        )
        progress.phase = "reading"
        if self._workers is not None:
            await self._workers.load(bulk_load, goal)
        async with bulk_load.open():
            await bulk_load.load(goal)
            progress.phase = "indexing"
            report(progress)
            await finish(self._pool, model, schema)
            progress.phase = "reading"
            await self._catch_up(connection, bulk_load, progress)
            rows, difference = await self._compare(
                connection, model, live, bulk_load, run, report, even_if_different=even_if_different
            )
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
        """Create the new tables, or resume those of a killed rebuild."""
        mark = fingerprint(model)
        known = await connection.fetchval(
            "select obj_description(oid, 'pg_namespace') from pg_namespace where nspname = $1", schema
        )
        run.resumed = known == mark
        async with connection.transaction():
            if not run.resumed:
                await drop_tables(connection, schema)
                await create_tables(connection, model, schema, ddl=model.tables_ddl)
                await pause_autovacuum(connection, model, schema)
                await connection.execute(f"comment on schema \"{schema}\" is '{mark}'")
            return await take_over(connection, schema, await self._positions(connection, schema))

    async def _catch_up(self, connection: Connection, bulk_load: BulkLoad, progress: RebuildProgress) -> None:
        """Load up to the live positions, again and again until few events are missing."""
        for _ in range(ROUNDS):
            before = progress.events
            await bulk_load.load(await self._positions(connection, bulk_load.projection.name))
            if progress.events - before < FEW:
                return

    async def _compare(
        self,
        connection: Connection,
        model: ReadModel[Any],
        live: Live,
        bulk_load: BulkLoad,
        run: _Run,
        report: Report,
        *,
        even_if_different: bool,
    ) -> tuple[dict[str, int], RowDifference | None]:
        """Return the row counts of the new tables, and the first difference if differences are allowed.

        Raises:
            Different, Emptied: the tables differ, which is not allowed.
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
        """Replace the live tables by the new ones; return for how many seconds the live runner was stopped.

        Raises:
            Fenced: another process wrote to the new tables.
            Transient: the last events took too long; the live tables stay, and the next rebuild resumes here.
        """
        loop = asyncio.get_running_loop()
        name, schema = model.name, bulk_load.schema
        async with connection.transaction():
            # If this process freezes, the server ends the transaction.
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
                    "the swap of the rebuild", f"{name} would have stopped for over {STILL_SECONDS:.0f} s"
                ) from error
            # An operation that has begun reads to its end from the tables that it began with.
            await connection.execute("lock table projections in access exclusive mode")
            await connection.execute(f'alter schema "{name}" rename to "{name}_old"')
            await connection.execute(f'alter schema "{schema}" rename to "{name}"')
            await connection.execute(f'comment on schema "{name}" is null')
            # A higher owner number fails the live runner's write that waits for these rows.
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
                list(bulk_load.checkpoints),
                [checkpoint.owner for checkpoint in bulk_load.checkpoints.values()],
            )
            if lost := bulk_load.checkpoints.keys() - {row["partition"] for row in moved}:
                raise Fenced(schema, [bulk_load.checkpoints[number] for number in sorted(lost)])
            await connection.execute("delete from checkpoints where schema_name = $1", schema)
            await connection.execute(
                "update projections set version = $2, built_at = clock_timestamp() where name = $1", name, model.version
            )
        return loop.time() - begun

    async def _drop(self, connection: Connection, schema: str) -> None:
        """Drop a schema once no query reads it; if that takes too long, leave it to the next rebuild."""
        for _ in range(10):
            with suppress(asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
                async with connection.transaction():
                    # Short, because new queries queue behind a waiting lock.
                    await connection.execute("set local lock_timeout to '200ms'")
                    await drop_tables(connection, schema)
                return
            await asyncio.sleep(0.5)
        logger.warning("%s is still being read; the next rebuild drops it", schema)

    async def _positions(self, connection: Connection, schema: str) -> dict[int, int]:
        return {number: each.position for number, each in (await positions_of(connection, schema)).items()}


async def _refuse_emptied(old: Side, model: ReadModel[Any], rows: Mapping[str, int]) -> None:
    """Refuse a new version in which a table lost all its rows.

    Raises:
        Emptied: a table is empty, and the live table of that name is not.
    """
    for table, count in rows.items():
        if count:
            continue
        known = await old.connection.fetchval("select to_regclass($1)", f'"{old.schema}".{table}')
        if known is not None:
            before = await old.connection.fetchval(f'select count(*) from "{old.schema}".{table}')  # noqa: S608  # names of tables
            if before:
                raise Emptied(model.name, table, before)
