"""Read model tables, and how a batch of events is folded into them.

A row dataclass describes a table. A batch is applied in three steps: one select per table for the rows that its events
touch, a fold over those rows in Python, then one COPY for a table's new rows and one update for its changed rows. So an
event costs a dictionary look-up and an assignment, not a round trip.

All SQL names tables without a schema. The search path chooses between the live read model, a rebuild and the temporary
tables of time travel.
"""

# ruff: noqa: S608  # table and column names are this module's own; values are arguments

import types
import typing
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from operator import attrgetter
from typing import Any, Generic, TypeVar
from uuid import UUID

import asyncpg
import msgspec

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
    date: "date",
}

UNWRITABLE = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.ProgramLimitExceededError,
)
"""Errors of PostgreSQL for a row that can never be written; no retry helps."""


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
        generated: Mapping[str, str] = types.MappingProxyType({}),
    ) -> None:
        """Describe a table.

        Args:
            name: unique over all read models.
            row: a slotted dataclass; ``X | None`` is a nullable column, ``StrEnum`` and ``Json`` are text and jsonb. A
                dictionary or a ``msgspec.Struct`` is a document: its column is jsonb, too, but a fold changes it in place,
                and it is encoded when the row is written.
            key: the primary key's columns.
            hot: the columns that change after a row is inserted. A loaded row has only these and its key; a fold that
                reads another column of it fails at once.
            indexes: ``create index`` statements, run after the table is created; time travel has no indexes.
            generated: further columns, by name, each with its type and the expression that PostgreSQL computes it from.
        """
        hints = typing.get_type_hints(row)
        self.name, self.row, self.key, self.hot, self.indexes = name, row, key, hot, tuple(indexes)
        self.columns = tuple(field.name for field in fields(row))  # type: ignore[arg-type]  # R is a dataclass
        self.types = {column: _sql_type(hints[column]) for column in self.columns}
        self._documents = {
            column: msgspec.json.Decoder(hints[column]).decode for column in self.columns if _is_document(hints[column])
        }
        self.key_of: Callable[[R], Any] = attrgetter(*key)
        self.all_of = self._values_of(self.columns)
        """Returns a row's columns as they are written."""
        definitions = [
            f"{column} {sql}" + ("" if nullable else " not null") for column, (sql, nullable) in self.types.items()
        ]
        # Free space on every page lets an update stay on its page and skip the indexes.
        storage = " with (fillfactor = 75)" if hot else ""

        def ddl(kind: str | None) -> str:
            computed = [] if kind is None else [f"{column} {of} {kind}" for column, of in generated.items()]
            columns = ", ".join([*definitions, *computed, f"primary key ({', '.join(key)})"])
            return f"create table {name} ({columns}){storage};"

        self.ddl = ddl("stored")
        self.temporary_ddl = ddl("virtual")
        """For time travel: a generated column is computed only for the queries that read it."""
        self.plain_ddl = ddl(None)
        """For verification: generated columns follow from the others."""

        self._loaded = key + hot
        self.hot_of = self._values_of(self._loaded)
        """Returns a row's key and hot columns as they are written."""
        names = ", ".join(key)
        key_arrays = ", ".join(f"${n}::{self.types[column][0]}[]" for n, column in enumerate(key, 1))
        columns = ", ".join(self._loaded)
        self._select = (
            f"select {columns} from {name} where {names} = any({key_arrays})"
            if len(key) == 1
            else f"select {columns} from unnest({key_arrays}) as wanted ({names}) join {name} using ({names})"
        )
        assignments = ", ".join(f"{column} = changed.{column}" for column in hot)
        same = " and ".join(f"{name}.{column} = changed.{column}" for column in key)
        arrays = self._arrays(self._loaded)
        self.update_sql = f"update {name} set {assignments} from unnest({arrays}) as changed ({columns}) where {same}"
        """Writes changed rows; a brace pair for each array of :meth:`changed_values`."""
        self.insert_sql = (
            f"insert into {name} ({', '.join(self.columns)}) select * from unnest({self._arrays(self.columns)})"
        )
        """Writes new rows; a brace pair for each array of :meth:`new_values`. For many rows, COPY is faster."""
        self._update = self.update_sql.format(*(f"${n}" for n, _ in enumerate(self._loaded, 1)))

    def _values_of(self, columns: tuple[str, ...]) -> Callable[[R], Any]:
        """Return a function that returns these columns of a row, documents encoded."""
        get: Callable[[R], Any] = attrgetter(*columns)
        places = [place for place, column in enumerate(columns) if column in self._documents]
        if not places:
            return get

        def values(row: R) -> tuple[Any, ...]:
            found = list(get(row))
            for place in places:
                found[place] = as_json(found[place])
            return tuple(found)

        return values

    def _arrays(self, columns: Iterable[str]) -> str:
        return ", ".join(f"{{}}::{self.types[column][0]}[]" for column in columns)

    async def load(self, keys: Sequence[Any], tx: Connection) -> dict[Any, R]:
        """Return the rows with these keys, key and hot columns only; a key without a row is left out.

        Args:
            keys: values of the key column, or tuples where there are several.
            tx: the transaction.
        """
        if not keys:
            return {}
        arguments = [keys] if len(self.key) == 1 else list(zip(*keys, strict=True))
        rows = {}
        for record in await tx.fetch(self._select, *arguments):
            row = object.__new__(self.row)
            for column, value in zip(self._loaded, record, strict=True):
                setattr(row, column, value)
            for column in self._documents.keys() & self._loaded:
                setattr(row, column, self._documents[column](getattr(row, column)))
            rows[self.key_of(row)] = row
        return rows

    async def insert(self, rows: Sequence[R], tx: Connection) -> None:
        """Write new rows."""
        if rows:
            await tx.copy_records_to_table(self.name, records=map(self.all_of, rows), columns=self.columns)

    async def update(self, rows: Sequence[R], tx: Connection) -> None:
        """Write the hot columns of rows that were loaded."""
        if rows and self.hot:
            await tx.execute(self._update, *self.changed_values(rows))

    def changed_values(self, rows: Sequence[R]) -> Iterable[Sequence[Any]]:
        """Return the key and hot columns of rows, an array for each column."""
        return zip(*map(self.hot_of, rows), strict=True)

    def new_values(self, rows: Sequence[R]) -> Iterable[Sequence[Any]]:
        """Return the columns of rows, an array for each column."""
        return zip(*map(self.all_of, rows), strict=True)

    def hot_values(self, rows: Iterable[R]) -> list[Any]:
        """Return the key and hot columns of rows, to find out later which rows a fold changed."""
        return list(map(self.hot_of, rows))


