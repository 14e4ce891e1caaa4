"""Reads a list page by page while its rows change."""

from collections.abc import Awaitable, Callable
from typing import Any

from hypothesis import strategies as st

from projections.reading.paging import Slice, Window

Ask = Callable[[Window], Awaitable[Slice[Any]]]
Change = tuple[str, int]
"""``insert`` or ``delete``, and a number that says what."""

CHANGES = st.lists(
    st.lists(st.tuples(st.sampled_from(["insert", "delete"]), st.integers(0, 40)), max_size=3), max_size=12
)
"""What happens after each page."""
LONGEST = 200


async def walk(
    ask: Ask, size: int, changes: list[list[Change]], change: Callable[[Change], Awaitable[None]], *, backwards: bool
) -> list[Any]:
    """Return what a client sees that reads a list to its end, in the list's order.

    Args:
        ask: returns a page.
        size: entries in a page.
        changes: what happens after each page.
        change: makes a change.
        backwards: whether to read from the end.
    """
    seen: list[Any] = []
    cursor: str | None = None
    for turn in range(LONGEST):
        window = Window(last=size, before=cursor) if backwards else Window(first=size, after=cursor)
        page = await ask(window)
        assert len(page.edges) <= size
        seen = [*page.nodes, *seen] if backwards else [*seen, *page.nodes]
        more = page.has_previous if backwards else page.has_next
        if not more:
            return seen
        cursor = page.start_cursor if backwards else page.end_cursor
        for each in changes[turn] if turn < len(changes) else ():
            await change(each)
    raise AssertionError("the list has no end")


def check_walk(seen: list[Any], stayed: list[Any]) -> None:
    """Check that a client saw each entry that stayed once and in order, and no entry twice.

    Args:
        seen: the entries that it saw.
        stayed: the entries that were there all the time, in the list's order.
    """
    assert len(seen) == len(set(seen)), "an entry was seen twice"
    kept = set(stayed)
    assert [each for each in seen if each in kept] == stayed, "an entry that stayed was missed or out of order"
