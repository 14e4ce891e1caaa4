"""Dead letters, listed, replayed to the one who gave them up, and dropped: on a real Kafka, by the command line."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer

from consumers.runtime.dead_letter_replay import Result, replay
from domain.generation.aggregate import GENERATION, generation_of
from domain.generation.events import JobStatus
from domain.kernel import DomainError, DomainEvent
from domain.product.events import ProductActivated
from infra.adapters.kafka.dead_letter_producer import DeadLetterProducer
from infra.adapters.kafka.dead_letter_queue import DeadLetterQueue
from infra.adapters.kafka.topic import ensure_topics
from infra.adapters.postgres.event_store import PostgresEventLog
from infra.clock import SystemClock
from schemas.envelope import Envelope
from schemas.internal.deliveries import DeadLetter, LetterDone
from schemas.topics import DEAD_LETTERS, EVENTS, Topic
from tests.support.builders.commands import Ask, bus_on, context
from tests.support.builders.records import AT, FakeRecord, activated, archived, record, record_of
from tests.support.fakes.deliveries import MemoryProvenance
from tests.support.servers.command_line import run_command

pytestmark = pytest.mark.kafka


def letter_of(given: FakeRecord, group: str = "probe", reason: str = "ValueError: no") -> DeadLetter:
    return DeadLetter(
        group=group, topic=EVENTS.name, partition=given.partition, offset=given.offset, key=given.key,
        value=given.value, headers=tuple(given.headers), reason=reason, traceback_digest="0" * 16, count=5,
        parked_at=AT - timedelta(hours=2),
    )  # fmt: skip


@pytest.fixture
async def queue(kafka: str) -> DeadLetterQueue:
    """The letterbox of a broker shared with other tests: emptied first."""
    await ensure_topics(kafka)
    box = DeadLetterQueue(kafka)
    await box.close(await box.open_letters(), "dropped", AT)
    return box


async def park(kafka: str, letters: Sequence[DeadLetter]) -> None:
    post = DeadLetterProducer(kafka)
    for letter in letters:
        await post.park(letter)
    await post.close()


def dlq(kafka: str, database: str, *arguments: str, expect: int = 0) -> Any:
    """Run ``zyenta dlq ... --json``; return what it printed, its words for people where it fails without."""
    own = {"DATABASE_URL": database, "KAFKA_BOOTSTRAP_SERVERS": kafka, "ZYENTA_MASTER_KEYS": "0" * 64}
    done = run_command(["dlq", *arguments, "--json"], environment={**os.environ, **own})
    assert done.status == expect, done.stderr
    return json.loads(done.stdout) if done.stdout else done.stderr


async def test_a_letter_is_open_until_it_is_replayed_or_dropped_and_again_when_parked_again(
    kafka: str, queue: DeadLetterQueue
) -> None:
    first, second = (letter_of(record(activated(uuid4()), offset=offset)) for offset in (11, 12))
    await park(kafka, [first, second, first])
    assert [letter.id for letter in await queue.open_letters()] == [second.id, first.id]
    await queue.close([second], "dropped", AT)
    await queue.close([second], "dropped", AT)
    (left,) = await queue.open_letters()
    assert left == first
    await queue.close([first], "replayed", AT)
    assert await queue.open_letters() == []
    await park(kafka, [second])
    assert await queue.open_letters() == [second]


async def test_letters_of_two_events_at_the_same_place_are_two(kafka: str, queue: DeadLetterQueue) -> None:
    # As in a topic that was published again: its offsets start again.
    first, second = (letter_of(record(activated(uuid4()), offset=11)) for _ in range(2))
    again = replace(first, offset=7)
    await park(kafka, [first, second, again])
    assert await queue.open_letters() == [second, again]
    await queue.close([first], "dropped", AT)
    assert await queue.open_letters() == [second]


async def test_a_letter_that_was_closed_under_its_place_stays_closed(kafka: str, queue: DeadLetterQueue) -> None:
    letter, foreign = letter_of(record(activated(uuid4()), offset=11)), letter_of(FakeRecord(offset=12))
    await park(kafka, [letter, foreign])
    assert [each.id for each in await queue.open_letters()] == [letter.id, "probe/zyenta.events/0/12"]
    async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
        for place in ("probe/zyenta.events/0/11", "probe/zyenta.events/0/12"):
            done = LetterDone(id=place, how="dropped", at=AT)
            await producer.send_and_wait(DEAD_LETTERS.name, b"", headers=done.to_headers())
    assert await queue.open_letters() == []


@dataclass
class Probe:
    """A consumer that does what a test tells it."""

    error: Exception | None = None
    name: str = "probe"
    topic: Topic = EVENTS
    handles: frozenset[type[DomainEvent]] = frozenset({ProductActivated})
    seen: int = 0

    async def __call__(self, envelope: Envelope) -> None:
        self.seen += 1
        if self.error is not None:
            raise self.error


@pytest.mark.parametrize(
    ("error", "result"),
    [(None, Result.HANDLED), (DomainError("it may not"), Result.REFUSED), (RuntimeError("boom"), Result.FAILED)],
)
async def test_a_replay_is_one_delivery_and_says_how_it_went(error: Exception | None, result: Result) -> None:
    probe = Probe(error)
    replayed = await replay(letter_of(record(activated(uuid4()))), probe, MemoryProvenance())
    assert (replayed.result, probe.seen) == (result, 1)
    assert (str(error) in replayed.reason) if error else replayed.reason == ""


async def test_a_letter_that_still_does_not_decode_fails_and_reaches_no_consumer() -> None:
    probe = Probe()
    known = record(activated(uuid4()))
    newer = [(name, b"product.product_glued.v1" if name == "ce_type" else value) for name, value in known.headers]
    for broken in (replace(known, value=b"{"), replace(known, headers=()), replace(known, headers=newer)):
        assert (await replay(letter_of(broken), probe, MemoryProvenance())).result == Result.FAILED
    assert (await replay(letter_of(record(archived(uuid4()))), probe, MemoryProvenance())).result == Result.HANDLED
    assert probe.seen == 0


async def test_the_command_line_lists_replays_to_exactly_that_group_and_drops(
    kafka: str, database: str, queue: DeadLetterQueue, pool: asyncpg.Pool
) -> None:
    store_id = uuid4()
    log = PostgresEventLog(pool, SystemClock())
    for id in (store_id, uuid4()):
        await bus_on(log, SystemClock()).dispatch(Ask(store_id=id), context())
    async with pool.acquire() as connection:
        stored, other = await log.read_settled(0, 10, connection=connection)
    waiting = letter_of(record_of(stored, offset=1), group="generation-policy", reason="TimeoutError: PostgreSQL")
    hopeless = letter_of(replace(record_of(other, offset=2), value=b"{"), group="generation-policy", reason="no JSON")
    read_model = letter_of(record_of(stored, offset=3), group="projector-catalog")
    await park(kafka, [waiting, hopeless, read_model])

    listed = dlq(kafka, database, "list")["letters"]
    assert [(each["id"], each["event_type"], each["count"]) for each in listed] == [
        (letter.id, "store.store_requested.v1", 5) for letter in (waiting, hopeless, read_model)
    ]
    assert listed[0]["age_seconds"] > 7000
    assert [each["id"] for each in dlq(kafka, database, "list", "--group", "projector-catalog")["letters"]] == [
        read_model.id
    ]

    replayed = dlq(kafka, database, "replay", "--group", "generation-policy", expect=1)["replayed"]
    assert [(each["id"], each["result"]) for each in replayed] == [(waiting.id, "handled"), (hopeless.id, "failed")]
    assert await _generation_status(pool, store_id) == JobStatus.PROCESSING
    assert [letter.id for letter in await queue.open_letters()] == [hopeless.id, read_model.id]

    (refused,) = dlq(kafka, database, "replay", read_model.id, expect=1)["replayed"]
    assert "zyenta projections rebuild catalog" in refused["reason"]
    assert "No open dead letter has the id nogroup/t/0/0" in dlq(
        kafka, database, "drop", "nogroup/t/0/0", hopeless.id, expect=1
    )
    assert dlq(kafka, database, "drop", hopeless.id, read_model.id) == {"dropped": [hopeless.id, read_model.id]}
    assert dlq(kafka, database, "list") == {"letters": []}


async def test_an_unknown_group_is_refused_with_the_names_of_the_known_ones(
    kafka: str, database: str, queue: DeadLetterQueue
) -> None:
    await park(kafka, [letter_of(record(activated(uuid4())), group="a-former-agent")])
    for command in ("replay", "list"):
        told = " ".join(dlq(kafka, database, command, "--group", "brand-agnet", expect=2).replace("│", " ").split())
        assert "unknown group brand-agnet. Use one of: a-former-agent, brand-agent, " in told
        assert "projector-catalog" in told
    assert len(dlq(kafka, database, "list", "--group", "a-former-agent")["letters"]) == 1


async def _generation_status(pool: asyncpg.Pool, store_id: UUID) -> JobStatus:
    loaded = await PostgresEventLog(pool, SystemClock()).load(GENERATION, generation_of(store_id))
    assert loaded is not None
    return JobStatus(loaded.state.status)
