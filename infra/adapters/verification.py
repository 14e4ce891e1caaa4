"""Proves that the two halves of the log hold the same events in the same order, and that nothing in them was changed."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Collection, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from uuid import UUID

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from infra.adapters.event_store import PostgresEventLog
from infra.adapters.outgoing import occurred_at
from infra.adapters.topic import open_reader, published_position
from schemas.envelope import GENESIS, RawEvent, chain_hash, from_record, to_headers
from schemas.registry import UndecodableEvent
from schemas.topics import EVENTS, partition_of

CATCH_UP_SECONDS = 15
"""How long the publisher may take to reach where the store ends."""
VISIBLE_SECONDS = 5
"""How long a transaction's records may take to come into sight in the last of its partitions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parity:
    """What a verification found."""

    equal: bool
    events: int
    """How many events were compared."""
    difference: str | None = None
    """The first difference, in words: which event, where, and what is wrong."""
    by_type: dict[str, int] = field(default_factory=dict)


class Difference(Exception):
    """The halves differ, or a chain is broken; the message names the first event concerned."""


async def verify_log(
    log: PostgresEventLog,
    bootstrap_servers: str,
    *,
    partitions: Collection[int] | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Parity:
    """Compare the settled store with the committed topic, event by event, and check every hash chain.

    The store is read up to where it ends at the start; the publisher is given some seconds to get there. What is
    appended meanwhile is left for the next time. Memory: one batch per partition, and some 200 bytes for each stream.

    Args:
        log: the store.
        bootstrap_servers: where the topic is.
        partitions: look at the events of these partitions only; all if left out.
        progress: told how many events were compared so far.
    """
    counted: Counter[str] = Counter()
    heads: dict[UUID, tuple[int, bytes]] = {}
    end = await log.last_position()
    await _published(bootstrap_servers, end)
    try:
        async with open_reader(bootstrap_servers, EVENTS, partitions=partitions, check_sums=False) as consumer:
            topic = _Topic(consumer, await consumer.end_offsets(consumer.assignment()))
            async with aclosing(log.scan(up_to=end, partitions=partitions)) as batches:
                async for batch in batches:
                    for stored in batch:
                        check_chain(stored, heads)
                        partition = partition_of(stored.tenant)
                        _compare(stored, topic.at_hand(partition) or await topic.expect(partition))
                        counted[stored.type] += 1
                    progress(counted.total())
            await topic.expect_nothing_before(end)
    except Difference as difference:
        return Parity(equal=False, events=counted.total(), difference=str(difference), by_type=dict(counted))
    return Parity(equal=True, events=counted.total(), by_type=dict(counted))


async def _published(bootstrap_servers: str, position: int) -> None:
    """Wait, bounded, until the publisher has reached a position."""
    with suppress(TimeoutError):
        async with asyncio.timeout(CATCH_UP_SECONDS):
            while await published_position(bootstrap_servers) < position:
                await asyncio.sleep(0.1)


class _Topic:
    """Hands out each partition's records one by one, fetched in batches."""

    def __init__(self, consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int]) -> None:
        self._consumer = consumer
        self._ends = {partition.partition: end for partition, end in ends.items()}
        self._fetched: dict[int, deque[ConsumerRecord]] = {number: deque() for number in self._ends}

    def at_hand(self, partition: int) -> ConsumerRecord | None:
        """Return the partition's next record if it was fetched already."""
        records = self._fetched[partition]
        return records.popleft() if records else None

    async def take(self, partition: int) -> ConsumerRecord | None:
        """Return the partition's next record, or None at its end."""
        records = self._fetched[partition]
        if not records:
            await self._fetch(partition)
        return records.popleft() if records else None

    async def expect(self, partition: int) -> ConsumerRecord | None:
        """Return the partition's next record, which was published already; None if it does not come into sight."""
        record = await self.take(partition)
        key = TopicPartition(EVENTS.name, partition)
        with suppress(TimeoutError):
            async with asyncio.timeout(VISIBLE_SECONDS):
                # A transaction ends in one partition after the other, so an end may have been taken too early.
                while record is None:
                    self._ends[partition] = (await self._consumer.end_offsets([key]))[key]
                    record = await self.take(partition)
                    await asyncio.sleep(0 if record else 0.05)
        return record

    async def _fetch(self, partition: int) -> None:
        key, records = TopicPartition(EVENTS.name, partition), self._fetched[partition]
        while not records and await self._consumer.position(key) < self._ends[partition]:
            fetched = await self._consumer.getmany(key, timeout_ms=1000, max_records=2000)
            records.extend(fetched.get(key, ()))

    async def expect_nothing_before(self, position: int) -> None:
        """Check that what is left in the topic came after ``position``.

        Raises:
            Difference: an event is in the topic that the store does not have.
        """
        for partition in self._ends:
            record = await self.take(partition)
            if record is not None:
                event = from_record(record.headers, record.value)
                if event.position <= position:
                    raise Difference(f"{name_of(event)} is in the topic but not in the event store")


def check_chain(event: RawEvent, heads: dict[UUID, tuple[int, bytes]], *, where: str = "the event store") -> None:
    """Check an event against its stream's last one, and remember it as the last.

    Args:
        event: the next of its stream.
        heads: version and hash of each stream's last event so far.
        where: which half it was read from, for the message.

    Raises:
        Difference: events are missing before it, or it was changed.
    """
    version, previous = heads.get(event.stream_id, (None, GENESIS))
    if version is not None and event.version != version + 1:
        raise Difference(f"{name_of(event)} follows version {version} of its stream: events are missing between them")
    if event.previous_hash != previous:
        raise Difference(f"{name_of(event)} does not carry the hash of the event before it in its stream")
    computed = chain_hash(
        event.previous_hash,
        id=event.id,
        type=event.type,
        stream_id=event.stream_id,
        version=event.version,
        data=event.data,
    )
    if computed != event.hash:
        raise Difference(f"{name_of(event)} was changed in {where}: its bytes do not give its hash")
    heads[event.stream_id] = (event.version, event.hash)


def _compare(stored: RawEvent, record: ConsumerRecord | None) -> None:
    if record is None:
        raise Difference(f"{name_of(stored)} is in the event store but not in the topic")
    if record.value == stored.data and list(record.headers) == to_headers(stored, occurred_at(stored)):
        return
    try:
        published = from_record(record.headers, record.value)
    except UndecodableEvent as error:
        raise Difference(
            f"record {record.offset} of partition {record.partition}, where {name_of(stored)} should be: {error}"
        ) from error
    if published.position != stored.position:
        first = min((stored, published), key=lambda event: event.position)
        where = (
            "in the event store but not in the topic" if first is stored else "in the topic but not in the event store"
        )
        raise Difference(f"{name_of(first)} is {where}")
    if record.partition != partition_of(stored.tenant):
        raise Difference(f"{name_of(stored)} is in partition {record.partition}, which is not its tenant's")
    fields = [name for name in RawEvent.__struct_fields__ if getattr(stored, name) != getattr(published, name)]
    raise Difference(
        f"{name_of(stored)} differs between event store and topic in: {', '.join(fields) or 'its headers'}"
    )


def name_of(event: RawEvent) -> str:
    """Return how a person finds an event."""
    return f"{event.type} at position {event.position} (stream {event.stream_id}, version {event.version})"
