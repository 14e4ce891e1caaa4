"""Verification finds every fault of the topic and names the first."""

import re
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import asyncpg
import msgspec
import pytest

from infra.adapters.kafka.topic import delete_topics
from infra.adapters.postgres.event_store import PostgresEventLog
from infra.adapters.postgres.settled_log import SettledLog
from infra.embedded.kafka import ApacheKafka
from infra.log.verification import verify_log
from schemas.envelope import RawEvent
from schemas.topics import EVENTS
from tests.integration.log.halves import append
from tests.support.builders.records import without_value
from tests.support.servers.topic import Record, record_of, write_topic

pytestmark = pytest.mark.kafka

Events = list[RawEvent]
Written = Sequence[RawEvent | Record]


@dataclass(frozen=True)
class Damage:
    """A fault of a topic, and what verification must report."""

    store: Callable[[Events], Events]
    """The events that stay in the store."""
    topic: Callable[[Events], Written]
    """The records that are written to the topic."""
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
    "altered": Damage(
        whole,
        lambda events: [*events[:2], msgspec.structs.replace(events[2], traceparent="00-a-b-01"), *events[3:]],
        "position 3 .* differs between event store and topic in: traceparent",
    ),
    "altered in its body": Damage(
        whole,
        lambda events: [
            *events[:2],
            msgspec.structs.replace(events[2], data=events[2].data.replace(b"2", b"3")),
            *events[3:],
        ],
        "position 3 .* differs between event store and topic in: data",
    ),
    "missing behind a foreign record": Damage(
        whole,
        lambda events: [*events[:2], hollow(events[2]), *events[3:]],
        "position 3 .* is in the event store but not in the topic; 1 foreign record",
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


def far(event: RawEvent) -> Record:
    """Return a copy of an event with a position far ahead."""
    return record_of(msgspec.structs.replace(event, position=999_999))


def renamed(event: RawEvent) -> Record:
    """Return a copy of an event far ahead under a new id, as an attack on payments would send it."""
    return record_of(msgspec.structs.replace(event, position=999_999, id=uuid4()))


def forged(event: RawEvent) -> Record:
    """Return an event with another body at the position of its publication."""
    return record_of(msgspec.structs.replace(event, data=event.data.replace(b"2", b"3")))


STRAYS: dict[str, Callable[[Events], Written]] = {
    "no event": lambda events: [*events[:2], hollow(events[2]), *events[2:]],
    "no event at the end": lambda events: [*events, hollow(events[2])],
    "no headers": lambda events: [*events[:3], (3, b"hello", []), *events[3:]],
    "repeated": lambda events: [*events[:3], record_of(events[2]), *events[3:]],
    "repeated at the end": lambda events: [*events, record_of(events[2])],
    "far ahead": lambda events: [*events[:3], far(events[2]), *events[3:]],
    "far ahead at the end": lambda events: [*events, far(events[2])],
    "renamed": lambda events: [*events[:3], renamed(events[2]), *events[3:]],
    "renamed at the end": lambda events: [*events, renamed(events[2])],
    "before the true one": lambda events: [*events[:4], forged(events[4]), *events[4:]],
}


@pytest.mark.parametrize("written", STRAYS.values(), ids=STRAYS.keys())
async def test_a_stray_record_is_named_and_the_halves_are_equal(
    log: PostgresEventLog, kafka: ApacheKafka, written: Callable[[Events], Written]
) -> None:
    await append(log, 5, partition=3)
    events = await log.read_settled(0, 100)
    await write_topic(kafka.bootstrap_servers, written(events))
    found = await verify_log(log, kafka.bootstrap_servers)
    assert (found.equal, found.difference, found.events) == (True, None, 10)
    (stray,) = found.foreign
    assert (stray.topic, stray.partition) == ("zyenta.events", 3)


async def test_a_stray_record_in_a_partition_that_is_empty_is_named(log: PostgresEventLog, kafka: ApacheKafka) -> None:
    await append(log, 1, partition=3)
    events = await log.read_settled(0, 100)
    _, value, headers = record_of(events[0])
    await write_topic(kafka.bootstrap_servers, [*events, (4, value, headers)])
    found = await verify_log(log, kafka.bootstrap_servers)
    assert found.equal
    assert [(stray.partition, stray.offset) for stray in found.foreign] == [(4, 0)]


class Refilled(SettledLog):
    """A store whose topic is created again and filled with less, after the first event was compared; filled later."""

    def __init__(self, pool: asyncpg.Pool, kafka: str, events: Events) -> None:
        super().__init__(pool)
        self.scans = 0
        self._kafka, self._events = kafka, events

    async def last_position(self) -> int:
        """Return a position that is published at any time."""
        return 0

    async def scan(self, after: int = 0, **limits: Any) -> AsyncGenerator[list[RawEvent], None]:
        """Yield the first event, replace the topic, and yield the others."""
        self.scans += 1
        if self.scans == 2:
            await write_topic(self._kafka, self._events[2:])
        first, *others = self._events
        yield [first]
        if self.scans == 1:
            await delete_topics(self._kafka, [EVENTS])
            await write_topic(self._kafka, self._events[:2])
        yield others


async def test_a_topic_that_is_created_again_while_it_is_read_is_verified_from_its_beginning(
    pool: asyncpg.Pool, log: PostgresEventLog, kafka: ApacheKafka
) -> None:
    await append(log, 5, partition=3)
    events = await log.read_settled(0, 100)
    await write_topic(kafka.bootstrap_servers, events[:4])
    refilled = Refilled(pool, kafka.bootstrap_servers, events)
    found = await verify_log(refilled, kafka.bootstrap_servers)
    assert (found.equal, found.difference, found.events, refilled.scans) == (True, None, 10, 2)
