"""Keyset pagination in the shape of Relay connections: every page size returns each row exactly once, in order.

A cursor holds the sort key and id of its row, so it stays valid when that row changes or is deleted.
"""

# ruff: noqa: S608  # the parts are constants of the queries; values are arguments

import base64
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache, partial
from typing import Any, Generic, NamedTuple, Protocol, TypeVar, overload
from uuid import UUID

from domain.kernel import InvalidInput
from projections.reading.columns import Rows, Selection, select_list

T = TypeVar("T")

PAGE_SIZE = 20
"""Rows in a page if the caller does not say how many."""
PAGE_MAX = 100
"""Most rows in a page."""
FEW = 1_000
"""Most rows that are sorted for a page."""
PROBED = 60
"""Rows of each part of a list of which a common condition keeps many."""
MANY = 4
IS_FEW = f"not (select yes from common) and (select count(*) from few) <= {FEW}"
"""Whether a narrow condition finds few rows."""


class Reader(Protocol):
    """The database of a query: an asyncpg connection or pool whose search path names the read models."""

    async def fetch(self, query: str, *args: Any) -> list[Any]: ...

    async def fetchrow(self, query: str, *args: Any) -> Any: ...

    async def fetchval(self, query: str, *args: Any) -> Any: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Which page of a list to return: the first rows after a cursor, or the last rows before one."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None
    most: int = PAGE_MAX
    """The most rows that ``first`` and ``last`` may ask for."""

    @property
    def backwards(self) -> bool:
        """Whether the page is counted from the end."""
        return self.last is not None

    @property
    def size(self) -> int:
        """The most rows in the page."""
        size = self.last if self.last is not None else self.first
        return PAGE_SIZE if size is None else size

    def check(self) -> None:
        """Check the arguments.

        Raises:
            InvalidInput: names the argument that is wrong.
        """
        if self.first is not None and self.last is not None:
            raise InvalidInput("last", "Pass either first or last, not both.")
        if not 0 <= self.size <= self.most:
            name = "last" if self.backwards else "first"
            raise InvalidInput(name, f"A page has 0 to {self.most} entries; {name} was {self.size}.")


@dataclass(frozen=True, slots=True)
class Edge(Generic[T]):
    """One entry of a page, and the cursor of its place in the list."""

    make_cursor: Callable[[], str]
    node: T

    @property
    def cursor(self) -> str:
        """The cursor, which is written when it is asked for: most clients need one of a page or none."""
        return self.make_cursor()


@dataclass(frozen=True, kw_only=True)
class Slice(Generic[T]):
    """One page of a list, in the list's order; counting from the end does not reverse it."""

    edges: Sequence[Edge[T]]
    has_next: bool
    """Whether entries follow the last edge."""
    has_previous: bool
    """Whether entries precede the first edge."""
    is_whole: bool = False
    """Whether the page is known to be the whole list, so that its entries count the list."""
    rows: Rows | None = None
    """The rows of the entries. None if the entries are no views of rows."""

    @property
    def nodes(self) -> tuple[T, ...]:
        """The entries without their cursors."""
        return tuple(edge.node for edge in self.edges)

    @property
    def start_cursor(self) -> str | None:
        return self.edges[0].cursor if self.edges else None

    @property
    def end_cursor(self) -> str | None:
        return self.edges[-1].cursor if self.edges else None


