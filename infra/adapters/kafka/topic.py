"""The log's other half: the topic. Makes the topics, finds their end, and reads them from any place."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeAlias

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, UnknownTopicOrPartitionError, for_code

from schemas.headers import position_in
from schemas.internal.broker_address import client_settings
from schemas.topics import CANARY, EVENTS, TOPICS, Topic

CREATE_SECONDS = 15
DELETE_SECONDS = 15
REQUEST_MS = 10_000


class TopicMissing(Exception):
    """The broker has no such topic: it is new, or was wiped. The publisher makes it."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The broker has no topic {name}. Start the publisher, which makes and fills it.")


@asynccontextmanager
async def open_admin(bootstrap_servers: str, *, request_ms: int = REQUEST_MS) -> AsyncIterator[AIOKafkaAdminClient]:
    """Open an administration client.

    Args:
        bootstrap_servers: ``host:port,...``.
        request_ms: for each request; who cancels a request instead leaves its connection open.

    Raises:
        KafkaError: the broker is out of reach; retrying may help.
    """
    admin = AIOKafkaAdminClient(**client_settings(bootstrap_servers), request_timeout_ms=request_ms)
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()


async def ensure_topics(bootstrap_servers: str, topics: Sequence[Topic] = (*TOPICS, CANARY)) -> None:
    """Create the topics that are missing and wait until every partition has a leader.

    Raises:
        KafkaError: the broker refused, or is out of reach; retrying may help.
        TimeoutError: the topics were created but have no leader in time.
    """
    async with open_admin(bootstrap_servers) as admin:
        existing = set(await admin.list_topics())
        missing = [topic for topic in topics if topic.name not in existing]
        if missing:
            replicas = min(3, len((await admin.describe_cluster())["brokers"]))
            # With three replicas, what is acknowledged outlives the loss of any one broker.
            safety = {"min.insync.replicas": "2"} if replicas == 3 else {}
            response = await admin.create_topics(
                [
                    NewTopic(topic.name, topic.partitions, replicas, topic_configs={**safety, **dict(topic.config)})
                    for topic in missing
                ]
            )
            _raise_first(response.topic_errors, but=TopicAlreadyExistsError)
        async with asyncio.timeout(CREATE_SECONDS):
            while not await _all_led(admin, topics):
                await asyncio.sleep(0.05)


async def delete_topics(bootstrap_servers: str, topics: Sequence[Topic]) -> None:
    """Delete topics and wait until they are gone; those that are not there are no matter.

    Raises:
        KafkaError: the broker refused, or is out of reach; retrying may help.
        TimeoutError: they are still listed after some seconds.
    """
    names = [topic.name for topic in topics]
    async with open_admin(bootstrap_servers) as admin:
        response = await admin.delete_topics(names)
        _raise_first(response.topic_error_codes, but=UnknownTopicOrPartitionError)
        async with asyncio.timeout(DELETE_SECONDS):
            while set(names) & set(await admin.list_topics()):
                await asyncio.sleep(0.05)


def _raise_first(results: Sequence[Sequence[object]], *, but: type[KafkaError]) -> None:
    for _, code, *_ in results:
        error = for_code(code)
        if code and error is not but:
            raise error()


async def _all_led(admin: AIOKafkaAdminClient, topics: Sequence[Topic]) -> bool:
    found = {
        described["topic"]: [partition for partition in described["partitions"] if partition["leader"] >= 0]
        for described in await admin.describe_topics([topic.name for topic in topics])
    }
    return all(len(found.get(topic.name, ())) == topic.partitions for topic in topics)


@asynccontextmanager
async def open_reader(
    bootstrap_servers: str,
    topic: Topic,
    *,
    partitions: Iterable[int] | None = None,
    committed: bool = True,
) -> AsyncIterator[AIOKafkaConsumer]:
    """Open a reader of a topic's partitions: no group, nothing remembered.

    Args:
        bootstrap_servers: where the broker is.
        topic: what to read.
        partitions: which of its partitions; all if left out.
        committed: whether to see committed records only, as everybody should.

    Raises:
        TopicMissing: the broker has no such topic.
        KafkaError: the broker is out of reach; retrying may help.
    """
    consumer = AIOKafkaConsumer(
        **client_settings(bootstrap_servers),
        enable_auto_commit=False,
        isolation_level="read_committed" if committed else "read_uncommitted",
        auto_offset_reset="earliest",
        request_timeout_ms=REQUEST_MS,
        max_partition_fetch_bytes=4 * 1024 * 1024,
        fetch_max_bytes=32 * 1024 * 1024,
    )
    try:
        await consumer.start()
        if topic.name not in await consumer.topics():
            raise TopicMissing(topic.name)
        numbers = range(topic.partitions) if partitions is None else partitions
        consumer.assign([TopicPartition(topic.name, number) for number in numbers])
        yield consumer
    finally:
        await consumer.stop()


