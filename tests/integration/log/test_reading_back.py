"""Reading a tenant's newest events costs the same however many others there are."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from infra.adapters.postgres.event_store import PostgresEventLog
from infra.adapters.postgres.pools import BY_INDEX
from infra.adapters.postgres.settled_log import SettledLog
from tests.integration.log.halves import append
from tests.integration.projections.plans import ExplainingReader, rows_read

COPIES = """
insert into events
select first.position + 1000 + n, transaction_id, gen_random_uuid(), gen_random_uuid(), 1, $1, tenant, correlation_id,
       causation_id, recorded_at, traceparent, data, previous_hash, hash, null, null, null, actor
from (select * from events order by position limit 1) first, generate_series(1, 3000) n
"""


@pytest.fixture
async def reader(pool: asyncpg.Pool) -> AsyncIterator[ExplainingReader]:
    async with pool.acquire() as connection:
        for name, value in BY_INDEX.items():
            await connection.execute(f"set {name} = '{value}'")
        yield ExplainingReader(connection)  # type: ignore[arg-type]


@pytest.mark.parametrize("kinds", [(), ("store",), ("store", "draft"), ("page",)])
async def test_the_newest_events_of_kinds_are_found_without_passing_the_others(
    pool: asyncpg.Pool, log: PostgresEventLog, reader: ExplainingReader, kinds: tuple[str, ...]
) -> None:
    (tenant,) = await append(log, 1)
    await pool.execute(COPIES, "order.order_paid.v1")
    await pool.execute("analyze events")
    events = await SettledLog(reader).read_back(tenant, None, 5, kinds=kinds)  # type: ignore[arg-type]
    passing = [
        row["position"]
        for row in await pool.fetch(
            "select position, type from events where tenant = $1 order by position desc", tenant
        )
        if not kinds or row["type"].partition(".")[0] in kinds
    ]
    assert [event.position for event in events] == passing[:5]
    assert sum(map(rows_read, reader.plans)) <= 12
