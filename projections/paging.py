"""Keyset pagination in the shape of Relay connections: any page size gives every row exactly once, in order.

A cursor holds the sort key and id of its row, so it stays good when that row changes or goes away.
"""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from domain.kernel import InvalidInput

T = TypeVar("T")
U = TypeVar("U")

PAGE_SIZE = 20
"""Rows in a page when nobody says how many."""
PAGE_MAX = 100
"""Most rows in a page."""


class Reader(Protocol):
    """What queries read from: an asyncpg connection or pool whose search path names the read models."""

    async def fetch(self, query: str, *args: Any) -> list[Any]: ...

    async def fetchrow(self, query: str, *args: Any) -> Any: ...

    async def fetchval(self, query: str, *args: Any) -> Any: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Which page of a list is wanted: the first so many after a cursor, or the last so many before one."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None

    @property
    def backwards(self) -> bool:
        """Whether the page is counted from the end."""
        return self.last is not None

    @property
    def size(self) -> int:
        """How many rows are wanted at most."""
        wanted = self.last if self.last is not None else self.first
        return PAGE_SIZE if wanted is None else wanted

    def check(self) -> None:
        """Refuse a window that makes no sense.

        Raises:
            InvalidInput: names the argument.
        """
        if self.first is not None and self.last is not None:
            raise InvalidInput("last", "Ask for the first or the last so many, not both.")
        if not 0 <= self.size <= PAGE_MAX:
            name = "last" if self.backwards else "first"
            raise InvalidInput(name, f"A page has 0 to {PAGE_MAX} entries; {name} was {self.size}.")


@dataclass(frozen=True, slots=True)
class Edge(Generic[T]):
    """One entry of a page, and the cursor that stands for its place."""

    cursor: str
    node: T


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice(Generic[T]):
    """One page of a list, always in the list's own order, whichever way it was asked for."""

    edges: tuple[Edge[T], ...]
    has_next: bool
    """Whether entries follow the last edge."""
    has_previous: bool
    """Whether entries precede the first edge."""

    @property
    def nodes(self) -> tuple[T, ...]:
        """The entries without their cursors."""
        return tuple(edge.node for edge in self.edges)

    @property
    def start_cursor(self) -> str | None:
        return self.edges[0].cursor if self.edges else None

    @property
    def end_cursor(self) -> str | None:
        return self.edges[-1].cursor if self.edges else None
