"""Events as they go out: encoded as Kafka records, in compressed batches of one partition each."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from aiokafka.codec import zstd_encode
from aiokafka.record.util import calc_crc32c

from schemas.envelope import RawEvent
from schemas.record_batches import CHECKSUMMED_FROM, FRAMING, HEADER, HEADER_BYTES, MAGIC, NO_PRODUCER, TRANSACTIONAL
from schemas.records import content_of, record_of
from schemas.topics import EVENTS, partition_of, work_topic

YIELD_EVERY = 250
"""Records that are encoded at a time, some milliseconds: a transaction under way needs the event loop too."""
BATCH_BYTES = 512 * 1024
"""Records of one batch at most, before they are compressed; a single larger one has a batch of its own."""
WORTH_COMPRESSING = 2048
"""Bytes; an event alone holds little twice."""
ZSTD = 4
"""Its number in a batch's attributes."""
LEVEL = 1
"""Of compression: 3.4 microseconds an event, which then has 330 bytes instead of 1,500. Level 3 takes twice as long."""


class OutgoingBatch:
    """Records of one partition, encoded: for aiokafka's sender what its own ``BatchBuilder`` is once it is closed."""

    def __init__(self) -> None:
        self._records = bytearray()
        self._count = 0
        self._first_time = self._last_time = 0
        self._codec = 0
        self._producer = NO_PRODUCER, NO_PRODUCER, 0
        """Id, epoch, and the sequence number of the first record."""
        self._built: bytes | None = None

    def add(self, content: bytes, milliseconds: int) -> bool:
        """Add a record, unless there is no room for it.

        Args:
            content: see ``schemas.records``.
            milliseconds: its time, since 1970.
        """
        if self._count == 0:
            self._first_time = self._last_time = milliseconds
        elif len(self._records) + len(content) > BATCH_BYTES:
            return False
        self._records += record_of(content, number=self._count, milliseconds=milliseconds - self._first_time)
        self._count += 1
        self._last_time = max(self._last_time, milliseconds)
        return True

    def seal(self) -> None:
        """Compress the records; there will be no more."""
        if len(self._records) >= WORTH_COMPRESSING:
            compressed = zstd_encode(self._records, LEVEL)
            if len(compressed) < len(self._records):
                self._records, self._codec = bytearray(compressed), ZSTD

    # What aiokafka's accumulator asks of a batch. It keeps what is sent until it is acknowledged, and sends it again.

    def record_count(self) -> int:
        return self._count

    def size(self) -> int:
        return HEADER_BYTES + len(self._records)

    def closed(self) -> bool:
        return True

    def close(self) -> None:
        pass

    def append(self, **_: object) -> None:
        """Take no record: this one is full."""
        return

    def _set_producer_state(self, producer_id: int, producer_epoch: int, base_sequence: int) -> None:
        self._producer = producer_id, producer_epoch, base_sequence

    def _build(self) -> bytes:
        if self._built is None:
            self._built = self._header(calc_crc32c(self._header(0)[CHECKSUMMED_FROM:] + self._records)) + self._records
            self._records = bytearray()
        return self._built

    def _header(self, checksum: int) -> bytes:
        length = HEADER_BYTES - FRAMING + len(self._records)
        attributes = self._codec | TRANSACTIONAL
        first, last = self._first_time, self._last_time
        return HEADER.pack(
            0, length, -1, MAGIC, checksum, attributes, self._count - 1, first, last, *self._producer, self._count
        )


@dataclass(frozen=True, slots=True)
class Prepared:
    """A batch and where it goes."""

    topic: str
    partition: int
    batch: OutgoingBatch = field(default_factory=OutgoingBatch)


async def prepare(events: Sequence[RawEvent]) -> list[Prepared]:
    """Return the records of events, encoded; lets others go on meanwhile.

    Those of a partition are in order; partitions take turns, because aiokafka sends one batch of each at a time.
    """
    queues: defaultdict[tuple[str, int], list[Prepared]] = defaultdict(list)
    for number, raw in enumerate(events, start=1):
        content, milliseconds = content_of(raw), int(raw.recorded_at.timestamp() * 1000)
        _add(queues, EVENTS.name, partition_of(raw.tenant), content, milliseconds)
        work = work_topic(raw.type)
        if work is not None:
            content = content_of(raw, key=raw.stream_id)
            _add(queues, work.name, partition_of(raw.stream_id), content, milliseconds)
        if number % YIELD_EVERY == 0:
            await asyncio.sleep(0)
    for queue in queues.values():
        queue[-1].batch.seal()
        await asyncio.sleep(0)
    return [prepared for turn in zip_longest(*queues.values()) for prepared in turn if prepared is not None]


def _add(
    queues: defaultdict[tuple[str, int], list[Prepared]], topic: str, partition: int, content: bytes, milliseconds: int
) -> None:
    queue = queues[topic, partition]
    if queue and queue[-1].batch.add(content, milliseconds):
        return
    if queue:
        queue[-1].batch.seal()
    queue.append(Prepared(topic, partition))
    queue[-1].batch.add(content, milliseconds)
