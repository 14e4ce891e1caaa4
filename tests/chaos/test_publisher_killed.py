"""Promise 1: every committed event is in the topic exactly once, per key in order, whatever happens to publishers."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from uuid import UUID

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from infra.adapters.kafka.topic import open_transactions, published_position
from infra.adapters.postgres.event_store import CHANNEL, PostgresEventLog
from infra.clock import SystemClock
from infra.embedded.kafka import ApacheKafka
from infra.log.publisher import LEADER_LOCK
from infra.log.verification import verify_log
from tests.chaos.conftest import Chaos
from tests.chaos.services import Service

pytestmark = [pytest.mark.kafka, pytest.mark.long, pytest.mark.timeout(600)]

WRITERS = 6
APPEND = """
select append_events($1, '\\x00'::bytea, null, 0, 0, $1, null, null, $2::uuid[], $3::uuid[], $4::integer[], $5::text[],
                     $3::uuid[], $6::bytea[])
"""


@dataclass
class Writer:
    """Appends to streams of its own, some events in one transaction, and takes some transactions back."""

    dice: Random
    pool: asyncpg.Pool
    versions: dict[UUID, int] = field(default_factory=lambda: defaultdict(int))
    appended: int = 0

    async def append(self, *, take_back: bool = False, hold_seconds: float = 0.0) -> None:
        # Sorted: the events of one stream must stand side by side.
        streams = sorted(self._stream() for _ in range(self.dice.choice((1, 1, 2, 5))))
        versions = {stream: self.versions[stream] for stream in streams}
        numbers = []
        for stream in streams:
            versions[stream] += 1
            numbers.append(versions[stream])
        async with self.pool.acquire() as connection:
            transaction = connection.transaction()
            await transaction.start()
            await connection.execute(
                APPEND, self._uuid(), [self._uuid() for _ in streams], streams, numbers,
                ["store.store_paused.v1"] * len(streams), [b'{"note": %d}' % n for n in numbers],
            )  # fmt: skip
            await asyncio.sleep(hold_seconds)
            if take_back:
                await transaction.rollback()
                return
            await transaction.commit()
            self.versions.update(versions)
            self.appended += len(streams)
            await connection.execute(f"notify {CHANNEL}")

    def _stream(self) -> UUID:
        known = list(self.versions)
        return self.dice.choice(known) if len(known) > 30 else self._uuid()

    def _uuid(self) -> UUID:
        return UUID(int=self.dice.getrandbits(128), version=4)


@pytest.fixture
async def pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    async with asyncpg.create_pool(database, min_size=WRITERS + 1, max_size=WRITERS + 4) as connections:
        yield connections


async def test_killed_doubled_and_restarted_publishers_publish_every_event_exactly_once(
    chaos: Chaos, pool: asyncpg.Pool, database: str, kafka: ApacheKafka, tmp_path: Path
) -> None:
    wanted, kills = chaos.pick(short=2_000, full=20_000), chaos.pick(short=6, full=50)
    dice, done = chaos.dice, asyncio.Event()
    writers = [Writer(Random(dice.getrandbits(64)), pool) for _ in range(WRITERS)]

    async def write(writer: Writer) -> None:
        while sum(each.appended for each in writers) < wanted or not done.is_set():
            await writer.append(take_back=writer.dice.random() < 0.05)
            # Evenly over the attack, with a backlog now and then.
            if not done.is_set() and sum(each.appended for each in writers) > wanted * (killed + 1) / kills:
                await asyncio.sleep(writer.dice.uniform(0, 0.1))

    async def launch(name: int) -> Service:
        return await Service.launch(
            "publisher", database=database, kafka=kafka.bootstrap_servers, log_file=tmp_path / f"publisher-{name}.log"
        )

    killed = 0
    slow = Writer(Random(dice.getrandbits(64)), pool)
    publishers = [await launch(0), await launch(1)]
    writing = [asyncio.create_task(write(writer)) for writer in writers]
    try:
        await _published_anything(kafka)
        writing.append(asyncio.create_task(slow.append(hold_seconds=3.0)))
        while killed < kills:
            await asyncio.sleep(dice.uniform(0.0, 1.5))
            victims = [0, 1] if dice.random() < 0.1 else [dice.randrange(2)]
            for victim in victims:
                await publishers[victim].kill()
                killed += 1
                publishers[victim] = await launch(victim)
        done.set()
        await asyncio.gather(*writing)
        log = PostgresEventLog(pool, SystemClock())
        async with asyncio.timeout(60):
            while await published_position(kafka.bootstrap_servers) < await log.last_position():
                await asyncio.sleep(0.1)
        parity = await verify_log(log, kafka.bootstrap_servers)
    finally:
        for task in writing:
            task.cancel()
        await asyncio.gather(*(publisher.kill() for publisher in publishers), *writing, return_exceptions=True)

    stored = await pool.fetch("select id, tenant, position from events order by position")
    assert len(stored) == sum(writer.appended for writer in (*writers, slow)) >= wanted
    published = await _read_everything(kafka)
    assert _per_key([(str(row["tenant"]), str(row["id"])) for row in stored]) == _per_key(published)
    assert len({id for _, id in published}) == len(published)
    assert (parity.equal, parity.difference) == (True, None)


async def test_a_publisher_that_wakes_in_the_middle_of_its_batch_adds_nothing_to_what_its_successor_published(
    chaos: Chaos, pool: asyncpg.Pool, database: str, kafka: ApacheKafka, tmp_path: Path
) -> None:
    log, writing = PostgresEventLog(pool, SystemClock()), asyncio.Event()

    async def write() -> None:
        while not writing.is_set():
            await _append_many(pool, chaos.dice, 1_000)

    async def launch(name: str) -> Service:
        return await Service.launch(
            "publisher", database=database, kafka=kafka.bootstrap_servers, log_file=tmp_path / f"{name}.log"
        )

    async def caught_up() -> None:
        while await published_position(kafka.bootstrap_servers) < await log.last_position():
            await asyncio.sleep(0.1)

    writer, services = asyncio.create_task(write()), [await launch("zombie")]
    (zombie,) = services
    try:
        await _published_anything(kafka)
        await _freeze_within_a_batch(zombie, kafka)
        writing.set()
        await writer
        services.append(await launch("successor"))
        assert await pool.fetchval(
            "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and objid = $1 and granted",
            LEADER_LOCK,
        )
        async with asyncio.timeout(60):
            await caught_up()
        # The successor has ended the transaction by its start; it did not wait until the broker gave it up.
        assert "transaction is open" not in services[1].output()
        zombie.thaw()
        async with asyncio.timeout(60):
            while "publisher restarts" not in zombie.output():
                await asyncio.sleep(0.1)
        await _append_many(pool, chaos.dice, 100)
        async with asyncio.timeout(30):
            await caught_up()
        parity = await verify_log(log, kafka.bootstrap_servers)
    finally:
        writing.set()
        await asyncio.gather(writer, *(service.kill() for service in services), return_exceptions=True)
    assert (parity.equal, parity.difference) == (True, None)
    published = await _read_everything(kafka)
    assert len({id for _, id in published}) == len(published) == await pool.fetchval("select count(*) from events")


async def _append_many(pool: asyncpg.Pool, dice: Random, count: int) -> None:
    """Append the first event of each of several streams in one transaction."""
    streams, ids = ([UUID(int=dice.getrandbits(128), version=4) for _ in range(count)] for _ in range(2))
    await pool.execute(
        APPEND, ids[0], ids, streams, [1] * count, ["store.store_paused.v1"] * count, [b"{}"] * count
    )  # fmt: skip


async def _freeze_within_a_batch(publisher: Service, kafka: ApacheKafka) -> None:
    """Freeze a publisher that has work, so that its transaction is open and stays so."""
    async with asyncio.timeout(60):
        while True:
            publisher.freeze()
            # One that is just being committed ends by itself.
            if all([await open_transactions(kafka.bootstrap_servers) for _ in range(3)]):
                return
            publisher.thaw()
            await asyncio.sleep(0.05)


async def _published_anything(kafka: ApacheKafka) -> None:
    async with asyncio.timeout(60):
        while await published_position(kafka.bootstrap_servers) == 0:
            await asyncio.sleep(0.1)


async def _read_everything(kafka: ApacheKafka) -> list[tuple[str, str]]:
    """Read the topic with aiokafka alone: key and id of every committed record, in order per partition."""
    async with AIOKafkaConsumer(
        bootstrap_servers=kafka.bootstrap_servers,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    ) as consumer:
        partitions = [TopicPartition("zyenta.events", number) for number in range(8)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        found = []
        for partition in partitions:
            while await consumer.position(partition) < ends[partition]:
                for record in (await consumer.getmany(partition, timeout_ms=500)).get(partition, ()):
                    assert record.key is not None
                    found.append((record.key.decode(), dict(record.headers)["ce_id"].decode()))
        return found


def _per_key(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for key, id in pairs:
        found[key].append(id)
    return found
