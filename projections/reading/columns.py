"""Which columns a view is read from, so that a query selects only what its caller asks for.

A caller names attributes of the view. The view that it gets has these attributes: reading another one raises
``AttributeError``, so a wrong list of attributes cannot return a wrong value. Each is decoded when it is read.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, EnumType
from functools import lru_cache
from operator import itemgetter
from typing import Any, Generic, TypeVar

import asyncpg

V = TypeVar("V")
K = TypeVar("K")

Only = frozenset[str] | None
"""Attributes of a view. None stands for all of them."""

SELECTIONS_MOST = 256
"""Selections of one view that are kept. Their callers choose them, so their number must be bounded."""


class Rows(list[Any]):
    """The rows of one statement, and their columns."""

    __slots__ = ("_columns",)

    def __init__(self, rows: Iterable[Any]) -> None:
        super().__init__(rows)
        self._columns: dict[str, list[Any]] | None = None

    def column(self, name: str) -> list[Any]:
        """Return the value of each row. The list belongs to the rows."""
        if self._columns is None:
            # All columns at once take a third of the time of one after the other. A statement selects only what is read.
            self._columns = _columns_of(self) if self and type(self[0]) is asyncpg.Record else {}
        column = self._columns.get(name)
        return list(map(itemgetter(name), self)) if column is None else column


def _columns_of(records: list[asyncpg.Record]) -> dict[str, list[Any]]:
    return dict(zip(records[0].keys(), map(list, zip(*records, strict=True)), strict=True))


def column_of(rows: list[Any], name: str) -> list[Any]:
    """Return a column's value of each row."""
    return rows.column(name) if isinstance(rows, Rows) else list(map(itemgetter(name), rows))


@dataclass(frozen=True, slots=True)
class Attribute:
    """How an attribute is read from a row: from which columns, by their names, and by which function."""

    columns: tuple[str, ...]
    read: Callable[[Any], Any]
    members: Mapping[Any, Any] | None = None
    """The member for each value of the column, if the attribute is an enumeration's member."""
    read_all: Callable[[list[Any]], list[Any]] | None = None
    """Reads many rows at once, where that is faster."""
    is_plain: bool = False
    """Whether its value is that of its only column."""


@dataclass(frozen=True, slots=True, eq=False)
class Selection(Generic[V]):
    """The columns of some attributes."""

    columns: frozenset[str]
    """Names of columns."""
    names: Mapping[str, str]
    """The names of columns by their SQL expressions."""
    read: Callable[[Any], V]
    """Returns the view of a row."""
    sql: str = field(init=False)
    """The list after ``select``."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "sql", select_list(self.names))


def select_list(names: Mapping[str, str]) -> str:
    """Return the list after ``select``. Takes names of columns by their SQL expressions."""
    return ", ".join([f"{expression} as {name}" for expression, name in names.items()])


def whole_rows(alias: str, columns: Iterable[str], read: Callable[[Any], V]) -> Selection[V]:
    """Return the selection of a view that is always read whole, from columns of one table."""
    names = {f"{alias}.{name}": name for name in columns}
    return Selection(frozenset(names.values()), names, read)


class ViewColumns(Generic[V]):
    """The columns of a view.

    Args:
        view: the view's class.
        columns: the SQL expression of each column, by its name.
        attributes: the attributes that are more than the column of the same name.
        always: attributes that every view has, whatever is asked for.
        parts: columns that another statement finds. A query that selects them adds them to the row by :func:`with_parts`.
    """

    def __init__(
        self,
        view: type[V],
        columns: Mapping[str, str],
        attributes: Mapping[str, Attribute],
        *,
        always: frozenset[str] = frozenset({"id"}),
        parts: frozenset[str] = frozenset(),
    ) -> None:
        self._view = _read_from_record(view, self)
        self._columns = columns
        self._always = always
        self._parts = parts
        self._all = frozenset(view.__dataclass_fields__)  # type: ignore[attr-defined]
        self.attributes = {name: attributes.get(name) or column(name) for name in self._all}
        """How each attribute is read."""
        self.selection = lru_cache(SELECTIONS_MOST)(self._selection)
        """Returns the columns of some attributes."""

    def _selection(self, only: Only) -> Selection[V]:
        asked = self._all if only is None else (only | self._always) & self._all
        columns = frozenset(column for name in asked for column in self.attributes[name].columns)
        names = {self._columns[name]: name for name in sorted(columns - self._parts)}
        return Selection(columns, names, self.view)

    def view(self, record: Any) -> V:
        """Return the view of a row. Its attributes are decoded when they are read."""
        one = object.__new__(self._view)
        object.__setattr__(one, "record", record)
        return one


def _read_from_record(view: type[V], columns: ViewColumns[V]) -> type[V]:
    """Return a kind of the view whose attributes are read from ``record``, each at most once."""

    def read(self: Any, name: str) -> Any:
        attribute = columns.attributes.get(name)
        if attribute is None:
            raise AttributeError(f"{view.__name__!r} has no attribute {name!r}")
        try:
            value = attribute.read(self.record)
        except KeyError as error:
            raise AttributeError(f"{view.__name__}.{name} was not selected: no column {error}") from error
        object.__setattr__(self, name, value)
        return value

    def equal(self: Any, other: Any) -> Any:
        # A dataclass equals only objects of its own class.
        if not isinstance(other, view):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in columns.attributes)

    members = {
        "__slots__": ("record",),
        "__getattr__": read,
        "__eq__": equal,
        "__hash__": lambda self: hash(self.id),
        "__doc__": view.__doc__,
    }
    return type(view.__name__, (view,), members)


def with_parts(record: Any, **parts: Any) -> Mapping[str, Any]:
    """Return a row with the parts that other statements found."""
    return dict(record.items()) | parts


def column(name: str, convert: Callable[[Any], Any] | None = None) -> Attribute:
    """Return an attribute that is one column. A converted column that is null stays None."""
    if convert is None:
        return Attribute((name,), itemgetter(name), read_all=lambda rows: column_of(rows, name), is_plain=True)
    members: Mapping[Any, Any] | None = None
    if isinstance(convert, EnumType):
        every: Iterable[Enum] = convert.__members__.values()
        members = {each.value: each for each in every}
    # Looking a member up takes a fraction of the time of calling the class.
    converted = convert if members is None else members.__getitem__

    def read(record: Any) -> Any:
        value = record[name]
        return None if value is None else converted(value)

    def read_all(rows: list[Any]) -> list[Any]:
        return [None if value is None else converted(value) for value in column_of(rows, name)]

    return Attribute((name,), read, members, read_all)


def constant(value: Any) -> Attribute:
    """Return an attribute that needs no column."""
    return Attribute((), lambda _record: value)


def grouped(views: Iterable[V], keys: Collection[K], *, by: Callable[[V], K]) -> dict[K, tuple[V, ...]]:
    """Return views by a key, in their order. Each of ``keys`` is in the result."""
    groups: dict[K, list[V]] = {key: [] for key in keys}
    for view in views:
        groups[by(view)].append(view)
    return {key: tuple(group) for key, group in groups.items()}
