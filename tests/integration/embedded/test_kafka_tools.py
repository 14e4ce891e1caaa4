"""Apache Kafka's tools work with the embedded broker through the read-only listener."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import pytest

from infra.embedded.broker import EmbeddedBroker
from tests.integration.embedded.clients import Clients, take
from tests.support.servers.kafka_tools import Printed, run_tool

pytestmark = [pytest.mark.kafka, pytest.mark.long]

TOPIC = "zyenta.events"


@dataclass(frozen=True, slots=True)
class Tools:
    """Kafka's tools with the address of a broker."""

    address: str

    async def run(self, name: str, *arguments: str) -> str:
        """Return the output of a successful tool."""
        done = await self.try_(name, *arguments)
        assert done.status == 0, done.text
        return done.text

    async def try_(self, name: str, *arguments: str) -> Printed:
        """Return exit status and output of a tool."""
        return await run_tool(name, "--bootstrap-server", self.address, *arguments)


@pytest.fixture(scope="module")
async def tools(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Tools]:
    """Tools for a broker with three records, an agent that has read one of them, and a group without members."""
    broker = EmbeddedBroker(tmp_path_factory.mktemp("broker") / "data")
    await broker.start()
    try:
        async with Clients(broker.bootstrap_servers) as platform:
            await platform.create(TOPIC, 2)
            producer = await platform.producer()
            for number in range(3):
                await producer.send_and_wait(TOPIC, b"v%d" % number, partition=0, timestamp_ms=1_000 + number)
            agent = await platform.consumer(
                TOPIC, group_id="brand-agent", max_poll_records=1, session_timeout_ms=60_000
            )
            first = await take(agent, 1)
            await agent.commit({partition: 1 for partition in agent.assignment() if partition.partition == 0})
            assert first[0].value == b"v0"
            gone = await platform.consumer(TOPIC, group_id="gone")
            await take(gone, 3)
            await gone.commit()
            await gone.stop()
            yield Tools(broker.readers_address)
    finally:
        await broker.kill()


def rows(printed: str, first: str) -> Sequence[Sequence[str]]:
    """Return the lines of a table that begin with a word, split into columns."""
    return [line.split() for line in printed.splitlines() if re.match(rf"\s*{re.escape(first)}\s", line)]


async def test_topics_are_listed_and_described(tools: Tools) -> None:
    listed, described = await asyncio.gather(
        tools.run("kafka-topics", "--list"), tools.run("kafka-topics", "--describe")
    )
    assert listed.splitlines() == [TOPIC]
    assert f"Topic: {TOPIC}\tPartitionCount: 2\tReplicationFactor: 1" in described
    for number in range(2):
        assert re.search(rf"Partition: {number}\s+Leader: 1\s+Replicas: 1\s+Isr: 1", described)


async def test_groups_are_described_with_their_lag_their_members_and_their_state(tools: Tools) -> None:
    lags, members, states = await asyncio.gather(
        *(
            tools.run("kafka-consumer-groups", "--describe", "--all-groups", *what)
            for what in ((), ("--members",), ("--state",))
        )
    )
    assert [row[1:6] for row in rows(lags, "brand-agent") if row[2] == "0"] == [[TOPIC, "0", "1", "3", "2"]]
    assert [row[1:7] for row in rows(lags, "gone") if row[2] == "0"] == [[TOPIC, "0", "3", "3", "0", "-"]]
    assert [row[-1] for row in rows(members, "brand-agent")] == ["2"]
    assert [row[-2:] for row in rows(states, "brand-agent")] == [["Stable", "1"]]
    assert [row[-2:] for row in rows(states, "gone")] == [["Empty", "0"]]


async def test_offsets_are_found_at_both_ends_and_by_the_latest_time(tools: Tools) -> None:
    times = ("latest", "earliest", "max-timestamp", "1001")
    printed = await asyncio.gather(
        *(tools.run("kafka-get-offsets", "--topic-partitions", f"{TOPIC}:0", "--time", time) for time in times)
    )
    assert dict(zip(times, (text.strip() for text in printed), strict=True)) == {
        "latest": f"{TOPIC}:0:3",
        "earliest": f"{TOPIC}:0:0",
        "max-timestamp": f"{TOPIC}:0:2",
        "1001": f"{TOPIC}:0:1",
    }


async def test_the_console_consumer_reads_every_record(tools: Tools) -> None:
    arguments = ("--topic", TOPIC, "--from-beginning", "--max-messages", "3", "--timeout-ms", "60000")
    printed = await tools.run("kafka-console-consumer", *arguments)
    assert [line for line in printed.splitlines() if line.startswith("v")] == ["v0", "v1", "v2"]


async def test_configurations_and_sizes_are_described(tools: Tools) -> None:
    configuration, sizes = await asyncio.gather(
        tools.run("kafka-configs", "--describe", "--all", "--entity-type", "topics", "--entity-name", TOPIC),
        tools.run("kafka-log-dirs", "--describe", "--topic-list", TOPIC),
    )
    assert "retention.ms=-1" in configuration
    assert re.search(rf'"partition":"{TOPIC}-0","size":[1-9]', sizes)


async def test_a_change_is_rejected_with_a_message(tools: Tools) -> None:
    creating, deleting, altering, resetting = await asyncio.gather(
        tools.try_("kafka-topics", "--create", "--topic", "forged"),
        tools.try_("kafka-topics", "--delete", "--topic", TOPIC),
        tools.try_(
            "kafka-configs",
            "--alter",
            "--entity-type",
            "topics",
            "--entity-name",
            TOPIC,
            "--add-config",
            "retention.ms=1",
        ),
        tools.try_("kafka-consumer-groups", "--delete", "--group", "brand-agent"),
    )
    assert [creating.status, deleting.status, altering.status] == [1, 1, 1]
    for refused in (creating, deleting, altering):
        assert "This listener is read-only." in refused.text or "Topic authorization failed" in refused.text
    assert "GroupAuthorizationException" in resetting.text


async def test_an_unsupported_request_is_rejected_at_once_by_name(tools: Tools) -> None:
    refused = await tools.try_("kafka-consumer-groups", "--delete-offsets", "--group", "gone", "--topic", TOPIC)
    assert "The node does not support OFFSET_DELETE" in refused.text
