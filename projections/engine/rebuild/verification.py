"""Verifies that the live rows of a read model equal a fresh fold of the log, while everything keeps running.

The log is folded into tables in the schema ``<name>_check``, up to the positions of the live tables in one snapshot of
the database. In a snapshot, rows and checkpoints agree, because they are always written together. Then both sets of
tables are compared, and the fresh tables are dropped.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import asyncpg

from projections.engine.checkpoints import Checkpoint, create_tables, drop_tables, live_tables, positions_of, take_over
from projections.engine.postgres_errors import DATABASE_AWAY
from projections.engine.rebuild.bulk_load import MAX_UNAPPLIABLE, BulkLoad, BulkLoadWorkers, Unappliable
from projections.engine.rebuild.row_diff import Histories, RowDifference, Side, compare, count_rows, open_snapshot
from projections.engine.rebuild.session import RebuildProgress, Report, as_transient, rebuild_lock
from projections.engine.rebuild.staging import pause_autovacuum
from projections.engine.tables import Connection, ReadModel


class NotLive(Exception):
    """The live tables of this version do not exist, so nothing can be verified."""

    def __init__(self, name: str, live: int | None, mine: int) -> None:
        what = "has no live tables yet; start a projector" if live is None else f"is live in version {live}"
        super().__init__(f"{name} {what}. This program verifies version {mine}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """The result of a verification."""

    name: str
    equal: bool
    events: int
    """How many events were folded."""
    rows: Mapping[str, int]
    """How many rows each fresh table has."""
    difference: RowDifference | None
    unappliable: tuple[Unappliable, ...]
    """Events that cannot be applied; they are in the dead letters. A thousand at most."""
    seconds: float


async def verify_projection(
    model: ReadModel[Any],
    pool: asyncpg.Pool,
    bootstrap_servers: str,
    *,
    histories: Histories | None = None,
    workers: BulkLoadWorkers | None = None,
    report: Report = lambda _: None,
) -> Verified:
    """Compare a read model's live rows with a fresh fold of the topic.

    Args:
        model: what to verify.
        pool: three of its connections are used at once.
        bootstrap_servers: where the log is.
        histories: where to look for the event behind a difference.
        workers: share a large load; None if this process loads alone.
        report: called with the progress.

    Raises:
        NotLive: the live tables of the program's version do not exist.
        AlreadyRebuilding: another process verifies or rebuilds the read model.
        Transient: PostgreSQL or the broker failed; verify again.
    """
    try:
        async with pool.acquire() as connection, rebuild_lock(connection, model.name):
            return await _verify_alone(model, connection, pool, bootstrap_servers, histories, workers, report)
    except Exception as error:
        raise as_transient(error) from error


async def _verify_alone(
    model: ReadModel[Any],
    connection: Connection,
    pool: asyncpg.Pool,
    bootstrap_servers: str,
    histories: Histories | None,
    workers: BulkLoadWorkers | None,
    report: Report,
) -> Verified:
    live = await live_tables(connection, model.name)
    if live is None or live.version != model.version:
        raise NotLive(model.name, None if live is None else live.version, model.version)
    schema = f"{model.name}_check"
    async with connection.transaction():
        await drop_tables(connection, schema)
        await create_tables(connection, model, schema, ddl="\n".join(each.plain_ddl for each in model.tables))
        await pause_autovacuum(connection, model, schema)
    try:
        return await _verify(model, schema, connection, pool, bootstrap_servers, histories, workers, report)
    finally:
        with suppress(*DATABASE_AWAY):
            async with connection.transaction():
                await drop_tables(connection, schema)


async def _verify(
    model: ReadModel[Any],
    schema: str,
    connection: Connection,
    pool: asyncpg.Pool,
    bootstrap_servers: str,
    histories: Histories | None,
    workers: BulkLoadWorkers | None,
    report: Report,
) -> Verified:
    loop = asyncio.get_running_loop()
    begun = loop.time()
    progress, unappliable = RebuildProgress("reading"), list[Unappliable]()
    checkpoints = await take_over(connection, schema, range(len(await positions_of(connection, schema))))
    goal = _positions(await positions_of(connection, model.name))

    def pass_over(record: Unappliable) -> None:
        if len(unappliable) < MAX_UNAPPLIABLE:
            unappliable.append(record)

    def add(count: int) -> None:
        progress.events += count
        progress.share = bulk_load.share_of(goal)
        report(progress)

    bulk_load = BulkLoad(model, pool, bootstrap_servers, schema, checkpoints, on_unappliable=pass_over, on_read=add)
    if workers is not None:
        await workers.load(bulk_load, goal)
    async with bulk_load.open():
        await bulk_load.load(goal)
        async with open_snapshot(pool) as snapshot:
            goal = _positions(await positions_of(snapshot, model.name))
            await bulk_load.load(goal)
            progress.phase = "comparing"
            report(progress)
            fresh = Side(connection, schema)
            difference = await compare(Side(snapshot, model.name), fresh, model, histories, goal)
            rows = await count_rows(fresh, model)
    return Verified(
        name=model.name,
        equal=difference is None,
        events=progress.events,
        rows=rows,
        difference=difference,
        unappliable=tuple(unappliable),
        seconds=loop.time() - begun,
    )


def _positions(checkpoints: Mapping[int, Checkpoint]) -> dict[int, int]:
    return {number: checkpoint.position for number, checkpoint in checkpoints.items()}
