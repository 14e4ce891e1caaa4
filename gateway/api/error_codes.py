"""The error codes of the API, read from ``error_codes.toml``: the only place that says what a code means."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter

FILE = Path(__file__).with_suffix(".toml")
REFUSED = 409
"""The status of a request that is valid, but not in this state."""
PAGE = "/errors"
"""The page that explains all codes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorCode:
    """What a code means to a client."""

    meaning: str
    retry: str
    """Whether a retry helps, and what must happen before it."""
    example: str
    """A message that clients get with it."""
    status: int = REFUSED
    """The HTTP status of a REST answer."""


@cache
def error_codes() -> Mapping[str, ErrorCode]:
    """Return every code."""
    return TypeAdapter(dict[str, ErrorCode]).validate_python(tomllib.loads(FILE.read_text("utf-8")))


def status_of(code: str) -> int:
    """Return the HTTP status of a code."""
    known = error_codes().get(code)
    return REFUSED if known is None else known.status


def address_of(code: str) -> str:
    """Return the address of a code's explanation, relative to the gateway's."""
    return f"{PAGE}#{code}"
