"""Standard output and error of every command: any character in any encoding, and readers that leave early."""

import codecs
import os
import re
import select
import sys
from io import TextIOWrapper

from anyascii import anyascii

SIGNS = "zyenta-signs"
"""The error handler for characters outside a stream's encoding: a similar ASCII text, or a question mark."""
_ASCII = {"✓": "+", "✗": "x", "…": "...", "·": "-", "•": "*"}
_HARMFUL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
"""Control characters (escape included) and characters that reorder or hide text; not tab and line break."""


def visible(text: str) -> str:
    r"""Return the text with each character that controls a terminal escaped as in Python: ``\x1b``, ``\u202e``."""
    return _HARMFUL.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


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


def _similar(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    return "".join(_ASCII.get(sign) or anyascii(sign) or "?" for sign in signs), error.end
