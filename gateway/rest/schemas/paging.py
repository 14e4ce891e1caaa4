"""A page of a list as a body."""

from collections.abc import Callable
from typing import Generic, TypeVar

from gateway.rest.schemas.body import Body
from projections.reading.paging import Slice

T = TypeVar("T")
V = TypeVar("V")


class PageOf(Body, Generic[T]):
    """One page of a list. Send ``endCursor`` as ``after`` to get the next page."""

    items: list[T]
    has_next_page: bool
    end_cursor: str | None


def page_of(page: Slice[V], make: Callable[[V], T]) -> PageOf[T]:
    """Return a read model's page as a body."""
    return PageOf(items=[make(node) for node in page.nodes], has_next_page=page.has_next, end_cursor=page.end_cursor)
