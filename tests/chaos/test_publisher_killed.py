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

from infra.adapters.event_store import CHANNEL, PostgresEventLog
from infra.adapters.topic import published_position
from infra.adapters.verification import verify_log
from infra.bootstrap import SystemClock
from infra.embedded.kafka import ApacheKafka
from tests.chaos.conftest import Chaos
from tests.chaos.services import Service

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(600)]

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


async def _published_anything(kafka: ApacheKafka) -> None:
    async with asyncio.timeout(60):
        while await published_position(kafka.bootstrap_servers) == 0:
            await asyncio.sleep(0.1)


async def _read_everything(kafka: ApacheKafka) -> list[tuple[str, str]]:
    """Read the topic with nothing of ours: key and id of every committed record, in order per partition."""
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
