"""Read model tables, and how a batch of events is folded into them.

A table is described by a row dataclass. A batch is applied in three moves: one select per table for the rows its
events touch, a fold in Python over rows that nobody else sees meanwhile, then one COPY for a table's new rows and one
update for its changed ones. So the cost of an event is a dictionary look-up and an assignment, not a round trip.

All SQL names tables without a schema: the search path decides whether the live read model, one being rebuilt or a
temporary one for time travel is meant.
"""

# ruff: noqa: S608  # table and column names are this module's own; values are arguments

import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from operator import attrgetter
from typing import Any, Generic, TypeVar
from uuid import UUID

import asyncpg

from domain.kernel import CorruptStream, DomainEvent
from projections.engine.decoding import DecodedEvent, EventDecoder, Json, as_json, mirror_of
from schemas.envelope import Envelope

__all__ = ["Connection", "Folds", "Json", "ReadModel", "Table", "as_json"]

R = TypeVar("R")
W = TypeVar("W")
E = TypeVar("E", bound=DomainEvent)

Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy
"""A connection of asyncpg, pooled or not."""

SQL_TYPES: Mapping[Any, str] = {
    UUID: "uuid",
    str: "text",
    Json: "jsonb",
    int: "bigint",
    float: "double precision",
    bool: "boolean",
    datetime: "timestamptz",
}

UNWRITABLE = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.ProgramLimitExceededError,
)
"""What PostgreSQL says when a row can never be written, however often it is tried."""


class Table(Generic[R]):
    """A table whose columns are the fields of a row dataclass, in their order."""

    def __init__(
        self,
        name: str,
        row: type[R],
        *,
        key: tuple[str, ...] = ("id",),
        hot: tuple[str, ...] = (),
        indexes: Iterable[str] = (),
    ) -> None:
        """Describe a table.

        Args:
            name: unique over all read models.
            row: a slotted dataclass; ``X | None`` is a nullable column, ``StrEnum`` and ``Json`` are text and jsonb.
            key: the primary key's columns.
            hot: the columns that change after a row is made. A row that a batch loads has these and its key, and
                nothing else: a fold that looks at another column of it fails at once.
            indexes: ``create index`` statements, made after the table; time travel leaves them out.
        """
        hints = typing.get_type_hints(row)
        self.name, self.row, self.key, self.hot, self.indexes = name, row, key, hot, tuple(indexes)
        self.columns = tuple(field.name for field in fields(row))  # type: ignore[arg-type]  # R is a dataclass
        self.types = {column: _sql_type(hints[column]) for column in self.columns}
        self.key_of: Callable[[R], Any] = attrgetter(*key)
        self._all = attrgetter(*self.columns)
        definitions = [
            f"{column} {sql}" + ("" if nullable else " not null") for column, (sql, nullable) in self.types.items()
        ]
        # Room on every page lets an update stay beside the row it replaces, without touching an index.
        room = " with (fillfactor = 75)" if hot else ""
        self.ddl = f"create table {name} ({', '.join(definitions)}, primary key ({', '.join(key)})){room};"

        self._loaded = key + hot
        self._changed = attrgetter(*self._loaded)
        names = ", ".join(key)
        wanted = ", ".join(f"${n}::{self.types[column][0]}[]" for n, column in enumerate(key, 1))
        columns = ", ".join(self._loaded)
        self._select = (
            f"select {columns} from {name} where {names} = any({wanted})"
            if len(key) == 1
            else f"select {columns} from unnest({wanted}) as wanted ({names}) join {name} using ({names})"
        )
        arrays = ", ".join(f"${n}::{self.types[column][0]}[]" for n, column in enumerate(self._loaded, 1))
        assignments = ", ".join(f"{column} = changed.{column}" for column in hot)
        same = " and ".join(f"{name}.{column} = changed.{column}" for column in key)
        self._update = f"update {name} set {assignments} from unnest({arrays}) as changed ({columns}) where {same}"

    async def load(self, keys: Sequence[Any], tx: Connection) -> dict[Any, R]:
        """Return the rows with these keys, key and hot columns only; a key without a row is left out.

        Args:
            keys: values of the key column, or tuples where there are several.
            tx: the transaction.
        """
        if not keys:
            return {}
        arguments = [keys] if len(self.key) == 1 else list(zip(*keys, strict=True))
        found = {}
        for record in await tx.fetch(self._select, *arguments):
            row = object.__new__(self.row)
            for column, value in zip(self._loaded, record, strict=True):
                setattr(row, column, value)
            found[self.key_of(row)] = row
        return found

    async def insert(self, rows: Sequence[R], tx: Connection) -> None:
        """Write new rows."""
        if rows:
            await tx.copy_records_to_table(self.name, records=map(self._all, rows), columns=self.columns)

    async def update(self, rows: Sequence[R], tx: Connection) -> None:
        """Write the hot columns of rows that were loaded."""
        if rows and self.hot:
            await tx.execute(self._update, *zip(*map(self._changed, rows), strict=True))


