"""A small batch is written in one statement: the same rows as in the ordinary way, or nothing at all."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import islice
from typing import Any

import asyncpg
from msgspec.structs import replace

from infra.adapters.postgres.deliveries import PostgresDeliveries
from infra.clock import SystemClock
from projections.engine.checkpoints import ensure_live, positions_of, take_over
from projections.engine.followed_model import FollowedModel
from projections.engine.one_statement import MOST_RECORDS, write_at_once
from projections.engine.poison_records import PoisonRecordPorts
from projections.registry import READ_MODELS
from schemas.topics import PARTITIONS, partition_of
from tests.support.builders.records import record_of
from tests.support.builders.workload import Workload
from tests.support.fakes.deliveries import RecordedDeadLetters
from tests.support.servers.topic import all_rows, hold, last_positions, rows_by_the_log

EVENTS = Workload(900, seed=11, side_by_side=9, per_store=300)


def records_of(events: Sequence[Any]) -> list[Any]:
    return [record_of(raw, offset=raw.position, partition=partition_of(raw.tenant)) for raw in events]


def batches(size: int) -> Iterator[list[Any]]:
    records = iter(records_of(EVENTS))
    while batch := list(islice(records, size)):
        yield batch


@asynccontextmanager
async def following(pool: asyncpg.Pool) -> AsyncIterator[tuple[list[FollowedModel], Any]]:
    """Follow every read model, with nothing applied yet."""
    ports = PoisonRecordPorts(dead_letters=RecordedDeadLetters(), ledger=PostgresDeliveries(pool), clock=SystemClock())
    await hold(EVENTS, pool)
    async with pool.acquire() as connection:
        models = []
        for model in READ_MODELS.values():
            models.append(FollowedModel(model, await ensure_live(connection, model), pool, ports))
            await models[-1].take(range(PARTITIONS))
        schemas = ", ".join(f'"{each.name}"' for each in models)
        await connection.execute(f"set search_path to {schemas}, public")
        yield models, connection


async def test_batches_of_any_size_give_the_rows_of_the_log(pool: asyncpg.Pool) -> None:
    async with following(pool) as (models, connection):
        for number, batch in enumerate(batches(37)):
            assert await write_at_once(batch, models, connection), number
        for each in models:
            positions = await positions_of(connection, each.name)
            assert {number: at.position for number, at in positions.items()} == last_positions(EVENTS)
            assert {at.partition: at.position for at in each.partitions.checkpoints} == last_positions(EVENTS)
        for name, model in READ_MODELS.items():
            async with rows_by_the_log(pool, model, EVENTS) as expected:
                assert await all_rows(pool, model, name) == await all_rows(pool, model, expected)
        changed = {raw.tenant for raw in EVENTS}
        moved = await pool.fetch("select tenant from revisions where read_model = 'catalog'")
        assert {row["tenant"] for row in moved} == changed


async def test_a_batch_that_is_unusual_changes_nothing(pool: asyncpg.Pool) -> None:
    async with following(pool) as (models, connection):
        first, second = (records_of(EVENTS[start : start + 20]) for start in (0, 20))
        assert await write_at_once(first, models, connection)
        before = [await positions_of(connection, each.name) for each in models]
        orphan = next(raw for raw in EVENTS[40:] if raw.type == "store.brand_generated.v1")
        forged = replace(EVENTS[22], data=EVENTS[22].data + b" ")
        unusual = {
            "a foreign record": records_of([*EVENTS[20:22], forged, *EVENTS[23:40]]),
            "an event twice": [*second, second[3]],
            "another partition": [record_of(EVENTS[20], partition=(partition_of(EVENTS[20].tenant) + 1) % PARTITIONS)],
            "an event without those before it": records_of([orphan]),
            "too many records": records_of(EVENTS[20 : 21 + MOST_RECORDS]),
            "applied already": first,
        }
        for why, batch in unusual.items():
            assert not await write_at_once(batch, models, connection), why
        number = second[0].partition
        await take_over(connection, models[-1].name, [number])
        assert not await write_at_once(second, models, connection), "a read model has another owner"
        for each, reached in zip(models, before, strict=True):
            now = await positions_of(connection, each.name)
            assert {number: at.position for number, at in now.items()} == {
                number: at.position for number, at in reached.items()
            }
        await models[-1].take([number])
        models[-1].isolator.trust([number])  # its last owner did not stop in good order
        assert await write_at_once(second, models, connection)


async def test_a_batch_is_one_statement_besides_the_rows_that_it_loads(pool: asyncpg.Pool) -> None:
    async with following(pool) as (models, connection):
        half = EVENTS[: MOST_RECORDS // 2]
        assert await write_at_once(records_of(half), models, connection)  # asyncpg asks for the types once
        statements: list[str] = []
        connection.add_query_logger(lambda query: statements.append(query.query))
        assert await write_at_once(records_of(EVENTS[len(half) : len(half) + MOST_RECORDS]), models, connection)
        await asyncio.sleep(0)  # asyncpg logs with the loop's next turn
        *loads, last = statements
        assert loads
        assert all(each.startswith("select") for each in loads), "nothing begins a transaction"
        assert last.startswith("with known")
