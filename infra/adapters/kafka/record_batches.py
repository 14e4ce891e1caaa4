"""Outgoing events, encoded as Kafka records in compressed batches of one partition each."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest

from aiokafka.codec import zstd_encode
from aiokafka.record.util import calc_crc32c

from schemas.record_batches import CHECKSUMMED_FROM, FRAMING, HEADER, HEADER_BYTES, MAGIC, NO_PRODUCER, TRANSACTIONAL
from schemas.record_columns import Outgoing
from schemas.records import record_of, with_key
from schemas.topics import EVENTS, partition_of_text, work_topic

YIELD_EVERY = 250
"""Records encoded before the event loop runs again (some milliseconds): an open transaction needs it too."""
BATCH_BYTES = 512 * 1024
"""The most a batch holds before compression. A larger record has a batch of its own."""
WORTH_COMPRESSING = 2048
"""Smallest batch to compress, in bytes: a single event repeats little."""
WORTH_A_THREAD = 64 * 1024
"""Smallest batch to compress in a thread, in bytes. Compression leaves the interpreter to others."""
ZSTD = 4
"""The codec's number in a batch's attributes."""
LEVEL = 1
"""Compression level: costs 3 microseconds per event and shrinks it from 1,490 to 290 bytes. Level 3 gains nothing here."""


class OutgoingBatch:
    """Encoded records of one partition. aiokafka's sender takes it in place of its own closed ``BatchBuilder``."""

    def __init__(self, records: bytes, *, count: int, times: tuple[int, int]) -> None:
        """Compress at least one encoded record.

        Args:
            records: the encoded records, one after the other.
            count: their number.
            times: of the first record and the latest one, in milliseconds since 1970.
        """
        self._records, self._codec = records, 0
        if len(records) >= WORTH_COMPRESSING:
            compressed = zstd_encode(records, LEVEL)
            if len(compressed) < len(records):
                self._records, self._codec = compressed, ZSTD
        self._count, self._times = count, times
        self._producer = NO_PRODUCER, NO_PRODUCER, 0
        """Id, epoch, and the sequence number of the first record."""
        self._built: bytes | None = None

    # The methods that aiokafka's accumulator calls. It keeps a sent batch until the broker acknowledges it, and resends.

    def record_count(self) -> int:
        return self._count

    def size(self) -> int:
        return HEADER_BYTES + len(self._records)

    def closed(self) -> bool:
        return True

    def close(self) -> None:
        pass

    def append(self, **_: object) -> None:
        """Reject the record: the batch is full."""
        return

    def _set_producer_state(self, producer_id: int, producer_epoch: int, base_sequence: int) -> None:
        self._producer = producer_id, producer_epoch, base_sequence

    def _build(self) -> bytes:
        if self._built is None:
            self._built = self._header(calc_crc32c(self._header(0)[CHECKSUMMED_FROM:] + self._records)) + self._records
            self._records = b""
        return self._built

    def _header(self, checksum: int) -> bytes:
        length = HEADER_BYTES - FRAMING + len(self._records)
        attributes = self._codec | TRANSACTIONAL
        return HEADER.pack(
            0, length, -1, MAGIC, checksum, attributes, self._count - 1, *self._times, *self._producer, self._count
        )


@dataclass(frozen=True, slots=True)
class TargetedBatch:
    """A batch with its topic and partition."""

    topic: str
    partition: int
    batch: OutgoingBatch


class PartitionBatches:
    """The batches of one partition while they are made; large ones are compressed in a thread, beside the event loop.

    The thread is given one byte string: it needs the interpreter only to begin and to end, so it hardly holds up the loop.
    """

    def __init__(self) -> None:
        self.batches: list[OutgoingBatch | asyncio.Task[OutgoingBatch]] = []
        self._begin()

    def _begin(self) -> None:
        self._parts: list[bytes] = []
        self._size = self._count = self._first = self._latest = 0

    def add(self, content: bytes, milliseconds: int) -> None:
        """Add a record.

        Args:
            content: see ``schemas.records``.
            milliseconds: its time, since 1970.
        """
        if self._count == 0:
            self._first = self._latest = milliseconds
        elif self._size + len(content) > BATCH_BYTES:
            self.close()
            self._first = self._latest = milliseconds
        self._parts += record_of(content, number=self._count, milliseconds=milliseconds - self._first)
        self._size += len(content)
        self._count += 1
        if milliseconds > self._latest:
            self._latest = milliseconds

    def close(self) -> None:
        """Begin to make a batch of the records so far; there is at least one."""
        records = b"".join(self._parts)
        make = partial(OutgoingBatch, count=self._count, times=(self._first, self._latest))
        if self._size < WORTH_A_THREAD:
            self.batches.append(make(records))
        else:
            self.batches.append(asyncio.create_task(asyncio.to_thread(make, records)))
        self._begin()


async def prepare(events: Iterable[Outgoing]) -> list[TargetedBatch]:
    """Put events into batches, and let the event loop run in between.

    Batches of one partition are in order. Partitions take turns, because aiokafka sends one batch of each at a time.
    """
    targets: defaultdict[tuple[str, int], PartitionBatches] = defaultdict(PartitionBatches)
    for number, event in enumerate(events, start=1):
        targets[EVENTS.name, partition_of_text(event.tenant)].add(event.content, event.milliseconds)
        work = work_topic(event.type)
        if work is not None:
            content = with_key(event.content, event.stream)
            targets[work.name, partition_of_text(event.stream)].add(content, event.milliseconds)
        if number % YIELD_EVERY == 0:
            await asyncio.sleep(0)
    for target in targets.values():
        target.close()
    queues = [
        [
            TargetedBatch(topic, partition, await each if isinstance(each, asyncio.Task) else each)
            for each in target.batches
        ]
        for (topic, partition), target in targets.items()
    ]
    return [batch for turn in zip_longest(*queues) for batch in turn if batch is not None]
