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


@pytest.mark.parametrize("kinds", [(), ("store",)])
async def test_a_history_for_people_leaves_out_types_and_all_but_the_last_of_a_row(
    pool: asyncpg.Pool, log: PostgresEventLog, kinds: tuple[str, ...]
) -> None:
    (tenant,) = await append(log, 1)
    stored = await pool.fetch("select position, type, stream_id, version from events order by position")
    first, last = stored[0], stored[-1]
    # The last event of the log is followed by three of its type in the same stream, and one of another stream.
    copies = """
    insert into events
    select position + n, transaction_id, gen_random_uuid(), case n when 4 then gen_random_uuid() else stream_id end, version + n,
           type, tenant, correlation_id, causation_id, recorded_at, traceparent, data, previous_hash, hash, null, null, null, actor
    from events, generate_series(1, 4) n where position = $1
    """
    await pool.execute(copies, last["position"])
    history = SettledLog(pool)
    whole = await history.read_back(tenant, None, 99, kinds=kinds)
    told = await history.read_back(tenant, None, 99, kinds=kinds, without=[first["type"]], newest_of=[last["type"]])
    assert first["type"] != last["type"]
    assert [event.position for event in whole if event.position > last["position"]] == [
        last["position"] + n for n in (4, 3, 2, 1)
    ]
    assert [event.position for event in told if event.position >= last["position"]] == [
        last["position"] + n for n in (4, 3)
    ]
    assert first["type"] not in {event.type for event in told}
    earlier = await history.read_back(
        tenant, last["position"] + 3, 99, kinds=kinds, newest_of=[last["type"]], until=last["position"] + 2
    )
    assert earlier[0].position == last["position"] + 2, "what came later did not happen yet"
