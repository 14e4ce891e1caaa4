"""Reads partitions of the log as fast as the machine can: whole batches, whose records nobody takes apart needlessly.

For rebuilding and verifying, which read all there is. A client library's consumer makes an object of every record and a
tuple of every header; that costs more than all that is done with most of them.
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
"""How long the broker holds a request while there is nothing new."""
PARTITION_BYTES, REQUEST_BYTES = 1024 * 1024, 8 * 1024 * 1024
"""Of one answer, at most; compressed. It is held once while the next one is under way."""
PAUSE_SECONDS = 0.1
"""After a request that went wrong."""
COMMITTED = 1
"""The isolation level, in the protocol's words."""

DECODERS: Mapping[int, Callable[[memoryview], bytes]] = {
    1: gzip_decode,
    2: snappy_decode,
    3: lz4_decode,
    4: zstd_decode,
}

logger = logging.getLogger(__name__)

Content = tuple[int, bytes]
"""A record's offset, and what ``schemas.records`` reads."""


@dataclass(slots=True)
class _Partition:
    """How far one partition was fetched, and what is at hand of it."""

    next_offset: int
    """Where the next request begins."""
    wanted: int
    """Records before are not given out: a batch may begin earlier."""
    batches: deque[tuple[Batch, memoryview]] = field(default_factory=deque)
    aborted: set[int] = field(default_factory=set)
    """Producers of whose transactions nothing is given out until their marker."""


class BulkReader:
    """See :func:`open_bulk_reader`."""

    def __init__(self, client: AIOKafkaClient, topic: Topic, offsets: Mapping[int, int]) -> None:
        self._client = client
        self._topic = topic
        self._partitions = {number: _Partition(offset, offset) for number, offset in offsets.items()}
        self._asking: asyncio.Task[None] | None = None

    def seek(self, partition: int, offset: int) -> None:
        """Go on elsewhere; what is at hand of the partition is forgotten."""
        # A request under way for the old place finds that this is another object.
        self._partitions[partition] = _Partition(offset, offset)

    def position(self, partition: int) -> int:
        """Return the offset from where nothing was given out yet; past markers and aborted records."""
        state = self._partitions[partition]
        return state.batches[0][0].base_offset if state.batches else state.next_offset

    def take(self, partition: int) -> list[Content]:
        """Return the records of the partition's next batch that is at hand; none if none is."""
        state = self._partitions[partition]
        while state.batches:
            batch, records = state.batches.popleft()
            base = batch.base_offset
            decode = DECODERS.get(batch.compression)
            contents = contents_in(bytes(records) if decode is None else decode(records))
            found = [(base + number, content) for number, content in contents]
            if base < state.wanted:
                found = [each for each in found if each[0] >= state.wanted]
            if found:
                return found
        return []

    async def fetch(self, partitions: Collection[int], *, seconds: float) -> bool:
        """Wait until :meth:`take` gives something of one of the partitions; False if nothing comes in time.

        The next request is made before this one's answer is used, so that the broker works meanwhile.

        A partition that does not reach as far as it was to be read from is read from its beginning: it was made anew.

        Raises:
            KafkaError: the broker refuses, or its bytes make no sense. That it is away for a moment is waited for instead.
        """
        deadline = asyncio.get_running_loop().time() + seconds
        while not any(self._partitions[number].batches for number in partitions):
            if self._asking is None:
                self._asking = asyncio.create_task(self._ask(partitions, WAIT_MS))
            left = deadline - asyncio.get_running_loop().time()
            if not (await asyncio.wait({self._asking}, timeout=max(0.0, left)))[0]:
                return False
            asked, self._asking = self._asking, None
            asked.result()
        if self._asking is None:
            # It answers at once, so that nobody who wants something of another partition waits for it.
            self._asking = asyncio.create_task(self._ask(partitions, 0))
        return True

    async def aclose(self) -> None:
        """End a request that is under way."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    async def _ask(self, partitions: Iterable[int], wait_ms: int) -> None:
        """Ask every broker that leads some of the partitions for more of them."""
        by_leader: dict[int, list[int]] = {}
        for number in partitions:
            leader = self._client.cluster.leader_for_partition(TopicPartition(self._topic.name, number))
            if leader is None or leader == -1:
                await self._pause()
                return
            by_leader.setdefault(leader, []).append(number)
        try:
            await asyncio.gather(*(self._ask_leader(leader, numbers, wait_ms) for leader, numbers in by_leader.items()))
        except KafkaError as error:
            if not error.retriable:
                raise
            logger.warning("the broker did not answer (%s); asking again", type(error).__name__)
            await self._pause()

    async def _pause(self) -> None:
        await asyncio.sleep(PAUSE_SECONDS)
        await self._client.force_metadata_update()

    async def _ask_leader(self, leader: int, numbers: Iterable[int], wait_ms: int) -> None:
        asked = {number: self._partitions[number] for number in numbers}
        wanted = [(number, state.next_offset, PARTITION_BYTES) for number, state in asked.items()]
        request = FetchRequest(wait_ms, 1, REQUEST_BYTES, COMMITTED, [(self._topic.name, wanted)])
        response = await self._client.send(leader, request)
        for _, answers in response.topics:
            for number, error, _, *rest in answers:
                state = asked[number]
                if state is not self._partitions[number]:
                    continue
                if for_code(error) is OffsetOutOfRangeError and state.next_offset > 0:
                    logger.warning("%s has no offset %d in partition %d", self._topic.name, state.next_offset, number)
                    self.seek(number, 0)
                elif for_code(error) is not NoError:
                    raise for_code(error)(f"{self._topic.name}, partition {number}")
                else:
                    # From version 11 on there is a preferred replica between the aborted transactions and the records.
                    aborted = rest[2] if response.API_VERSION >= 11 else rest[-2]
                    _absorb(state, rest[-1] or b"", sorted(aborted or (), key=lambda each: each[1]))


def _absorb(state: _Partition, data: bytes, aborted: list[tuple[int, int]]) -> None:
    """Take the whole batches of an answer, but for markers and what was aborted; its last one may be cut short."""
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
    """Open a reader of committed records: no group, nothing remembered, sums not checked.

    Kafka's own network has summed the bytes already, and the log has hashes of its own.

    Args:
        bootstrap_servers: where the broker is.
        topic: what to read.
        offsets: which of its partitions, and from where.
        request_ms: how long the broker may take to answer.

    Raises:
        Transient: the broker has no such topic.
        KafkaError: it is out of reach; retrying may help.
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
