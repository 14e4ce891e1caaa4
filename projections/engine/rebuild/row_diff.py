"""Compares two sets of tables row by row, whatever their order, and finds the event behind a row that differs."""

# ruff: noqa: S608  # schema, table and column names are our own; values are arguments

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

import asyncpg

from domain.kernel import CorruptStream
from projections.engine.tables import Connection, ReadModel, Table
from schemas.envelope import RawEvent
from schemas.registry import UndecodableEvent, UnknownEvent
from schemas.topics import partition_of

BUCKETS = 4096
"""Rows are summed up in this many parts, so that only the parts that differ are read."""
LOOKED_AT = 8
"""How many differing parts of a table are read to find the row whose event comes first."""


class Histories(Protocol):
    """The write side of the log, asked only for the event behind a difference."""

    async def tenants_of(self, ids: Sequence[UUID]) -> list[UUID]:
        """Return the tenants among these ids, and those of the streams among them."""
        ...

    async def read_tenant(self, tenant: UUID, up_to: int) -> list[RawEvent]:
        """Return a tenant's events up to a position, in log order."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RowDifference:
    """A row that is not the same in both, or is missing from one."""

    table: str
    key: Mapping[str, Any]
    columns: tuple[str, ...]
    """Which differ; empty if the row is missing from one."""
    live: Mapping[str, Any] | None
    fresh: Mapping[str, Any] | None
    event: RawEvent | None = None
    """The first event that the live row does not show as the fresh one does; None if no event explains it."""

    def __str__(self) -> str:
        key = ", ".join(f"{name} {value}" for name, value in self.key.items())
        if self.live is None:
            what = "is missing from the live table"
        elif self.fresh is None:
            what = "is in the live table, but no event makes it"
        else:
            told = [
                f"{name} (live {_short(self.live[name])}, by the log {_short(self.fresh[name])})"
                for name in self.columns
            ]
            what = f"differs in {', '.join(told)}"
        behind = ""
        if self.event is not None:
            behind = (
                f". The event behind it: {self.event.type} at position {self.event.position} "
                f"(stream {self.event.stream_id}, version {self.event.version})"
            )
        return f"{self.table}: the row with {key} {what}{behind}"


@dataclass(frozen=True, slots=True)
class Side:
    """Tables in a schema, seen through a connection."""

    connection: Connection
    schema: str


@asynccontextmanager
async def open_snapshot(pool: asyncpg.Pool) -> AsyncIterator[Connection]:
    """See the database as it is now, for as long as the context lasts; only to read.

    Such a transaction has no id, so the log goes on however long it takes, and nobody needs to end it for being idle.
    """
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        await connection.execute("set local idle_in_transaction_session_timeout to 0")
        yield connection


async def count_rows(side: Side, model: ReadModel[Any]) -> dict[str, int]:
    """Return how many rows each table has."""
    return {
        table.name: int(await side.connection.fetchval(f'select count(*) from "{side.schema}".{table.name}'))
        for table in model.tables
    }


async def compare(
    live: Side, fresh: Side, model: ReadModel[Any], histories: Histories | None, positions: Mapping[int, int]
) -> RowDifference | None:
    """Return the first difference between two sets of tables at the same positions, or None.

    First is the table that is named first in the read model, and in it the row whose event comes first in the log,
    among the rows looked at. Two rows are equal if two 64-bit hashes of theirs are.

    Args:
        live: one side.
        fresh: the other.
        model: whose tables.
        histories: where the event behind a difference is looked for; None: nowhere.
        positions: where both stand, by partition.
    """
    for table in model.tables:
        left, right = await _sums(live, table), await _sums(fresh, table)
        buckets = sorted(bucket for bucket in left.keys() | right.keys() if left.get(bucket) != right.get(bucket))[
            :LOOKED_AT
        ]
        if not buckets:
            continue
        found = await _differing(live, fresh, table, buckets)
        if not found:
            continue
        if histories is not None:
            found = [await _explained(each, table, model, histories, positions) for each in found[:LOOKED_AT]]
        return min(found, key=lambda each: (each.event is None, each.event.position if each.event else 0))
    return None


async def _sums(side: Side, table: Table[Any]) -> dict[int, tuple[Any, ...]]:
    rows = await side.connection.fetch(
        f"select {_bucket(table)} as bucket, count(*), sum(hash_record_extended(t, 1)), sum(hash_record_extended(t, 2)) "
        f'from "{side.schema}".{table.name} t group by 1'
    )
    return {row["bucket"]: tuple(row)[1:] for row in rows}


def _bucket(table: Table[Any]) -> str:
    return f"hash_record_extended(row({', '.join(f't.{column}' for column in table.key)}), 0) & {BUCKETS - 1}"


async def _rows(side: Side, table: Table[Any], buckets: Sequence[int]) -> dict[tuple[Any, ...], dict[str, Any]]:
    statement = (
        f'select {", ".join(table.columns)} from "{side.schema}".{table.name} t '
        f"where {_bucket(table)} = any ($1::bigint[]) order by {', '.join(table.key)}"
    )
    found = {}
    for record in await side.connection.fetch(statement, list(buckets)):
        row = {column: _plain(table, column, record[column]) for column in table.columns}
        found[tuple(row[column] for column in table.key)] = row
    return found


def _plain(table: Table[Any], column: str, value: Any) -> Any:
    return json.loads(value) if value is not None and table.types[column][0] == "jsonb" else value


async def _differing(live: Side, fresh: Side, table: Table[Any], buckets: Sequence[int]) -> list[RowDifference]:
    left, right = await _rows(live, table, buckets), await _rows(fresh, table, buckets)
    return [
        RowDifference(
            table=table.name,
            key=dict(zip(table.key, key, strict=True)),
            columns=_unequal(left.get(key), right.get(key)),
            live=left.get(key),
            fresh=right.get(key),
        )
        for key in dict.fromkeys([*left, *right])
        if left.get(key) != right.get(key)
    ]


def _unequal(one: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> tuple[str, ...]:
    if one is None or other is None:
        return ()
    return tuple(column for column in one if one[column] != other[column])


async def _explained(
    difference: RowDifference,
    table: Table[Any],
    model: ReadModel[Any],
    histories: Histories,
    positions: Mapping[int, int],
) -> RowDifference:
    """Find the event behind a difference by folding the tenant's history in memory and watching the row."""
    known = difference.fresh or difference.live or {}
    ids = [value for value in known.values() if isinstance(value, UUID)]
    for tenant in await histories.tenants_of(ids):
        history = await histories.read_tenant(tenant, positions.get(partition_of(tenant), 0))
        steps = _life(table, tuple(difference.key.values()), model, history)
        if steps:
            return RowDifference(
                table=difference.table,
                key=difference.key,
                columns=difference.columns,
                live=difference.live,
                fresh=difference.fresh,
                event=_first_not_shown(difference, steps),
            )
    return difference


