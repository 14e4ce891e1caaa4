"""Rebuilding swaps new tables in without a failed query or write."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from shutil import copytree
from typing import Any

import asyncpg
import msgspec
import psycopg
import pytest

from infra.bench.workload import catalog_events
from infra.embedded.kafka import ApacheKafka
from projections.catalog.queries import categories_of_store
from projections.engine.checkpoints import Fenced
from projections.engine.decoding import DecodedEvent
from projections.engine.rebuild.rebuilder import Different, Emptied, Rebuilder
from projections.engine.rebuild.session import AlreadyRebuilding, RebuildProgress
from projections.engine.tables import Connection, ReadModel
from projections.reading.moment import BEGIN
from projections.reading.scope import SYSTEM
from schemas.envelope import RawEvent, chain_hash
from schemas.topics import partition_of
from tests.integration.projections.live_catalog import MODEL, Histories, applied, expect_rows_of, live
from tests.support.builders.workload import Workload
from tests.support.fakes.deliveries import RecordedDeadLetters
from tests.support.servers.topic import Tampered, all_rows, write_topic

pytestmark = pytest.mark.kafka

ROOT = Path(__file__).parents[3]
EVENTS = Workload(3_000, seed=5, side_by_side=12, per_store=200)


def version_of(model: ReadModel[Any], version: int) -> ReadModel[Any]:
    """Return a read model with another version."""
    other = ReadModel.__new__(ReadModel)
    other.__dict__ |= model.__dict__ | {"version": version}
    return other


async def schemas(pool: asyncpg.Pool) -> set[str]:
    names = {row[0] for row in await pool.fetch("select nspname from pg_namespace where nspname like 'catalog%'")}
    assert names == {row[0] for row in await pool.fetch("select distinct schema_name from checkpoints")}
    return names


class ContinuousReads:
    """Queries the read model without pause, with prepared and plain statements."""

    def __init__(self, database: str) -> None:
        self._database = database
        self._answers = 0
        self._most = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator["ContinuousReads"]:
        tasks = [asyncio.create_task(self._read(prepared)) for prepared in (True, False, True)]
        try:
            yield self
        finally:
            for task in tasks:
                task.cancel()
            done = await asyncio.gather(*tasks, return_exceptions=True)
        assert [each for each in done if not isinstance(each, asyncio.CancelledError)] == []

    async def some_more(self) -> None:
        """Wait for some more answers."""
        before = self._answers
        async with asyncio.timeout(60):
            while self._answers < before + 10:
                await asyncio.sleep(0.01)

    async def _read(self, prepared: bool) -> None:
        connection = await asyncpg.connect(
            self._database,
            server_settings={"search_path": "catalog, public"},
            statement_cache_size=100 if prepared else 0,
        )
        try:
            statement = await connection.prepare("select count(*) from products join product_texts using (id)")
            while True:
                # The answer may not be older than what another reader saw before this query.
                known = self._most
                count = await (
                    statement.fetchval() if prepared else connection.fetchval("select count(*) from products")
                )
                assert count >= known, "answers went back in time"
                self._most = max(self._most, count)
                await categories_of_store(connection, EVENTS[0].tenant, scope=SYSTEM)
                self._answers += 1
                await asyncio.sleep(0.001)
        finally:
            await connection.close()


async def test_a_rebuild_swaps_under_readers_and_the_runner_without_a_failure(
    pool: asyncpg.Pool, database: str, kafka: ApacheKafka
) -> None:
    first, rest = EVENTS[:1500], EVENTS[1500:]
    await write_topic(kafka.bootstrap_servers, first, store=pool)
    phases: list[str] = []

    def report(progress: RebuildProgress) -> None:
        phases.append(progress.phase)
        assert 0 <= progress.share <= 1

    async def write_on() -> None:
        for start in range(0, len(rest), 50):
            await write_topic(kafka.bootstrap_servers, rest[start : start + 50], store=pool)

    async with AsyncExitStack() as stack:
        await stack.enter_async_context(live(pool, kafka))
        await applied(pool, first)
        reading = await stack.enter_async_context(ContinuousReads(database).running())
        oid = await pool.fetchval("select 'catalog'::regnamespace::oid")
        writing = asyncio.create_task(write_on())
        rebuilt = [await Rebuilder(pool, kafka.bootstrap_servers).rebuild(MODEL, report=report) for _ in range(3)]
        await writing
        await applied(pool, EVENTS)
        await reading.some_more()
    assert oid != await pool.fetchval("select 'catalog'::regnamespace::oid")
    assert await schemas(pool) == {"catalog"}
    assert all(each.difference is None and not each.resumed for each in rebuilt)
    assert set(phases) >= {"reading", "indexing", "comparing", "swapping"}
    await expect_rows_of(pool, EVENTS)
    # The indexes are there too.
    names = "select count(*) from pg_indexes where schemaname = 'catalog'"
    assert await pool.fetchval(names) == len(MODEL.tables) + MODEL.indexes_ddl.count("create ")


async def test_long_steps_of_a_rebuild_hold_no_transaction_id_and_do_not_stop_the_log(
    pool: asyncpg.Pool, database: str, kafka: ApacheKafka
) -> None:
    await write_topic(kafka.bootstrap_servers, EVENTS, store=pool)
    holding: dict[str, list[str]] = {}
    with psycopg.connect(database) as older, psycopg.connect(database, autocommit=True) as looking:

        def look(phase: str) -> None:
            holding[phase] = [row[0] for row in looking.execute(HOLDING)]

        def report(progress: RebuildProgress) -> None:
            if progress.phase == "indexing":
                older.execute(SNAPSHOT)
            elif progress.phase == "comparing":
                look(progress.phase)

        async def look_at_indexing() -> None:
            await indexing(looking)
            look("indexing")
            older.rollback()

        async with live(pool, kafka), asyncio.TaskGroup() as tasks:
            await applied(pool, EVENTS)
            tasks.create_task(look_at_indexing())
            rebuilt = await Rebuilder(pool, kafka.bootstrap_servers).rebuild(MODEL, report=report)
    assert holding == {"indexing": [], "comparing": []}
    assert rebuilt.difference is None


async def test_a_swap_waits_for_operations_that_have_begun(
    pool: asyncpg.Pool, database: str, kafka: ApacheKafka
) -> None:
    """A snapshot resolves names in the present: after a swap it would read tables whose last rows it cannot see."""
    await write_topic(kafka.bootstrap_servers, EVENTS, store=pool)
    waiting = "select count(*) from pg_locks where not granted and mode = $1"
    tables = "select tableoid from catalog.products limit 1"
    begun = asyncio.Event()

    def report(progress: RebuildProgress) -> None:
        if progress.phase == "swapping":
            # The rebuild goes on only after this.
            older.execute(f"{BEGIN}; select from public.projections")
            begun.set()

    with psycopg.connect(database, autocommit=True) as older:
        async with live(pool, kafka):
            await applied(pool, EVENTS)
            rebuilding = asyncio.create_task(Rebuilder(pool, kafka.bootstrap_servers).rebuild(MODEL, report=report))
            await begun.wait()
            before = older.execute(tables).fetchone()
            async with asyncio.timeout(60):
                while not rebuilding.done() and not await pool.fetchval(waiting, "AccessExclusiveLock"):
                    await asyncio.sleep(0.01)
            assert older.execute(tables).fetchone() == before
            older.execute("rollback")
            assert (await rebuilding).difference is None
            assert older.execute(tables).fetchone() != before


async def test_an_unfinished_index_of_a_stopped_rebuild_is_created_again(
    pool: asyncpg.Pool, database: str, kafka: ApacheKafka
) -> None:
    await write_topic(kafka.bootstrap_servers, EVENTS, store=pool)
    valid = "select indisvalid from pg_index join pg_class c on c.oid = indrelid where relnamespace = $1::regnamespace"
    with psycopg.connect(database) as older, psycopg.connect(database, autocommit=True) as looking:

        def report(progress: RebuildProgress) -> None:
            if progress.phase == "indexing":
                older.execute(SNAPSHOT)

        async with live(pool, kafka):
            await applied(pool, EVENTS)
            rebuilding = asyncio.create_task(Rebuilder(pool, kafka.bootstrap_servers).rebuild(MODEL, report=report))
            await indexing(looking)
            rebuilding.cancel()
            await asyncio.gather(rebuilding, return_exceptions=True)
            older.rollback()
            assert False in {row[0] for row in await pool.fetch(valid, "catalog_build")}
            rebuilt = await Rebuilder(pool, kafka.bootstrap_servers).rebuild(MODEL)
    assert rebuilt.resumed
    indexes = len(MODEL.tables) + MODEL.indexes_ddl.count("create ")
    assert [row[0] for row in await pool.fetch(valid, "catalog")] == [True] * indexes


async def indexing(looking: "psycopg.Connection[Any]") -> None:
    """Wait until an index creation waits for an older snapshot."""
    async with asyncio.timeout(60):
        while not looking.execute(INDEXING).fetchone():
            await asyncio.sleep(0.02)


async def test_new_tables_that_another_process_took_over_after_the_comparison_are_not_swapped_in(
    pool: asyncpg.Pool, database: str, kafka: ApacheKafka
) -> None:
    def report(progress: RebuildProgress) -> None:
        if progress.phase == "swapping":
            with psycopg.connect(database) as other:
                other.execute("update checkpoints set owner = owner + 1 where schema_name = 'catalog_build'")

    await write_topic(kafka.bootstrap_servers, EVENTS, store=pool)
    async with live(pool, kafka):
        await applied(pool, EVENTS)
        oid = await pool.fetchval("select 'catalog'::regnamespace::oid")
        with pytest.raises(Fenced):
            await Rebuilder(pool, kafka.bootstrap_servers).rebuild(MODEL, report=report)
    assert oid == await pool.fetchval("select 'catalog'::regnamespace::oid")
    await expect_rows_of(pool, EVENTS)


HOLDING = """
select query from pg_stat_activity
where backend_xid is not null and backend_type = 'client backend' and datname = current_database()
"""
SNAPSHOT = "set transaction isolation level repeatable read; select from events"
"""Opens a snapshot: creating an index concurrently waits for it, so the test can observe the wait."""
INDEXING = """
select pid from pg_stat_activity
where query like 'create index%' and wait_event_type = 'Lock' and datname = current_database()
"""


async def test_a_rebuild_that_finds_a_difference_leaves_the_live_rows_and_names_row_and_event(
    pool: asyncpg.Pool, kafka: ApacheKafka
) -> None:
    await write_topic(kafka.bootstrap_servers, EVENTS, store=pool)
    async with live(pool, kafka):
        await applied(pool, EVENTS)
        event = next(each for each in EVENTS if each.type == "product.product_copy_written.v1")
        await pool.execute("update catalog.products set slug = 'tampered' where id = $1", event.stream_id)
        rows = await all_rows(pool, MODEL, "catalog")
        rebuilder = Rebuilder(pool, kafka.bootstrap_servers, histories=Histories(EVENTS))
        with pytest.raises(Different) as refused:
            await rebuilder.rebuild(MODEL)
        difference = refused.value.difference
        assert (difference.table, difference.key, difference.columns) == (
            "products", {"id": event.stream_id}, ("slug",),
        )  # fmt: skip
        assert difference.event is not None
        assert difference.event.position == event.position
        assert f"{event.type} at position {event.position}" in str(refused.value)
        assert await all_rows(pool, MODEL, "catalog") == rows
        # If the live rows are wrong, they can be replaced.
        rebuilt = await rebuilder.rebuild(MODEL, even_if_different=True)
        assert rebuilt.resumed
        assert rebuilt.difference is not None
    assert await schemas(pool) == {"catalog"}
    await expect_rows_of(pool, EVENTS)


async def test_a_rebuild_after_a_fold_was_fixed_starts_over(
    pool: asyncpg.Pool, database: str, kafka: ApacheKafka, tmp_path: Path
) -> None:
    await write_topic(kafka.bootstrap_servers, EVENTS, store=pool)
    for package in ("domain", "schemas", "projections"):
        copytree(ROOT / package, tmp_path / package)
    folds = tmp_path / "projections" / "catalog" / "fold" / "products.py"
    folds.write_text(folds.read_text().replace("= event.title, fold(", "= event.title.upper(), fold("))
    async with live(pool, kafka):
        await applied(pool, EVENTS)
        # The wrong folds are refused and leave their tables behind; the version is the same.
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", REFUSED, kafka.bootstrap_servers, database,
            cwd=tmp_path, env=dict(os.environ) | {"PYTHONPATH": f"{tmp_path}:{ROOT}"}, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        output, _ = await asyncio.wait_for(process.communicate(), 60)
        assert output == b"refused\n"
        assert await schemas(pool) == {"catalog", "catalog_build"}
        rebuilt = await Rebuilder(pool, kafka.bootstrap_servers).rebuild(MODEL)
    assert (rebuilt.resumed, rebuilt.difference, rebuilt.events) == (False, None, len(EVENTS))
    await expect_rows_of(pool, EVENTS)


REFUSED = """
import asyncio, sys, asyncpg
from projections.catalog import model as catalog
from projections.engine.rebuild.rebuilder import Different, Rebuilder

