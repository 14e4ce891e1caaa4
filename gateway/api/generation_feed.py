"""A feed of generation states for subscribers, with one poll of the read model for all of them."""

import asyncio
import hashlib
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from uuid import UUID

from domain.generation.events import JobStatus
from domain.kernel import InvalidInput
from projections.jobs.queries import generations_by_stores, job_logs
from projections.jobs.views import GenerationView, JobLogView
from projections.reading.availability import is_database_away
from projections.reading.cursors import decode_cursor, encode_cursor
from projections.reading.paging import Reader
from projections.reading.scope import SYSTEM
from schemas.internal.cancellation import check_cancelled

logger = logging.getLogger(__name__)

ENDED = frozenset({JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.NEEDS_ATTENTION})
LINES = 200
"""Log lines per query."""
CURSOR_NAME = "generation"
DIGEST_DIGITS = 16


@dataclass(frozen=True)
class GenerationState:
    """A generation's current state and the last line of its log."""

    generation: GenerationView
    last_line: JobLogView | None

    @property
    def ended(self) -> bool:
        return self.generation.status in ENDED

    @property
    def line(self) -> int:
        """The number of the log's last line; 0 if there is none."""
        return 0 if self.last_line is None else self.last_line.number

    @cached_property
    def cursor(self) -> str:
        """The state's cursor: the same in every process, and another one for another state."""
        digest = hashlib.sha256(repr(self.generation).encode()).hexdigest()[:DIGEST_DIGITS]
        return encode_cursor(CURSOR_NAME, str(self.generation.id), self.line, digest)

    def line_of(self, cursor: str | None) -> int:
        """Return the number of the last line that a client with a cursor has; 0 if it is of another generation.

        Raises:
            InvalidInput: the text is not a cursor of a generation.
        """
        if cursor is None:
            return 0
        try:
            name, id, line, digest = decode_cursor(cursor)
            is_valid = name == CURSOR_NAME and isinstance(digest, str) and type(line) is int and 0 <= line < 2**31
            generation_id = UUID(id)
        except (ValueError, TypeError, AttributeError, RecursionError):
            is_valid = False
        if not is_valid:
            raise InvalidInput("after", f"Invalid cursor {cursor[:80]!r}. Use a `cursor` of this subscription.")
        return line if generation_id == self.generation.id else 0


@dataclass(slots=True, eq=False)
class _Watcher:
    """One subscriber and the newest state for it. A newer state replaces one that was not delivered."""

    store_id: UUID
    newest: GenerationState | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def offer(self, state: GenerationState) -> None:
        if state is not self.newest:
            self.newest = state
            self.changed.set()


class GenerationFeed:
    """Publishes the states of stores' generations to subscribers.

    Args:
        reader: the read models.
        interval: time between two polls. The feed does not poll without subscribers.
    """

    def __init__(self, reader: Reader, interval: timedelta) -> None:
        self._reader = reader
        self._interval = interval.total_seconds()
        self._watchers: set[_Watcher] = set()
        self._known: dict[UUID, GenerationState] = {}
        self._task: asyncio.Task[None] | None = None

    async def follow(self, store_id: UUID) -> AsyncGenerator[GenerationState, None]:
        """Yield the state of a store's newest generation now and after each change, until the generation ends.

        Waits for a generation that the read model does not have yet.
        """
        watcher = _Watcher(store_id)
        self._watchers.add(watcher)
        try:
            if self._task is None or self._task.done():
                self._task = asyncio.create_task(self._poll_repeatedly(), name="generation-feed")
            while True:
                await watcher.changed.wait()
                watcher.changed.clear()
                state = watcher.newest
                assert state is not None
                yield state
                if state.ended:
                    return
        finally:
            self._watchers.discard(watcher)

    async def close(self) -> None:
        """Stop polling."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _poll_repeatedly(self) -> None:
        while self._watchers:
            try:
                await self._poll()
            except Exception as error:
                check_cancelled()
                # A short database outage must not end a subscription.
                if is_database_away(error):
                    logger.warning("could not poll the watched generations; retrying: %s", error)
                else:
                    logger.exception("could not poll the watched generations; retrying")
            await asyncio.sleep(self._interval)
        self._known.clear()

    async def _poll(self) -> None:
        watchers = tuple(self._watchers)
        by_store = await generations_by_stores(self._reader, {watcher.store_id for watcher in watchers}, scope=SYSTEM)
        newest = {store_id: generations[0] for store_id, generations in by_store.items() if generations}
        self._known = {store_id: await self._state(store_id, view) for store_id, view in newest.items()}
        _publish(watchers, self._known)

    async def _state(self, store_id: UUID, view: GenerationView) -> GenerationState:
        known = self._known.get(store_id)
        if known is not None and known.generation == view:
            return known
        line = known.last_line if known is not None and known.generation.id == view.id else None
        while True:
            after = 0 if line is None else line.number
            lines = await job_logs(self._reader, view.id, scope=SYSTEM, after=after, limit=LINES)
            line = lines[-1] if lines else line
            if len(lines) < LINES:
                return GenerationState(view, line)


def _publish(watchers: tuple[_Watcher, ...], known: Mapping[UUID, GenerationState]) -> None:
    for watcher in watchers:
        if watcher.store_id in known:
            watcher.offer(known[watcher.store_id])
