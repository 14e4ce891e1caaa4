"""Verification looks at both halves: whatever is wrong with the topic is found, and the first of it named."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import asyncpg
import msgspec
import pytest

from infra.adapters.event_store import PostgresEventLog
from infra.adapters.verification import verify_log
from infra.embedded.kafka import ApacheKafka
from schemas.envelope import RawEvent
from tests.fakes.records import without_value
from tests.fakes.topic import Record, record_of, write_topic
from tests.integration.log.halves import append

pytestmark = pytest.mark.kafka

Events = list[RawEvent]
Written = Sequence[RawEvent | Record]


@dataclass(frozen=True)
class Damage:
    """What is wrong with a topic, and what verification has to say of it."""

    store: Callable[[Events], Events]
    """Which of the events stay in the store."""
    topic: Callable[[Events], Written]
    """What is written to the topic."""
    found: str


def whole(events: Events) -> Events:
    return events


def hollow(event: RawEvent) -> Record:
    partition, value, headers = record_of(event)
    return partition, value, without_value(headers, "ce_position")


DAMAGES = {
    "missing": Damage(
        whole, lambda events: [*events[:2], *events[3:]], "position 3 .* is in the event store but not in the topic"
    ),
    "surplus": Damage(
        lambda events: [*events[:2], *events[4:]], whole, "position 3 .* is in the topic but not in the event store"
    ),
    "surplus at the end": Damage(
        lambda events: [*events[:6], *events[8:]], whole, "position 7 .* is in the topic but not in the event store"
    ),
    "repeated": Damage(
        whole, lambda events: [*events[:3], *events[2:]], r"position 3 .* is in the topic again, as record \d+ of"
    ),
    "repeated at the end": Damage(
        whole, lambda events: [*events, events[2]], r"position 3 .* is in the topic again, as record \d+ of"
    ),
    "altered": Damage(
        whole,
        lambda events: [*events[:2], msgspec.structs.replace(events[2], traceparent="00-a-b-01"), *events[3:]],
        "position 3 .* differs between event store and topic in: traceparent",
    ),
    "foreign": Damage(
        whole,
        lambda events: [*events[:2], hollow(events[2]), *events[2:]],
        r"record \d+ of partition 3, where .* at position 3 .* should be: .* its envelope is not ours",
    ),
    "foreign at the end": Damage(
        whole,
        lambda events: [*events, hollow(events[2])],
        r"record \d+ of partition 3, after its last event: .* its envelope is not ours",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
async def test_whatever_is_wrong_with_the_topic_is_found_and_named(
    pool: asyncpg.Pool, log: PostgresEventLog, kafka: ApacheKafka, damage: Damage
) -> None:
    await append(log, 5, partition=3)
    events = await log.read_settled(0, 100)
    kept = [event.position for event in damage.store(events)]
    await pool.execute("delete from events where position <> all ($1)", kept)
    await write_topic(kafka.bootstrap_servers, damage.topic(events))
    found = await verify_log(log, kafka.bootstrap_servers)
    assert not found.equal
    assert found.difference is not None
    assert re.search(damage.found, found.difference), found.difference
