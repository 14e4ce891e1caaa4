"""Consumers on a real Apache Kafka and a real PostgreSQL: nothing lost, order per key, parked after five."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from consumers.app import OPEN_MOST, ConsumerApp
from consumers.runtime.delivery import REDELIVERY
from domain.kernel import DomainEvent
from domain.product.events import ProductActivated
from infra.adapters.kafka.dead_letter_producer import DeadLetterProducer
from infra.adapters.kafka.topic import delete_topics, ensure_topics
from infra.adapters.postgres.deliveries import PostgresDeliveries
from infra.embedded.kafka import ApacheKafka
from infra.embedded.process import free_port
from schemas.envelope import Envelope
from schemas.headers import header
from schemas.internal.canaries import Canaries
from schemas.internal.canaries import to_headers as to_canary_headers
from schemas.topics import CANARY, DEAD_LETTERS, Topic
from tests.integration.consumers.parked import letters_of
from tests.support.builders.records import FakeRecord, activated, archived, record, without_value
from tests.support.fakes.deliveries import MemoryProvenance
from tests.support.fakes.event_log import FixedClock

pytestmark = pytest.mark.kafka

PARTITIONS = 4


async def _content(_: Envelope) -> None:
    return


@dataclass
class Probe:
    """A consumer that notes what it sees and does what a test tells it."""

    topic: Topic
    react: Callable[[Envelope], Awaitable[None]] = _content
    name: str = field(default_factory=lambda: f"probe-{uuid4()}")
    handles: frozenset[type[DomainEvent]] = frozenset({ProductActivated})
    seen: list[tuple[UUID, int]] = field(default_factory=list)
    """Tenant and version of each delivery."""

    async def __call__(self, envelope: Envelope) -> None:
        self.seen.append((envelope.tenant, envelope.event.originator_version))
        await self.react(envelope)

    def versions(self, tenant: UUID) -> list[int]:
        return [version for of, version in self.seen if of == tenant]


@dataclass
class World:
    """The log's surroundings of one test: a topic of its own, the ledger and the dead letters."""

    kafka: str
    pool: asyncpg.Pool
    topic: Topic

    @asynccontextmanager
    async def consuming(self, *probes: Probe, canaries: Canaries | None = None) -> AsyncIterator[ConsumerApp]:
        """Run an app until the block ends."""
        letters = DeadLetterProducer(self.kafka)
        app = ConsumerApp(
            probes,
            bootstrap_servers=self.kafka,
            ledger=PostgresDeliveries(self.pool),
            dead_letters=letters,
            provenance=MemoryProvenance(),
            clock=FixedClock(),
            redelivery=replace(REDELIVERY, first_pause=0.02),
            grace_seconds=1.0,
            canaries=canaries,
        )
        await app.start()
        try:
            yield app
        finally:
            await app.stop()
            await letters.close()

    async def publish(self, records: Sequence[FakeRecord]) -> None:
        async with AIOKafkaProducer(bootstrap_servers=self.kafka, acks="all") as producer:
            for each in records:
                await producer.send(self.topic.name, key=each.key, value=each.value, headers=list(each.headers))
            await producer.flush()

    async def committed(self, group: str) -> int:
        """Return the sum of a group's committed offsets."""
        async with AIOKafkaConsumer(bootstrap_servers=self.kafka, group_id=group, enable_auto_commit=False) as reader:
            partitions = [TopicPartition(self.topic.name, n) for n in range(self.topic.partitions)]
            return sum([await reader.committed(each) or 0 for each in partitions])

    async def open_deliveries(self) -> int:
        count: int = await self.pool.fetchval("select count(*) from deliveries")
        return count


@pytest.fixture
async def world(kafka: str, pool: asyncpg.Pool) -> World:
    topic = Topic(f"test.{uuid4()}", PARTITIONS, ())
    await ensure_topics(kafka, (topic, DEAD_LETTERS))
    return World(kafka, pool, topic)


async def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


def stream(tenant: UUID, count: int, first: int = 1) -> list[FakeRecord]:
    return [record(activated(tenant, version), tenant=tenant) for version in range(first, first + count)]


async def test_events_of_a_key_come_in_order_and_are_committed_when_done(world: World) -> None:
    tenants = [uuid4() for _ in range(12)]
    probe = Probe(world.topic)
    interleaved = [each for turn in zip(*(stream(tenant, 20) for tenant in tenants), strict=True) for each in turn]
    await world.publish(interleaved)
    async with world.consuming(probe):
        await until(lambda: len(probe.seen) == 240)
    for tenant in tenants:
        assert probe.versions(tenant) == list(range(1, 21))
    assert await world.committed(probe.name) == 240
    assert await world.open_deliveries() == 0


async def test_a_restart_delivers_nothing_that_was_done(world: World) -> None:
    probe = Probe(world.topic)
    tenant = uuid4()
    await world.publish(stream(tenant, 10))
    async with world.consuming(probe):
        await until(lambda: len(probe.seen) == 10)
    await world.publish(stream(tenant, 3, first=11))
    async with world.consuming(probe):
        await until(lambda: len(probe.seen) >= 13)
    assert probe.versions(tenant) == list(range(1, 14))


