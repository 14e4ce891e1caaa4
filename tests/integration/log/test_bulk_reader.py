"""The bulk reader returns the same records as any consumer of committed records, in the same order."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError

from domain.kernel import Transient
from infra.adapters.kafka.producer import TransactionalProducer
from infra.adapters.kafka.record_batches import prepare
from infra.adapters.kafka.topic import TopicReplaced, delete_topics, ensure_topics, open_reader, read_to_end
from infra.embedded.kafka import ApacheKafka
from projections.engine.rebuild.bulk_reader import BulkReader, open_bulk_reader
from schemas.records import content_of, parts_of
from schemas.topics import EVENTS, PARTITIONS, partition_of
from tests.support.builders.records import outgoing
from tests.support.builders.workload import Workload
from tests.support.servers.topic import write_topic

pytestmark = pytest.mark.kafka

EVENTS_MADE = Workload(2_000, seed=3, side_by_side=12, per_store=100)
FROM_THE_BEGINNING = dict.fromkeys(range(PARTITIONS), 0)
Read = dict[int, list[tuple[int, bytes]]]


async def as_a_consumer_reads(kafka: ApacheKafka) -> Read:
    """Return offset and value of every committed record, by partition; one without any is left out."""
    found: defaultdict[int, list[tuple[int, bytes]]] = defaultdict(list)
    async with open_reader(kafka.bootstrap_servers, EVENTS) as reader:
        async for records in read_to_end(reader, await reader.end_offsets(reader.assignment())):
            for record in records:
                found[record.partition].append((record.offset, record.value or b""))
    return dict(found)


async def in_bulk(reader: BulkReader, wanted: Mapping[int, Sequence[object]]) -> Read:
    """Return the same with the bulk reader, up to the given number of records per partition."""
    found: Read = {number: [] for number in wanted}
    async with asyncio.timeout(30):
        while open_ := [number for number in wanted if len(found[number]) < len(wanted[number])]:
            await reader.fetch(open_, seconds=5)
            for number in open_:
                for offset, content in reader.take(number):
                    found[number].append((offset, parts_of(content)[1] or b""))
    return found


async def test_aborted_records_are_skipped_and_foreign_records_are_not(kafka: ApacheKafka) -> None:
    await write_topic(kafka.bootstrap_servers, EVENTS_MADE[:700], batch=150)
    aborting = TransactionalProducer(bootstrap_servers=kafka.bootstrap_servers, transactional_id="aborting")
    await aborting.start()
    await aborting.begin_transaction()
    for each in await prepare(map(outgoing, EVENTS_MADE[700:900])):
        await aborting.send_batch(each.batch, each.topic, partition=each.partition)
    await aborting.flush()
    plain = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers, compression_type="gzip")
    await plain.start()
    for number in range(PARTITIONS):
        await plain.send_and_wait(EVENTS.name, b"somebody else's" * 100, partition=number, headers=[("x", b"1")])
    await plain.stop()
    await aborting.abort_transaction()
    await aborting.stop()
    await write_topic(kafka.bootstrap_servers, EVENTS_MADE[900:], batch=400)

    expected = await as_a_consumer_reads(kafka)
    assert sum(map(len, expected.values())) == len(EVENTS_MADE) - 200 + PARTITIONS
    async with open_bulk_reader(kafka.bootstrap_servers, EVENTS, FROM_THE_BEGINNING) as reader:
        assert await in_bulk(reader, expected) == expected
        ends = {number: records[-1][0] + 1 for number, records in expected.items()}
        # The last marker is passed, but gives nothing.
        assert not await reader.fetch(range(PARTITIONS), seconds=0.3)
        assert all(reader.position(number) >= ends[number] for number in range(PARTITIONS))


async def test_reading_begins_in_the_middle_of_a_batch_and_goes_on_elsewhere(kafka: ApacheKafka) -> None:
    await write_topic(kafka.bootstrap_servers, EVENTS_MADE)
    expected = await as_a_consumer_reads(kafka)
    middles = {number: records[len(records) // 2][0] for number, records in expected.items()}
    async with open_bulk_reader(kafka.bootstrap_servers, EVENTS, middles) as reader:
        later = {number: [r for r in records if r[0] >= middles[number]] for number, records in expected.items()}
        assert await in_bulk(reader, later) == later
        for number in expected:
            reader.seek(number, 0)
        assert await in_bulk(reader, expected) == expected


async def test_a_partition_that_was_created_again_is_read_from_its_beginning(kafka: ApacheKafka) -> None:
    await write_topic(kafka.bootstrap_servers, EVENTS_MADE)
    ends = {number: records[-1][0] for number, records in (await as_a_consumer_reads(kafka)).items()}
    async with open_reader(kafka.bootstrap_servers, EVENTS) as plain, asyncio.timeout(60):
        reading = read_to_end(plain, await plain.end_offsets(plain.assignment()), batch=100)
        await anext(reading)
        await delete_topics(kafka.bootstrap_servers, [EVENTS])
        await write_topic(kafka.bootstrap_servers, EVENTS_MADE[:300])
        # Its end is never reached again.
        with pytest.raises(TopicReplaced, match="created again while it was read"):
            async for _ in reading:
                pass
    async with open_bulk_reader(kafka.bootstrap_servers, EVENTS, ends) as reader:
        expected = {number: records for number, records in (await as_a_consumer_reads(kafka)).items() if number in ends}
        assert await in_bulk(reader, expected) == expected


async def test_a_failed_request_is_reported_once(kafka: ApacheKafka) -> None:
    await write_topic(kafka.bootstrap_servers, EVENTS_MADE[:100])
    expected = await as_a_consumer_reads(kafka)
    async with open_bulk_reader(kafka.bootstrap_servers, EVENTS, FROM_THE_BEGINNING) as reader:
        assert await in_bulk(reader, expected) == expected
        assert not reader.take_interrupted()
        await delete_topics(kafka.bootstrap_servers, [EVENTS])
        async with asyncio.timeout(10):
            while not reader.take_interrupted():
                await reader.fetch(range(PARTITIONS), seconds=0.3)
        assert not reader.take_interrupted()


async def test_a_broker_that_is_away_for_a_moment_is_waited_for(own_kafka: ApacheKafka) -> None:
    await write_topic(own_kafka.bootstrap_servers, EVENTS_MADE)
    expected = await as_a_consumer_reads(own_kafka)
    async with open_bulk_reader(own_kafka.bootstrap_servers, EVENTS, FROM_THE_BEGINNING) as reader:
        await own_kafka.kill()
        reading = asyncio.create_task(in_bulk(reader, expected))
        assert not (await asyncio.wait({reading}, timeout=0.5))[0]
        await own_kafka.start()
        assert await reading == expected


async def test_a_missing_topic_or_broker_is_reported_at_once(kafka: ApacheKafka) -> None:
    with pytest.raises(Transient, match=r"there is no topic zyenta\.events"):
        async with open_bulk_reader(kafka.bootstrap_servers, EVENTS, {0: 0}):
            pass
    with pytest.raises(KafkaConnectionError):
        async with open_bulk_reader("127.0.0.1:1", EVENTS, {0: 0}):
            pass


async def test_every_record_is_byte_for_byte_what_the_store_would_publish(kafka: ApacheKafka) -> None:
    await ensure_topics(kafka.bootstrap_servers)
    await write_topic(kafka.bootstrap_servers, EVENTS_MADE[:500])
    mine = {
        n: [content_of(each) for each in EVENTS_MADE[:500] if partition_of(each.tenant) == n] for n in range(PARTITIONS)
    }
    async with open_bulk_reader(kafka.bootstrap_servers, EVENTS, FROM_THE_BEGINNING) as reader:
        for number, contents in mine.items():
            found: list[bytes] = []
            while len(found) < len(contents) and await reader.fetch([number], seconds=5):
                found += [content for _, content in reader.take(number)]
            assert found == contents
