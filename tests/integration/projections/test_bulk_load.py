"""A bulk load applies every event once, even if the topic is recreated on the way."""

import asyncio

import asyncpg
import pytest

from infra.adapters.kafka.topic import delete_topics
from infra.embedded.kafka import ApacheKafka
from projections.engine.checkpoints import ensure_live, take_over
from projections.engine.rebuild import bulk_reader
from projections.engine.rebuild.bulk_load import BulkLoad
from schemas import topics
from tests.integration.projections.live_catalog import MODEL, expect_rows_of
from tests.support.builders.workload import Workload
from tests.support.servers.topic import last_positions, write_topic

pytestmark = pytest.mark.kafka

EVENTS = Workload(600, seed=11, side_by_side=6, per_store=60)
HALF = len(EVENTS) // 2


async def test_a_topic_that_is_recreated_with_other_offsets_during_a_load_leaves_no_event_out(
    pool: asyncpg.Pool, kafka: ApacheKafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Less than it takes to delete and fill the topic.
    monkeypatch.setattr(bulk_reader, "SILENT_SECONDS", 0.2)
    # Small transactions have more markers, so offsets are higher than after the topic is filled again.
    await write_topic(kafka.bootstrap_servers, EVENTS[:HALF], batch=20, store=pool)
    async with pool.acquire() as connection, connection.transaction():
        await ensure_live(connection, MODEL)
        checkpoints = await take_over(connection, MODEL.name, range(topics.PARTITIONS))
    counts: list[int] = []
    bulk_load = BulkLoad(MODEL, pool, kafka.bootstrap_servers, MODEL.name, checkpoints, on_read=counts.append)
    async with asyncio.timeout(60), bulk_load.open():
        await bulk_load.load(last_positions(EVENTS[:HALF]))
        assert sum(counts) == HALF
        await delete_topics(kafka.bootstrap_servers, [topics.EVENTS])
        await write_topic(kafka.bootstrap_servers, EVENTS, batch=len(EVENTS), store=pool)
        await bulk_load.load(last_positions(EVENTS))
    assert sum(counts) == len(EVENTS)
    await expect_rows_of(pool, EVENTS)
