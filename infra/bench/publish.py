"""Events a second from the event store to the topic, when a backlog has to be drained.

The publisher is the real one: settled rows read in batches, one Kafka transaction a batch. Beside it, the limit: a bare
producer that sends the same records, made beforehand, in transactions of the same size.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from typing import Any

import asyncpg
from aiokafka.admin import NewTopic
from aiokafka.producer.message_accumulator import BatchBuilder

from infra.adapters.event_store import PostgresEventLog
from infra.adapters.kafka_producer import TransactionalProducer
from infra.adapters.outgoing import occurred_at
from infra.adapters.publisher import BATCH, Publisher
from infra.adapters.topic import ensure_topics, open_admin
from infra.bench.figures import Bench, Figures, Reach, Sizes, Tell
from infra.bench.filling import fill_with_catalogue
from infra.bench.ground import Ground
from infra.bootstrap import open_platform
from schemas.envelope import RawEvent, to_headers
from schemas.topics import PARTITIONS, partition_of

BARE_TOPIC = "bare"
BARE_SHARE = 4
"""The bare producer sends a quarter as many: it holds them in memory."""


async def measure(ground: Ground, sizes: Sizes, seed: int, tell: Tell) -> Figures:
    """Fill a store, then publish all of it."""
    await fill_with_catalogue(ground.dsn, sizes["events"], seed=seed, tell=tell)
    async with open_platform(ground.settings, migrated=False) as platform:
        log = await platform.log()
        tell("a bare producer")
        sample = await log.read_settled(0, sizes["events"] // BARE_SHARE)
        bare = await _send_bare(ground.kafka, sample)
        tell("the publisher")
        return {"events_per_s": sizes["events"] / await publish(log, await platform.pool(), ground), "bare_per_s": bare}


async def publish(log: PostgresEventLog, pool: asyncpg.Pool, ground: Ground) -> float:
    """Publish the whole store and return how many seconds that took; the topics are there before."""
    await ensure_topics(ground.kafka)
    publisher = Publisher(pool, log, ground.kafka)
    began = time.perf_counter()
    await publisher.catch_up()
    return time.perf_counter() - began


async def _send_bare(bootstrap_servers: str, events: list[RawEvent]) -> float:
    records = [
        (
            partition_of(raw.tenant),
            {
                "key": str(raw.tenant).encode(),
                "value": raw.data,
                "timestamp": int(raw.recorded_at.timestamp() * 1000),
                "headers": to_headers(raw, occurred_at(raw)),
            },
        )
        for raw in events
    ]
    async with open_admin(bootstrap_servers) as admin:
        await admin.create_topics([NewTopic(BARE_TOPIC, PARTITIONS, 1)])
    producer = TransactionalProducer(bootstrap_servers=bootstrap_servers, transactional_id="bare")
    await producer.start()
    try:
        began = time.perf_counter()
        for first in range(0, len(records), BATCH):
            batches = batched(producer, records[first : first + BATCH])
            await producer.begin_transaction()
            sent = [await producer.send_batch(batch, BARE_TOPIC, partition=number) for number, batch in batches]
            await asyncio.gather(*sent)
            await producer.commit_transaction()
        return len(records) / (time.perf_counter() - began)
    finally:
        await producer.stop()


def batched(
    producer: TransactionalProducer, records: Sequence[tuple[int, dict[str, Any]]]
) -> Iterator[tuple[int, BatchBuilder]]:
    """Yield batches of one partition each, as they get full."""
    open_ = {number: producer.create_batch() for number in range(PARTITIONS)}
    for number, record in records:
        if open_[number].append(**record) is None:
            yield number, open_[number]
            open_[number] = producer.create_batch()
            open_[number].append(**record)
    yield from open_.items()


BENCH = Bench(
    name="publish",
    about="A backlog of events from the event store to the topic",
    measure=measure,
    full={"events": 200_000},
    quick={"events": 30_000},
    reach=(Reach(figure="events_per_s", limit="bare_per_s", least=50_000), Reach(figure="bare_per_s")),
)
