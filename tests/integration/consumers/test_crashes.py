"""A record that kills its process is parked after five crashes, and no other record is."""

import asyncio
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer

from infra.adapters.kafka.topic import ensure_topics
from schemas.topics import DEAD_LETTERS, Topic
from tests.integration.consumers.parked import letters_of
from tests.support.builders.records import activated, record

pytestmark = pytest.mark.kafka

CRASHING = Path(__file__).with_name("crashing.py")
ROOT = CRASHING.parents[3]


async def test_a_record_that_kills_its_process_is_parked_and_its_bystanders_are_handled(
    kafka: str, database: str
) -> None:
    topic, group, poisoned = Topic(f"test.{uuid4()}", 4, ()), f"mortal-{uuid4()}", uuid4()
    await ensure_topics(kafka, (topic, DEAD_LETTERS))
    bystanders = [uuid4() for _ in range(30)]
    given = [record(activated(tenant, version), tenant=tenant) for version in (1, 2) for tenant in bystanders]
    given.insert(3, record(activated(poisoned, 1), tenant=poisoned))
    async with AIOKafkaProducer(bootstrap_servers=kafka, acks="all") as producer:
        for each in given:
            await producer.send(topic.name, key=each.key, value=each.value, headers=list(each.headers))
        await producer.flush()

    wanted = {f"{tenant} {version}" for tenant in bystanders for version in (1, 2)}
    handled: set[str] = set()
    deaths = 0
    async with asyncio.timeout(90):
        while True:
            process = await asyncio.create_subprocess_exec(
                sys.executable, str(CRASHING), kafka, database, group, topic.name, str(poisoned),
                stdout=asyncio.subprocess.PIPE, cwd=ROOT, env={"PYTHONPATH": str(ROOT)},
            )  # fmt: skip
            assert process.stdout is not None
            try:
                while line := await process.stdout.readline():
                    handled.add(line.decode().strip())
                    if handled == wanted and await letters_of(kafka, group):
                        break
                else:
                    deaths += 1
                    assert await process.wait() == 9
                    continue
                break
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
    assert deaths == 5
    (letter,) = await letters_of(kafka, group)
    assert (letter.key, letter.count) == (str(poisoned).encode(), 5)
    assert letter.reason.startswith("Crashed")