class _Edges(Sequence[Edge[T]]):
    """The edges of rows, which are made when they are asked for: most clients want nodes or the last cursor."""

    def __init__(self, rows: list[Any], read: Callable[[Any], T], cursor: Callable[[Any], str]) -> None:
        self._rows, self._read, self._cursor = rows, read, cursor

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Edge[T]: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Edge[T]]: ...
    def __getitem__(self, index: int | slice) -> Edge[T] | Sequence[Edge[T]]:
        if isinstance(index, slice):
            return _Edges(self._rows[index], self._read, self._cursor)
        row = self._rows[index]
        return Edge(partial(self._cursor, row), self._read(row))


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order of rows: by a key, ties by id, both in the same direction."""

    name: str
    """Part of every cursor, so that a cursor of another order is rejected."""
    key: str
    """SQL expression, never null."""
    type: str
    """Its SQL type: one of ``KEY_TYPES``."""
    descending: bool = False
    id_type: str = "uuid"
    """SQL type of the id: one of ``KEY_TYPES``."""

    def reverse(self, name: str) -> "Order":
        """Return the opposite order, which the same index serves, under a name of its own."""
        return replace(self, name=name, descending=not self.descending)


class Conditions:
    """The conditions of a query's ``where``, with their arguments."""

    def __init__(self) -> None:
        self._conditions: list[str] = []
        self.arguments: list[Any] = []
        self.parts: str | None = None
        """A table whose rows each stand for a part of the list; see :meth:`split`."""
        self.few: str | None = None
        """The query of the ids that a narrow condition may find; see :meth:`narrow`."""
        self.narrowly = ""

    def add(self, part: str, *values: object) -> "Conditions":
        """Add a condition; each ``{}`` in it stands for the next value."""
        self._conditions.append(part.format(*map(self.value, values)) if values else part)
        return self

    def value(self, value: object) -> str:
        """Add an argument; return the place that stands for it."""
        self.arguments.append(value)
        return f"${len(self.arguments)}"

    def split(self, parts: str) -> "Conditions":
        """Split the list into parts, each of which is read in order from its own place of an index.

        No more than a page of each part is read. So rows of a rare status, or of two statuses, are found without
        passing over the others.

        Args:
            parts: a table of parts. The conditions name its columns; a row of the list meets them for one part.
        """
        self.parts = parts
        return self

    def narrow(self, few: str, condition: str) -> "Conditions":
        """Add a condition that an index of its own serves, but not in the order of the list.

        If it finds no more than ``FEW`` rows, they are sorted. If it finds more, or ``MANY`` of the first ``PROBED``, the
        list is followed in its order until a page is found. PostgreSQL cannot choose: it does not know how common a
        condition is in one store.

        Args:
            few: the query of the rows' ids, through the condition's own index; the other conditions are checked afterwards.
            condition: the condition for a row of the list, as a subquery so that it is no way to find rows.
        """
        self.few, self.narrowly = few, condition
        return self

    def with_few(self, rows: str, alias: str) -> str:
        """Return the ``with`` clause of a list with a narrow condition.

        Args:
            rows: the query of the list's rows in its order, without the narrow condition.
            alias: the name of a row in the conditions.
        """
        assert self.few is not None
        return f"with {self.commonness(rows, alias)}, {_few(self.few)} "

    def commonness(self, rows: str, alias: str) -> str:
        """Return the table ``common``, whose column ``yes`` says whether many of the list meet the narrow condition.

        The arguments are those of :meth:`with_few`.
        """
        assert self.parts is not None
        return _commonness(self.narrowly, self.parts, rows, alias)

    def from_few(self, table: str, id: str, joins: str = "") -> str:
        """Return the ``from`` and ``where`` of the few rows, which are none if there are more than a few.

        Args:
            table: the table of the list's rows and its alias.
            id: SQL expression of a row's id.
            joins: joins of other tables, one row of each for one of the list.
        """
        assert self.parts is not None
        return _from_few(table, id, self.parts, self.sql, joins)

    @property
    def sql(self) -> str:
        """The conditions, all of which must hold."""
        return " and ".join(self._conditions) or "true"


def parts_of(names: Iterable[StrEnum], alias: str = "part") -> str:
    """Return the table ``alias`` whose column ``name`` has some names of an enumeration.

    The names are constants, not arguments: PostgreSQL plans a statement again and again if its argument is a list, since
    it expects ten entries of a list that it does not know.
    """
    listed = ", ".join(f"'{name.value}'" for name in sorted(names))
    return f"unnest(array[{listed}]::text[]) {alias} (name)"


