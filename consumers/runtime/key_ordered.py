"""Keeps the records of a key in order while keys go side by side, and knows what may be committed.

Kafka commits one offset per partition, so records that are done out of turn must not be committed past one that is
not. A lane is one key of one partition: its records are handled one after the other, and a lane that waits (a retry's
pause, a slow outside call) holds up nobody else. A partition's watermark is the offset below which everything is done.
"""

import asyncio
import logging
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TypeAlias

from schemas.internal.deliveries import Record

Partition: TypeAlias = tuple[str, int]
"""Topic and partition number."""

RETRY_SECONDS = 1.0

logger = logging.getLogger(__name__)


class _Progress:
    """What is submitted and not done in one partition."""

    __slots__ = ("committed", "next", "open")

    def __init__(self) -> None:
        self.open: dict[int, None] = {}  # offsets, in the order they came, which is ascending
        self.next = 0
        self.committed: int | None = None

    @property
    def watermark(self) -> int:
        return next(iter(self.open), self.next)


class KeyOrderedExecutor:
    """The lanes of one consumer."""

    def __init__(self, handle: Callable[[Record], Awaitable[None]], *, retry_seconds: float = RETRY_SECONDS) -> None:
        """Take what handles a record.

        Args:
            handle: returns when the record is done with, well or badly; it bounds its own concurrency.
            retry_seconds: the pause before a record whose handling ended in an error is handled again.
        """
        self._handle = handle
        self._retry_seconds = retry_seconds
        self._progress: dict[Partition, _Progress] = defaultdict(_Progress)
        self._waiting: dict[tuple[Partition, bytes], deque[Record]] = {}
        self._workers: dict[tuple[Partition, bytes], asyncio.Task[None]] = {}
        self._moved = asyncio.Event()

    @property
    def open(self) -> int:
        """How many records are submitted and not done."""
        return sum(len(progress.open) for progress in self._progress.values())

    def skip(self, record: Record) -> None:
        """Note a record that needs no handling."""
        self._progress[record.topic, record.partition].next = record.offset + 1
        self._moved.set()

    def submit(self, record: Record) -> None:
        """Queue a record behind the others of its key."""
        partition = (record.topic, record.partition)
        progress = self._progress[partition]
        progress.open[record.offset] = None
        progress.next = record.offset + 1
        lane = (partition, record.key or b"")
        if lane in self._workers:
            self._waiting[lane].append(record)
            return
        self._waiting[lane] = deque([record])
        self._workers[lane] = asyncio.create_task(self._work(lane))

    def uncommitted(self) -> Mapping[Partition, int]:
        """Return each partition's watermark where it moved since it was last committed."""
        return {
            partition: progress.watermark
            for partition, progress in self._progress.items()
            if progress.watermark != progress.committed
        }

    def committed(self, watermarks: Mapping[Partition, int]) -> None:
        """Note what was committed."""
        for partition, offset in watermarks.items():
            if partition in self._progress:
                self._progress[partition].committed = offset

    async def moved(self) -> None:
        """Wait until something was done or skipped since the last call."""
        await self._moved.wait()
        self._moved.clear()

    async def drain(self, partitions: Iterable[Partition], *, grace_seconds: float) -> None:
        """Let records that are being handled finish, drop what waits, and cancel what takes longer than the grace."""
        leaving = set(partitions)
        workers = [task for lane, task in self._workers.items() if lane[0] in leaving]
        for lane, queue in self._waiting.items():
            if lane[0] in leaving:
                queue.clear()
        if workers:
            await asyncio.wait(workers, timeout=grace_seconds)
            for task in workers:
                task.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    def forget(self, partitions: Iterable[Partition]) -> None:
        """Forget drained partitions: somebody else has them now, or we begin again at what was committed."""
        for partition in partitions:
            self._progress.pop(partition, None)

    async def _work(self, lane: tuple[Partition, bytes]) -> None:
        queue = self._waiting[lane]
        try:
            while queue:
                record = queue[0]
                if await self._handled(record):
                    # A drain may have emptied the queue meanwhile.
                    if queue and queue[0] is record:
                        queue.popleft()
                    self._progress[lane[0]].open.pop(record.offset, None)
                    self._moved.set()
                else:
                    await asyncio.sleep(self._retry_seconds)
        finally:
            del self._workers[lane], self._waiting[lane]

    async def _handled(self, record: Record) -> bool:
        try:
            await self._handle(record)
        except Exception:
            # Nothing is meant to come up here; if it does, the record is not done, and must not be passed over.
            logger.exception("handling %s/%d/%d ended unexpectedly", record.topic, record.partition, record.offset)
            return False
        return True