@dataclass(frozen=True, slots=True)
class TableChange(Generic[R]):
    """What a batch changes in a table."""

    table: Table[R]
    changed: Sequence[R]
    """Rows that were loaded, whose hot columns changed."""
    new: Sequence[R]


def _is_document(hint: Any) -> bool:
    return typing.get_origin(hint) is dict or (isinstance(hint, type) and issubclass(hint, msgspec.Struct))


def _sql_type(hint: Any) -> tuple[str, bool]:
    """Return the column type of a field's annotation, and whether it may be null."""
    nullable = False
    if typing.get_origin(hint) in {types.UnionType, typing.Union}:
        members = [member for member in typing.get_args(hint) if member is not type(None)]
        nullable = len(members) < len(typing.get_args(hint))
        (hint,) = members
    if _is_document(hint):
        hint = Json
    elif hint not in SQL_TYPES and isinstance(hint, type) and issubclass(hint, str):
        hint = str
    return SQL_TYPES[hint], nullable


Key = str | Callable[[Any, UUID], Any]
"""How to find the row that an event touches: an attribute's name, or a function of event and tenant.

The function returns a key, or a ``frozenset`` of keys if the event touches several rows.
"""
Finder = Callable[[Any, Any, UUID], frozenset[Any]]
"""Returns the keys of further rows that an event touches. Its arguments are the loaded rows, the event and the tenant."""


