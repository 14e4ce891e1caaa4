"""Broker behavior that our code relies on: the embedded broker and Apache Kafka pass the same tests."""

import asyncio
import time

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import InvalidPartitionsError, ProducerFenced, TopicAlreadyExistsError
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.group import JoinGroupRequest
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from infra.adapters.kafka.topic import delete_topics
from schemas.topics import Topic
from tests.integration.embedded.clients import Clients, nothing_more, share, take, until


async def test_topic_has_the_requested_partitions_and_is_created_once(clients: Clients) -> None:
    topic = await clients.topic(partitions=7)
    consumer = await clients.consumer(topic)
    assert consumer.partitions_for_topic(topic) == set(range(7))
    with pytest.raises(TopicAlreadyExistsError):
        await clients.create(topic, 7)


async def test_topic_without_partitions_is_refused(clients: Clients) -> None:
    with pytest.raises(InvalidPartitionsError):
        await clients.create("never-made", 0)


async def test_record_comes_back_as_it_was_sent(clients: Clients) -> None:
    topic = await clients.topic()
    producer = await clients.producer()
    headers = [("ce_type", b"order.order_paid.v1"), ("empty", b""), ("ce_type", "twice é".encode())]
    await producer.send_and_wait(topic, b"value", key=b"key", headers=headers, timestamp_ms=1_700_000_000_123)
    await producer.send_and_wait(topic, None, key=b"erased")
    await producer.send_and_wait(topic, b"", key=None)
    first, second, third = await clients.read(topic, 3)
    assert (first.key, first.value, first.timestamp) == (b"key", b"value", 1_700_000_000_123)
    assert list(first.headers) == headers
    assert (second.key, second.value) == (b"erased", None)
    assert (third.key, third.value) == (None, b"")


@pytest.mark.parametrize("compression", [None, "gzip"])
async def test_records_of_one_key_keep_their_order(clients: Clients, compression: str | None) -> None:
    topic = await clients.topic(partitions=4)
    producer = await clients.producer(compression_type=compression, max_batch_size=2_000)
    sent = [await producer.send(topic, b"%d" % number, key=b"%d" % (number % 5)) for number in range(1_000)]
    await asyncio.gather(*sent)
    records = await clients.read(topic, 1_000)
    for key in range(5):
        of_key = [int(record.value) for record in records if record.key == b"%d" % key]
        assert of_key == list(range(key, 1_000, 5))
    for partition in range(4):
        offsets = [record.offset for record in records if record.partition == partition]
        assert offsets == list(range(len(offsets)))


async def test_end_offsets_count_the_written_records(clients: Clients) -> None:
    topic = await clients.topic(partitions=2)
    producer = await clients.producer()
    for number in range(10):
        await producer.send_and_wait(topic, b"%d" % number, partition=1)
    consumer = await clients.consumer(topic)
    empty, filled = TopicPartition(topic, 0), TopicPartition(topic, 1)
    assert await consumer.end_offsets([empty, filled]) == {empty: 0, filled: 10}
    assert await consumer.beginning_offsets([filled]) == {filled: 0}


async def test_offset_is_found_by_time(clients: Clients) -> None:
    topic = await clients.topic()
    producer = await clients.producer()
    # The second call puts three records with different times into one batch.
    await producer.send_and_wait(topic, b"0", timestamp_ms=1_000)
    batch = [await producer.send(topic, b"%d" % number, timestamp_ms=1_000 * number) for number in (2, 3, 4)]
    await asyncio.gather(*batch)
    consumer = await clients.consumer(topic)
    partition = TopicPartition(topic, 0)

    async def offset_since(timestamp_ms: int) -> int | None:
        found = (await consumer.offsets_for_times({partition: timestamp_ms}))[partition]
        return None if found is None else found.offset

    assert [await offset_since(at) for at in (0, 1_000, 1_001, 2_500, 4_000)] == [0, 0, 1, 2, 3]
    assert await offset_since(4_001) is None


async def test_idle_fetch_waits_and_a_record_ends_the_wait(clients: Clients) -> None:
    topic = await clients.topic()
    raw = await clients.raw()
    producer = await clients.producer()

    async def fetch(wait_ms: int) -> float:
        began = time.monotonic()
        partitions = [(topic, [(0, 0, 1_000_000)])]
        await raw.send(raw.get_random_node(), FetchRequest(wait_ms, 1, 1_000_000, 1, partitions))
        return time.monotonic() - began

    async with asyncio.timeout(30):
        # A broker that is not the new partition's leader yet rejects the request at once, so the fetch is repeated.
        while await fetch(600) < 0.5:
            pass
    waiting = asyncio.create_task(fetch(20_000))
    await producer.send_and_wait(topic, b"value")
    assert await waiting < 15