async def main(kafka, dsn):
    async with asyncpg.create_pool(dsn, min_size=1, max_size=6) as pool:
        try:
            await Rebuilder(pool, kafka).rebuild(catalog.MODEL)
        except Different:
            print("refused")

asyncio.run(main(*sys.argv[1:]))
"""


async def without_autovacuum(pool: asyncpg.Pool, schema: str) -> int:
    """Return how many tables of a schema PostgreSQL does not vacuum and analyze by itself."""
    count: int = await pool.fetchval(
        "select count(*) from pg_class where relnamespace = $1::regnamespace and 'autovacuum_enabled=off' = any(reloptions)",
        schema,
    )
    return count


async def test_a_killed_rebuild_is_resumed(pool: asyncpg.Pool, database: str, kafka: ApacheKafka) -> None:
    await write_topic(kafka.bootstrap_servers, EVENTS, store=pool)
    async with live(pool, kafka):
        await applied(pool, EVENTS)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", KILLED, kafka.bootstrap_servers, database,
            cwd=ROOT, env=dict(os.environ) | {"PYTHONPATH": str(ROOT)}, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert process.stdout is not None
        assert await asyncio.wait_for(process.stdout.readline(), 60) == b"half way\n"
        with pytest.raises(AlreadyRebuilding):
            await Rebuilder(pool, kafka.bootstrap_servers).rebuild(MODEL)
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()
        assert await schemas(pool) == {"catalog", "catalog_build"}
        assert await without_autovacuum(pool, "catalog_build") == len(MODEL.tables)
        done = sum(row[0] for row in await pool.fetch("select count(*) from catalog_build.products"))
        assert done > 0
        async with asyncio.timeout(60):
            while True:
                try:
                    rebuilt = await Rebuilder(pool, kafka.bootstrap_servers).rebuild(MODEL)
                except AlreadyRebuilding:  # the server has not noticed yet that the process is gone
                    await asyncio.sleep(0.05)
                else:
                    break
        assert rebuilt.resumed
        assert 0 < rebuilt.events < len(EVENTS)
    assert await schemas(pool) == {"catalog"}
    assert await without_autovacuum(pool, "catalog") == 0
    await expect_rows_of(pool, EVENTS)


KILLED = """
import asyncio, sys, asyncpg
from projections.catalog import model as catalog
from projections.engine.rebuild import bulk_load
from projections.engine.rebuild.rebuilder import Rebuilder
bulk_load.UNWRITTEN_EVENTS = 200