async def test_a_slow_key_holds_up_no_other_and_is_delivered_again_after_a_stop(world: World) -> None:
    slow, quick = uuid4(), uuid4()

    async def hang_on_slow(envelope: Envelope) -> None:
        if envelope.tenant == slow:
            await asyncio.Event().wait()

    probe = Probe(world.topic, hang_on_slow)
    await world.publish([*stream(slow, 2), *stream(quick, 50)])
    async with world.consuming(probe):
        await until(lambda: len(probe.versions(quick)) == 50 and probe.versions(slow) == [1])
    assert await world.open_deliveries() == 0, "a stop does not count as a failure"
    again = replace(probe, react=_content, seen=[])
    async with world.consuming(again):
        await until(lambda: again.versions(slow) == [1, 2])


async def test_poison_is_parked_after_five_deliveries_while_other_keys_go_on(world: World) -> None:
    poisoned, healthy = uuid4(), uuid4()

    async def choke(envelope: Envelope) -> None:
        if envelope.tenant == poisoned and envelope.event.originator_version == 2:
            raise ValueError("cannot be digested")

    probe = Probe(world.topic, choke)
    await world.publish([*stream(poisoned, 4), *stream(healthy, 30)])
    async with world.consuming(probe):
        await until(lambda: len(probe.versions(poisoned)) == 8 and len(probe.versions(healthy)) == 30)
    assert probe.versions(poisoned) == [1, 2, 2, 2, 2, 2, 3, 4], "later records of the key follow after the park"
    assert probe.versions(healthy) == list(range(1, 31))
    (letter,) = await letters_of(world.kafka, probe.name, wanted=1)
    assert (letter.count, letter.topic, letter.reason) == (5, world.topic.name, "ValueError: cannot be digested")
    assert letter.key == str(poisoned).encode()
    assert await world.committed(probe.name) == 34
    assert await world.open_deliveries() == 0


async def test_the_delivery_count_outlives_the_process(world: World) -> None:
    tenant = uuid4()
    (given,) = stream(tenant, 1)
    event_id = UUID(header(given.headers, "ce_id").decode())
    probe = Probe(world.topic)
    # What five crashes leave behind: five deliveries begun, no word from any.
    await world.pool.execute(
        "insert into deliveries (consumer_group, event_id, topic, partition, record_offset, count)"
        " values ($1, $2, $3, 0, 0, 5)",
        probe.name,
        event_id,
        world.topic.name,
    )
    await world.publish([given])
    async with world.consuming(probe):
        (letter,) = await letters_of(world.kafka, probe.name, wanted=1)
    assert probe.seen == []
    assert (letter.count, letter.reason.partition(":")[0]) == (5, "Crashed")


async def test_a_stop_that_meets_the_end_of_a_record_stops_all_the_same(world: World) -> None:
    tenant = uuid4()
    probe = Probe(world.topic)
    async with asyncio.timeout(30), world.consuming(probe) as app:
        await world.publish(stream(tenant, 1))
        await until(lambda: probe.versions(tenant) == [1])
        moved = app._subscriptions[0]._executor._progressed
        await until(lambda: len(moved._waiters) == 1)
        moved.set()
        await asyncio.sleep(0)


async def test_what_does_not_decode_is_parked_as_it_is_and_foreign_types_are_passed_by(world: World) -> None:
    tenant = uuid4()
    good = record(activated(tenant, 1), tenant=tenant)
    foreign = replace(record(archived(tenant, 2), tenant=tenant), value=b"\xff never decoded")
    broken = replace(record(activated(tenant, 3), tenant=tenant), value=b"{")
    headless = FakeRecord(key=str(tenant).encode(), value=b"hello", headers=(("x", b"\xff"),))
    hollow = replace(good, headers=without_value(good.headers, "ce_type", "ce_position"))
    last = record(activated(tenant, 4), tenant=tenant)
    probe = Probe(world.topic)
    await world.publish([good, foreign, broken, headless, hollow, last])
    async with world.consuming(probe):
        await until(lambda: probe.versions(tenant) == [1, 4])
    letters = await letters_of(world.kafka, probe.name, wanted=3)
    assert [(letter.value, letter.count) for letter in letters] == [(b"{", 1), (b"hello", 1), (good.value, 1)]
    assert letters[1].headers == (("x", b"\xff"),)
    assert letters[2].headers == tuple(hollow.headers)
    assert await world.committed(probe.name) == 6


