"""Terminal output: answers on standard output, progress and notes on standard error, both safe for a terminal."""

import codecs
import json
import os
import re
import select
import sys
from collections.abc import Iterable
from io import TextIOWrapper
from typing import Any

from anyascii import anyascii
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

SIGNS = "zyenta-signs"
"""The error handler for characters outside a stream's encoding: a similar ASCII text, or a question mark."""
_ASCII = {"✓": "+", "✗": "x", "…": "...", "·": "-", "•": "*"}
_HARMFUL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
"""Control characters (escape included) and characters that reorder or hide text; not tab and line break."""
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")


def visible(text: str) -> str:
    r"""Return the text with each character that controls a terminal escaped as in Python: ``\x1b``, ``\u202e``."""
    return _HARMFUL.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


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


def prepare_streams() -> None:
    """Make standard output and error accept every character in every encoding."""
    codecs.register_error(SIGNS, _similar)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors=SIGNS)


def reader_left() -> bool:
    """Return whether standard output is a pipe whose reader has left (``… | head``)."""
    try:
        poll = select.poll()
        poll.register(sys.stdout.fileno(), select.POLLOUT)
        return any(event & select.POLLERR for _, event in poll.poll(0))
    except (OSError, ValueError):
        return False


def close_output() -> None:
    """Flush standard output. Discard the buffer if the pipe is closed, so that Python does not report it at exit."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _similar(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    return "".join(_ASCII.get(sign) or anyascii(sign) or "?" for sign in signs), error.end
