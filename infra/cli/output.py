"""Terminal output: answers on standard output, progress and notes on standard error, both safe for a terminal."""

import json
import re
import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from infra.cli.streams import visible

_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")


class TerminalConsole(Console):
    """A console that escapes control characters in everything it prints. Its own colors and bars stay."""

    def render_str(self, text: str, **options: Any) -> Text:
        """Render a string with its control characters escaped."""
        # Escape before rich measures, so that columns are as wide as their content.
        return super().render_str(visible(text), **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Render anything with its control characters escaped."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(visible(segment.text), segment.style)

    def on_broken_pipe(self) -> None:
        """Raise the error again; ``main`` handles it."""
        # Rich would end the process with status 1, but a reader that leaves early is not a failure.
        raise  # noqa: PLE0704 - called while the error is handled


console = TerminalConsole(stderr=True, highlight=False)
"""Progress, notes and errors: standard error."""
output = TerminalConsole(highlight=False, width=None if sys.stdout.isatty() else 240)
"""Answers for people: standard output, with wide lines if it is not a terminal."""


def say(text: str) -> None:
    """Print one line of an answer without wrapping and markup."""
    output.print(Text(visible(text)), soft_wrap=True)


def print_refusal(text: str) -> None:
    """Print why a command does not do what it was asked for, on one line without markup."""
    console.print(Text.assemble(("zyenta:", "red"), " ", visible(text)), soft_wrap=True)


def print_json(value: object, *, flush: bool = False) -> None:
    """Print a value as JSON on a line of its own."""
    write_json(json.dumps(value, ensure_ascii=False), end="\n")
    if flush:
        sys.stdout.flush()


def write_json(text: str, *, end: str = "") -> None:
    """Write JSON text to standard output. If the encoding is not UTF-8, escape characters beyond ASCII."""
    encoding = (sys.stdout.encoding or "ascii").lower().replace("-", "").replace("_", "")
    if not encoding.startswith("utf") or not _is_encodable(text):
        # Characters beyond ASCII only occur in strings, where JSON can escape each.
        text = _BEYOND_ASCII.sub(lambda match: json.dumps(match[0])[1:-1], text)
    print(text, end=end)


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
