"""A bulk load in several processes writes what one process writes, even if processes die."""

import asyncio
import os
import re
import signal
import sys
from pathlib import Path

import asyncpg
import psutil
import pytest

from infra.embedded.kafka import ApacheKafka
from infra.log.parallel_bulk_load import BulkLoadProcesses
from projections.engine.checkpoints import ensure_live, take_over
from projections.engine.rebuild.bulk_load import BulkLoad
from projections.engine.rebuild.rebuilder import Rebuilder
from projections.engine.rebuild.session import AlreadyRebuilding, RebuildProgress
from projections.engine.rebuild.verification import verify_projection
from schemas.topics import PARTITIONS
from tests.integration.projections.live_catalog import MODEL, applied, expect_rows_of, live
from tests.support.builders.workload import Workload
from tests.support.fakes.deliveries import RecordedDeadLetters
from tests.support.servers.topic import last_positions, write_topic

pytestmark = pytest.mark.kafka

ROOT = Path(__file__).parents[3]
EVENTS = Workload(3_000, seed=7, side_by_side=12, per_store=200)


async def test_several_processes_write_the_same_rows_and_report_what_they_pass_over(
    pool: asyncpg.Pool, kafka: ApacheKafka, database: str
) -> None:
    letters = RecordedDeadLetters()
    orphans = [each for each in EVENTS[1500:] if each.type == "product.product_copy_written.v1"][:2]
    # Their products are never imported.
    lost = {each.stream_id for each in orphans}
    events = [each for each in EVENTS if each.stream_id not in lost or each.type != "product.product_imported.v1"]
    await write_topic(kafka.bootstrap_servers, events, store=pool)
    workers = BulkLoadProcesses(database, kafka.bootstrap_servers, processes=2, worthwhile=1)
    reports: list[tuple[int, float]] = []

    def report(progress: RebuildProgress) -> None:
        reports.append((progress.events, progress.share))

    async with live(pool, kafka, letters=letters):
        await applied(pool, events)
        rebuilt = await Rebuilder(pool, kafka.bootstrap_servers, workers=workers).rebuild(MODEL, report=report)
        verified = await verify_projection(MODEL, pool, kafka.bootstrap_servers, workers=workers)
    assert (rebuilt.events, rebuilt.difference) == (len(events), None)
    assert (verified.events, verified.equal, verified.rows) == (len(events), True, rebuilt.rows)
    parked = {(letter.partition, letter.offset) for letter in letters.letters}
    assert {(each.partition, each.offset) for each in rebuilt.unappliable} == parked
    assert {each.error for each in rebuilt.unappliable} == {"CorruptStream"}
    assert reports == sorted(reports)
    assert reports[-1] == (len(events), 1.0)


async def test_one_process_finishes_what_the_processes_did_not(
    pool: asyncpg.Pool, kafka: ApacheKafka, database: str, caplog: pytest.LogCaptureFixture
) -> None:
    await write_topic(kafka.bootstrap_servers, EVENTS, store=pool)
    # They reach the broker, but not the database.
    workers = BulkLoadProcesses(f"{database}_gone", kafka.bootstrap_servers, processes=2, worthwhile=1)
    async with live(pool, kafka):
        await applied(pool, EVENTS)
        rebuilt = await Rebuilder(pool, kafka.bootstrap_servers, workers=workers).rebuild(MODEL)
    assert rebuilt.events == len(EVENTS)
    assert re.search(r"one process loads the rest of \S+: InvalidCatalogNameError", caplog.text)
    await expect_rows_of(pool, EVENTS)


async def test_one_process_writes_what_killed_processes_did_not_and_nothing_twice(
    pool: asyncpg.Pool, kafka: ApacheKafka, database: str, caplog: pytest.LogCaptureFixture
) -> None:
    await write_topic(kafka.bootstrap_servers, EVENTS, store=pool)
    async with pool.acquire() as connection, connection.transaction():
        await ensure_live(connection, MODEL)
        checkpoints = await take_over(connection, MODEL.name, range(PARTITIONS))
    done = 0

    def progress(count: int) -> None:
        nonlocal done
        done += count

    bulk_load = BulkLoad(MODEL, pool, kafka.bootstrap_servers, MODEL.name, checkpoints, on_read=progress)
    workers = BulkLoadProcesses(database, kafka.bootstrap_servers, processes=2, worthwhile=1)
    async with pool.acquire() as connection, connection.transaction():
        # The process with this partition cannot write it.
        await connection.execute("select from checkpoints where schema_name = 'catalog' and partition = 3 for update")
        working = asyncio.create_task(workers.load(bulk_load, last_positions(EVENTS)))
        async with asyncio.timeout(60):
            while sum(place.position > 0 for place in bulk_load.checkpoints.values()) < PARTITIONS // 2:
                await asyncio.sleep(0.02)
        assert bulk_load.checkpoints[3].position == 0
        for child in psutil.Process().children():
            if "spawn_main" in " ".join(child.cmdline()):
                child.kill()
        await working
    assert re.search(r"one process loads the rest of \S+: a process was killed", caplog.text)
    assert 0 < done < len(EVENTS)
    async with bulk_load.open():
        await bulk_load.load(last_positions(EVENTS))
    assert done == len(EVENTS)
    await expect_rows_of(pool, EVENTS)


async def test_a_rebuild_that_is_killed_takes_its_processes_along_and_is_resumed(
    pool: asyncpg.Pool, kafka: ApacheKafka, database: str
) -> None:
    await write_topic(kafka.bootstrap_servers, EVENTS, store=pool)
    async with live(pool, kafka):
        await applied(pool, EVENTS)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", KILLED, kafka.bootstrap_servers, database,
            cwd=ROOT, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert process.stdout is not None
        assert await asyncio.wait_for(process.stdout.readline(), 60) == b"half way\n"
        children = psutil.Process(process.pid).children()
        assert len(children) >= 2
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()
        async with asyncio.timeout(60):
            while any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children):
                await asyncio.sleep(0.02)
        workers = BulkLoadProcesses(database, kafka.bootstrap_servers, processes=2, worthwhile=1)
        async with asyncio.timeout(60):
            while True:
                try:
                    rebuilt = await Rebuilder(pool, kafka.bootstrap_servers, workers=workers).rebuild(MODEL)
                except AlreadyRebuilding:  # the server has not noticed yet that the process is gone
                    await asyncio.sleep(0.05)
                else:
                    break
        assert rebuilt.resumed
        assert rebuilt.events < len(EVENTS)
    await expect_rows_of(pool, EVENTS)


KILLED = """
import asyncio, sys, time, asyncpg
from infra.log.parallel_bulk_load import BulkLoadProcesses
from projections.catalog import model as catalog
from projections.engine.checkpoints import ensure_live, take_over
from projections.engine.rebuild.bulk_load import BulkLoad
from projections.engine.rebuild.rebuilder import Rebuilder

def report(progress):
    if progress.events:
        print("half way", flush=True)
        time.sleep(60)

async def main(kafka, dsn):
    async with asyncpg.create_pool(dsn, min_size=1, max_size=6) as pool:
        workers = BulkLoadProcesses(dsn, kafka, processes=2, worthwhile=1)
        await Rebuilder(pool, kafka, workers=workers).rebuild(catalog.MODEL, report=report)

asyncio.run(main(*sys.argv[1:]))
"""
