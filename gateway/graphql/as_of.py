"""What one operation reads: one moment of the present, and earlier positions for fields with ``asOf``."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from contextvars import ContextVar
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import strawberry
from strawberry.extensions import SchemaExtension

from domain.kernel import InvalidInput
from projections.reading.moment import begin_moment
from projections.reading.time_travel import MOST, AsOf, Past, TimeTravel

R = TypeVar("R")


@strawberry.input(
    description="An earlier position in the log. Set exactly one field. The answer for a position never changes."
)
class AsOfInput:
    position: strawberry.ID | None = strawberry.field(
        default=None, description="A position in the log, or a mutation's consistencyToken."
    )
    time: datetime | None = strawberry.field(
        default=None, description="Everything recorded up to this time. A position is more exact."
    )

    def parse(self) -> AsOf:
        """Return the position or time.

        Raises:
            InvalidInput: neither or both are set, or the value is invalid.
        """
        return AsOf.parse(position=None if self.position is None else str(self.position), time=self.time)


class PastReadings:
    """The open readers of one operation, by store and position."""

    def __init__(self) -> None:
        self._stack: AsyncExitStack | None = None
        self._opened: dict[tuple[UUID, int], Past] = {}
        self._turn: asyncio.Lock | None = None

    async def open(self, travel: TimeTravel, tenant: UUID, as_of: AsOf) -> tuple[Past, int]:
        """Return a tenant's past as of a position, and the position. The same position gets the same reader.

        Raises:
            InvalidInput: the position is in the future, or the operation uses too many positions.
            Transient: PostgreSQL failed or is too busy. A retry may succeed.
        """
        position = await travel.locate(tenant, as_of)
        # Made here: most operations open nothing.
        if self._turn is None or self._stack is None:
            self._turn, self._stack = asyncio.Lock(), AsyncExitStack()
        async with self._turn:
            if (tenant, position) not in self._opened:
                if len(self._opened) >= MOST:
                    raise InvalidInput(
                        "as_of",
                        f"as_of has over {MOST} positions in this operation. Use at most {MOST}, and send the others apart.",
                    )
                if not self._opened:
                    await self._stack.enter_async_context(travel.ticket())
                past = await self._stack.enter_async_context(travel.reading(tenant, position))
                self._opened[tenant, position] = past
            return self._opened[tenant, position], position

    async def close(self) -> None:
        """Return the connections to the pool. Later reads open others."""
        self._opened.clear()
        if self._stack is not None:
            await self._stack.aclose()


_operation: ContextVar[PastReadings] = ContextVar("past_readings")


async def with_past_readings(work: Callable[[], Awaitable[R]]) -> R:
    """Run an operation, and return its readers' connections to the pool at the end."""
    moment, readings = begin_moment(), PastReadings()
    token = _operation.set(readings)
    try:
        return await work()
    finally:
        moment.end()
        _operation.reset(token)
        await readings.close()


def past_readings() -> PastReadings:
    """Return the current operation's readers."""
    return _operation.get()


class ClosePastReadings(SchemaExtension):
    """Opens a moment and a :class:`PastReadings` for every operation and closes them afterwards."""

    async def on_operation(self) -> AsyncIterator[None]:
        moment, readings = begin_moment(), PastReadings()
        _operation.set(readings)
        try:
            yield
        finally:
            moment.end()
            await readings.close()
