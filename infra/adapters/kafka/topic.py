"""The log's public half, the topic: creates topics, finds their ends, and reads them from any offset."""

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
    """The broker has no such topic: the broker is new, or was wiped. The publisher creates the topic."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The broker has no topic {name}. Start the publisher, which creates and fills it.")


class TopicReplaced(KafkaError):  # type: ignore[misc]  # aiokafka has no types
    """The topic was created again while it was read: its offsets mean other records now."""

    retriable = True

    def __init__(self, partition: TopicPartition) -> None:
        super().__init__(f"The topic {partition.topic} was created again while it was read. Read it again.")


@asynccontextmanager
async def open_admin(bootstrap_servers: str, *, request_ms: int = REQUEST_MS) -> AsyncIterator[AIOKafkaAdminClient]:
    """Open an administration client.

    Args:
        bootstrap_servers: ``host:port,...``.
        request_ms: timeout of each request. Cancelling a request instead would leave its connection open.

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
            # With three replicas, acknowledged records survive the loss of any one broker.
            safety = {"min.insync.replicas": "2"} if replicas == 3 else {}
            response = await admin.create_topics(
                [
                    NewTopic(topic.name, topic.partitions, replicas, topic_configs={**safety, **dict(topic.config)})
                    for topic in missing
                ]
            )
            _raise_first(response.topic_errors, ignoring=TopicAlreadyExistsError)
        async with asyncio.timeout(CREATE_SECONDS):
            while not await _all_have_leaders(admin, topics):
                await asyncio.sleep(0.05)


async def delete_topics(bootstrap_servers: str, topics: Sequence[Topic]) -> None:
    """Delete topics and wait until they are gone. Missing topics are ignored.

    Raises:
        KafkaError: the broker refused, or is out of reach; retrying may help.
        TimeoutError: the broker still lists them after some seconds.
    """
    names = [topic.name for topic in topics]
    async with open_admin(bootstrap_servers) as admin:
        response = await admin.delete_topics(names)
        _raise_first(response.topic_error_codes, ignoring=UnknownTopicOrPartitionError)
        async with asyncio.timeout(DELETE_SECONDS):
            while set(names) & set(await admin.list_topics()):
                await asyncio.sleep(0.05)


def _raise_first(results: Sequence[Sequence[object]], *, ignoring: type[KafkaError]) -> None:
    for _, code, *_ in results:
        error = for_code(code)
        if code and error is not ignoring:
            raise error()


async def _all_have_leaders(admin: AIOKafkaAdminClient, topics: Sequence[Topic]) -> bool:
    led = {
        described["topic"]: [partition for partition in described["partitions"] if partition["leader"] >= 0]
        for described in await admin.describe_topics([topic.name for topic in topics])
    }
    return all(len(led.get(topic.name, ())) == topic.partitions for topic in topics)