Step = tuple[RawEvent, dict[str, Any]]
"""An event that changed the row, and the row after it."""


def _life(table: Table[Any], key: tuple[Any, ...], model: ReadModel[Any], history: Sequence[RawEvent]) -> list[Step]:
    rows = model.empty()
    wanted = key[0] if len(table.key) == 1 else key
    steps: list[Step] = []
    for event in history:
        try:
            told = model.decoder.decode_stored(event)
            if told is None:
                continue
            model.fold(rows, [told])
        except (CorruptStream, UnknownEvent, UndecodableEvent):
            continue  # parked; it changed no table either
        row = getattr(rows, table.name).get(wanted)
        if row is not None:
            values = {column: _plain(table, column, getattr(row, column)) for column in table.columns}
            if not steps or steps[-1][1] != values:
                steps.append((event, values))
    return steps


def _first_not_shown(difference: RowDifference, steps: Sequence[Step]) -> RawEvent | None:
    if difference.fresh is None:
        return None
    if difference.live is None:
        return steps[0][0]
    columns = difference.columns

    def told(row: Mapping[str, Any]) -> list[Any]:
        return [row[column] for column in columns]

    changes = [
        (event, told(row))
        for index, (event, row) in enumerate(steps)
        if index == 0 or told(row) != told(steps[index - 1][1])
    ]
    for index, (_, values) in enumerate(changes[:-1]):
        if values == told(difference.live):
            return changes[index + 1][0]
    return changes[-1][0]


def _short(value: Any) -> str:
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 60 else text[:59] + "…"
