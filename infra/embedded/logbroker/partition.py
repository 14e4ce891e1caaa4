"""One partition's log: a file of record batches, their producers, and the open transactions."""

import asyncio
import os
from array import array
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from infra.embedded.logbroker import batches
from infra.embedded.logbroker.wire import ErrorCode
from schemas.record_batches import HEADER_BYTES, NO_PRODUCER, BadBatch, Batch, is_commit, parse

_REMEMBERED_BATCHES = 5
"""Number of recent batches per producer that are recognized if repeated: Kafka's limit of requests in flight."""


class RequestRejected(Exception):
    """A rejected request, with the error code for the client."""

    def __init__(self, code: ErrorCode) -> None:
        super().__init__(code.name)
        self.code = code


@dataclass(slots=True)
class _Producer:
    """A producer's last batches in this partition."""

    epoch: int
    recent: deque[tuple[int, int, int]] = field(default_factory=lambda: deque(maxlen=_REMEMBERED_BATCHES))
    """First sequence, last sequence, offset."""


@dataclass(frozen=True, slots=True)
class Slice:
    """The result of a fetch: whole batches. The first one may begin before the requested offset."""

    data: bytes
    aborted: list[tuple[int, int]]
    """Producer id and first offset of the aborted transactions that the reader must skip."""


