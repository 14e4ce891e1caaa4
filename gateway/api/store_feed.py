"""A feed of stores' events for subscribers, read from the log by one reader for all of them."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from domain.kernel import InvalidInput
from domain.numbers import whole_number
from gateway.log_ports import TenantLog
from projections.reading.availability import is_database_away
from schemas.envelope import RawEvent
from schemas.internal.cancellation import check_cancelled

BATCH = 100
"""Most events of one store that a statement returns."""
KEPT = 200
"""Events of a store that are kept in memory for its subscribers. A slower one reads the log itself."""
CURSOR_DIGITS = 18

logger = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class _Tail:
    """The newest events of one store, for all its subscribers."""

    since: int
    """The position before the first kept event: nothing is missing after it."""
    head: int
    """The position up to which the log was read."""
    subscribers: int = 0
    events: deque[RawEvent] = field(default_factory=deque)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def extend(self, events: Sequence[RawEvent]) -> None:
        """Add events and wake the subscribers."""
        self.events.extend(events)
        self.head = events[-1].position
        while len(self.events) > KEPT:
            self.since = self.events.popleft().position
        self.changed.set()
        self.changed = asyncio.Event()


class StoreFeed:
    """Publishes stores' events in the order of the log. Positions are the cursors, so any process can resume any other's.

    A subscriber pulls its events. A slow one therefore occupies no memory beyond what its store's subscribers share.

    Args:
        log: the log.
        interval: time between two readings. The feed does not read without subscribers.
    """

    def __init__(self, log: TenantLog, interval: timedelta) -> None:
        self._log = log
        self._interval = interval.total_seconds()
        self._tails: dict[UUID, _Tail] = {}
        self._task: asyncio.Task[None] | None = None

    async def start(self, cursor: str | None) -> int:
        """Return the position after which a subscription begins: its cursor's, or the end of the log.

        Raises:
            InvalidInput: the cursor is not a position of this log.
        """
        last = await self._log.last_position()
        if cursor is None:
            return last
        position = whole_number(cursor) if len(cursor) <= CURSOR_DIGITS else None
        if position is None or not 0 <= position <= last:
            raise InvalidInput(
                "after", f"Invalid cursor {cursor[:40]!r}. Use a `cursor` of this subscription, or a `logPosition`."
            )
        return position

    async def follow(self, store_id: UUID, after: int) -> AsyncGenerator[RawEvent, None]:
        """Yield a store's events after a position, each exactly once, as they settle. It never ends by itself."""
        tail = self._tails.setdefault(store_id, _Tail(since=after, head=after))
        tail.subscribers += 1
        try:
            if self._task is None or self._task.done():
                self._task = asyncio.create_task(self._read_repeatedly(), name="store-feed")
            while True:
                # Both before the reading, during which the tail moves on.
                changed, since = tail.changed, tail.since
                if after < since:
                    events = await self._log.read_tenants({store_id: after}, BATCH)
                    after = after if events else since
                else:
                    events = [event for event in tail.events if event.position > after]
                    if not events:
                        await changed.wait()
                for event in events:
                    yield event
                    after = event.position
        finally:
            tail.subscribers -= 1
            if not tail.subscribers and self._tails.get(store_id) is tail:
                del self._tails[store_id]

    async def close(self) -> None:
        """Stop reading."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _read_repeatedly(self) -> None:
        while self._tails:
            more = False
            try:
                more = await self._read()
            except Exception as error:
                check_cancelled()
                # A short database outage must not end a subscription.
                if is_database_away(error):
                    logger.warning("could not read the log for subscribers; retrying: %s", error)
                else:
                    logger.exception("could not read the log for subscribers; retrying")
            await asyncio.sleep(0 if more else self._interval)

    async def _read(self) -> bool:
        """Read what is new for all followed stores, and return whether there may be more at once."""
        tails = dict(self._tails)
        by_store: dict[UUID, list[RawEvent]] = {}
        for raw in await self._log.read_tenants({id: tail.head for id, tail in tails.items()}, BATCH):
            by_store.setdefault(raw.tenant, []).append(raw)
        for store_id, raws in by_store.items():
            tails[store_id].extend(raws)
        return any(len(raws) >= BATCH for raws in by_store.values())
