"""Verifying compares live rows with a fresh fold, and names the first difference with its event."""

import asyncio
import json
import os
from functools import cache
from typing import Any

import asyncpg
import pytest

from infra.embedded.kafka import ApacheKafka
from projections.engine.rebuild.row_diff import RowDifference
from projections.engine.rebuild.verification import NotLive, Verified, verify_projection
from schemas.envelope import RawEvent
from tests.integration.projections.live_catalog import MODEL, Histories, applied, live
from tests.support.builders.workload import Workload
from tests.support.servers.command_line import run_command
from tests.support.servers.topic import write_topic

pytestmark = pytest.mark.kafka

EVENTS = Workload(2_000, seed=9, side_by_side=8, per_store=250)


@cache
def first_copy() -> RawEvent:
    return next(each for each in EVENTS if each.type == "product.product_copy_written.v1")


@cache
def its_import() -> RawEvent:
    return next(each for each in EVENTS if each.stream_id == first_copy().stream_id)


async def verified(pool: asyncpg.Pool, kafka: ApacheKafka) -> Verified:
    result = await verify_projection(MODEL, pool, kafka.bootstrap_servers, histories=Histories(EVENTS))
    schemas = {row[0] for row in await pool.fetch("select nspname from pg_namespace where nspname like 'catalog%'")}
    assert schemas == {"catalog"}
    return result


async def difference(pool: asyncpg.Pool, kafka: ApacheKafka) -> RowDifference:
    result = await verified(pool, kafka)
    assert not result.equal
    assert result.difference is not None
    return result.difference


async def test_every_kind_of_difference_is_found_and_named_with_its_event(
    pool: asyncpg.Pool, kafka: ApacheKafka
) -> None:
    await write_topic(kafka.bootstrap_servers, EVENTS, store=pool)
    with pytest.raises(NotLive, match="no live tables"):
        await verify_projection(MODEL, pool, kafka.bootstrap_servers)
    async with live(pool, kafka):
        await applied(pool, EVENTS)
    equal = await verified(pool, kafka)
    assert (equal.equal, equal.difference, equal.events) == (True, None, len(EVENTS))
    assert equal.rows["products"] == await pool.fetchval("select count(*) from catalog.products")

    # A changed column names the event that wrote it last.
    await pool.execute("update catalog.products set slug = 'x' where id = $1", first_copy().stream_id)
    changed = await difference(pool, kafka)
    assert (changed.table, changed.columns, changed.live and changed.live["slug"]) == ("products", ("slug",), "x")
    assert changed.event is not None
    assert changed.event.position == first_copy().position
    assert f"product.product_copy_written.v1 at position {first_copy().position}" in str(changed)

    # A row without the effect of an event names that event.
    title = json.loads(its_import().data)["original_title"]
    slug = json.loads(its_import().data)["slug"]
    await pool.execute(
        "update catalog.products set slug = $2, title = $3 where id = $1", first_copy().stream_id, slug, title
    )
    missed = await difference(pool, kafka)
    assert missed.event is not None
    assert missed.event.position == first_copy().position

    # A missing row names the event that creates it.
    await pool.execute("delete from catalog.products where id = $1", first_copy().stream_id)
    gone = await difference(pool, kafka)
    assert (gone.table, gone.key, gone.live) == ("products", {"id": first_copy().stream_id}, None)
    assert gone.event is not None
    assert gone.event.position == its_import().position
    assert "is missing from the live table" in str(gone)


async def test_a_row_without_an_event_is_named(pool: asyncpg.Pool, kafka: ApacheKafka) -> None:
    await write_topic(kafka.bootstrap_servers, EVENTS, store=pool)
    async with live(pool, kafka):
        await applied(pool, EVENTS)
        await pool.execute(
            "insert into catalog.product_texts select (jsonb_populate_record(known, "
            "jsonb_build_object('id', gen_random_uuid()))).* from catalog.product_texts as known limit 1"
        )
        found = await difference(pool, kafka)
    assert (found.table, found.fresh, found.event) == ("product_texts", None, None)
    assert "no event makes it" in str(found)


async def test_verifying_works_while_a_runner_writes(pool: asyncpg.Pool, kafka: ApacheKafka) -> None:
    await write_topic(kafka.bootstrap_servers, EVENTS[:500], store=pool)
    async with live(pool, kafka):
        await applied(pool, EVENTS[:500])

        verified_once = asyncio.Event()

        async def write_on() -> None:
            for start in range(500, len(EVENTS), 50):
                if start == len(EVENTS) - 50:
                    await verified_once.wait()
                await write_topic(kafka.bootstrap_servers, EVENTS[start : start + 50], store=pool)

        writing = asyncio.create_task(write_on())
        counts = []
        while not writing.done():
            found = await verified(pool, kafka)
            assert found.equal, str(found.difference)
            counts.append(found.events)
            verified_once.set()
        await writing
        await applied(pool, EVENTS)
    assert counts[0] < len(EVENTS)


async def test_the_command_line_lists_rebuilds_and_verifies(
    pool: asyncpg.Pool, database: str, kafka: ApacheKafka
) -> None:
    await write_topic(kafka.bootstrap_servers, EVENTS, store=pool)
    async with live(pool, kafka):
        await applied(pool, EVENTS)
        listed = {each["name"]: each for each in (await zyenta(database, kafka, "list"))["projections"]}
        assert listed["catalog"]["state"] == "current"
        assert listed["catalog"]["position"] == EVENTS[-1].position
        assert listed["sales"]["state"] == "not built yet"
        rebuilt = await zyenta(database, kafka, "rebuild", "catalog")
        assert (rebuilt["events"], rebuilt["difference"]) == (len(EVENTS), None)
        found = await zyenta(database, kafka, "verify", "catalog")
        assert (found["equal"], found["events"]) == (True, len(EVENTS))
        await pool.execute("delete from catalog.pages")
        found = await zyenta(database, kafka, "verify", "catalog", status=1)
        assert not found["equal"]
        assert "pages: the row with id" in found["difference"]
        await zyenta(database, kafka, "verify", "nothing", status=2)


async def zyenta(database: str, kafka: ApacheKafka, *arguments: str, status: int = 0) -> Any:
    command = ["projections", *arguments, *(["--json"] if status < 2 else [])]
    own = {"DATABASE_URL": database, "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers}
    done = await asyncio.to_thread(run_command, command, environment={**os.environ, **own})
    assert done.status == status, done.stderr
    return json.loads(done.stdout) if done.stdout else None
