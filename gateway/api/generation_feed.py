"""Watches generations for subscribers: one look at the read model for all of them, however many there are."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from domain.generation.events import JobStatus
from projections.jobs.queries import generations_by_stores, job_logs
from projections.jobs.views import GenerationView, JobLogView
from projections.reading.availability import is_database_away
from projections.reading.paging import Reader
from projections.reading.scope import SYSTEM

logger = logging.getLogger(__name__)

ENDED = frozenset({JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED})
LINES = 200
"""Log lines read at once."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How a generation stands."""

    generation: GenerationView
    last_line: JobLogView | None

    @property
    def ended(self) -> bool:
        return self.generation.status in ENDED


@dataclass(slots=True, eq=False)
class _Watcher:
    """One subscriber: the newest state it has not seen. States in between are skipped, never queued up."""

    store_id: UUID
    newest: Progress | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def show(self, progress: Progress) -> None:
        if progress is not self.newest:
            self.newest = progress
            self.changed.set()


class GenerationFeed:
    """Tells subscribers how their stores' generations go on.

    Args:
        reader: the read models.
        interval: time between two looks; nothing is looked at while nobody watches.
    """

    def __init__(self, reader: Reader, interval: timedelta) -> None:
        self._reader = reader
        self._interval = interval.total_seconds()
        self._watchers: set[_Watcher] = set()
        self._known: dict[UUID, Progress] = {}
        self._task: asyncio.Task[None] | None = None

    async def follow(self, store_id: UUID) -> AsyncGenerator[Progress, None]:
        """Yield the store's newest generation now and whenever it changed; end when the generation has ended.

        A store whose request the read model has not seen yet is waited for.
        """
        watcher = _Watcher(store_id)
        self._watchers.add(watcher)
        try:
            if self._task is None or self._task.done():
                self._task = asyncio.create_task(self._look_on(), name="generation-watch")
            while True:
                await watcher.changed.wait()
                watcher.changed.clear()
                progress = watcher.newest
                assert progress is not None
                yield progress
                if progress.ended:
                    return
        finally:
            self._watchers.discard(watcher)

    async def close(self) -> None:
        """Stop looking."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _look_on(self) -> None:
        while self._watchers:
            try:
                await self._look()
            except Exception as error:
                # A database that is away for a moment must not end anybody's subscription.
                if is_database_away(error):
                    logger.warning("could not look at the watched generations; trying again: %s", error)
                else:
                    logger.exception("could not look at the watched generations; trying again")
            await asyncio.sleep(self._interval)
        self._known.clear()

    async def _look(self) -> None:
        watchers = tuple(self._watchers)
        found = await generations_by_stores(self._reader, {watcher.store_id for watcher in watchers}, scope=SYSTEM)
        newest = {store_id: generations[0] for store_id, generations in found.items() if generations}
        self._known = {store_id: await self._progress(store_id, view) for store_id, view in newest.items()}
        _tell(watchers, self._known)

    async def _progress(self, store_id: UUID, view: GenerationView) -> Progress:
        known = self._known.get(store_id)
        if known is not None and known.generation == view:
            return known
        line = known.last_line if known is not None and known.generation.id == view.id else None
        while True:
            after = 0 if line is None else line.number
            lines = await job_logs(self._reader, view.id, scope=SYSTEM, after=after, limit=LINES)
            line = lines[-1] if lines else line
            if len(lines) < LINES:
                return Progress(view, line)


def _tell(watchers: tuple[_Watcher, ...], known: Mapping[UUID, Progress]) -> None:
    for watcher in watchers:
        if watcher.store_id in known:
            watcher.show(known[watcher.store_id])
