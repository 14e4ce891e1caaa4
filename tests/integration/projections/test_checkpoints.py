"""Checkpoints never go back, so that a rebuild never loads less than the live tables have."""

from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from infra.adapters.postgres.deliveries import PostgresDeliveries
from infra.bench.workload import catalog_events
from infra.clock import SystemClock
from projections.catalog.model import MODEL
from projections.engine.checkpoints import Fenced, advance, ensure_live, positions_of
from projections.engine.followed_model import FollowedModel
from projections.engine.poison_records import PoisonRecordPorts
from schemas.topics import partition_of
from tests.support.builders.records import record_of
from tests.support.fakes.deliveries import RecordedDeadLetters

EVENTS = list(catalog_events(60, seed=3, side_by_side=1, per_store=60))
NUMBER = partition_of(EVENTS[0].tenant)
RECORDS: list[Any] = [
    record_of(raw, offset=offset, partition=NUMBER)
    for offset, raw in enumerate(raw for raw in EVENTS if partition_of(raw.tenant) == NUMBER)
]


async def test_records_chosen_before_a_rebalance_are_not_applied_again_after_it(pool: asyncpg.Pool) -> None:
    ports = PoisonRecordPorts(dead_letters=RecordedDeadLetters(), ledger=PostgresDeliveries(pool), clock=SystemClock())
    async with pool.acquire() as connection:
        live = await ensure_live(connection, MODEL)
        await connection.execute(f'set search_path to "{MODEL.name}", public')
        first, second = (FollowedModel(MODEL, live, pool, ports) for _ in range(2))
        await first.take([NUMBER])
        await first.apply(RECORDS[:3], connection)
        await second.take([NUMBER])
        await second.apply(RECORDS[3:9], connection)
        await first.take([NUMBER])  # a second rebalance, while the first runner still holds older records
        reached = (await positions_of(connection, MODEL.name))[NUMBER]
        await first.apply(RECORDS[3:6], connection)
        assert (await positions_of(connection, MODEL.name))[NUMBER] == reached
        await first.apply(RECORDS[6:12], connection)
        assert (await positions_of(connection, MODEL.name))[NUMBER].position > reached.position


async def test_records_passed_over_while_a_partition_was_away_are_not_followed_by_later_ones(
    pool: asyncpg.Pool,
) -> None:
    """A batch is applied in chunks, and two rebalances may come between two of them."""
    ports = PoisonRecordPorts(dead_letters=RecordedDeadLetters(), ledger=PostgresDeliveries(pool), clock=SystemClock())
    async with pool.acquire() as connection:
        live = await ensure_live(connection, MODEL)
        await connection.execute(f'set search_path to "{MODEL.name}", public')
        model = FollowedModel(MODEL, live, pool, ports)
        await model.take([NUMBER])
        await model.apply(RECORDS[:3], connection)
        reached = (await positions_of(connection, MODEL.name))[NUMBER].position
        await model.leave([NUMBER])
        with pytest.raises(Fenced):
            await model.read_and_write(RECORDS[3:6], connection)
        await model.take([NUMBER])
        for write in (model.read_and_write, model.pass_over):
            with pytest.raises(Fenced):
                await write(RECORDS[6:9], connection)
        assert (await positions_of(connection, MODEL.name))[NUMBER].position == reached


async def test_a_checkpoint_that_would_go_back_is_refused(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        await ensure_live(connection, MODEL)
        begun = (await positions_of(connection, MODEL.name))[NUMBER]
        await advance(connection, MODEL.name, [replace(begun, position=9, next_offset=9)])
        with pytest.raises(Fenced):
            await advance(connection, MODEL.name, [replace(begun, position=8, next_offset=8)])
        assert (await positions_of(connection, MODEL.name))[NUMBER].position == 9