async def test_repeated_batch_is_stored_once(clients: Clients) -> None:
    topic = await clients.topic()
    raw = await clients.raw()
    producer = await clients.producer()
    identity = producer._txn_manager._pid_and_epoch

    async def send(first_sequence: int) -> tuple[int, int]:
        builder = DefaultRecordBatchBuilder(2, 0, 0, identity.pid, identity.epoch, first_sequence, 10_000)
        for offset in range(3):
            builder.append(offset, 1_000, None, b"value", [])
        data = bytes(builder.build())
        answer = await raw.send(raw.get_random_node(), ProduceRequest(None, -1, 5_000, [(topic, [(0, data)])]))
        ((_, ((_, code, offset, *_),)),) = answer.topics
        return code, offset

    assert [await send(0), await send(3), await send(0), await send(3)] == [(0, 0), (0, 3), (0, 0), (0, 3)]
    out_of_order = 45
    assert (await send(9))[0] == out_of_order
    assert len(await clients.read(topic, 6)) == 6


async def test_transaction_is_atomic_for_readers(clients: Clients) -> None:
    topic = await clients.topic(partitions=3)
    producer = await clients.producer(transactional_id=topic)
    careful = await clients.consumer(topic)
    hasty = await clients.consumer(topic, isolation_level="read_uncommitted")
    await producer.begin_transaction()
    for partition in range(3):
        await producer.send_and_wait(topic, b"open", partition=partition)
    assert len(await take(hasty, 3)) == 3
    assert await nothing_more(careful)
    await producer.commit_transaction()
    assert {record.partition for record in await take(careful, 3)} == {0, 1, 2}
    assert await nothing_more(careful)


async def test_aborted_transaction_is_never_seen(clients: Clients) -> None:
    topic = await clients.topic()
    producer = await clients.producer(transactional_id=topic)
    other = await clients.producer()
    await producer.begin_transaction()
    await producer.send_and_wait(topic, b"aborted")
    await other.send_and_wait(topic, b"plain")
    await producer.abort_transaction()
    async with producer.transaction():
        await producer.send_and_wait(topic, b"committed")
    consumer = await clients.consumer(topic)
    assert [record.value for record in await take(consumer, 2)] == [b"plain", b"committed"]
    assert await nothing_more(consumer)
    # Markers take offsets too: three records, an abort and a commit.
    partition = TopicPartition(topic, 0)
    assert await consumer.end_offsets([partition]) == {partition: 5}
    assert await consumer.position(partition) == 5


async def test_newer_producer_fences_the_older_one(clients: Clients) -> None:
    topic = await clients.topic(partitions=2)
    older = await clients.producer(transactional_id=topic)
    async with older.transaction():
        await older.send_and_wait(topic, b"older, committed", partition=0)
    await older.begin_transaction()
    await older.send_and_wait(topic, b"older, open", partition=0)
    newer = await clients.producer(transactional_id=topic)
    with pytest.raises(ProducerFenced):
        await older.send_and_wait(topic, b"older, fenced", partition=0)
    async with newer.transaction():
        await newer.send_and_wait(topic, b"newer, committed", partition=0)
    consumer = await clients.consumer(topic)
    seen = [record.value for record in await take(consumer, 2)]
    assert seen == [b"older, committed", b"newer, committed"]
    assert await nothing_more(consumer)


async def test_fenced_producer_cannot_commit_its_open_transaction(clients: Clients) -> None:
    topic = await clients.topic()
    older = await clients.producer(transactional_id=topic)
    await older.begin_transaction()
    await older.send_and_wait(topic, b"open")
    await clients.producer(transactional_id=topic)
    with pytest.raises(ProducerFenced):
        await older.commit_transaction()
    assert await nothing_more(await clients.consumer(topic))


async def test_fenced_producer_cannot_begin_a_new_transaction(clients: Clients) -> None:
    topic = await clients.topic()
    older = await clients.producer(transactional_id=topic)
    await clients.producer(transactional_id=topic)
    await older.begin_transaction()
    with pytest.raises(ProducerFenced):
        await older.send_and_wait(topic, b"too late")
    assert await nothing_more(await clients.consumer(topic, isolation_level="read_uncommitted"))


