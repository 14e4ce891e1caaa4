"""What every delivery ledger promises: PostgreSQL's, and the one in memory that unit tests trust."""

from uuid import uuid4

import asyncpg
import pytest

from domain.kernel import Transient
from infra.adapters.postgres.deliveries import PostgresDeliveries
from schemas.internal.deliveries import Delivery, DeliveryLedger, Place
from tests.support.fakes.deliveries import MemoryLedger


@pytest.fixture(params=["memory", "postgresql"])
def ledger(request: pytest.FixtureRequest) -> DeliveryLedger:
    if request.param == "memory":
        return MemoryLedger()
    return PostgresDeliveries(request.getfixturevalue("pool"))


def place(group: str = "probe") -> Place:
    return Place(group=group, event_id=uuid4(), topic="zyenta.events", partition=3, offset=41)


async def test_a_delivery_without_an_outcome_counts_as_a_crash(ledger: DeliveryLedger) -> None:
    where = place()
    assert [await ledger.begin(where) for _ in range(3)] == [Delivery(1, 0), Delivery(2, 1), Delivery(3, 2)]


async def test_a_delivery_that_raised_does_not_count_as_a_crash(ledger: DeliveryLedger) -> None:
    where = place()
    for count in (1, 2, 3):
        assert await ledger.begin(where) == Delivery(count, 0)
        await ledger.failed(where, "ValueError")
    await ledger.begin(where)
    assert await ledger.begin(where) == Delivery(5, 1)


async def test_a_withdrawn_delivery_does_not_count(ledger: DeliveryLedger) -> None:
    where = place()
    for _ in range(3):
        assert await ledger.begin(where) == Delivery(1, 0)
        await ledger.withdraw(where)
    await ledger.begin(where)
    await ledger.failed(where, "ValueError")
    await ledger.begin(where)
    await ledger.withdraw(where)
    assert await ledger.begin(where) == Delivery(2, 0)


async def test_a_finished_delivery_starts_again_at_one(ledger: DeliveryLedger) -> None:
    where = place()
    await ledger.begin(where)
    await ledger.done(where)
    await ledger.done(where)
    assert await ledger.begin(where) == Delivery(1, 0)


async def test_groups_and_events_are_counted_apart(ledger: DeliveryLedger) -> None:
    one = place("one")
    other = Place(group="two", event_id=one.event_id, topic=one.topic, partition=one.partition, offset=one.offset)
    for where in (one, other, place("one")):
        assert await ledger.begin(where) == Delivery(1, 0)


async def test_a_database_that_is_away_is_an_outage_to_wait_for(database: str) -> None:
    pool = await asyncpg.create_pool(database, min_size=1, max_size=1)
    ledger = PostgresDeliveries(pool)
    await pool.close()
    with pytest.raises(Transient, match="deliveries could not be counted"):
        await ledger.begin(place())
