"""Static members (``group.instance.id``, KIP-345): a restarted member keeps its partitions, and a duplicate ends the older one."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition

from infra.embedded import Broker
from infra.embedded.broker import EmbeddedBroker
from tests.integration.embedded.clients import Clients, share
from tests.support.requirements import missing


class Counting(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka is untyped
    """A counter of assignments of a member."""

    def __init__(self) -> None:
        self.times = 0

    async def on_partitions_revoked(self, revoked: list[TopicPartition]) -> None:
        """Nothing to do."""

    async def on_partitions_assigned(self, assigned: list[TopicPartition]) -> None:
        """Count."""
        self.times += 1


async def member(clients: Clients, topic: str, name: str, counting: Counting) -> AIOKafkaConsumer:
    consumer = await clients.consumer(group_id=topic, group_instance_id=name, session_timeout_ms=60_000)
    consumer.subscribe([topic], listener=counting)
    return consumer


@pytest.mark.parametrize("restarted", [0, 1], ids=["leader", "follower"])
async def test_a_restarted_static_member_keeps_its_partitions_without_a_rebalance(
    clients: Clients, restarted: int
) -> None:
    topic = await clients.topic(partitions=4)
    counts = [Counting(), Counting()]
    members = [await member(clients, topic, "one", counts[0])]
    await share(members, [4])
    members.append(await member(clients, topic, "two", counts[1]))
    await share(members, [2, 2])
    before = [each.assignment() for each in members]
    others = counts[1 - restarted].times

    await members[restarted].stop()
    members[restarted] = await member(clients, topic, ["one", "two"][restarted], Counting())
    await share(members, [2, 2])
    assert [each.assignment() for each in members] == before
    assert counts[1 - restarted].times == others


async def test_a_static_member_that_returns_for_other_topics_gets_them(tmp_path: Path) -> None:
    """Kafka itself assigns the partitions of its former topics."""
    broker = EmbeddedBroker(tmp_path / "data")
    await broker.start()
    try:
        async with Clients(broker.bootstrap_servers) as clients:
            topic, other = await clients.topic(partitions=2), await clients.topic(partitions=3)
            first = await member(clients, topic, "one", Counting())
            await share([first], [2])
            await first.stop()
            again = await clients.consumer(other, group_id=topic, group_instance_id="one", session_timeout_ms=60_000)
            await share([again], [3])
    finally:
        await broker.kill()


@asynccontextmanager
async def kcat(broker: Broker, topic: str, name: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run kcat (librdkafka) as a static member."""
    if shutil.which("kcat") is None:
        missing("kcat", "Debian's package of that name is not installed")
    address = broker.readers_address if isinstance(broker, EmbeddedBroker) else broker.bootstrap_servers
    options = ["-X", f"group.instance.id={name}", "-X", "heartbeat.interval.ms=100", "-X", "session.timeout.ms=30000"]
    process = await asyncio.create_subprocess_exec(
        "kcat", "-b", address, "-G", topic, topic, *options, stderr=asyncio.subprocess.PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def assigned(process: asyncio.subprocess.Process) -> None:
    """Wait until kcat reports partitions."""
    assert process.stderr is not None
    async with asyncio.timeout(60):
        while b"assigned" not in await process.stderr.readline():
            assert not process.stderr.at_eof()


async def test_the_older_of_two_members_with_one_name_ends_with_a_message(broker: Broker, clients: Clients) -> None:
    topic = await clients.topic()
    async with kcat(broker, topic, "one") as older:
        await assigned(older)
        async with kcat(broker, topic, "one") as newer:
            await assigned(newer)
            assert older.stderr is not None
            said = await asyncio.wait_for(older.stderr.read(), 60)
            assert b"fenced" in said
            assert await older.wait() != 0
            assert newer.returncode is None
