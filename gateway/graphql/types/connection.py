"""Relay connections over the read models' slices."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Generic, TypeVar

import strawberry

from domain.kernel import InvalidInput
from gateway.graphql.derived import Derived, derived, made, of_view
from gateway.graphql.fields import field
from projections.reading.paging import Edge as SliceEdge
from projections.reading.paging import Slice, Window

N = TypeVar("N")
V = TypeVar("V")


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
    counter: strawberry.Private[Callable[[], Awaitable[int]] | None] = None
    make: strawberry.Private[Callable[[Any], Any]]
    view: strawberry.Private[Slice[Any]]

    sources = {
        "edges": derived(lambda page: [made(Edge, edge, page.make) for edge in page.view.edges]),
        "page_info": derived(lambda page: made(PageInfo, page.view)),
        "nodes": replace(
            derived(lambda page: [page.make(view) for view in page.view.nodes]), rows=lambda page: page.view.rows
        ),
    }

    @field("Number of entries in the whole list. Null if the list is not counted.")
    async def total_count(self) -> int | None:
        return None if self.counter is None else await self.counter()


def connection(
    page: Slice[V], make: Callable[[V], N], *, count: Callable[[], Awaitable[int]] | None = None
) -> Connection[N]:
    """Return a read model's page as a connection.

    Args:
        page: the page.
        make: converts an entry to its GraphQL type.
        count: counts the whole list; called only if a client selects ``totalCount``.
    """
    made_of: Connection[N] = made(Connection, page)
    made_of.make, made_of.counter = make, count
    return made_of


def sliced(entries: Sequence[V], window: Window, key: Callable[[V], str]) -> Slice[V]:
    """Return one page of a list that is already in memory.

    Args:
        entries: the whole list, in order.
        window: the page to return.
        key: returns an entry's cursor; unique in the list.

    Raises:
        InvalidInput: the window is invalid, or a cursor is not in this list.
    """
    window.check()
    low, high = 0, len(entries)
    places = {key(entry): place for place, entry in enumerate(entries)}
    if window.after is not None:
        low = _place(places, window.after, "after") + 1
    if window.before is not None:
        high = _place(places, window.before, "before")
    high = max(low, high)
    if window.backwards:
        low = max(low, high - window.size)
    else:
        high = min(high, low + window.size)
    return Slice(
        edges=tuple(SliceEdge(partial(key, entry), entry) for entry in entries[low:high]),
        has_next=high < len(entries),
        has_previous=low > 0,
    )


def _place(places: dict[str, int], cursor: str, name: str) -> int:
    if cursor not in places:
        raise InvalidInput(name, f"Invalid cursor {cursor[:80]!r}. Use a cursor that this list returned.")
    return places[cursor]
