"""The command-line tools that come with Apache Kafka, run as their Java classes."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass

from infra.embedded.kafka import ensure_kafka
from infra.embedded.kafka_install import KafkaInstallation, KafkaUnavailable, find_java
from tests.support.requirements import missing

TOOL_SECONDS = 120

TOOLS: Mapping[str, str] = {
    "kafka-acls": "org.apache.kafka.tools.AclCommand",
    "kafka-configs": "org.apache.kafka.tools.ConfigCommand",
    "kafka-console-consumer": "org.apache.kafka.tools.consumer.ConsoleConsumer",
    "kafka-consumer-groups": "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
    "kafka-get-offsets": "org.apache.kafka.tools.GetOffsetShell",
    "kafka-log-dirs": "org.apache.kafka.tools.LogDirsCommand",
    "kafka-topics": "org.apache.kafka.tools.TopicCommand",
}
"""By the name of the script that starts each."""


@dataclass(frozen=True, slots=True)
class Printed:
    """How a tool ended, and all that it printed."""

    status: int
    text: str


async def run_tool(name: str, *arguments: str) -> Printed:
    """Run a tool; skip the test, or in CI fail it, where there is no Kafka."""
    try:
        home = await ensure_kafka()
        java, version = find_java()
    except KafkaUnavailable as why:
        missing("Apache Kafka", str(why))
    installation = KafkaInstallation(home, java, version)
    command = installation.java_command("-XX:TieredStopAtLevel=1", "-Xshare:auto", "-XX:-UsePerfData")
    process = await asyncio.create_subprocess_exec(
        *command,
        TOOLS[name],
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={key: value for key, value in os.environ.items() if not key.startswith("KAFKA_")},
    )
    try:
        printed, _ = await asyncio.wait_for(process.communicate(), TOOL_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    assert process.returncode is not None
    return Printed(process.returncode, printed.decode())