def _sql_type(hint: Any) -> tuple[str, bool]:
    """Return the column type of a field's annotation, and whether it may be null."""
    nullable = False
    if typing.get_origin(hint) in {types.UnionType, typing.Union}:
        members = [member for member in typing.get_args(hint) if member is not type(None)]
        nullable = len(members) < len(typing.get_args(hint))
        (hint,) = members
    if hint not in SQL_TYPES and isinstance(hint, type) and issubclass(hint, str):
        hint = str
    return SQL_TYPES[hint], nullable


Key = str | Callable[[Any, UUID], Any]
"""Where an event names a row it touches: an attribute, or a function of event and tenant that returns a key.

Where it touches several rows of a table, the function returns a ``frozenset`` of keys.
"""


class Folds(Generic[W]):
    """Which kinds of event change which rows, and how.

    The folds work on a ``W``: a dataclass with one dictionary per table (named like it), key to row, which holds the
    rows that a batch touches. A fold puts new rows in and changes the hot columns of known ones in place: they belong
    to the batch alone. It is given the event, or its mirror of the same attributes, and the tenant.
    """

    def __init__(self) -> None:
        self.steps: dict[type[DomainEvent], Callable[[W, Any, UUID], None]] = {}
        self.touches: dict[type[DomainEvent], Mapping[str, Key]] = {}

    def on(
        self, event: type[E], **touches: Key
    ) -> Callable[[Callable[[W, E, UUID], None]], Callable[[W, E, UUID], None]]:
        """Register the fold of one kind of event.

        Args:
            event: its class.
            touches: table name to where the event names the row that must be loaded first. A row that the event is
                the first to mention needs no loading.
        """

        def register(fold: Callable[[W, E, UUID], None]) -> Callable[[W, E, UUID], None]:
            self.steps[event] = fold
            self.touches[event] = touches
            return fold

        return register


_Getter = Callable[[Any], Any]
_Finder = Callable[[Any, UUID], Any]
_Plan = tuple[Callable[[W, Any, UUID], None], tuple[tuple[str, _Getter], ...], tuple[tuple[str, _Finder], ...]]
"""A kind of event's fold, the attributes that name rows, and the functions that do."""


