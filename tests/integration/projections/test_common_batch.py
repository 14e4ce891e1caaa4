"""Read models move in one transaction; one with a suspected record moves alone, and joins the others again."""

from collections.abc import Sequence
from typing import Any

import asyncpg

from infra.adapters.postgres.deliveries import PostgresDeliveries
from infra.bench.workload import catalog_events
from infra.clock import SystemClock
from projections.catalog import model as catalog
from projections.engine.checkpoints import ensure_live
from projections.engine.common_batch import write_together
from projections.engine.decoding import DecodedEvent
from projections.engine.followed_model import FollowedModel
from projections.engine.one_statement import write_at_once
from projections.engine.poison_records import TRIES, PoisonRecordPorts
from projections.jobs import model as jobs
from schemas.topics import partition_of
from tests.support.builders.records import record_of
from tests.support.fakes.deliveries import RecordedDeadLetters
from tests.support.servers.topic import Tampered, hold

EVENTS = list(catalog_events(60, seed=3, side_by_side=1, per_store=60))
NUMBER = partition_of(EVENTS[0].tenant)
MINE = [raw for raw in EVENTS if partition_of(raw.tenant) == NUMBER]
RECORDS: list[Any] = [record_of(raw, offset=raw.position, partition=NUMBER) for raw in MINE]


async def test_a_model_with_a_suspected_record_moves_alone_for_as_long_as_it_lasts(pool: asyncpg.Pool) -> None:
    letters = RecordedDeadLetters()
    ports = PoisonRecordPorts(dead_letters=letters, ledger=PostgresDeliveries(pool), clock=SystemClock())
    poisoned = next(number for number, raw in enumerate(MINE[3:], 3) if jobs.MODEL.decoder.decode_stored(raw))

    async def stumble(batch: Sequence[DecodedEvent]) -> None:
        for event, _ in batch:
            if (event.originator_id, event.originator_version) == (MINE[poisoned].stream_id, MINE[poisoned].version):
                raise ZeroDivisionError

    await hold(EVENTS, pool)
    async with pool.acquire() as connection:
        models = [
            FollowedModel(each, await ensure_live(connection, each), pool, ports)
            for each in (catalog.MODEL, Tampered(jobs.MODEL, stumble))
        ]
        beside, stumbling = models
        await connection.execute(f'set search_path to "{beside.name}", "{stumbling.name}", public')
        for each in models:
            await each.take([NUMBER])

        async def moved_together(records: Sequence[Any]) -> bool:
            """Write a batch; whether the same transaction moved both models past it."""
            await write_together(records, models, connection)
            rows = await connection.fetch("select position, xmin::text from checkpoints where partition = $1", NUMBER)
            assert [row["position"] for row in rows] == [records[-1].offset] * len(models)
            return len({row["xmin"] for row in rows}) == 1

        assert await moved_together(RECORDS[:poisoned])
        assert not await moved_together(RECORDS[poisoned : poisoned + 2])
        (letter,) = letters.letters
        assert (letter.group, letter.count) == (stumbling.group, TRIES)
        assert await moved_together(RECORDS[poisoned + 2 : poisoned + 4]), "its suspected records are through"

        rest = RECORDS[poisoned + 4 :]
        stumbling.isolator.suspect(rest[:4])
        assert not await moved_together(rest[:2])
        assert not await moved_together(rest[2:4])
        assert await moved_together(rest[4:6])

        stumbling.isolator.suspect_partition(NUMBER, len(rest))
        assert not await moved_together(rest[6:8])
        await stumbling.leave([NUMBER])
        await stumbling.take([NUMBER])
        assert not await moved_together(rest[8:10]), "a rebalance does not end the suspicion"
        stumbling.isolator.trust([NUMBER])  # as at the end of the log
        await stumbling.leave([NUMBER])
        await stumbling.take([NUMBER])
        assert await moved_together(rest[10:12]), "its partition was away in good order"
        await stumbling.take([NUMBER])
        assert not await moved_together(rest[12:14]), "its last owner did not stop in good order"
        stumbling.isolator.trust([NUMBER])

        beside.isolator.suspect(rest[14:16])
        assert not await write_at_once(rest[14:16], [beside], connection), "nor is it written with others at once"
        assert not await moved_together(rest[14:16])
        assert await write_at_once(rest[16:18], [beside], connection)
        assert len(letters.letters) == 1
        assert await pool.fetchval("select count(*) from deliveries") == 0
