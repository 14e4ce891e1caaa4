"""Events per second from the event store to the topic, for a backlog.

The real publisher reads settled rows in batches and writes one Kafka transaction per batch. The limit is a bare producer that
sends the same records, encoded in advance, in transactions of the same size. The first of several is not counted: it waits
for the leaders of a new topic.
"""

import asyncio
import time
from collections.abc import Sequence

import asyncpg
from aiokafka.admin import NewTopic

from infra.adapters.kafka.producer import TransactionalProducer
from infra.adapters.kafka.record_batches import prepare
from infra.adapters.kafka.topic import ensure_topics, open_admin
from infra.adapters.postgres.event_store import PostgresEventLog
from infra.bench.figures import Bench, Figures, ReportPhase, Sizes, Target
from infra.bench.filling import fill_with_catalog
from infra.bench.servers import Servers
from infra.bootstrap import open_platform
from infra.log.publisher import BATCH, Publisher
from schemas.record_columns import Row, outgoing
from schemas.topics import PARTITIONS

BARE_TOPIC = "bare"
BARE_SHARE = 4
"""The bare producer sends a quarter of the records, because it holds them in memory."""
LOOK_SECONDS = 0.001


async def measure(servers: Servers, sizes: Sizes, seed: int, report: ReportPhase) -> Figures:
    """Fill a store, then publish all of it."""
    await fill_with_catalog(servers.dsn, sizes["events"], seed=seed, report=report)
    async with open_platform(servers.settings, migrated=False) as platform:
        log = await platform.log()
        report("measuring the bare producer")
        async with (await platform.pool()).acquire() as connection:
            sample = await log.read_records(0, sizes["events"] // BARE_SHARE, connection=connection)
        bare = await _send_bare(servers.kafka, sample)
        report("measuring the publisher")
        return {"events_per_s": await publish(log, await platform.pool(), servers), "bare_per_s": bare}


async def publish(log: PostgresEventLog, pool: asyncpg.Pool, servers: Servers) -> float:
    """Create the topics, then publish the whole store and return the events per second."""
    await ensure_topics(servers.kafka)
    publisher, last = Publisher(pool, log, servers.kafka), await log.last_position()
    publishing = asyncio.create_task(publisher.catch_up())
    while publisher.position == 0 and last > BATCH and not publishing.done():
        await asyncio.sleep(LOOK_SECONDS)
    first, began = publisher.position, time.perf_counter()
    return (await publishing - first) / (time.perf_counter() - began)


async def _send_bare(bootstrap_servers: str, events: Sequence[Row]) -> float:
    async with open_admin(bootstrap_servers) as admin:
        await admin.create_topics([NewTopic(BARE_TOPIC, PARTITIONS, 1)])
    transactions = [
        await prepare(map(outgoing, events[first : first + BATCH])) for first in range(0, len(events), BATCH)
    ]
    producer = TransactionalProducer(bootstrap_servers=bootstrap_servers, transactional_id="bare")
    await producer.start()
    try:
        began, uncounted = 0.0, min(1, len(transactions) - 1)
        for number, batches in enumerate(transactions):
            if number == uncounted:
                began = time.perf_counter()
            await producer.begin_transaction()
            sent = [await producer.send_batch(each.batch, BARE_TOPIC, partition=each.partition) for each in batches]
            await asyncio.gather(*sent)
            await producer.commit_transaction()
        return (len(events) - uncounted * BATCH) / (time.perf_counter() - began)
    finally:
        await producer.stop()


BENCH = Bench(
    name="publish",
    about="A backlog of events from the event store to the topic",
    measure=measure,
    full={"events": 200_000},
    quick={"events": 80_000},
    targets=(Target(figure="events_per_s", limit="bare_per_s", least=50_000), Target(figure="bare_per_s")),
)
