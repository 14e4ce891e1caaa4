"""A fenced producer reports that once, to its caller, and leaves no failed future for asyncio to complain about."""

import asyncio
import gc
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiokafka.errors import KafkaError

from infra.adapters.kafka.producer import TransactionalProducer
from infra.adapters.kafka.topic import ensure_topics
from infra.embedded.kafka import ApacheKafka
from schemas.topics import EVENTS

pytestmark = pytest.mark.kafka

ID = "fenced-in-a-test"


@pytest.fixture
async def complaints() -> AsyncIterator[list[str]]:
    """What asyncio reports of this test's futures that failed unawaited."""
    found: list[str] = []
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    loop.set_exception_handler(lambda _loop, report: found.append(f"{report['message']}: {report.get('exception')!r}"))
    yield found
    loop.set_exception_handler(before)


async def fenced(kafka: ApacheKafka) -> TransactionalProducer:
    """Return a producer in the middle of a transaction whose successor has already started."""
    await ensure_topics(kafka.bootstrap_servers)
    first, second = (
        TransactionalProducer(bootstrap_servers=kafka.bootstrap_servers, transactional_id=ID) for _ in range(2)
    )
    await first.start()
    await first.begin_transaction()
    await first.send_and_wait(EVENTS.name, b"1", partition=0)
    await second.start()
    await second.discard()
    return first


async def send_to_all(producer: TransactionalProducer) -> None:
    """Send to several partitions and wait for the first refusal only."""
    sent = []
    for partition in range(EVENTS.partitions):
        sent.append(await producer.send(EVENTS.name, b"2", partition=partition))
        # At once: the first refusal may come before the last record is sent.
        sent[-1].add_done_callback(lambda done: done.cancelled() or done.exception())
    await asyncio.gather(*sent)


async def commit(producer: TransactionalProducer) -> None:
    await producer.commit_transaction()


async def abort(producer: TransactionalProducer) -> None:
    await producer.abort_transaction()


@pytest.mark.parametrize("last_call", [send_to_all, commit, abort])
async def test_a_fenced_producer_leaves_no_exception_unretrieved(
    kafka: ApacheKafka, complaints: list[str], last_call: Any
) -> None:
    producer = await fenced(kafka)
    with pytest.raises((KafkaError, AssertionError)):
        await last_call(producer)
    await producer.discard()
    del producer
    gc.collect()
    await asyncio.sleep(0)
    assert complaints == []
