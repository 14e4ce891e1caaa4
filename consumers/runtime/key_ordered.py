"""Keeps the records of a key in order while keys run side by side, and knows which offsets may be committed.

Kafka commits one offset per partition, so no commit may pass a record that is not done. Each key of each partition has a
queue: its records are handled one after the other. A queue that waits (a retry's pause, a slow outside call) holds up no
other queue. A partition's watermark is the offset below which everything is done.
"""

import asyncio
import logging
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from heapq import merge
from typing import TypeAlias

from schemas.headers import position_in
from schemas.internal.deliveries import Record

Partition: TypeAlias = tuple[str, int]
"""Topic and partition number."""
QueueKey: TypeAlias = tuple[Partition, bytes]

RETRY_SECONDS = 1.0

logger = logging.getLogger(__name__)


def in_log_order(batches: Iterable[Sequence[Record]]) -> Iterator[Record]:
    """Yield the records of several partitions: each partition's in its own order, and among partitions by position.

    Work that was requested first therefore begins first, whichever partition a broker hands out first.
    """
    return merge(*batches, key=lambda record: position_in(record.headers) or 0)


class _PartitionProgress:
    """The records of one partition that are submitted and not done."""

    __slots__ = ("committed", "next", "open")

    def __init__(self) -> None:
        self.open: dict[int, None] = {}  # offsets in the order of submission, which is ascending
        self.next = 0
        self.committed: int | None = None

    @property
    def watermark(self) -> int:
        return next(iter(self.open), self.next)


class KeyOrderedExecutor:
    """Handles the records of one consumer, one at a time for each key."""

    def __init__(self, handle: Callable[[Record], Awaitable[None]], *, retry_seconds: float = RETRY_SECONDS) -> None:
        """Take the handler.

        Args:
            handle: returns when the record is done, whatever the outcome; it bounds its own concurrency.
            retry_seconds: pause before a record is handled again after an unexpected error.
        """
        self._handle = handle
        self._retry_seconds = retry_seconds
        self._progress: dict[Partition, _PartitionProgress] = defaultdict(_PartitionProgress)
        self._queues: dict[QueueKey, deque[Record]] = {}
        self._workers: dict[QueueKey, asyncio.Task[None]] = {}
        self._progressed = asyncio.Event()

    @property
    def open(self) -> int:
        """The number of records that are submitted and not done."""
        return sum(len(progress.open) for progress in self._progress.values())

    def skip(self, record: Record) -> None:
        """Count a record that needs no handling as done."""
        self._progress[record.topic, record.partition].next = record.offset + 1
        self._progressed.set()

    def submit(self, record: Record) -> None:
        """Queue a record behind the others of its key."""
        partition = (record.topic, record.partition)
        progress = self._progress[partition]
        progress.open[record.offset] = None
        progress.next = record.offset + 1
        key = (partition, record.key or b"")
        if key in self._workers:
            self._queues[key].append(record)
            return
        self._queues[key] = deque([record])
        self._workers[key] = asyncio.create_task(self._work(key))

    def uncommitted(self) -> Mapping[Partition, int]:
        """Return the watermark of each partition whose watermark has moved since its last commit."""
        return {
            partition: progress.watermark
            for partition, progress in self._progress.items()
            if progress.watermark != progress.committed
        }

    def mark_committed(self, watermarks: Mapping[Partition, int]) -> None:
        """Remember which watermarks were committed."""
        for partition, offset in watermarks.items():
            if partition in self._progress:
                self._progress[partition].committed = offset

    async def wait_for_progress(self) -> None:
        """Wait until a record was done or skipped since the last call."""
        await self._progressed.wait()
        self._progressed.clear()

    async def drain(self, partitions: Iterable[Partition], *, grace_seconds: float) -> None:
        """Drop waiting records, let running handlers finish, and cancel those that outlast the grace."""
        leaving = set(partitions)
        workers = [task for key, task in self._workers.items() if key[0] in leaving]
        for key, queue in self._queues.items():
            if key[0] in leaving:
                queue.clear()
        if workers:
            await asyncio.wait(workers, timeout=grace_seconds)
            for task in workers:
                task.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    def forget(self, partitions: Iterable[Partition]) -> None:
        """Forget drained partitions: another process has them, or reading begins again at the last commit."""
        for partition in partitions:
            self._progress.pop(partition, None)

    async def _work(self, key: QueueKey) -> None:
        queue = self._queues[key]
        try:
            while queue:
                record = queue[0]
                if await self._try_to_handle(record):
                    # A drain may have emptied the queue while the record was handled.
                    if queue and queue[0] is record:
                        queue.popleft()
                    self._progress[key[0]].open.pop(record.offset, None)
                    self._progressed.set()
                else:
                    await asyncio.sleep(self._retry_seconds)
        finally:
            del self._workers[key], self._queues[key]

    async def _try_to_handle(self, record: Record) -> bool:
        try:
            await self._handle(record)
        except Exception:
            # The handler should not raise. If it does, the record is not done and must not be committed.
            logger.exception("handling %s/%d/%d ended unexpectedly", record.topic, record.partition, record.offset)
            return False
        return True
