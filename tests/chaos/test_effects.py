"""Promises 2, 4 and 5: exactly once in effect, whatever is killed, fed twice, replayed, wiped or lost."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from infra.embedded.kafka import ApacheKafka
from infra.log.restoration import republish, restore_store
from infra.log.verification import verify_log
from tests.chaos.conftest import Chaos
from tests.chaos.pipeline import SERVICES, Outside, Pipeline

pytestmark = [pytest.mark.kafka, pytest.mark.long, pytest.mark.timeout(900)]

AGENTS = ("agents-0",)


async def test_kills_replays_and_doubled_records_leave_the_same_effects_as_none(
    chaos: Chaos,
    database: str,
    pool: asyncpg.Pool,
    other_database: str,
    other_pool: asyncpg.Pool,
    kafka: ApacheKafka,
    outside: Outside,
    tmp_path: Path,
) -> None:
    stores, kills = chaos.pick(short=16, full=300), chaos.pick(short=4, full=40)
    numbers = range(stores)
    calm = Pipeline(database, pool, kafka, outside, tmp_path)
    async with calm.running(("publisher", "projectors", "agents-0")):
        await calm.request(numbers)
        await calm.done(stores)
    keys, events, rows = outside.keys, await calm.events(), await calm.rows()
    assert len(keys) == 2 * stores
    assert sum(sum(table.values()) for table in rows.values()) > 2 * stores

    await kafka.wipe()
    await kafka.start()
    outside.calls.clear()
    attacked = Pipeline(other_database, other_pool, kafka, outside, tmp_path)
    async with attacked.running():
        for round in range(kills):
            await attacked.request(numbers[round * stores // kills : (round + 1) * stores // kills])
            await asyncio.sleep(chaos.dice.uniform(0.2, 3.0))
            victims = chaos.dice.sample(SERVICES, chaos.dice.choice((1, 1, 2)))
            for victim in victims:
                await attacked.kill(victim)
            for victim in victims:
                await attacked.launch(victim)
        await attacked.done(stores)
        assert outside.keys == keys
        assert await attacked.events() == events
        assert await attacked.rows() == rows
        parity = await verify_log(attacked.log, kafka.bootstrap_servers)
        assert (parity.equal, parity.difference) == (True, None)

    # From here on every consumer sees every event again, and makes no outside call.
    called = len(outside.calls)
    await attacked.rewind_groups()
    async with attacked.running(("projectors", *AGENTS)):
        await attacked.seen()
        await attacked.feed_again()
        await attacked.read()
        await attacked.seen()
    assert len(outside.calls) == called
    assert await attacked.events() == events
    assert await attacked.rows() == rows


async def test_commands_go_on_while_the_broker_is_down_and_a_wiped_one_is_refilled_without_a_second_call(
    chaos: Chaos, database: str, pool: asyncpg.Pool, kafka: ApacheKafka, outside: Outside, tmp_path: Path
) -> None:
    down_seconds, each = chaos.pick(short=3, full=60), chaos.pick(short=6, full=40)
    pipeline = Pipeline(database, pool, kafka, outside, tmp_path)
    async with pipeline.running(("publisher", "projectors", *AGENTS)):
        await pipeline.request(range(each))
        await pipeline.done(each)
        await kafka.kill()
        for number in range(each, 2 * each):
            await pipeline.request([number])
            await asyncio.sleep(down_seconds / each)
        assert await pipeline.pool.fetchval("select count(*) from commands") >= 2 * each
        await kafka.start()
        await pipeline.done(2 * each)
        assert (await verify_log(pipeline.log, kafka.bootstrap_servers)).difference is None
        before, calls = await pipeline.events(), sorted(outside.calls)
        assert len(calls) == len(outside.keys) == 4 * each

        await kafka.wipe()
        await kafka.start()
        await pipeline.seen()
        assert sorted(outside.calls) == calls
        assert await pipeline.events() == before

        await republish(pipeline.pool, pipeline.log, kafka.bootstrap_servers)
        await pipeline.seen()
        assert sorted(outside.calls) == calls
        assert await pipeline.events() == before
        await pipeline.request([2 * each])
        await pipeline.done(2 * each + 1)
        assert len(outside.calls) == len(calls) + 2
        assert (await verify_log(pipeline.log, kafka.bootstrap_servers)).difference is None


async def test_a_restored_store_replays_without_a_call_or_an_event(
    database: str,
    pool: asyncpg.Pool,
    other_database: str,
    other_pool: asyncpg.Pool,
    kafka: ApacheKafka,
    outside: Outside,
    tmp_path: Path,
) -> None:
    stores = 8
    lost = Pipeline(database, pool, kafka, outside, tmp_path)
    async with lost.running(("publisher", "projectors", *AGENTS)):
        await lost.request(range(stores))
        await lost.done(stores)
    calls, events, rows = len(outside.calls), await lost.events(), await lost.rows()
    await restore_store(other_pool, kafka.bootstrap_servers)
    restored = Pipeline(other_database, other_pool, kafka, outside, tmp_path)
    # The harder case: the groups' offsets are lost as well.
    await restored.rewind_groups()
    async with restored.running(("publisher", "projectors", *AGENTS)):
        await restored.seen()
        assert len(outside.calls) == calls
        assert await restored.events() == events
        assert await restored.rows() == rows
        await restored.request(range(stores))
        await restored.request([stores])
        await restored.done(stores + 1)
        assert len(outside.calls) == calls + 2
        assert (await verify_log(restored.log, kafka.bootstrap_servers)).difference is None