class Folds(Generic[W]):
    """Which kinds of event change which rows, and how.

    Folds work on a ``W``: a dataclass with one dictionary per table, key to row, named like the table. It holds the rows
    that a batch touches. A fold adds new rows and changes the hot columns of loaded rows in place. Its arguments are
    the ``W``, the event or its mirror, and the tenant.
    """

    def __init__(self) -> None:
        self.steps: dict[type[DomainEvent], Callable[[W, Any, UUID], None]] = {}
        self.touches: dict[type[DomainEvent], Mapping[str, Key]] = {}
        self.through: dict[type[DomainEvent], Mapping[str, Finder]] = {}

    def on(
        self, event: type[E], *, through: Mapping[str, Finder] = types.MappingProxyType({}), **touches: Key
    ) -> Callable[[Callable[[W, E, UUID], None]], Callable[[W, E, UUID], None]]:
        """Register the fold of one kind of event.

        Args:
            event: its class.
            through: table name to the rows of it that loaded rows lead to. They are loaded after those of ``touches``,
                and may lead to others.
                A row that an earlier event of the batch inserts leads to none: that event touches what it leads to.
            touches: table name to the row of it that must be loaded first. A row that this event inserts needs no
                loading.
        """

        def register(fold: Callable[[W, E, UUID], None]) -> Callable[[W, E, UUID], None]:
            self.steps[event] = fold
            self.touches[event], self.through[event] = touches, through
            return fold

        return register


def of_tenant(_: object, tenant: UUID) -> UUID:
    """Return the key of a row that its tenant has once."""
    return tenant


LoadRows = Callable[[Table[Any], Collection[Any]], Awaitable[dict[Any, Any]]]
"""Returns the rows of a table with these keys, by key; a key without a row is left out."""