async def main(kafka, dsn):
    async with asyncpg.create_pool(dsn, min_size=1, max_size=6) as pool:
        def report(progress):
            if progress.share > 0.4:
                print("half way", flush=True)
                import time; time.sleep(60)
        await Rebuilder(pool, kafka).rebuild(catalog.MODEL, report=report)

asyncio.run(main(*sys.argv[1:]))
"""


async def test_a_new_version_is_built_while_the_old_one_serves_queries(
    pool: asyncpg.Pool, database: str, kafka: ApacheKafka
) -> None:
    await write_topic(kafka.bootstrap_servers, EVENTS, store=pool)
    async with live(pool, kafka):
        await applied(pool, EVENTS)
    building, go = asyncio.Event(), asyncio.Event()

    async def wait(batch: Sequence[DecodedEvent]) -> None:
        building.set()
        await go.wait()

    newer: Any = version_of(MODEL, MODEL.version + 1)
    slow = Tampered(newer, wait, version=newer.version)
    async with ContinuousReads(database).running() as reading, live(pool, kafka), live(pool, kafka, model=slow):
        await building.wait()
        await reading.some_more()
        assert await pool.fetchval("select version from projections where name = 'catalog'") == MODEL.version
        assert await pool.fetchval("select count(*) from catalog.products") > 0
        go.set()
        async with asyncio.timeout(60):
            while await pool.fetchval("select version from projections where name = 'catalog'") == MODEL.version:
                await asyncio.sleep(0.02)
        # Both runners go on; the old one is fenced and must not write to the new tables.
        more = list(catalog_events(4_000, seed=5, side_by_side=12, per_store=200))
        assert more[:3000] == EVENTS[:]
        await write_topic(kafka.bootstrap_servers, more[3000:], store=pool)
        await applied(pool, more)
    assert slow.applied > 0
    await expect_rows_of(pool, more)


async def test_a_new_version_that_lost_all_rows_of_a_table_is_refused(pool: asyncpg.Pool, kafka: ApacheKafka) -> None:
    class Forgetful(Tampered):
        async def apply(self, batch: Sequence[DecodedEvent], tx: Connection) -> None:
            await super().apply(batch, tx)
            await tx.execute("delete from pages")

    await write_topic(kafka.bootstrap_servers, EVENTS, store=pool)
    async with live(pool, kafka):
        await applied(pool, EVENTS)
        newer: Any = Forgetful(MODEL, version=MODEL.version + 1)
        with pytest.raises(Emptied, match="pages is empty"):
            await Rebuilder(pool, kafka.bootstrap_servers).rebuild(newer)
    await expect_rows_of(pool, EVENTS)


def too_large(event: RawEvent) -> RawEvent:
    """Return a count of stock with a number that no column can hold."""
    data = re.sub(rb'"on_hand":\d+', b'"on_hand":%d' % 2**70, event.data)
    assert data != event.data
    digest = chain_hash(
        event.previous_hash,
        id=event.id,
        type=event.type,
        stream_id=event.stream_id,
        version=event.version,
        data=data,
    )
    return msgspec.structs.replace(event, data=data, hash=digest)


async def test_a_rebuild_passes_over_what_the_live_runner_parked(pool: asyncpg.Pool, kafka: ApacheKafka) -> None:
    letters = RecordedDeadLetters()
    orphans = [each for each in EVENTS[1500:] if each.type == "product.product_copy_written.v1"][:2]
    # Their products are never imported.
    lost = {each.stream_id for each in orphans}
    events = [each for each in EVENTS if each.stream_id not in lost or each.type != "product.product_imported.v1"]
    # The last of its stream, so that no other event has its hash. It folds, and fails when rows are written that no other
    # failure has dropped.
    failing = {partition_of(each.tenant) for each in orphans}
    last = {each.stream_id: each for each in events if partition_of(each.tenant) not in failing}
    counted = next(each for each in last.values() if each.type == "product.stock_counted.v1")
    events[events.index(counted)] = too_large(counted)
    await write_topic(kafka.bootstrap_servers, events, store=pool)
    async with live(pool, kafka, letters=letters):
        await applied(pool, events)
        rebuilt = await Rebuilder(pool, kafka.bootstrap_servers).rebuild(MODEL)
    assert len(letters.letters) > len(lost)
    assert {each.offset for each in rebuilt.unappliable} == {letter.offset for letter in letters.letters}
    assert sum(each.error == "CorruptStream" for each in rebuilt.unappliable) == len(letters.letters)
    assert rebuilt.events == len(events)
