"""Read model tables, and how a batch of events is folded into them.

A table is described by a row dataclass. A batch is applied in three moves: one select per table for the rows its
events touch, a fold in Python over rows that nobody else sees meanwhile, and one upsert per table. So the cost of an
event is a dictionary look-up and an assignment, not a round trip.

All SQL names tables without a schema: the search path decides whether the live read model, one being rebuilt or a
temporary one for time travel is meant.
"""

# ruff: noqa: S608  # table and column names are this module's own; values are arguments

import json
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime
from operator import attrgetter
from typing import Any, Generic, NewType, TypeVar
from uuid import UUID

import asyncpg

from domain.kernel import CorruptStream, DomainEvent
from schemas.envelope import Envelope

R = TypeVar("R")
W = TypeVar("W")
E = TypeVar("E", bound=DomainEvent)

Json = NewType("Json", str)
"""A JSON document as text; its column is ``jsonb``. Connections must have no jsonb codec of their own."""

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
    date: "date",
}


class Table(Generic[R]):
    """A table whose columns are the fields of a row dataclass, in their order."""

    def __init__(self, name: str, row: type[R], *, key: tuple[str, ...] = ("id",), indexes: Iterable[str] = ()) -> None:
        """Describe a table.

        Args:
            name: unique over all read models.
            row: a slotted dataclass; ``X | None`` is a nullable column, ``StrEnum`` and ``Json`` are text and jsonb.
            key: the primary key's columns.
            indexes: ``create index`` statements, made after the table; time travel leaves them out.
        """
        hints = typing.get_type_hints(row)
        self.name, self.row, self.key, self.indexes = name, row, key, tuple(indexes)
        self.columns = tuple(field.name for field in fields(row))  # type: ignore[arg-type]  # R is a dataclass
        self.types = {column: _sql_type(hints[column]) for column in self.columns}
        self.key_of: Callable[[R], Any] = attrgetter(*key)
        self._values: Callable[[R], tuple[Any, ...]] = attrgetter(*self.columns)
        names = ", ".join(self.columns)
        definitions = [
            f"{column} {sql}" + ("" if nullable else " not null") for column, (sql, nullable) in self.types.items()
        ]
        self.ddl = f"create table {name} ({', '.join(definitions)}, primary key ({', '.join(key)}));"
        arrays = ", ".join(f"${n}::{self.types[column][0]}[]" for n, column in enumerate(self.columns, 1))
        rest = [column for column in self.columns if column not in key]
        action = f"update set {', '.join(f'{column} = excluded.{column}' for column in rest)}" if rest else "nothing"
        self._upsert = (
            f"insert into {name} ({names}) select * from unnest({arrays}) on conflict ({', '.join(key)}) do {action}"
        )
        wanted = ", ".join(f"${n}::{self.types[column][0]}[]" for n, column in enumerate(key, 1))
        named = ", ".join(key)
        self._select = f"select {names} from unnest({wanted}) as wanted ({named}) join {name} using ({named})"

    async def load(self, keys: Sequence[Any], tx: Connection) -> dict[Any, R]:
        """Return the rows with these keys; a key without a row is left out.

        Args:
            keys: values of the key column, or tuples where there are several.
            tx: the transaction.
        """
        if not keys:
            return {}
        arguments = [keys] if len(self.key) == 1 else list(zip(*keys, strict=True))
        row, key_of = self.row, self.key_of
        found = [row(*record) for record in await tx.fetch(self._select, *arguments)]
        return {key_of(each): each for each in found}

    async def save(self, rows: Iterable[R], tx: Connection) -> None:
        """Write rows, new ones and changed ones alike, in one statement."""
        columns = list(zip(*map(self._values, rows), strict=True))
        if columns:
            await tx.execute(self._upsert, *columns)


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


Key = str | Callable[[Any, Envelope], Any]
"""Where an event names a row it touches: an attribute, or a function of event and envelope that returns a key.

Where it touches several rows of a table, the function returns a ``frozenset`` of keys.
"""


def as_json(value: object) -> Json:
    """Return a JSON document of plain values."""
    return Json(json.dumps(value, ensure_ascii=False))


def _attribute(name: str) -> Callable[[Any, Envelope], Any]:
    get = attrgetter(name)
    return lambda event, _: get(event)


class Folds(Generic[W]):
    """Which kinds of event change which rows, and how.

    The folds work on a ``W``: a dataclass with one dictionary per table (named like it), key to row, which holds the
    rows that a batch touches. A fold may change those rows in place: they belong to the batch alone.
    """

    def __init__(self) -> None:
        self.steps: dict[type[DomainEvent], Callable[[W, Any, Envelope], None]] = {}
        self.touches: dict[type[DomainEvent], Mapping[str, Key]] = {}

    def on(
        self, event: type[E], **touches: Key
    ) -> Callable[[Callable[[W, E, Envelope], None]], Callable[[W, E, Envelope], None]]:
        """Register the fold of one kind of event.

        Args:
            event: its class.
            touches: table name to where the event names the row that must be loaded first. A row that the event is
                the first to mention needs no loading.
        """

        def register(fold: Callable[[W, E, Envelope], None]) -> Callable[[W, E, Envelope], None]:
            self.steps[event] = fold
            self.touches[event] = touches
            return fold

        return register


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
        self._folds = {event: fold for part in folds for event, fold in part.steps.items()}
        self._touches = {
            event: tuple((table, _attribute(key) if isinstance(key, str) else key) for table, key in touched.items())
            for part in folds
            for event, touched in part.touches.items()
        }

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

    @property
    def handles(self) -> frozenset[type[DomainEvent]]:
        """The kinds of event that change anything here; others need not be decoded."""
        return frozenset(self._folds)

    def fold(self, rows: W, batch: Iterable[Envelope]) -> W:
        """Fold events into rows that are loaded already; pure but for those rows.

        Raises:
            CorruptStream: an event is about something no earlier event made.
        """
        folds = self._folds
        for envelope in batch:
            event = envelope.event
            fold = folds.get(type(event))
            if fold is not None:
                try:
                    fold(rows, event, envelope)
                except KeyError as error:
                    raise CorruptStream(event) from error
        return rows

    async def apply(self, batch: Sequence[Envelope], tx: Connection) -> None:
        """Bring the tables from before a batch to after it.

        Applying a batch twice is not harmless: the caller moves its checkpoint in the same transaction.

        Args:
            batch: events in the order of the log, per tenant.
            tx: an open transaction whose search path begins with this read model's schema.

        Raises:
            CorruptStream: an event is about something no earlier event made; retrying cannot help.
        """
        wanted: dict[str, set[Any]] = {table.name: set() for table in self.tables}
        touches = self._touches
        for envelope in batch:
            event = envelope.event
            for table_name, key_of in touches.get(type(event), ()):
                key = key_of(event, envelope)
                if type(key) is frozenset:
                    wanted[table_name] |= key
                else:
                    wanted[table_name].add(key)
        rows = self._rows(**{table.name: await table.load(list(wanted[table.name]), tx) for table in self.tables})
        self.fold(rows, batch)
        for table in self.tables:
            await table.save(getattr(rows, table.name).values(), tx)