async def test_transaction_of_a_silent_producer_is_aborted_in_time(clients: Clients) -> None:
    topic = await clients.topic()
    silent = await clients.producer(transactional_id=topic, transaction_timeout_ms=1_000)
    await silent.begin_transaction()
    await silent.send_and_wait(topic, b"forgotten")
    await (await clients.producer()).send_and_wait(topic, b"held up")
    (record,) = await clients.read(topic, 1)
    assert record.value == b"held up"
    with pytest.raises(ProducerFenced):
        await silent.commit_transaction()


async def test_consumer_offsets_are_part_of_the_transaction(clients: Clients) -> None:
    topic = await clients.topic()
    partition = TopicPartition(topic, 0)
    producer = await clients.producer(transactional_id=topic)
    consumer = await clients.consumer(topic, group_id=topic)
    for offset, commit in ((3, True), (7, False)):
        await producer.begin_transaction()
        await producer.send_and_wait(topic, b"value")
        await producer.send_offsets_to_transaction({partition: offset}, topic)
        await (producer.commit_transaction() if commit else producer.abort_transaction())

        async def is_three() -> bool:
            return bool(await consumer.committed(partition) == 3)

        # Kafka answers the commit a moment before the offsets take effect.
        await until(is_three)
    later = await clients.producer(transactional_id=topic)
    async with later.transaction():
        await later.send_and_wait(topic, b"value")
    assert await consumer.committed(partition) == 3


async def test_hundred_small_transactions_arrive_in_order(clients: Clients) -> None:
    topic = await clients.topic(partitions=3)
    producer = await clients.producer(transactional_id=topic)
    for number in range(100):
        async with producer.transaction():
            await producer.send(topic, b"%d" % number, partition=number % 3)
            await producer.send(topic, b"%d" % number, partition=(number + 1) % 3)
    records = await clients.read(topic, 200)
    for partition in range(3):
        values = [int(record.value) for record in records if record.partition == partition]
        assert values == sorted(values)
    assert sorted(int(record.value) for record in records) == sorted([*range(100), *range(100)])


async def test_group_shares_partitions_and_takes_over_those_of_a_leaving_member(clients: Clients) -> None:
    topic = await clients.topic(partitions=4)
    first = await clients.consumer(topic, group_id=topic)
    await share([first], [4])
    second = await clients.consumer(topic, group_id=topic)
    await share([first, second], [2, 2])
    third = await clients.consumer(topic, group_id=topic)
    await share([first, second, third], [1, 1, 2])
    await first.stop()
    await share([second, third], [2, 2])
    await second.stop()
    await share([third], [4])


async def test_group_removes_a_dead_member(clients: Clients) -> None:
    topic = await clients.topic(partitions=2)
    raw = await clients.raw()
    survivor = await clients.consumer(topic, group_id=topic, rebalance_timeout_ms=1_500)
    await share([survivor], [2])
    subscription = (0).to_bytes(2, "big") + (1).to_bytes(4, "big") + len(topic).to_bytes(2, "big")
    metadata = subscription + topic.encode() + (0).to_bytes(4, "big")
    join = JoinGroupRequest(topic, 1_000, 1_500, "", "", "consumer", [("roundrobin", metadata)])
    dying = asyncio.create_task(raw.send(raw.get_random_node(), join))
    await share([survivor], [1])
    async with asyncio.timeout(30):
        await dying
    await share([survivor], [2])


async def test_group_continues_at_its_committed_offset(clients: Clients) -> None:
    topic = await clients.topic()
    producer = await clients.producer()
    for number in range(10):
        await producer.send_and_wait(topic, b"%d" % number)
    first = await clients.consumer(topic, group_id=topic)
    await take(first, 10)
    await first.commit({TopicPartition(topic, 0): 6})
    await first.stop()
    second = await clients.consumer(topic, group_id=topic)
    assert [record.value for record in await take(second, 4)] == [b"6", b"7", b"8", b"9"]
    assert await second.committed(TopicPartition(topic, 0)) == 6


async def test_offsets_of_a_deleted_topic_are_deleted(clients: Clients) -> None:
    topic = await clients.topic()
    producer = await clients.producer()
    await producer.send_and_wait(topic, b"value")
    first = await clients.consumer(topic, group_id="forgetful", enable_auto_commit=False)
    await take(first, 1)
    await first.commit()
    await first.stop()
    await delete_topics(clients.bootstrap_servers, [Topic(topic, 1, ())])
    await clients.create(topic, 1)
    second = await clients.consumer(topic, group_id="forgetful", enable_auto_commit=False)

    async def forgotten() -> bool:
        return await second.committed(TopicPartition(topic, 0)) is None

    await until(forgotten)
