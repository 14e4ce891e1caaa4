"""Events as they go out: encoded as Kafka records, in compressed batches of one partition each."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
"""Of compression: 3 microseconds an event, which then has 290 bytes instead of 1,490. Level 3 gains nothing here."""


Outgoing = tuple[bytes, int]
"""A content (see ``schemas.records``), and the record's time in milliseconds since 1970."""


class OutgoingBatch:
    """Records of one partition, encoded: for aiokafka's sender what its own ``BatchBuilder`` is once it is closed."""

    def __init__(self, records: Sequence[Outgoing]) -> None:
        """Encode records, of which there is one at least."""
        _, first = records[0]
        parts: list[bytes] = []
        for number, (content, milliseconds) in enumerate(records):
            parts += record_of(content, number=number, milliseconds=milliseconds - first)
        self._records = b"".join(parts)
        self._codec = 0
        if len(self._records) >= WORTH_COMPRESSING:
            compressed = zstd_encode(self._records, LEVEL)
            if len(compressed) < len(self._records):
                self._records, self._codec = compressed, ZSTD
        self._count = len(records)
        self._times = first, max(milliseconds for _, milliseconds in records)
        self._producer = NO_PRODUCER, NO_PRODUCER, 0
        """Id, epoch, and the sequence number of the first record."""
        self._built: bytes | None = None

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
            self._records = b""
        return self._built

    def _header(self, checksum: int) -> bytes:
        length = HEADER_BYTES - FRAMING + len(self._records)
        attributes = self._codec | TRANSACTIONAL
        return HEADER.pack(
            0, length, -1, MAGIC, checksum, attributes, self._count - 1, *self._times, *self._producer, self._count
        )


@dataclass(frozen=True, slots=True)
class Prepared:
    """A batch and where it goes."""

    topic: str
    partition: int
    batch: OutgoingBatch


async def prepare(events: Sequence[RawEvent]) -> list[Prepared]:
    """Return the records of events, encoded; lets others go on meanwhile.

    Those of a partition are in order; partitions take turns, because aiokafka sends one batch of each at a time.
    """
    by_target: defaultdict[tuple[str, int], list[Outgoing]] = defaultdict(list)
    for number, raw in enumerate(events, start=1):
        milliseconds = int(raw.recorded_at.timestamp() * 1000)
        by_target[EVENTS.name, partition_of(raw.tenant)].append((content_of(raw), milliseconds))
        work = work_topic(raw.type)
        if work is not None:
            content = content_of(raw, key=raw.stream_id)
            by_target[work.name, partition_of(raw.stream_id)].append((content, milliseconds))
        if number % YIELD_EVERY == 0:
            await asyncio.sleep(0)
    queues: list[list[Prepared]] = []
    for (topic, partition), records in by_target.items():
        queues.append([])
        for some in _of_a_size(records):
            queues[-1].append(Prepared(topic, partition, OutgoingBatch(some)))
            await asyncio.sleep(0)
    return [prepared for turn in zip_longest(*queues) for prepared in turn if prepared is not None]


def _of_a_size(records: Sequence[Outgoing]) -> Iterator[Sequence[Outgoing]]:
    begin = size = 0
    for number, (content, _) in enumerate(records):
        if size and size + len(content) > BATCH_BYTES:
            yield records[begin:number]
            begin, size = number, 0
        size += len(content)
    yield records[begin:]
