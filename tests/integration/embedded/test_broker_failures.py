"""Broker behavior that our code relies on when a broker stops, dies, freezes or loses its data."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError, ProducerFenced

from infra.embedded import Broker
from schemas.internal.broker_address import client_settings
from tests.integration.embedded.clients import Clients, nothing_more, take, until

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("ending", ["stop", "kill"])
async def test_restart_keeps_records_offsets_and_address(broker: Broker, clients: Clients, ending: str) -> None:
    address = broker.bootstrap_servers
    topic = await clients.topic(partitions=2)
    partition = TopicPartition(topic, 1)
    producer = await clients.producer(transactional_id=topic)
    async with producer.transaction():
        await producer.send_and_wait(topic, b"before", partition=1)
    consumer = await clients.consumer(topic, group_id=topic)
    await take(consumer, 1)
    await consumer.commit()
    await consumer.stop()

    await (broker.stop() if ending == "stop" else broker.kill())
    assert not broker.running
    await broker.start()

    assert broker.bootstrap_servers == address
    async with producer.transaction():
        await producer.send_and_wait(topic, b"after", partition=1)
    reader = await clients.consumer(topic, group_id=topic)
    assert [record.value for record in await take(reader, 1)] == [b"after"]
    assert [record.value for record in await clients.read(topic, 2)] == [b"before", b"after"]
    # Record, marker, record, marker: no record was written twice.
    assert await reader.end_offsets([partition]) == {partition: 4}


async def test_kill_under_load_neither_loses_nor_duplicates_a_record(broker: Broker, clients: Clients) -> None:
    topic = await clients.topic(partitions=3)
    producer = await clients.producer(max_batch_size=2_000, request_timeout_ms=5_000)

    async def send_all() -> None:
        for start in range(0, 6_000, 100):
            numbers = range(start, start + 100)
            sent = [await producer.send(topic, b"%d" % number, partition=number % 3) for number in numbers]
            await asyncio.gather(*sent)

    sending = asyncio.create_task(send_all())
    for _ in range(3):
        await _until_grown(clients, topic)
        await broker.kill()
        await broker.start()
    await asyncio.wait_for(sending, 60)
    records = await clients.read(topic, 6_000)
    for partition in range(3):
        numbers = [int(record.value) for record in records if record.partition == partition]
        assert numbers == list(range(partition, 6_000, 3))


async def test_kill_leaves_no_half_transaction(broker: Broker, clients: Clients) -> None:
    topic = await clients.topic(partitions=2)
    older = await clients.producer(transactional_id=topic, request_timeout_ms=3_000)
    async with older.transaction():
        await older.send_and_wait(topic, b"kept", partition=0)
    await older.begin_transaction()
    await older.send_and_wait(topic, b"open", partition=0)
    await older.send_and_wait(topic, b"open", partition=1)

    await broker.kill()
    await broker.start()

    newer = await clients.producer(transactional_id=topic)
    async with newer.transaction():
        await newer.send_and_wait(topic, b"next", partition=0)
        await newer.send_and_wait(topic, b"next", partition=1)
    with pytest.raises(ProducerFenced):
        await older.commit_transaction()
    consumer = await clients.consumer(topic)
    seen = sorted((record.partition, record.value) for record in await take(consumer, 3))
    assert seen == [(0, b"kept"), (0, b"next"), (1, b"next")]
    assert await nothing_more(consumer)


async def test_duplicate_and_killed_publishers_write_every_record_once(clients: Clients) -> None:
    """Each publisher continues at the end of the log; only the newest one may write."""
    topic = await clients.topic()
    total = 200

    async def publish(stop_after: int) -> None:
        producer = await clients.producer(transactional_id=topic)
        reader = await clients.consumer(topic)
        end = (await reader.end_offsets([TopicPartition(topic, 0)]))[TopicPartition(topic, 0)]
        following = 0
        while await reader.position(TopicPartition(topic, 0)) < end:
            for records in (await reader.getmany(timeout_ms=100)).values():
                following = int(records[-1].value) + 1
        for number in range(following, min(following + stop_after, total)):
            await producer.begin_transaction()
            await producer.send_and_wait(topic, b"%d" % number)
            await producer.commit_transaction()
        if following + stop_after < total:
            # It dies inside a transaction, and its connection stays open for a while, like that of a zombie.
            await producer.begin_transaction()
            await producer.send_and_wait(topic, b"-1")

    for round_ in range(6):
        doubled = await asyncio.gather(publish(13 + round_), publish(17), return_exceptions=True)
        assert all(result is None or isinstance(result, ProducerFenced) for result in doubled), doubled
    await publish(total)
    records = await clients.read(topic, total)
    assert [int(record.value) for record in records] == list(range(total))
    assert await nothing_more(await clients.consumer(topic, auto_offset_reset="latest"))


async def test_frozen_broker_answers_no_client_until_it_wakes(broker: Broker, clients: Clients) -> None:
    topic = await clients.topic()
    producer = await clients.producer()
    broker.pause()
    sending = asyncio.create_task(producer.send_and_wait(topic, b"patient"))
    done, _ = await asyncio.wait([sending], timeout=0.5)
    assert not done
    assert broker.running
    broker.resume()
    assert (await asyncio.wait_for(sending, 20)).offset == 0


async def test_wiped_broker_is_empty_on_the_same_address(broker: Broker, clients: Clients) -> None:
    address = broker.bootstrap_servers
    topic = await clients.topic()
    await (await clients.producer()).send_and_wait(topic, b"gone")
    await broker.wipe()
    await broker.start()
    assert broker.bootstrap_servers == address
    await clients.create(topic, 1)
    assert await nothing_more(await clients.consumer(topic))


async def test_stopped_broker_refuses_clients_at_once(broker: Broker) -> None:
    await broker.stop()
    producer = AIOKafkaProducer(**client_settings(broker.bootstrap_servers))
    with pytest.raises(KafkaError):
        await asyncio.wait_for(producer.start(), 5)
    await producer.stop()


@pytest.mark.parametrize("frozen", [False, True])
def test_broker_dies_with_its_parent(tmp_path: Path, *, frozen: bool) -> None:
    program = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from infra.embedded.broker import EmbeddedBroker\n"
        "async def main():\n"
        "    broker = EmbeddedBroker(Path(sys.argv[1]))\n"
        "    await broker.start()\n"
        "    if sys.argv[2] == 'True':\n"
        "        broker.pause()\n"
        "    print(broker.pid, flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "data"), str(frozen)],
        stdout=subprocess.PIPE,
        cwd=ROOT,
    ) as parent:
        assert parent.stdout is not None
        broker = psutil.Process(int(parent.stdout.readline()))
        os.kill(parent.pid, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while broker.is_running() and broker.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.01)


async def _until_grown(clients: Clients, topic: str) -> None:
    """Wait until the topic has more records than now, or all of them."""
    consumer = await clients.consumer(topic, isolation_level="read_uncommitted")
    partitions = [TopicPartition(topic, index) for index in range(3)]

    async def size() -> int:
        return sum((await consumer.end_offsets(partitions)).values())

    enough = min(await size() + 300, 6_000)

    async def has_grown() -> bool:
        return await size() >= enough

    await until(has_grown, seconds=30)
    await consumer.stop()
