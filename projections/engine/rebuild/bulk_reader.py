"""Reads partitions of the log as fast as the machine allows: whole batches, whose records are parsed only if needed.

For rebuilding and verifying, which read the whole log. A client library's consumer builds an object for every record
and a tuple for every header, which costs more than everything else that is done with most records.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiokafka import TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.codec import gzip_decode, lz4_decode, snappy_decode, zstd_decode
from aiokafka.errors import CorruptRecordException, KafkaError, NoError, OffsetOutOfRangeError, for_code
from aiokafka.protocol.fetch import FetchRequest

from domain.kernel import Transient
from schemas.internal.broker_address import client_settings
from schemas.record_batches import HEADER_BYTES, BadBatch, Batch, is_commit, parse
from schemas.records import contents_in
from schemas.topics import Topic

WAIT_MS = 250
"""How long the broker may hold a request while it has nothing new."""
PARTITION_BYTES, REQUEST_BYTES = 1024 * 1024, 8 * 1024 * 1024
"""The most compressed bytes of one response. Memory holds one response while the next is fetched."""
SILENT_SECONDS = 2.0
"""How long the topic cannot be deleted and refilled unnoticed between two answers."""
PAUSE_SECONDS = 0.1
"""The pause after a failed request."""
COMMITTED = 1
"""The isolation level ``read_committed`` as the protocol encodes it."""

DECODERS: Mapping[int, Callable[[memoryview], bytes]] = {
    1: gzip_decode,
    2: snappy_decode,
    3: lz4_decode,
    4: zstd_decode,
}

logger = logging.getLogger(__name__)

Content = tuple[int, bytes]
"""A record's offset, and the bytes that ``schemas.records`` reads."""


@dataclass(slots=True)
class _Partition:
    """How far one partition is fetched, and its batches that were not taken yet."""

    next_offset: int
    """Where the next request begins."""
    first_offset: int
    """Records before it are dropped: a batch may begin earlier."""
    batches: deque[tuple[Batch, memoryview]] = field(default_factory=deque)
    aborted: set[int] = field(default_factory=set)
    """Producers with an aborted transaction: their records are dropped until its marker."""
    restarted: bool = False


