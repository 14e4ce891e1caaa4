"""The log's other half: the topic. Makes the topics, finds their end, and reads them from any place."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from schemas.topics import TOPICS, Topic

CREATE_SECONDS = 15


class TopicMissing(Exception):
    """The broker has no such topic: it is new, or was wiped. The publisher makes it."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The broker has no topic {name}. Start the publisher, which makes and fills it.")


async def ensure_topics(bootstrap_servers: str, topics: Sequence[Topic] = TOPICS) -> None:
    """Create the topics that are missing and wait until every partition has a leader.

    Raises:
        KafkaError: the broker refused, or is out of reach; retrying may help.
        TimeoutError: the topics were created but have no leader in time.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        existing = set(await admin.list_topics())
        missing = [topic for topic in topics if topic.name not in existing]
        if missing:
            replicas = min(3, len((await admin.describe_cluster())["brokers"]))
            response = await admin.create_topics(
                [
                    NewTopic(topic.name, topic.partitions, replicas, topic_configs=dict(topic.config))
                    for topic in missing
                ]
            )
            for _, code, *_ in response.topic_errors:
                error = for_code(code)
                if code and error is not TopicAlreadyExistsError:
                    raise error()
        async with asyncio.timeout(CREATE_SECONDS):
            while not await _all_led(admin, topics):
                await asyncio.sleep(0.05)
    finally:
        await admin.close()


async def _all_led(admin: AIOKafkaAdminClient, topics: Sequence[Topic]) -> bool:
    found = {
        described["topic"]: [partition for partition in described["partitions"] if partition["leader"] >= 0]
        for described in await admin.describe_topics([topic.name for topic in topics])
    }
    return all(len(found.get(topic.name, ())) == topic.partitions for topic in topics)


@asynccontextmanager
async def open_reader(bootstrap_servers: str, topic: Topic) -> AsyncIterator[AIOKafkaConsumer]:
    """Open a reader of all of a topic's partitions: committed records only, no group, nothing remembered.

    Raises:
        TopicMissing: the broker has no such topic.
        KafkaError: the broker is out of reach; retrying may help.
    """
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap_servers,
        enable_auto_commit=False,
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=4 * 1024 * 1024,
        fetch_max_bytes=32 * 1024 * 1024,
    )
    await consumer.start()
    try:
        if topic.name not in await consumer.topics():
            raise TopicMissing(topic.name)
        consumer.assign([TopicPartition(topic.name, number) for number in range(topic.partitions)])
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


async def last_records(bootstrap_servers: str, topic: Topic) -> dict[int, ConsumerRecord]:
    """Return each partition's last committed record; partitions without one are left out."""
    async with open_reader(bootstrap_servers, topic) as consumer:
        partitions = consumer.assignment()
        begins, ends = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
        found: dict[int, ConsumerRecord] = {}
        window = 64
        open_ = {partition for partition in partitions if ends[partition] > begins[partition]}
        while open_:
            # The end may be all markers and aborted records: look back further until there is a record.
            for partition in open_:
                consumer.seek(partition, max(begins[partition], ends[partition] - window))
            async for records in read_to_end(consumer, {partition: ends[partition] for partition in open_}):
                found[records[-1].partition] = records[-1]
            open_ = {
                partition
                for partition in open_
                if partition.partition not in found and ends[partition] - window > begins[partition]
            }
            window *= 8
        return found
