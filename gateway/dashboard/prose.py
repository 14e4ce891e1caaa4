"""Markdown as shoppers see it, and two texts beside each other with what differs marked."""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from html.parser import HTMLParser

from markupsafe import Markup

from infra.web.markdown import render

VOID = frozenset({"br", "hr", "wbr"})
LONGEST = 100_000
"""Characters of a text that are shown."""


def compared(before: str, proposed: str) -> tuple[Markup, Markup]:
    """Return two Markdown texts as safe HTML. Blocks that only one of them has are marked, as deleted or as inserted.

    A block is a paragraph, a heading, a list or a table.
    """
    old, new = blocks(before), blocks(proposed)
    gone, added = set(range(len(old))), set(range(len(new)))
    for at, beside, size in SequenceMatcher(a=old, b=new, autojunk=False).get_matching_blocks():
        gone -= set(range(at, at + size))
        added -= set(range(beside, beside + size))
    return _marked(old, gone, "del"), _marked(new, added, "ins")


def blocks(text: str) -> list[str]:
    """Return a Markdown text as safe HTML, block by block."""
    reader = _Blocks()
    html = str(render(text[:LONGEST], top=3))
    reader.feed(html)
    reader.close()
    lines = [0]
    for line in html.splitlines(keepends=True):
        lines.append(lines[-1] + len(line))
    ends = [lines[row - 1] + column for row, column in reader.ends]
    return [
        html[start:end].strip()
        for start, end in zip([0, *ends], [*ends, len(html)], strict=True)
        if html[start:end].strip()
    ]


def _marked(parts: Sequence[str], different: set[int], tag: str) -> Markup:
    def each() -> Iterator[str]:
        for number, part in enumerate(parts):
            yield f"<{tag}>{part}</{tag}>" if number in different else part

    return Markup("\n".join(each()))  # noqa: S704 - the renderer escapes everything and knows no raw HTML


class _Blocks(HTMLParser):
    """Finds where each block of HTML begins that is inside no other."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0
        self.ends: list[tuple[int, int]] = []
        """Line, from 1, and column of each block but the first."""

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - the library's signature
        if self._depth == 0 and self.getpos() != (1, 0):
            self.ends.append(self.getpos())
        if tag not in VOID:
            self._depth += 1

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            self._depth -= 1