class BulkReader:
    """See :func:`open_bulk_reader`."""

    def __init__(self, client: AIOKafkaClient, topic: Topic, offsets: Mapping[int, int]) -> None:
        self._client = client
        self._topic = topic
        self._partitions = {number: _Partition(offset, offset) for number, offset in offsets.items()}
        self._request: asyncio.Task[None] | None = None
        self._answered: float | None = None
        """When a request was last answered, in seconds of the event loop's clock."""
        self._interrupted = False

    def take_interrupted(self) -> bool:
        """Whether the topic may have been recreated since the last call: a request failed, or none was answered for long.

        A recreated topic has other records at the same offsets, and no response tells.
        """
        interrupted, self._interrupted = self._interrupted, False
        return interrupted

    def is_restarted(self, partition: int) -> bool:
        """Whether the partition ended before the offset to read from, and is read from its beginning since."""
        return self._partitions[partition].restarted

    def seek(self, partition: int, offset: int) -> None:
        """Continue at another offset, and drop the batches that were fetched."""
        # A response to an older request finds another object here and is ignored.
        self._partitions[partition] = _Partition(offset, offset)

    def position(self, partition: int) -> int:
        """Return the offset of the next record to take, past markers and aborted records."""
        state = self._partitions[partition]
        return state.batches[0][0].base_offset if state.batches else state.next_offset

    def take(self, partition: int) -> list[Content]:
        """Return the records of the partition's next fetched batch; empty if nothing is fetched."""
        state = self._partitions[partition]
        while state.batches:
            batch, records = state.batches.popleft()
            base = batch.base_offset
            decode = DECODERS.get(batch.compression)
            taken = list(contents_in(bytes(records) if decode is None else decode(records), base))
            if base < state.first_offset:
                taken = [each for each in taken if each[0] >= state.first_offset]
            if taken:
                return taken
        return []

    async def fetch(self, partitions: Collection[int], *, seconds: float) -> bool:
        """Wait until :meth:`take` has records of one of the partitions; False if nothing comes in time.

        The next request is sent before this response is used, so that the broker works at the same time.

        A partition that ends before the offset to read from was recreated, and is read from its beginning.

        Raises:
            KafkaError: the broker refuses the request, or the response is corrupt. Retriable errors are retried.
        """
        deadline = asyncio.get_running_loop().time() + seconds
        while not any(self._partitions[number].batches for number in partitions):
            if self._request is None:
                self._request = asyncio.create_task(self._ask(partitions, WAIT_MS))
            left = deadline - asyncio.get_running_loop().time()
            if not (await asyncio.wait({self._request}, timeout=max(0.0, left)))[0]:
                return False
            request, self._request = self._request, None
            request.result()
        if self._request is None:
            # The broker answers this one at once, so that a fetch of other partitions does not wait for it.
            self._request = asyncio.create_task(self._ask(partitions, 0))
        return True

    async def aclose(self) -> None:
        """Cancel a request in flight."""
        if self._request is not None:
            self._request.cancel()
            await asyncio.gather(self._request, return_exceptions=True)

    async def _ask(self, partitions: Iterable[int], wait_ms: int) -> None:
        """Request more records from every broker that leads some of the partitions."""
        by_leader: dict[int, list[int]] = {}
        for number in partitions:
            leader = self._client.cluster.leader_for_partition(TopicPartition(self._topic.name, number))
            if leader is None or leader == -1:
                self._interrupted = True
                await self._pause()
                return
            by_leader.setdefault(leader, []).append(number)
        try:
            await asyncio.gather(*(self._ask_leader(leader, numbers, wait_ms) for leader, numbers in by_leader.items()))
        except KafkaError as error:
            self._interrupted = True
            if not error.retriable:
                raise
            logger.warning("the broker did not answer (%s); trying again", type(error).__name__)
            await self._pause()
        else:
            before, self._answered = self._answered, asyncio.get_running_loop().time()
            if before is not None and self._answered - before > SILENT_SECONDS:
                self._interrupted = True

    async def _pause(self) -> None:
        await asyncio.sleep(PAUSE_SECONDS)
        await self._client.force_metadata_update()

    async def _ask_leader(self, leader: int, numbers: Iterable[int], wait_ms: int) -> None:
        states = {number: self._partitions[number] for number in numbers}
        ranges = [(number, state.next_offset, PARTITION_BYTES) for number, state in states.items()]
        request = FetchRequest(wait_ms, 1, REQUEST_BYTES, COMMITTED, [(self._topic.name, ranges)])
        response = await self._client.send(leader, request)
        for _, answers in response.topics:
            for number, error, _, *rest in answers:
                state = states[number]
                if state is not self._partitions[number]:
                    continue
                if for_code(error) is OffsetOutOfRangeError and state.next_offset > 0:
                    logger.warning("%s has no offset %d in partition %d", self._topic.name, state.next_offset, number)
                    self.seek(number, 0)
                    self._partitions[number].restarted = self._interrupted = True
                elif for_code(error) is not NoError:
                    raise for_code(error)(f"{self._topic.name}, partition {number}")
                else:
                    # From version 11 on there is a preferred replica between the aborted transactions and the records.
                    aborted = rest[2] if response.API_VERSION >= 11 else rest[-2]
                    _absorb(state, rest[-1] or b"", sorted(aborted or (), key=lambda each: each[1]))


def _absorb(state: _Partition, data: bytes, aborted: list[tuple[int, int]]) -> None:
    """Queue the complete batches of a response, without markers and aborted records; the last batch may be cut short."""
    at, view = 0, memoryview(data)
    while len(data) - at >= HEADER_BYTES:
        try:
            batch = parse(data, at)
        except BadBatch as error:
            raise CorruptRecordException(str(error)) from error
        end = at + batch.size
        if end > len(data):
            break
        while aborted and aborted[0][1] <= batch.base_offset:
            state.aborted.add(aborted.pop(0)[0])
        if batch.is_control:
            if not is_commit(view[at:end]):
                state.aborted.discard(batch.producer_id)
        elif not (batch.is_transactional and batch.producer_id in state.aborted):
            state.batches.append((batch, view[at + HEADER_BYTES : end]))
        state.next_offset = batch.last_offset + 1
        at = end


@asynccontextmanager
async def open_bulk_reader(
    bootstrap_servers: str, topic: Topic, offsets: Mapping[int, int], *, request_ms: int = 10_000
) -> AsyncIterator[BulkReader]:
    """Open a reader of committed records. It has no consumer group, commits no offsets and checks no checksums.

    TCP has checksums, and every event has a hash of its own.

    Args:
        bootstrap_servers: where the broker is.
        topic: what to read.
        offsets: where to begin in each partition to read.
        request_ms: how long the broker may take to answer.

    Raises:
        Transient: the broker does not have the topic.
        KafkaError: the broker is out of reach; retrying may help.
    """
    client = AIOKafkaClient(**client_settings(bootstrap_servers), request_timeout_ms=request_ms)
    try:
        await client.bootstrap()
        await client.set_topics([topic.name])
        if client.cluster.partitions_for_topic(topic.name) is None:
            raise Transient("the broker", f"there is no topic {topic.name}")
        reader = BulkReader(client, topic, offsets)
        try:
            yield reader
        finally:
            await reader.aclose()
    finally:
        await client.close()
