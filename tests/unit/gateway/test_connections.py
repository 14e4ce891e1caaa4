"""Pages of lists in memory."""

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.kernel import InvalidInput
from gateway.graphql.types.connection import connection, sliced
from projections.reading.counting import Count
from projections.reading.cursors import encode_cursor
from projections.reading.paging import Slice, Window
from tests.support.examples import drawn
from tests.support.paging import CHANGES, Change, check_walk, walk

LETTERS = "abcdefg"


def letters(**window: object) -> Slice[str]:
    return sliced(LETTERS, Window(**window), "letters", lambda letter: (letter,))  # type: ignore[arg-type]


def at(letter: str) -> str:
    return encode_cursor("letters", letter)


def page(**window: object) -> tuple[str, bool, bool]:
    cut = letters(**window)
    return "".join(cut.nodes), cut.has_previous, cut.has_next


@settings(max_examples=drawn(200), deadline=None)
@given(
    entries=st.dictionaries(st.integers(0, 40), st.sampled_from(["", "A", "a", "ß", "🔥", "\0"]), max_size=25),
    size=st.integers(1, 9),
    backwards=st.booleans(),
    changes=CHANGES,
)
async def test_no_page_size_and_no_change_between_pages_leaves_a_gap_or_a_duplicate(
    entries: dict[int, str], size: int, backwards: bool, changes: list[list[Change]]
) -> None:
    stayed = set(entries.items())

    async def change(each: Change) -> None:
        kind, id = each
        if kind == "delete":
            entries.pop(id, None)
        else:
            entries.setdefault(id, "new")
        stayed.intersection_update(entries.items())

    async def ask(window: Window) -> Slice[tuple[int, str]]:
        def place(entry: tuple[int, str]) -> tuple[str, int]:
            return entry[1], entry[0]

        return sliced(sorted(entries.items(), key=place), window, "entries", place)

    seen = await walk(ask, size, changes, change, backwards=backwards)
    check_walk(seen, sorted(stayed, key=lambda entry: (entry[1], entry[0])))


def test_pages_can_be_read_from_the_end() -> None:
    assert page(last=2) == ("fg", True, False)
    assert page(last=2, before=at("f")) == ("de", True, True)
    assert page(first=0) == ("", False, True)
    assert page(first=3, after=at("e"), before=at("b")) == ("", True, True)


def test_a_cursor_of_a_deleted_entry_still_has_its_place() -> None:
    assert page(first=2, after=at("bb")) == ("cd", True, True)


@pytest.mark.parametrize(
    ("window", "field"),
    [
        ({"first": -1}, "first"),
        ({"last": 101}, "last"),
        *(
            ({"after": cursor}, "after")
            for cursor in (
                "",
                "z",
                "é",
                "\ud800",
                encode_cursor("words", "a"),
                encode_cursor("letters"),
                encode_cursor("letters", 1),
                encode_cursor("letters", 1.5),
                encode_cursor("letters", "a", "b"),
                "W" * 100_000,
            )
        ),
        ({"before": ""}, "before"),
    ],
)
def test_an_invalid_window_is_rejected(window: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        page(**window)
    assert refusal.value.field == field


async def test_a_list_is_counted_once_for_both_fields_about_its_count() -> None:
    asked = 0

    async def count() -> Count:
        nonlocal asked
        asked += 1
        return Count(1_000, is_exact=False)

    page: Slice[int] = Slice(edges=(), has_next=False, has_previous=False)
    listed = connection(page, str, count=count)
    number, is_exact = await asyncio.gather(listed.total_count(), listed.total_count_is_exact())
    assert (number, is_exact) == (1_000, False)
    assert asked == 1
    whole = connection(replace(page, is_whole=True), str, count=count)
    assert (await whole.total_count(), await whole.total_count_is_exact(), asked) == (0, True, 1)
    uncounted = connection(page, str)
    assert (await uncounted.total_count(), await uncounted.total_count_is_exact()) == (None, None)
