"""Verifying in several processes gives the same result as verifying in one."""

import asyncio

import asyncpg
import psutil
import pytest

from infra.adapters.postgres.event_store import PostgresEventLog
from infra.clock import SystemClock
from infra.embedded.kafka import ApacheKafka
from infra.log.parallel_verification import verify_large_log
from schemas.topics import PARTITIONS, partition_of
from tests.integration.log.halves import append, caught_up, publishing


async def test_postgresql_and_python_agree_on_where_an_event_goes(pool: asyncpg.Pool) -> None:
    log = PostgresEventLog(pool, SystemClock())
    await append(log, 40)
    everything = await log.read_settled(0, 1000)
    seen = 0
    for partition in range(PARTITIONS):
        share = [event async for batch in log.scan(batch=7, partitions=[partition]) for event in batch]
        assert share == [event for event in everything if partition_of(event.tenant) == partition]
        seen += len(share)
    assert seen == len(everything) == 80


@pytest.mark.kafka
async def test_several_processes_find_what_one_finds(
    pool: asyncpg.Pool, log: PostgresEventLog, kafka: ApacheKafka, database: str
) -> None:
    async with publishing(pool, log, kafka):
        await append(log, 50)
        alone = await caught_up(log, kafka)
    assert alone.equal
    told: list[int] = []
    together = await verify_large_log(database, kafka.bootstrap_servers, processes=3, progress=told.append)
    assert together == alone
    assert told[-1] == 100

    # Two changed events in different partitions: whichever process is quicker, the first one in the log is named.
    async with pool.acquire() as connection:
        await connection.execute(
            "update events set data = overlay(data placing 'X' from 20) where position = any ($1)", [31, 62, 77]
        )
    changed = await verify_large_log(database, kafka.bootstrap_servers, processes=2)
    assert changed == await caught_up(log, kafka)
    assert changed.difference is not None
    assert "at position 31 " in changed.difference


@pytest.mark.kafka
async def test_a_verification_that_is_cancelled_leaves_no_process(
    pool: asyncpg.Pool, log: PostgresEventLog, kafka: ApacheKafka, database: str
) -> None:
    async with publishing(pool, log, kafka):
        await append(log, 5)
        await caught_up(log, kafka)
    before = {child.pid for child in psutil.Process().children()}
    verifying = asyncio.create_task(verify_large_log(database, kafka.bootstrap_servers, processes=2))
    async with asyncio.timeout(20):
        while not {child.pid for child in psutil.Process().children()} - before:
            await asyncio.sleep(0.01)
    verifying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await verifying
    left = {child for child in psutil.Process().children() if child.pid not in before}
    assert [child for child in left if "resource_tracker" not in " ".join(child.cmdline())] == []
