"""Which columns a view is read from, so that a query selects only what its caller asks for.

A caller names attributes of the view. The view that it gets has these attributes and no others: reading another one raises
``AttributeError``, so a wrong list of attributes cannot return a wrong value.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypeVar

V = TypeVar("V")
K = TypeVar("K")

Only = frozenset[str] | None
"""Attributes of a view. None stands for all of them."""

SELECTIONS_MOST = 256
"""Selections of one view that are kept. Their callers choose them, so their number must be bounded."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """How an attribute is read from a row: from which columns, by their names, and by which function."""

    columns: tuple[str, ...]
    read: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Selection(Generic[V]):
    """The columns of some attributes."""

    columns: frozenset[str]
    """Names of columns."""
    sql: str
    """The list after ``select``."""
    read: Callable[[Any], V]
    """Returns the view of a row."""


class ViewColumns(Generic[V]):
    """The columns of a view.

    Args:
        view: the view's class.
        columns: the SQL expression of each column, by its name.
        attributes: the attributes that are more than the column of the same name.
        always: attributes that every view has, whatever is asked for.
    """

    def __init__(
        self,
        view: type[V],
        columns: Mapping[str, str],
        attributes: Mapping[str, Attribute],
        *,
        always: frozenset[str] = frozenset({"id"}),
    ) -> None:
        self._view = view
        self._columns = columns
        self._attributes = attributes
        self._always = always
        names = view.__dataclass_fields__  # type: ignore[attr-defined]
        self._all = frozenset(names)
        self.selection = lru_cache(SELECTIONS_MOST)(self._selection)
        """Returns the columns of some attributes."""

    def _selection(self, only: Only) -> Selection[V]:
        asked = self._all if only is None else (only | self._always) & self._all
        attributes = {name: self._attributes.get(name) or column(name) for name in sorted(asked)}
        columns = frozenset(name for attribute in attributes.values() for name in attribute.columns)
        sql = ", ".join(f"{self._columns[name]} as {name}" for name in sorted(columns))
        return Selection(columns, sql, self._reader(tuple((name, each.read) for name, each in attributes.items())))

    def _reader(self, parts: tuple[tuple[str, Callable[[Any], Any]], ...]) -> Callable[[Any], V]:
        view, new, put = self._view, object.__new__, object.__setattr__

        def read(record: Any) -> V:
            one = new(view)
            for name, get in parts:
                put(one, name, get(record))
            return one

        return read


def column(name: str, convert: Callable[[Any], Any] | None = None) -> Attribute:
    """Return an attribute that is one column. A converted column that is null stays None."""
    if convert is None:
        return Attribute((name,), lambda record: record[name])

    def read(record: Any) -> Any:
        value = record[name]
        return None if value is None else convert(value)

    return Attribute((name,), read)


def constant(value: Any) -> Attribute:
    """Return an attribute that needs no column."""
    return Attribute((), lambda _record: value)


def grouped(views: Iterable[V], keys: Collection[K], *, by: Callable[[V], K]) -> dict[K, tuple[V, ...]]:
    """Return views by a key, in their order. Each of ``keys`` is in the result."""
    groups: dict[K, list[V]] = {key: [] for key in keys}
    for view in views:
        groups[by(view)].append(view)
    return {key: tuple(group) for key, group in groups.items()}
