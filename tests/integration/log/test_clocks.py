"""A clock that was set back, and canaries that were never requested: only what PostgreSQL holds counts."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest

from domain.accounts.ports import Allowance
from domain.kernel import InvalidInput
from infra.adapters.postgres.accounts import PostgresRateLimits
from infra.adapters.postgres.canaries import PostgresCanaries
from infra.adapters.postgres.event_store import PostgresEventLog
from projections.reading.time_travel import AsOf, TimeTravel
from tests.integration.log.halves import append
from tests.support.fakes.event_log import FixedClock

NOON = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
ALLOWANCE = Allowance(burst=10, interval=timedelta(seconds=30))


async def test_a_limit_does_not_outlive_the_clock_it_was_written_by(pool: asyncpg.Pool) -> None:
    limits = PostgresRateLimits(pool)
    for _ in range(10):
        assert await limits.take(b"key", ALLOWANCE, at=NOON) is None
    wait = await limits.take(b"key", ALLOWANCE, at=NOON)
    assert wait is not None
    assert wait <= ALLOWANCE.interval
    before = NOON - timedelta(hours=1)
    for _ in range(10):
        assert await limits.take(b"key", ALLOWANCE, at=before) is None
    wait = await limits.take(b"key", ALLOWANCE, at=before)
    assert wait is not None
    assert wait <= ALLOWANCE.interval


async def test_a_recorded_time_is_not_in_the_future_after_the_clock_was_set_back(
    pool: asyncpg.Pool, log: PostgresEventLog
) -> None:
    (store,) = await append(log, 1)
    at = await pool.fetchval("select max(recorded_at) from events where tenant = $1", store)
    travel = TimeTravel(pool, log, (), FixedClock(at - timedelta(hours=1)))
    assert await travel.locate(store, AsOf(time=at)) == 2
    for tenant, time in ((store, at + timedelta(seconds=1)), (uuid4(), at)):
        with pytest.raises(InvalidInput, match="is in the future"):
            await travel.locate(tenant, AsOf(time=time))


async def test_after_a_clock_went_back_a_time_means_the_last_position_it_was_shown_at(
    pool: asyncpg.Pool, log: PostgresEventLog
) -> None:
    store, *others = await append(log, 40)
    await pool.execute("update events set tenant = $1 where tenant = any($2)", store, others[::2])
    first = await pool.fetchval("select min(recorded_at) from events")
    for hours in (1, 300):
        # One event an hour, or less. Some were recorded while the clock was 23 hours ahead.
        await pool.execute(
            "update events set recorded_at = $1::timestamptz + (position * $2::bigint / 80 + case when position % 7 = 3 then 23 else 0 end) "
            "* interval '1 hour'",
            first,
            hours,
        )
        mine = await pool.fetch("select position, recorded_at from events where tenant = $1", store)
        assert len(mine) > 40
        for _, at in mine:
            assert await log.position_at(store, at) == max(position for position, recorded in mine if recorded <= at)
            assert await log.recorded_since(store, at)
        assert await log.position_at(store, first - timedelta(hours=1)) == 0
        latest = max(recorded for _, recorded in mine)
        assert not await log.recorded_since(store, latest + timedelta(microseconds=1))


async def test_a_time_of_recording_always_has_microseconds(pool: asyncpg.Pool) -> None:
    times = await pool.fetch("select recording_time() as at from generate_series(1, 1000)")
    assert all(row["at"].microsecond for row in times)


async def test_an_answer_to_an_unrequested_canary_is_ignored(pool: asyncpg.Pool) -> None:
    canaries = PostgresCanaries(pool)
    await canaries.request()
    asked = (await canaries.report()).canaries[-1].id
    await canaries.answer("projector-catalog", {(3, 10**12), (4, 10**12)})
    assert (await canaries.report()).seen == {}
    await canaries.answer("projector-catalog", {(3, 10**12), (3, asked)})
    assert (await canaries.report()).seen == {"projector-catalog": {3: asked}}