class Partition:
    """An append-only log.

    Opening it reads every header once. A half-written batch at the end is cut off; it was never acknowledged. Appends reach
    the operating system before they are acknowledged.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        self._bases = array("q")
        self._positions = array("q")
        self._latest = array("q")
        self._size = 0
        self._producers: dict[int, _Producer] = {}
        self._open: dict[int, int] = {}
        self._aborted: list[tuple[int, int, int]] = []
        self._waiting: set[asyncio.Future[None]] = set()
        self.end = 0
        """Offset of the next record."""
        self._recover()

    @property
    def stable_end(self) -> int:
        """End for readers of committed data: the first record of the oldest open transaction, or the end of the log."""
        return min(self._open.values(), default=self.end)

    @property
    def size(self) -> int:
        """Size of all batches in bytes."""
        return self._size

    @property
    def open_producers(self) -> set[int]:
        """Producers with an open transaction in this partition."""
        return set(self._open)

    def append(self, data: bytes, allow: Callable[[Batch], None]) -> int:
        """Append a producer's batches and return the offset of the first record.

        A repeated batch (its acknowledgement was lost) keeps its offset.

        Args:
            data: whole batches.
            allow: raises ``RequestRejected`` for a batch without a valid transaction.

        Raises:
            RequestRejected: the batch is damaged or out of sequence, or its producer has been replaced.
        """
        found: list[tuple[Batch, int]] = []
        at = 0
        while at < len(data):
            try:
                batch = parse(data, at)
            except BadBatch as error:
                raise RequestRejected(ErrorCode.CORRUPT_MESSAGE) from error
            if batch.is_control or at + batch.size > len(data):
                raise RequestRejected(ErrorCode.CORRUPT_MESSAGE)
            if batch.is_transactional:
                allow(batch)
            found.append((batch, at))
            at += batch.size
        if not found:
            raise RequestRejected(ErrorCode.CORRUPT_MESSAGE)
        offsets = [self._append_one(batch, memoryview(data)[at : at + batch.size]) for batch, at in found]
        self._wake()
        return offsets[0]

    def end_transaction(self, producer_id: int, epoch: int, *, commit: bool) -> None:
        """Write the marker that commits or aborts the producer's open transaction."""
        data = batches.marker(producer_id, epoch, commit=commit)
        self._write(parse(data), memoryview(data))
        self._close_transaction(producer_id, epoch, commit=commit)
        self._wake()

    def read(self, offset: int, max_bytes: int, *, committed_only: bool) -> Slice:
        """Return whole batches from ``offset`` on. At least one, of any size, if there is one.

        Raises:
            RequestRejected: the offset is out of range.
        """
        if not 0 <= offset <= self.end:
            raise RequestRejected(ErrorCode.OFFSET_OUT_OF_RANGE)
        limit = self.stable_end if committed_only else self.end
        if offset >= limit:
            return Slice(b"", [])
        first = bisect_right(self._bases, offset) - 1
        start = self._positions[first]
        fitting = bisect_right(self._positions, start + max_bytes) - 1
        if self._size - start <= max_bytes:
            fitting = len(self._bases)
        last = min(max(fitting, first + 1), bisect_left(self._bases, limit))
        stop = self._positions[last] if last < len(self._positions) else self._size
        upto = self._bases[last] if last < len(self._bases) else self.end
        aborted = (
            [(who, begin) for who, begin, end in self._aborted if end >= offset and begin < upto]
            if committed_only
            else []
        )
        return Slice(os.pread(self._file, stop - start, start), aborted)

    def offset_at(self, timestamp: int) -> tuple[int, int] | None:
        """Return the offset of the first record at or after a time (ms since 1970), and its batch's latest time; None if none."""
        index = bisect_left(self._latest, timestamp)
        if index == len(self._latest):
            return None
        start = self._positions[index]
        stop = self._positions[index + 1] if index + 1 < len(self._positions) else self._size
        header = os.pread(self._file, HEADER_BYTES, start)
        # Compressed batches are not opened, so their header is enough.
        is_plain = not parse(header).compression
        data = os.pread(self._file, stop - start, start) if is_plain else header
        return batches.first_offset_since(data, timestamp), self._latest[index]

    def latest(self) -> tuple[int, int] | None:
        """Return offset and time (ms since 1970) of the record with the latest time; None if the partition is empty."""
        return self.offset_at(self._latest[-1]) if self._latest else None

    def watch(self, waiter: asyncio.Future[None]) -> None:
        """Resolve ``waiter`` at the next change."""
        self._waiting.add(waiter)

    def unwatch(self, waiter: asyncio.Future[None]) -> None:
        """Forget a waiter."""
        self._waiting.discard(waiter)

    def close(self) -> None:
        """Close the file and resolve all waiters."""
        os.close(self._file)
        self._wake()

    def _append_one(self, batch: Batch, data: memoryview) -> int:
        if batch.producer_id != NO_PRODUCER:
            known = self._sequenced(batch)
            if known is not None:
                return known
        offset = self._write(batch, data)
        self._note(batch, offset)
        return offset

    def _sequenced(self, batch: Batch) -> int | None:
        """Check a batch against its producer's last batches. Return its offset if it is a repetition, else None."""
        producer = self._producers.get(batch.producer_id)
        if producer is None:
            return None
        if batch.producer_epoch < producer.epoch:
            raise RequestRejected(ErrorCode.INVALID_PRODUCER_EPOCH)
        if batch.producer_epoch > producer.epoch or not producer.recent:
            if batch.base_sequence != 0:
                raise RequestRejected(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER)
            return None
        for first, last, offset in producer.recent:
            if (first, last) == (batch.base_sequence, batch.last_sequence):
                return offset
        if batch.base_sequence != (producer.recent[-1][1] + 1) & 0x7FFFFFFF:
            raise RequestRejected(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER)
        return None

    def _note(self, batch: Batch, offset: int) -> None:
        """Record the batch's producer and its open transaction."""
        if batch.producer_id == NO_PRODUCER:
            return
        producer = self._producers.get(batch.producer_id)
        if producer is None or producer.epoch != batch.producer_epoch:
            producer = self._producers[batch.producer_id] = _Producer(batch.producer_epoch)
        producer.recent.append((batch.base_sequence, batch.last_sequence, offset))
        if batch.is_transactional:
            self._open.setdefault(batch.producer_id, offset)

    def _close_transaction(self, producer_id: int, epoch: int, *, commit: bool) -> None:
        producer = self._producers.get(producer_id)
        if producer is None or producer.epoch != epoch:
            # A new epoch begins with the marker that aborts its predecessor, and its sequence starts at zero.
            self._producers[producer_id] = _Producer(epoch)
        first = self._open.pop(producer_id, None)
        if first is not None and not commit:
            self._aborted.append((producer_id, first, self.end - 1))

    def _write(self, batch: Batch, data: memoryview) -> int:
        offset = self.end
        pieces: list[bytes | memoryview] = [batches.stamp(batch, offset), data[batches.STAMPED_BYTES :]]
        written = os.pwritev(self._file, pieces, self._size)
        if written != batch.size:
            raise OSError(f"only {written} of {batch.size} bytes were written")
        self._index(batch, offset)
        return offset

    def _index(self, batch: Batch, offset: int) -> None:
        self._bases.append(offset)
        self._positions.append(self._size)
        # Monotonic for bisection: a batch that is older than one before it is never the first match.
        self._latest.append(max(batch.max_timestamp, self._latest[-1] if self._latest else batch.max_timestamp))
        self._size += batch.size
        self.end = offset + batch.last_offset_delta + 1

    def _recover(self) -> None:
        size = os.fstat(self._file).st_size
        while self._size < size:
            try:
                batch = parse(os.pread(self._file, HEADER_BYTES, self._size))
            except BadBatch:
                break
            if self._size + batch.size > size or batch.base_offset != self.end:
                break
            position = self._size
            self._index(batch, batch.base_offset)
            if batch.is_control:
                marker = os.pread(self._file, batch.size, position)
                commit = is_commit(marker)
                self._close_transaction(batch.producer_id, batch.producer_epoch, commit=commit)
            else:
                self._note(batch, batch.base_offset)
        os.ftruncate(self._file, self._size)

    def _wake(self) -> None:
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)
        self._waiting.clear()