async def paginate(
    db: Reader,
    *,
    selection: Selection[T],
    table: str,
    joins: str = "",
    where: Conditions,
    order: Order,
    window: Window,
    id: str,
) -> Slice[T]:
    """Return one page of a list.

    Args:
        db: the database.
        selection: the columns, and how to read a row of them. Cursors use its columns too.
        table: the table of the list's rows and its alias. It has the order's key and the id.
        joins: joins of other tables that the columns need, one row of each for one of the list.
        where: the conditions; those of the cursors are added to it.
        order: the list's order.
        window: the page.
        id: SQL expression of what tells rows with the same key apart, of the order's ``id_type``.

    Raises:
        InvalidInput: the window or a cursor is invalid.
    """
    window.check()
    of_list = of_page = where.sql
    for name, cursor, beyond in (("after", window.after, True), ("before", window.before, False)):
        if cursor is not None:
            key, row_id = _read_cursor(name, cursor, order)
            sign = "<" if order.descending is beyond else ">"
            where.add(f"({order.key}, {id}) {sign} ({{}}::{order.type}, {{}}::{order.id_type})", key, row_id)
            of_page = where.sql
    size = window.size
    source = _Source(table, joins, id, of_list, of_page, where.parts, where.few, where.narrowly)
    records = await db.fetch(
        _page_query(selection, source, order, size + 1, is_backwards=window.backwards), *where.arguments
    )
    page = Rows(records[:size])
    more = len(records) > len(page)
    if window.backwards:
        page.reverse()
    return Slice(
        edges=_Edges(page, selection.read, partial(_cursor, selection, order, id)),
        has_next=window.before is not None if window.backwards else more,
        has_previous=more if window.backwards else window.after is not None,
        is_whole=not more and window.after is None and window.before is None,
        rows=page,
    )


class _Source(NamedTuple):
    """Where a page's rows come from, as SQL; see :class:`Conditions`."""

    table: str
    joins: str
    id: str
    of_list: str
    """The conditions of the list."""
    of_page: str
    """The same with those of the cursors."""
    parts: str | None
    few: str | None
    narrowly: str


@lru_cache(maxsize=1024)
def _page_query(selection: Selection[Any], source: _Source, order: Order, limit: int, *, is_backwards: bool) -> str:
    """Return the query of a page. Its text is kept, since most pages differ from an earlier one in their arguments only."""
    direction = "desc" if order.descending is not is_backwards else "asc"
    in_order = f"order by {order.key} {direction}, {source.id} {direction}"
    table, alias = source.table, source.table.rpartition(" ")[2]
    columns = _columns_of_page(selection, order, source.id)[0]
    rows = f"{source.of_page} {in_order} limit {limit}"
    if source.parts is None and not source.joins:
        return f"select {columns} from {table} where {rows}"
    if source.parts is None:
        # The page is cut before the joins.
        return f"select {columns} from (select {alias}.* from {table} where {rows}) {alias}{source.joins} {in_order}"
    # Places are found in the index alone. Only the rows of the page are read.
    place, narrowly, few = f"{order.key} as key, {source.id} as id", "", ""
    if source.few is not None:
        in_list = f"select {alias}.* from {table} where {source.of_list} {in_order}"
        few = f"with {_commonness(source.narrowly, source.parts, in_list, alias)}, {_few(source.few)} "
        narrowly = f"not ({IS_FEW}) and {source.narrowly} and "
    part = f"select {place} from {table} where {narrowly}{rows}"
    places = f"select place.* from {source.parts} cross join lateral ({part}) place"
    if few:
        places += f" union all select {place} {_from_few(table, source.id, source.parts, source.of_page, '')}"
    by_place = f"order by place.key {direction}, place.id {direction}"
    page = f"select place.* from ({places}) place {by_place} limit {limit}"
    return f"{few}select {columns} from ({page}) place join {table} on {source.id} = place.id{source.joins} {by_place}"