async def read_to_end(
    consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int], *, batch: int = 5000
) -> AsyncIterator[list[ConsumerRecord]]:
    """Yield records from the reader's present place up to ``ends``, in batches.

    An end counts transaction markers and aborted records too, so it is a place to pass, not a number of records.
    """
    while True:
        open_ = [partition for partition, end in ends.items() if await consumer.position(partition) < end]
        if not open_:
            return
        fetched = await consumer.getmany(*open_, timeout_ms=500, max_records=batch)
        for partition, records in fetched.items():
            kept = [record for record in records if record.offset < ends[partition]]
            if kept:
                yield kept


Judge: TypeAlias = Callable[[Sequence[ConsumerRecord]], Awaitable[Sequence[bool]]]
"""Says which records are the platform's own; :meth:`infra.adapters.postgres.provenance.PostgresProvenance.among`."""


async def believe(records: Sequence[ConsumerRecord]) -> Sequence[bool]:
    """Take every record that names an event and a position for the platform's own."""
    return [position_in(record.headers) is not None for record in records]


Meet: TypeAlias = Callable[[Sequence[ConsumerRecord]], Awaitable[None]]
"""Is given foreign records, and may raise to end the reading."""


async def pass_by(_: Sequence[ConsumerRecord]) -> None:
    """Do nothing about foreign records."""


async def last_events(
    bootstrap_servers: str,
    topic: Topic = EVENTS,
    *,
    judge: Judge = believe,
    meet: Meet = pass_by,
) -> dict[int, ConsumerRecord]:
    """Return each partition's last committed event; partitions without one, and foreign records, are left out.

    Args:
        bootstrap_servers: where the broker is.
        topic: which.
        judge: tells events from foreign records.
        meet: given the foreign records that were met, as long as there is no event in sight, so that it may refuse.
    """
    async with open_reader(bootstrap_servers, topic) as consumer:
        partitions = consumer.assignment()
        begins, ends = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
        found: dict[int, ConsumerRecord] = {}
        reached: dict[int, int] = {}
        stops = dict(ends)
        window = 64
        open_ = {partition for partition in partitions if ends[partition] > begins[partition]}
        while open_:
            # The end may be all markers, aborted and foreign records: look back further until there is an event.
            starts = {partition: max(begins[partition], ends[partition] - window) for partition in open_}
            for partition, start in starts.items():
                consumer.seek(partition, start)
            foreign: list[ConsumerRecord] = []
            async for records in read_to_end(consumer, {partition: stops[partition] for partition in open_}):
                for record, true in zip(records, await judge(records), strict=True):
                    if not true:
                        foreign.append(record)
                        continue
                    # Not simply the last one: anybody may have repeated an old event after it.
                    position = position_in(record.headers) or 0
                    if position >= reached.get(record.partition, 0):
                        found[record.partition], reached[record.partition] = record, position
            await meet(foreign)
            stops |= starts
            open_ = {
                partition
                for partition in open_
                if partition.partition not in found and ends[partition] - window > begins[partition]
            }
            window *= 8
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEnd:
    """Where the events in the topic end, as far as a reader of committed records can see."""

    position: int
    """Of the last event; 0 if there is none."""
    offsets: Mapping[int, int]
    """Of each partition's last event; a partition without one is left out."""


async def log_end(
    bootstrap_servers: str,
    *,
    judge: Judge = believe,
    meet: Meet = pass_by,
) -> LogEnd:
    """Find where the topic ends.

    Right after a transaction ends, its records come into sight partition by partition, within milliseconds: only to a
    publisher that has just started, which the broker lets begin when its predecessor's last transaction is complete,
    does this mean that everything up to the position is in the topic.

    Args:
        bootstrap_servers: where the broker is.
        judge: tells events from foreign records; left out: whatever names an event and a position is believed.
        meet: see :func:`last_events`.

    Raises:
        TopicMissing: there is no topic.
        KafkaError: the broker is out of reach; retrying may help.
    """
    last = await last_events(bootstrap_servers, judge=judge, meet=meet)
    return LogEnd(
        position=max((position_in(record.headers) or 0 for record in last.values()), default=0),
        offsets={partition: record.offset for partition, record in last.items()},
    )


async def offsets_of_ends(bootstrap_servers: str) -> dict[int, int]:
    """Return the offset after the last record of each partition of the log."""
    async with open_reader(bootstrap_servers, EVENTS) as reader:
        ends: Mapping[TopicPartition, int] = await reader.end_offsets(reader.assignment())
    return {partition.partition: end for partition, end in ends.items()}


async def open_transactions(bootstrap_servers: str) -> list[int]:
    """Return the partitions of the log in which a transaction is open: readers of committed records see less there."""
    async with (
        open_reader(bootstrap_servers, EVENTS, committed=False) as everything,
        open_reader(bootstrap_servers, EVENTS) as committed,
    ):
        visible = await committed.end_offsets(committed.assignment())
        ends = await everything.end_offsets(everything.assignment())
    return sorted(partition.partition for partition in ends if visible[partition] < ends[partition])


async def published_position(bootstrap_servers: str, *, judge: Judge = believe) -> int:
    """Return the position of the last event in the topic; 0 if it is empty or missing."""
    try:
        return (await log_end(bootstrap_servers, judge=judge)).position
    except TopicMissing:
        return 0