async def test_a_rebalance_loses_nothing_and_keeps_order_per_key(world: World) -> None:
    tenants = [uuid4() for _ in range(20)]
    first_pass: dict[UUID, list[int]] = {tenant: [] for tenant in tenants}

    async def note(envelope: Envelope) -> None:
        await asyncio.sleep(0.002)
        versions = first_pass[envelope.tenant]
        if envelope.event.originator_version not in versions:
            versions.append(envelope.event.originator_version)

    group = f"probe-{uuid4()}"
    probes = [Probe(world.topic, note, group) for _ in range(2)]
    await world.publish([each for tenant in tenants for each in stream(tenant, 40)])
    async with world.consuming(probes[0]):
        await until(lambda: len(probes[0].seen) > 100)
        async with world.consuming(probes[1]):
            await world.publish([each for tenant in tenants for each in stream(tenant, 40, first=41)])
            await until(lambda: all(len(versions) == 80 for versions in first_pass.values()), seconds=60)
    assert probes[1].seen, "the second took its share"
    for versions in first_pass.values():
        assert versions == list(range(1, 81))
    assert await world.committed(group) == 1600
    assert await world.open_deliveries() == 0


async def test_several_consumers_of_one_process_go_at_their_own_pace(world: World) -> None:
    tenant = uuid4()

    async def hang(_: Envelope) -> None:
        await asyncio.Event().wait()

    stuck, free = Probe(world.topic, hang), Probe(world.topic)
    await world.publish(stream(tenant, 10))
    async with world.consuming(stuck, free):
        await until(lambda: len(free.seen) == 10 and len(stuck.seen) == 1)
    assert await world.committed(stuck.name) == 0
    assert await world.committed(free.name) == 10


@dataclass
class Cage:
    """Takes in canaries."""

    seen: dict[int, int] = field(default_factory=dict)

    async def answer(self, component: str, seen: Collection[tuple[int, int]]) -> None:
        self.seen.update(sorted(seen))


def loaded(app: ConsumerApp) -> bool:
    """Whether the app's one consumer has stopped fetching, because too much is open."""
    return app._subscriptions[0]._executor.open >= OPEN_MOST


async def test_a_consumer_with_a_full_load_lets_canaries_pass(world: World) -> None:
    async def hang(_: Envelope) -> None:
        await asyncio.Event().wait()

    await ensure_topics(world.kafka, (CANARY,))
    probe, cage = Probe(world.topic, hang), Cage()
    await world.publish([each for _ in range(50) for each in stream(uuid4(), 40)])
    async with world.consuming(probe, canaries=cage) as app:
        await until(lambda: loaded(app))
        async with AIOKafkaProducer(bootstrap_servers=world.kafka) as producer:
            await producer.send_and_wait(CANARY.name, b"", partition=5, headers=to_canary_headers(7))
        await until(lambda: cage.seen == {5: 7})
        assert loaded(app)


async def test_a_consumer_that_is_behind_while_its_topic_is_created_again_misses_nothing(world: World) -> None:
    go = asyncio.Event()

    async def wait(_: Envelope) -> None:
        await go.wait()

    tenants = [uuid4() for _ in range(60)]
    given = [each for turn in zip(*(stream(tenant, 50) for tenant in tenants), strict=True) for each in turn]
    # Records that this consumer skips take offsets in the first topic only, as transaction markers do.
    passed_by = [
        record(archived(UUID(each.key.decode())), tenant=UUID(each.key.decode())) for each in given if each.key
    ]
    probe = Probe(world.topic, wait)
    await world.publish([each for pair in zip(given, passed_by, strict=True) for each in pair][:2_600])
    async with world.consuming(probe) as app:
        await until(lambda: loaded(app))
        await delete_topics(world.kafka, (world.topic,))
        await ensure_topics(world.kafka, (world.topic,))
        await world.publish(given)
        go.set()
        await until(lambda: len(set(probe.seen)) == len(given), seconds=60)
        async with asyncio.timeout(60):
            while await world.committed(probe.name) != len(given):
                await asyncio.sleep(0.1)


async def test_consumers_wait_for_a_broker_that_is_not_there_yet_and_outlive_its_restart(
    tmp_path: Path, pool: asyncpg.Pool
) -> None:
    broker = ApacheKafka(tmp_path / "broker", port=free_port())
    topic = Topic(f"test.{uuid4()}", PARTITIONS, ())
    probe, tenant = Probe(topic), uuid4()
    world = World(broker.bootstrap_servers, pool, topic)
    app = ConsumerApp(
        [probe],
        bootstrap_servers=broker.bootstrap_servers,
        ledger=PostgresDeliveries(pool),
        dead_letters=DeadLetterProducer(broker.bootstrap_servers),
        provenance=MemoryProvenance(),
        clock=FixedClock(),
    )
    stop = asyncio.Event()
    running = asyncio.create_task(app.run(stop))
    try:
        await broker.start()
        await ensure_topics(broker.bootstrap_servers, (topic,))
        await world.publish(stream(tenant, 5))
        await until(lambda: probe.versions(tenant) == list(range(1, 6)))
        await broker.kill()
        await broker.start()
        await world.publish(stream(tenant, 5, first=6))
        await until(lambda: set(probe.versions(tenant)) == set(range(1, 11)), seconds=60)
    finally:
        stop.set()
        await running
        await broker.stop()