_Leading = tuple[Any, UUID, str, Finder]
"""An event, its tenant, and how to find the rows of a table that loaded rows lead to."""
_Kinds = dict[type, tuple[list[Any], list[UUID]]]
"""The events of each kind in a batch, and the tenant of each."""
_Getter = Callable[[Any], Any]
_Finder = Callable[[Any, UUID], Any]
_Plan = tuple[Callable[[W, Any, UUID], None], tuple[tuple[str, _Getter], ...], tuple[tuple[str, _Finder], ...]]
"""The fold of a kind of event, the attributes that name its rows, and the functions that find its rows."""


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
            tables: every table, in any order: no table references another.
            folds: what changes them; each kind of event is in one of them.
        """
        self.name, self.version, self.tables = name, version, tuple(tables)
        self._rows = rows
        self._plans: dict[type, _Plan[W]] = {}
        self._through: dict[type, Mapping[str, Finder]] = {}
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
                if part.through[event]:
                    self._through[event] = self._through[mirror_of(event)] = part.through[event]
                handled.append(event)
        self.handles = frozenset(handled)
        """The kinds of event that change a row; others are not decoded."""
        self.decoder = EventDecoder(self.handles)
        """Decodes records of the topic and stored events into what :meth:`apply` takes."""

    @property
    def tables_ddl(self) -> str:
        """The tables without their indexes: enough for a rebuild until it has caught up."""
        return "\n".join(table.ddl for table in self.tables)

    @property
    def temporary_ddl(self) -> str:
        """The tables for time travel."""
        return "\n".join(table.temporary_ddl for table in self.tables)

    @property
    def indexes_ddl(self) -> str:
        """The indexes that queries need."""
        return "\n".join(f"{statement};" for table in self.tables for statement in table.indexes)

    @property
    def ddl(self) -> str:
        """Tables and indexes."""
        return f"{self.tables_ddl}\n{self.indexes_ddl}"

    def empty(self) -> W:
        """Return a working set without rows, to fold a history from its beginning in memory."""
        return self._rows(**{table.name: {} for table in self.tables})

    def fold(self, rows: W, batch: Iterable[DecodedEvent]) -> W:
        """Fold events into loaded rows; changes nothing but those rows.

        Raises:
            CorruptStream: an event is about a thing that no earlier event created.
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
        """Apply a batch of envelopes; :meth:`apply` is faster."""
        await self.apply([(envelope.event, envelope.tenant) for envelope in batch], tx)

    async def apply(self, batch: Sequence[DecodedEvent], tx: Connection) -> None:
        """Apply a batch to the tables.

        Applying a batch twice corrupts rows, so the caller moves its checkpoint in the same transaction.

        Args:
            batch: events as ``decoder`` returns them, in log order per tenant.
            tx: an open transaction whose search path begins with this read model's schema.

        Raises:
            CorruptStream: an event is about a thing that no earlier event created, or holds a value that no column
                can. Retrying does not help. In a batch of several, the named event need not be the cause.
        """
        changes = await self.changes(batch, tx)
        try:
            for each in changes:
                await each.table.update(each.changed, tx)
                await each.table.insert(each.new, tx)
        except UNWRITABLE as error:
            raise CorruptStream(batch[0][0]) from error

    async def changes(self, batch: Sequence[DecodedEvent], tx: Connection) -> list[TableChange[Any]]:
        """Load the rows that a batch touches, and return what it changes. Nothing is written.

        Args:
            batch: see :meth:`apply`.
            tx: a connection whose search path begins with this read model's schema.

        Raises:
            CorruptStream: an event is about a thing that no earlier event created.
        """

        async def load(table: Table[Any], keys: Collection[Any]) -> dict[Any, Any]:
            return await table.load(list(keys), tx)

        rows = self.empty()
        await self.load(batch, rows, load)
        loaded = [table.hot_values(getattr(rows, table.name).values()) for table in self.tables]
        self.fold(rows, batch)
        changes = []
        for table, before in zip(self.tables, loaded, strict=True):
            # New rows come after the loaded ones: dictionaries keep insertion order.
            after = list(getattr(rows, table.name).values())
            now = table.hot_values(after[: len(before)])
            changed = [after[n] for n, values in enumerate(now) if values != before[n]]
            changes.append(TableChange(table, changed if table.hot else (), after[len(before) :]))
        return changes

    async def load(self, batch: Sequence[DecodedEvent], rows: W, load: LoadRows) -> None:
        """Add the rows that a batch touches to others, to be folded with it.

        Args:
            batch: see :meth:`apply`.
            rows: those that are there already.
            load: returns rows by their keys.
        """
        there: dict[str, dict[Any, Any]] = {table.name: getattr(rows, table.name) for table in self.tables}
        asked: dict[str, set[Any]] = {name: set() for name in there}
        kinds = _by_kind(batch)
        missing = self._missing(kinds, there)
        leading = self._leading(kinds)
        while True:
            for table in self.tables:
                if keys := missing.get(table.name):
                    asked[table.name] |= keys
                    there[table.name].update(await load(table, keys))
            # A row may lead to a row that leads to another one.
            missing = {}
            for event, tenant, name, find in leading:
                for key in find(rows, event, tenant):
                    if key not in there[name] and key not in asked[name]:
                        missing.setdefault(name, set()).add(key)
            if not missing:
                return

    def _missing(self, kinds: _Kinds, there: Mapping[str, Mapping[Any, Any]]) -> dict[str, set[Any]]:
        """Return the keys of rows that events name and that are not there, by table."""
        named: dict[str, set[Any]] = {name: set() for name in there}
        for kind, (events, tenants) in kinds.items():
            plan = self._plans.get(kind)
            if plan is None:
                continue
            for name, get in plan[1]:
                named[name].update(map(get, events))
            for name, find in plan[2]:
                if find is of_tenant:
                    named[name].update(tenants)
                    continue
                for found in map(find, events, tenants):
                    if type(found) is frozenset:
                        named[name] |= found
                    else:
                        named[name].add(found)
        return {name: keys.difference(there[name]) for name, keys in named.items()}

    def _leading(self, kinds: _Kinds) -> list[_Leading]:
        """Return the events that touch rows which other rows lead to."""
        return [
            (event, tenant, name, find)
            for kind, finders in self._through.items()
            if kind in kinds
            for name, find in finders.items()
            for event, tenant in zip(*kinds[kind], strict=True)
        ]


def _by_kind(batch: Iterable[DecodedEvent]) -> _Kinds:
    """Return the events and tenants of a batch by kind: the rows of one kind are found with few steps of Python."""
    kinds: _Kinds = {}
    for event, tenant in batch:
        kind = kinds.get(type(event))
        if kind is None:
            kind = kinds[type(event)] = ([], [])
        kind[0].append(event)
        kind[1].append(tenant)
    return kinds
