"""Proves that the live rows of a read model are what a fresh fold of the log makes, without stopping anything.

The log is folded into tables of their own (schema ``<name>_check``), up to where the live ones stand in one snapshot of
the database; there rows and checkpoints agree, because they are always written together. Then both are compared, and
the fresh tables are dropped.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import asyncpg

from projections.engine.checkpoints import create_tables, drop_tables, live_tables, positions_of, take_over
from projections.engine.postgres_errors import DATABASE_AWAY
from projections.engine.rebuild.bulk_load import KEPT_UNAPPLIABLE, BulkLoad, BulkLoadWorkers, Unappliable
from projections.engine.rebuild.rebuilder import RebuildProgress, Report, alone, known_trouble
from projections.engine.rebuild.row_diff import Histories, RowDifference, Side, compare, count_rows, open_snapshot
from projections.engine.tables import Connection, ReadModel


class NotLive(Exception):
    """There are no live tables of this version to verify."""

    def __init__(self, name: str, live: int | None, mine: int) -> None:
        what = "has no live tables yet; start a projector" if live is None else f"is live in version {live}"
        super().__init__(f"{name} {what}. This program verifies version {mine}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What a verification found."""

    name: str
    equal: bool
    events: int
    """Folded."""
    rows: Mapping[str, int]
    """By the log."""
    difference: RowDifference | None
    unappliable: tuple[Unappliable, ...]
    """Events that can be applied to nothing: they are in the dead letters. A thousand at most."""
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
    """Compare a read model's live rows with those a fresh fold of the topic makes.

    Args:
        model: which.
        pool: six of its connections are used at once.
        bootstrap_servers: where the log is.
        histories: where the event behind a difference is looked for.
        workers: who folds where there is much to fold; left out: this process alone.
        report: told of progress.

    Raises:
        NotLive: there are no live tables of the program's version.
        AlreadyRebuilding: somebody else verifies or rebuilds it.
        Transient: PostgreSQL or the broker failed; verify again.
    """
    try:
        async with pool.acquire() as connection, alone(connection, model.name):
            return await _verify_alone(model, connection, pool, bootstrap_servers, histories, workers, report)
    except Exception as error:
        raise known_trouble(error) from error


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
        await create_tables(connection, model, schema, indexes=False)
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
    places = await take_over(connection, schema, range(len(await positions_of(connection, schema))))
    goal = _positions(await positions_of(connection, model.name))

    def passed(each: Unappliable) -> None:
        if len(unappliable) < KEPT_UNAPPLIABLE:
            unappliable.append(each)

    def read(count: int) -> None:
        progress.events += count
        wanted = sum(goal.values())
        progress.share = sum(min(place.position, goal[n]) for n, place in bulk_load.places.items()) / max(1, wanted)
        report(progress)

    bulk_load = BulkLoad(model, pool, bootstrap_servers, schema, places, on_unappliable=passed, on_read=read)
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


def _positions(places: Mapping[int, Any]) -> dict[int, int]:
    return {number: place.position for number, place in places.items()}