def _from_few(table: str, id: str, parts: str, conditions: str, joins: str) -> str:
    alias = table.rpartition(" ")[2]
    # "offset 0" keeps PostgreSQL from reading the whole table for the many rows that it expects.
    row = f"lateral (select {alias}.* from {table} where {id} = few.id offset 0) {alias}"
    return f"from few cross join {row} {joins} cross join {parts} where {IS_FEW} and {conditions}"


def _commonness(narrowly: str, parts: str, rows: str, alias: str) -> str:
    probed = f"select {narrowly} as has from {parts} cross join lateral ({rows} limit {PROBED}) {alias}"
    return f"common as materialized (select count(*) >= {MANY} as yes from ({probed}) probed where has)"


def _few(few: str) -> str:
    return f"few as materialized ({few} and not (select yes from common) limit {FEW + 1})"


@lru_cache(maxsize=512)
def _columns_of_page(selection: Selection[Any], order: Order, id: str) -> tuple[str, str, str]:
    """Return the list after ``select``, and the names of the columns with the order's key and the id."""
    names = {order.key: "sort_key", id: "sort_id", **selection.names}
    return select_list(names), names[order.key], names[id]


Place = tuple[str | int, ...]
"""What orders the entries of a list that is in memory. No two entries have the same."""


def order_of_cursor(cursor: str) -> str | None:
    """Return the name of the order that a cursor belongs to; None if it is not a cursor."""
    try:
        name = decode_cursor(cursor)[0]
    except (ValueError, TypeError, LookupError, RecursionError):
        return None
    return name if isinstance(name, str) else None


def decode_cursor(cursor: str) -> Any:
    """Return what a cursor was made of.

    Raises:
        ValueError: the text is not a cursor.
    """
    return json.loads(base64.b64decode(cursor.encode() + b"=" * (-len(cursor) % 4), b"-_", validate=True))


def _cursor(selection: Selection[Any], order: Order, id: str, record: Any) -> str:
    _, key_column, id_column = _columns_of_page(selection, order, id)
    return cursor_of(order, record[key_column], record[id_column])


def cursor_of(order: Order, key: Any, id: UUID | str) -> str:
    """Return the cursor of the row with a key and an id."""
    return encode_cursor(order.name, key.isoformat() if isinstance(key, datetime) else key, str(id))


def encode_cursor(order: str, *place: str | float) -> str:
    """Return the cursor of a place in an order."""
    return base64.urlsafe_b64encode(json.dumps([order, *place]).encode()).decode().rstrip("=")


def _read_cursor(argument: str, cursor: str, order: Order) -> tuple[Any, Any]:
    refusal = InvalidInput(
        argument,
        f"{cursor[:80]!r} is not a cursor of this list. Pass a cursor that this list returned, with the same sorting.",
    )
    try:
        name, key, id = decode_cursor(cursor)
        place = KEY_TYPES[order.type](key), KEY_TYPES[order.id_type](id)
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise refusal from error
    if name != order.name:
        raise refusal
    return place


def _time(key: str) -> datetime:
    moment = datetime.fromisoformat(key)
    if moment.tzinfo is None:
        raise ValueError("no time zone")
    return moment.astimezone(UTC)


def _whole(key: int) -> int:
    if isinstance(key, bool) or not isinstance(key, int) or key.bit_length() > 63:
        raise ValueError("not a whole number of 64 bits")
    return key


def _text(key: str) -> str:
    if not isinstance(key, str) or "\0" in key:
        raise ValueError("not a text")
    key.encode()  # refuses a lone surrogate
    return key


KEY_TYPES: Mapping[str, Callable[[Any], Any]] = {
    "timestamptz": _time,
    "bigint": _whole,
    "double precision": float,
    "text": _text,
    "uuid": UUID,
}
"""How to parse the key of a cursor, by SQL type."""
