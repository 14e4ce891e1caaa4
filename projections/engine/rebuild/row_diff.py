"""Compares two sets of tables row by row, in any row order, and finds the event behind a row that differs."""

# ruff: noqa: S608  # schema, table and column names are constants; values are arguments

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
"""How many buckets rows are hashed into, so that only rows of differing buckets are read."""
MAX_BUCKETS = 8
"""How many differing buckets of a table are read to find the row whose event comes first."""


class Histories(Protocol):
    """The event store, read only to find the event behind a difference."""

    async def tenants_of(self, ids: Sequence[UUID]) -> list[UUID]:
        """Return the tenants among these ids, and the tenants of the streams among them."""
        ...

    async def read_tenant(self, tenant: UUID, up_to: int) -> list[RawEvent]:
        """Return a tenant's events up to a position, in log order."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RowDifference:
    """A row that differs, or is missing from one side."""

    table: str
    key: Mapping[str, Any]
    columns: tuple[str, ...]
    """The columns that differ; empty if the row is missing from one side."""
    live: Mapping[str, Any] | None
    fresh: Mapping[str, Any] | None
    event: RawEvent | None = None
    """The first event whose effect the live row lacks; None if no event explains the difference."""

    def __str__(self) -> str:
        key = ", ".join(f"{name} {value}" for name, value in self.key.items())
        if self.live is None:
            what = "is missing from the live table"
        elif self.fresh is None:
            what = "is in the live table, but no event makes it"
        else:
            columns = [
                f"{name} (live {_short(self.live[name])}, by the log {_short(self.fresh[name])})"
                for name in self.columns
            ]
            what = f"differs in {', '.join(columns)}"
        behind = ""
        if self.event is not None:
            behind = (
                f". The event behind it: {self.event.type} at position {self.event.position} "
                f"(stream {self.event.stream_id}, version {self.event.version})"
            )
        return f"{self.table}: the row with {key} {what}{behind}"


@dataclass(frozen=True, slots=True)
class Side:
    """The tables of a schema, read through a connection."""

    connection: Connection
    schema: str


@asynccontextmanager
async def open_snapshot(pool: asyncpg.Pool) -> AsyncIterator[Connection]:
    """Open a read-only snapshot of the database for as long as the context lasts.

    A read-only transaction has no id, so it never holds back the log and may stay idle.
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

    Tables are compared in the read model's order. In the first table that differs, the row whose event comes first in the
    log is returned, among the rows that were read. Rows are equal if two 64-bit hashes of them are.

    Args:
        live: one side.
        fresh: the other.
        model: whose tables.
        histories: where to look for the event behind a difference; None if that is not needed.
        positions: of both sides, by partition.
    """
    for table in model.tables:
        left, right = await _sums(live, table), await _sums(fresh, table)
        buckets = sorted(bucket for bucket in left.keys() | right.keys() if left.get(bucket) != right.get(bucket))[
            :MAX_BUCKETS
        ]
        if not buckets:
            continue
        differences = await _differing(live, fresh, table, buckets)
        if not differences:
            continue
        if histories is not None:
            differences = [
                await _explained(each, table, model, histories, positions) for each in differences[:MAX_BUCKETS]
            ]
        return min(differences, key=lambda each: (each.event is None, each.event.position if each.event else 0))
    return None


async def _sums(side: Side, table: Table[Any]) -> dict[int, tuple[Any, ...]]:
    # Generated columns follow from the others, and some types have no hash.
    row = f"row({', '.join(f't.{column}' for column in table.columns)})"
    rows = await side.connection.fetch(
        f"select {_bucket(table)} as bucket, count(*), sum(hash_record_extended({row}, 1)), "
        f"sum(hash_record_extended({row}, 2)) "
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
    rows = {}
    for record in await side.connection.fetch(statement, list(buckets)):
        row = {column: _plain(table, column, record[column]) for column in table.columns}
        rows[tuple(row[column] for column in table.key)] = row
    return rows


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
    """Find the event behind a difference: fold the tenant's history in memory and watch the row."""
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
                event=_first_missing_event(difference, steps),
            )
    return difference


Step = tuple[RawEvent, dict[str, Any]]
"""An event that changed the row, and the row after it."""


def _life(table: Table[Any], key: tuple[Any, ...], model: ReadModel[Any], history: Sequence[RawEvent]) -> list[Step]:
    rows = model.empty()
    row_key = key[0] if len(table.key) == 1 else key
    steps: list[Step] = []
    for event in history:
        try:
            decoded = model.decoder.decode_stored(event)
            if decoded is None:
                continue
            model.fold(rows, [decoded])
        except (CorruptStream, UnknownEvent, UndecodableEvent):
            continue  # the runner parked it; it changed no live table either
        row = getattr(rows, table.name).get(row_key)
        if row is not None:
            values = {
                column: _plain(table, column, value)
                for column, value in zip(table.columns, table.all_of(row), strict=True)
            }
            if not steps or steps[-1][1] != values:
                steps.append((event, values))
    return steps


def _first_missing_event(difference: RowDifference, steps: Sequence[Step]) -> RawEvent | None:
    if difference.fresh is None:
        return None
    if difference.live is None:
        return steps[0][0]
    columns = difference.columns

    def values_of(row: Mapping[str, Any]) -> list[Any]:
        return [row[column] for column in columns]

    changes = [
        (event, values_of(row))
        for index, (event, row) in enumerate(steps)
        if index == 0 or values_of(row) != values_of(steps[index - 1][1])
    ]
    for index, (_, values) in enumerate(changes[:-1]):
        if values == values_of(difference.live):
            return changes[index + 1][0]
    return changes[-1][0]


def _short(value: Any) -> str:
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 60 else text[:59] + "…"