@asynccontextmanager
async def open_reader(
    bootstrap_servers: str,
    topic: Topic,
    *,
    partitions: Iterable[int] | None = None,
    committed: bool = True,
) -> AsyncIterator[AIOKafkaConsumer]:
    """Open a reader of a topic's partitions. It has no consumer group and commits no offset.

    Args:
        bootstrap_servers: where the broker is.
        topic: the topic.
        partitions: the partitions to read; all if left out.
        committed: whether to read committed records only. Business code always does.

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
    """Yield records in batches, from the reader's current position up to ``ends``.

    An end offset also counts transaction markers and aborted records, so it is not a number of records.

    Raises:
        TopicReplaced: the topic was created again, and has fewer records than ``ends`` say.
        KafkaError: the broker is out of reach, or the topic is gone; retrying may help.
    """
    reached: dict[TopicPartition, int] = {}
    while True:
        for partition in ends:
            position = await consumer.position(partition)
            # The client goes to the beginning if its position is after the end.
            if position < reached.get(partition, 0):
                raise TopicReplaced(partition)
            reached[partition] = position
        open_ = [partition for partition, end in ends.items() if reached[partition] < end]
        if not open_:
            return
        fetched = await consumer.getmany(*open_, timeout_ms=500, max_records=batch)
        if not fetched:
            present = await consumer.end_offsets(open_)
            for partition in open_:
                if present[partition] < ends[partition]:
                    raise TopicReplaced(partition)
        for partition, records in fetched.items():
            before_end = [record for record in records if record.offset < ends[partition]]
            if before_end:
                yield before_end


OwnRecords: TypeAlias = Callable[[Sequence[ConsumerRecord]], Awaitable[Sequence[bool]]]
"""Returns for each record whether the platform wrote it; see ``PostgresProvenance.are_own``."""


async def trust_headers(records: Sequence[ConsumerRecord]) -> Sequence[bool]:
    """Accept every record with an event's headers as the platform's own."""
    return [position_in(record.headers) is not None for record in records]


OnForeign: TypeAlias = Callable[[Sequence[ConsumerRecord]], Awaitable[None]]
"""Called with foreign records; may raise to stop the search."""


async def ignore_foreign(_: Sequence[ConsumerRecord]) -> None:
    """Ignore foreign records."""


async def last_events(
    bootstrap_servers: str,
    topic: Topic = EVENTS,
    *,
    are_own: OwnRecords = trust_headers,
    on_foreign: OnForeign = ignore_foreign,
) -> dict[int, ConsumerRecord]:
    """Return each partition's last committed event. A partition without events is left out.

    Args:
        bootstrap_servers: where the broker is.
        topic: the topic.
        are_own: tells the platform's events from foreign records.
        on_foreign: called with the foreign records after the last event; raises to stop.
    """
    async with open_reader(bootstrap_servers, topic) as consumer:
        partitions = consumer.assignment()
        begins, ends = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
        last: dict[int, ConsumerRecord] = {}
        reached: dict[int, int] = {}
        stops = dict(ends)
        window = 64
        open_ = {partition for partition in partitions if ends[partition] > begins[partition]}
        while open_:
            # The end may hold only markers, aborted and foreign records: look back further until there is an event.
            starts = {partition: max(begins[partition], ends[partition] - window) for partition in open_}
            for partition, start in starts.items():
                consumer.seek(partition, start)
            foreign: list[ConsumerRecord] = []
            async for records in read_to_end(consumer, {partition: stops[partition] for partition in open_}):
                for record, own in zip(records, await are_own(records), strict=True):
                    if not own:
                        foreign.append(record)
                        continue
                    # Not simply the last record: another client may have repeated an old event after it.
                    position = position_in(record.headers) or 0
                    if position >= reached.get(record.partition, 0):
                        last[record.partition], reached[record.partition] = record, position
            await on_foreign(foreign)
            stops |= starts
            open_ = {
                partition
                for partition in open_
                if partition.partition not in last and ends[partition] - window > begins[partition]
            }
            window *= 8
        return last


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEnd:
    """Where the topic's events end, for a reader of committed records."""

    position: int
    """Position of the last event; 0 if the topic has no event."""
    offsets: Mapping[int, int]
    """Offset of each partition's last event. A partition without events is left out."""


async def log_end(
    bootstrap_servers: str,
    *,
    are_own: OwnRecords = trust_headers,
    on_foreign: OnForeign = ignore_foreign,
) -> LogEnd:
    """Find where the topic ends.

    After a transaction ends, its records become visible partition by partition, within milliseconds. So the position
    does not prove that all events before it are visible. It does for a publisher that has just started, because the
    broker lets it start only after its predecessor's last transaction is complete.

    Args:
        bootstrap_servers: where the broker is.
        are_own: tells the platform's events from foreign records.
        on_foreign: see :func:`last_events`.

    Raises:
        TopicMissing: the broker has no such topic.
        KafkaError: the broker is out of reach; retrying may help.
    """
    last = await last_events(bootstrap_servers, are_own=are_own, on_foreign=on_foreign)
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
    """Return the log's partitions with an open transaction, which hides later records from readers."""
    async with (
        open_reader(bootstrap_servers, EVENTS, committed=False) as everything,
        open_reader(bootstrap_servers, EVENTS) as committed,
    ):
        visible = await committed.end_offsets(committed.assignment())
        ends = await everything.end_offsets(everything.assignment())
    return sorted(partition.partition for partition in ends if visible[partition] < ends[partition])


async def published_position(bootstrap_servers: str, *, are_own: OwnRecords = trust_headers) -> int:
    """Return the position of the last event in the topic; 0 if it is empty or missing."""
    try:
        return (await log_end(bootstrap_servers, are_own=are_own)).position
    except TopicMissing:
        return 0
