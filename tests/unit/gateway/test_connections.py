"""Pages of lists in memory."""

import pytest

from domain.kernel import InvalidInput
from gateway.graphql.types.connection import sliced
from projections.reading.paging import Window

LETTERS = "abcdefg"


def page(**window: object) -> tuple[str, bool, bool]:
    cut = sliced(LETTERS, Window(**window), str)  # type: ignore[arg-type]
    return "".join(cut.nodes), cut.has_previous, cut.has_next


@pytest.mark.parametrize("size", [1, 2, 3, 7, 20])
def test_every_page_size_returns_every_entry_once_and_in_order(size: int) -> None:
    seen, after = "", None
    while True:
        cut = sliced(LETTERS, Window(first=size, after=after), str)
        seen += "".join(cut.nodes)
        if not cut.has_next:
            break
        after = cut.end_cursor
    assert seen == LETTERS


def test_pages_can_be_read_from_the_end() -> None:
    assert page(last=2) == ("fg", True, False)
    assert page(last=2, before="f") == ("de", True, True)
    assert page(first=0) == ("", False, True)
    assert page(first=3, after="e", before="b") == ("", True, True)


@pytest.mark.parametrize(
    ("window", "field"),
    [({"first": -1}, "first"), ({"last": 101}, "last"), ({"after": "z"}, "after"), ({"before": ""}, "before")],
)
def test_an_invalid_window_is_rejected(window: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        page(**window)
    assert refusal.value.field == field
