"""Relay connections over the read models' slices."""

import asyncio
from bisect import bisect_left, bisect_right
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from functools import partial
from typing import Any, Generic, TypeVar

import strawberry

from domain.kernel import InvalidInput
from gateway.graphql.derived import Derived, derived, made, of_view
from gateway.graphql.fields import field
from projections.reading.counting import Count
from projections.reading.cursors import Place, decode_cursor, encode_cursor
from projections.reading.paging import Edge as SliceEdge
from projections.reading.paging import Slice, Window

N = TypeVar("N")
V = TypeVar("V")
S = TypeVar("S", bound=StrEnum)


class Counter:
    """Counts a list once, however many fields ask."""

    def __init__(self, ask: Callable[[], Awaitable[Count]], known: Count | None) -> None:
        self._ask = ask
        self._turn = asyncio.Lock()
        self._count = known

    async def count(self) -> Count:
        async with self._turn:
            if self._count is None:
                self._count = await self._ask()
            return self._count


@strawberry.type(description="The position of a page in its list.")
class PageInfo(Derived):
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None
    view: strawberry.Private[Slice[Any]]

    sources = {"has_next_page": of_view("has_next"), "has_previous_page": of_view("has_previous")}


@strawberry.type(description="One entry of a list and its cursor.")
class Edge(Derived, Generic[N]):
    cursor: str
    node: N
    view: strawberry.Private[SliceEdge[Any]]

    sources = {"node": derived(lambda edge: edge.reading(edge.view.node))}


@strawberry.type(
    description="One page of a list (Relay cursor connection). A page has 20 entries by default and 100 at most."
)
class Connection(Derived, Generic[N]):
    edges: list[Edge[N]]
    page_info: PageInfo
    nodes: list[N] = strawberry.field(description="The entries, without their cursors.")
    counter: strawberry.Private[Counter | None] = None
    make: strawberry.Private[Callable[[Any], Any]]
    view: strawberry.Private[Slice[Any]]

    sources = {
        "edges": derived(lambda page: [made(Edge, edge, page.make) for edge in page.view.edges]),
        "page_info": derived(lambda page: made(PageInfo, page.view)),
        "nodes": replace(
            derived(lambda page: [page.make(view) for view in page.view.nodes]), rows=lambda page: page.view.rows
        ),
    }

    @field(
        "Number of entries in the whole list. 1,000 for a search or filter that keeps more; then `totalCountIsExact` is "
        "false. Null if the list is not counted."
    )
    async def total_count(self) -> int | None:
        return None if self.counter is None else (await self.counter.count()).number

    @field(
        "Whether the list has no more entries than `totalCount`. A list with a search or filter is counted up to 1,000. "
        "Null if the list is not counted."
    )
    async def total_count_is_exact(self) -> bool | None:
        return None if self.counter is None else (await self.counter.count()).is_exact


def connection(
    page: Slice[V], make: Callable[[V], N], *, count: Callable[[], Awaitable[Count]] | None = None
) -> Connection[N]:
    """Return a read model's page as a connection.

    Args:
        page: the page.
        make: converts an entry to its GraphQL type.
        count: counts the whole list; called only if a client selects ``totalCount`` or ``totalCountIsExact``.
    """
    made_of: Connection[N] = made(Connection, page)
    made_of.make, made_of.counter = make, None
    if count is not None:
        made_of.counter = Counter(count, Count(len(page.edges)) if page.is_whole else None)
    return made_of


def sorted_connection(
    entries: Iterable[V],
    window: Window,
    name: str,
    places: Mapping[S, Callable[[V], Place]],
    sort: S,
    make: Callable[[V], N],
) -> Connection[N]:
    """Return one page of a list that is already in memory as a connection.

    Args:
        entries: the whole list, in any order.
        window: the page to return.
        name: the name of the list, which its cursors carry with the sort.
        places: for each sort, what returns an entry's place.
        sort: the list's order.
        make: converts an entry to its GraphQL type.

    Raises:
        InvalidInput: the window is invalid, or a cursor is of another list or sort.
    """
    place = places[sort]
    return connection_of(sorted(entries, key=place), window, f"{name}-{sort.lower()}", place, make)


def connection_of(
    entries: Sequence[V], window: Window, name: str, place: Callable[[V], Place], make: Callable[[V], N]
) -> Connection[N]:
    """Return one page of a list that is already in memory and in order as a connection; see :func:`sliced`."""

    async def count() -> Count:
        return Count(len(entries))

    return connection(sliced(entries, window, name, place), make, count=count)


def sliced(entries: Sequence[V], window: Window, name: str, place: Callable[[V], Place]) -> Slice[V]:
    """Return one page of a list that is already in memory.

    A cursor holds an entry's place, so it stays valid when the entry moves or is deleted.

    Args:
        entries: the whole list, by place.
        window: the page to return.
        name: the name of the list, which its cursors carry.
        place: returns an entry's place.

    Raises:
        InvalidInput: the window is invalid, or a cursor is not of this list.
    """
    window.check()
    places = [place(entry) for entry in entries]
    low, high = 0, len(entries)
    if window.after is not None:
        low = bisect_right(places, _place(places, window.after, "after", name))
    if window.before is not None:
        high = bisect_left(places, _place(places, window.before, "before", name))
    high = max(low, high)
    if window.backwards:
        low = max(low, high - window.size)
    else:
        high = min(high, low + window.size)
    return Slice(
        edges=tuple(
            SliceEdge(partial(encode_cursor, name, *at), entry)
            for at, entry in zip(places[low:high], entries[low:high], strict=True)
        ),
        has_next=high < len(entries),
        has_previous=low > 0,
    )


def _place(places: Sequence[Place], cursor: str, argument: str, name: str) -> Place:
    refusal = InvalidInput(argument, f"Invalid cursor {cursor[:80]!r}. Use a cursor that this list returned.")
    try:
        of_list, *place = decode_cursor(cursor)
    except (ValueError, TypeError, RecursionError) as error:
        raise refusal from error
    # An empty list has no place to compare with; then any place leads to an empty page.
    kinds = [type(part) for part in places[0]] if places else [type(part) for part in place]
    if (
        of_list != name
        or [type(part) for part in place] != kinds
        or not all(type(each) in (str, int) for each in place)
    ):
        raise refusal
    return tuple(place)
