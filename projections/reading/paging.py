"""Keyset pagination in the shape of Relay connections: every page size returns each row exactly once, in order."""

# ruff: noqa: S608  # the parts are constants of the queries; values are arguments

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, Generic, NamedTuple, Protocol, TypeVar, overload

from domain.kernel import InvalidInput
from projections.reading.columns import Rows, Selection, select_list
from projections.reading.conditions import IS_FEW, Conditions, commonness, few_rows, from_few
from projections.reading.cursors import Order, cursor_of, read_cursor

T = TypeVar("T")

PAGE_SIZE = 20
"""Rows in a page if the caller does not say how many."""
PAGE_MAX = 100
"""Most rows in a page."""


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
            key, row_id = read_cursor(name, cursor, order)
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
        few = f"with {commonness(source.narrowly, source.parts, in_list, alias)}, {few_rows(source.few)} "
        narrowly = f"not ({IS_FEW}) and {source.narrowly} and "
    part = f"select {place} from {table} where {narrowly}{rows}"
    places = f"select place.* from {source.parts} cross join lateral ({part}) place"
    if few:
        places += f" union all select {place} {from_few(table, source.id, source.parts, source.of_page)}"
    by_place = f"order by place.key {direction}, place.id {direction}"
    page = f"select place.* from ({places}) place {by_place} limit {limit}"
    return f"{few}select {columns} from ({page}) place join {table} on {source.id} = place.id{source.joins} {by_place}"


@lru_cache(maxsize=512)
def _columns_of_page(selection: Selection[Any], order: Order, id: str) -> tuple[str, str, str]:
    """Return the list after ``select``, and the names of the columns with the order's key and the id."""
    names = {order.key: "sort_key", id: "sort_id", **selection.names}
    return select_list(names), names[order.key], names[id]


def _cursor(selection: Selection[Any], order: Order, id: str, record: Any) -> str:
    _, key_column, id_column = _columns_of_page(selection, order, id)
    return cursor_of(order, record[key_column], record[id_column])