class ReadModel(Generic[W]):
    """A projection made of tables and folds."""

    def __init__(
        self, name: str, version: int, rows: type[W], tables: Sequence[Table[Any]], folds: Sequence[Folds[W]]
    ) -> None:
        """Describe a read model.

        Args:
            name: also its schema's name.
            version: of its tables and folds; a new one is built beside the old from offset 0.
            rows: the working set's class.
            tables: every table; none references another, so their order is no matter.
            folds: what changes them; no kind of event in two of them.
        """
        self.name, self.version, self.tables = name, version, tuple(tables)
        self._rows = rows
        self._plans: dict[type, _Plan[W]] = {}
        handled: list[type[DomainEvent]] = []
        for part in folds:
            for event, fold in part.steps.items():
                touches = part.touches[event].items()
                plan: _Plan[W] = (
                    fold,
                    tuple((table, attrgetter(key)) for table, key in touches if isinstance(key, str)),
                    tuple((table, key) for table, key in touches if not isinstance(key, str)),
                )
                self._plans[event] = self._plans[mirror_of(event)] = plan
                handled.append(event)
        self.handles = frozenset(handled)
        """The kinds of event that change anything here; others need not be decoded."""
        self.decoder = EventDecoder(self.handles)
        """Turns records of the topic, or stored events, into what :meth:`apply` takes."""

    @property
    def tables_ddl(self) -> str:
        """The tables without their indexes: enough for time travel, and for a rebuild until it has caught up."""
        return "\n".join(table.ddl for table in self.tables)

    @property
    def indexes_ddl(self) -> str:
        """The indexes that queries need."""
        return "\n".join(f"{statement};" for table in self.tables for statement in table.indexes)

    @property
    def ddl(self) -> str:
        """Tables and indexes."""
        return f"{self.tables_ddl}\n{self.indexes_ddl}"

    def empty(self) -> W:
        """Return a working set without rows: to fold a history from its beginning, outside of a database."""
        return self._rows(**{table.name: {} for table in self.tables})

    def fold(self, rows: W, batch: Iterable[DecodedEvent]) -> W:
        """Fold events into rows that are loaded already; pure but for those rows.

        Raises:
            CorruptStream: an event is about something no earlier event made.
        """
        plans = self._plans
        for event, tenant in batch:
            plan = plans.get(type(event))
            if plan is not None:
                try:
                    plan[0](rows, event, tenant)
                except KeyError as error:
                    raise CorruptStream(event) from error
        return rows

    async def apply_envelopes(self, batch: Sequence[Envelope], tx: Connection) -> None:
        """Bring the tables from before a batch to after it; see :meth:`apply`, which is faster."""
        await self.apply([(envelope.event, envelope.tenant) for envelope in batch], tx)

    async def apply(self, batch: Sequence[DecodedEvent], tx: Connection) -> None:
        """Bring the tables from before a batch to after it.

        Applying a batch twice is not harmless: the caller moves its checkpoint in the same transaction.

        Args:
            batch: events in the order of the log, per tenant, as ``decoder`` returns them.
            tx: an open transaction whose search path begins with this read model's schema.

        Raises:
            CorruptStream: an event is about something no earlier event made, or holds what no row can: retrying
                cannot help. With several events in the batch, the one named need not be the one to blame.
        """
        wanted = self._touched(batch)
        rows: dict[str, dict[Any, Any]] = {
            table.name: await table.load(list(wanted[table.name]), tx) for table in self.tables
        }
        known = {name: len(loaded) for name, loaded in rows.items()}
        self.fold(self._rows(**rows), batch)
        try:
            for table in self.tables:
                # New rows were put in after the loaded ones, and dictionaries keep that order.
                after = list(rows[table.name].values())
                await table.update(after[: known[table.name]], tx)
                await table.insert(after[known[table.name] :], tx)
        except UNWRITABLE as error:
            raise CorruptStream(batch[0][0]) from error

    def _touched(self, batch: Sequence[DecodedEvent]) -> dict[str, set[Any]]:
        wanted: dict[str, set[Any]] = {table.name: set() for table in self.tables}
        plans = self._plans
        for event, tenant in batch:
            plan = plans.get(type(event))
            if plan is None:
                continue
            for table, get in plan[1]:
                wanted[table].add(get(event))
            for table, find in plan[2]:
                key = find(event, tenant)
                if type(key) is frozenset:
                    wanted[table] |= key
                else:
                    wanted[table].add(key)
        return wanted
