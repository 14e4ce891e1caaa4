"""Carries every committed event from the event store to the topic: in commit order, exactly once."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress

import asyncpg
import msgspec
from aiokafka.errors import KafkaError

from domain.kernel import Transient
from infra.adapters.event_store import CHANNEL, PostgresEventLog
from infra.adapters.kafka_producer import TransactionalProducer
from infra.adapters.topic import TopicMissing, ensure_topics, last_records
from schemas.envelope import RawEvent, to_headers
from schemas.topics import EVENTS, Topic, partition_of, work_topic

LEADER_LOCK = 7241002
"""Advisory lock of the one publisher at work; others stand by."""
BATCH = 5000
"""Events in one transaction at most: 60 ms of work, so that a successor never waits long."""
BUSY_POLL, IDLE_POLL = 0.003, 0.25
"""Seconds between looks at the store: soon after an append, in case it had not settled, and as a fallback."""
CHECK_SECONDS = 5.0
"""Seconds between looks at the topic while nothing is appended."""

log = logging.getLogger(__name__)

Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy


class TopicAhead(Exception):
    """The topic holds events the store does not: another store's topic, or a store restored from an old copy."""

    def __init__(self, topic_position: int, store_position: int) -> None:
        super().__init__(
            f"The topic ends at position {topic_position}, but the event store only at {store_position}. Nothing was "
            "published. If the store was lost, run “zyenta log restore”; if the topic belongs to another store, point "
            "KAFKA_BOOTSTRAP_SERVERS elsewhere."
        )


class Publisher:
    """Publishes while it is the leader.

    Exactly once rests on three things. Every batch is one Kafka transaction, so it is in the topic whole or not at all,
    over all partitions. Where the last publisher stopped is read from the topic itself, never from a second record that
    could disagree with it. And ``transactional.id`` is the same for all publishers: a new one fences the older, so that
    what a killed or frozen publisher still had under way can no longer commit. The advisory lock only keeps two healthy
    publishers from fencing each other in turns.
    """

    def __init__(self, pool: asyncpg.Pool, events: PostgresEventLog, bootstrap_servers: str) -> None:
        self._pool = pool
        self._events = events
        self._bootstrap_servers = bootstrap_servers
        self._woken = asyncio.Event()
        self.position = 0
        """The last position this publisher has seen in the topic."""

    async def run(self) -> None:
        """Publish until cancelled; after trouble, start again from what the topic says.

        Raises:
            TopicAhead: the two halves do not belong together; a person must decide.
        """
        backoff = 0.05
        loop = asyncio.get_running_loop()
        while True:
            started = loop.time()
            try:
                async with self._pool.acquire() as connection:
                    await self._lead(connection)
            except (
                KafkaError,
                OSError,
                asyncpg.PostgresError,
                asyncpg.InterfaceError,
                Transient,
                TimeoutError,
            ) as error:
                log.warning("publisher starts again in %.2f s: %s: %s", backoff, type(error).__name__, error)
                await asyncio.sleep(backoff)
                backoff = 0.05 if loop.time() - started > 30 else min(2.0, backoff * 2)

    async def _lead(self, connection: Connection) -> None:
        while not await connection.fetchval("select pg_try_advisory_lock($1)", LEADER_LOCK):
            await asyncio.sleep(0.2)
        try:
            await ensure_topics(self._bootstrap_servers)
            producer = TransactionalProducer(
                bootstrap_servers=self._bootstrap_servers, transactional_id="zyenta-publisher"
            )
            await producer.start()
            try:
                # Only now: starting has fenced the predecessor and ended its open transaction.
                self.position = await published_position(self._bootstrap_servers)
                await self._check_belongs()
                await connection.add_listener(CHANNEL, self._on_notify)
                await self._publish(producer, connection)
            finally:
                with suppress(KafkaError, AssertionError):
                    # A fenced aiokafka producer asserts while it stops; it is thrown away either way.
                    await asyncio.wait_for(producer.stop(), 5)
        finally:
            if not connection.is_closed():
                with suppress(asyncpg.PostgresError, asyncpg.InterfaceError):
                    await connection.remove_listener(CHANNEL, self._on_notify)
                    await connection.execute("select pg_advisory_unlock($1)", LEADER_LOCK)

    async def _publish(self, producer: TransactionalProducer, connection: Connection) -> None:
        log.info("publishing from position %d", self.position)
        last_busy = 0.0
        loop = asyncio.get_running_loop()
        checked = loop.time()
        while True:
            self._woken.clear()
            events = await self._events.read_settled(self.position, BATCH)
            if events:
                await self._send(producer, events)
                self.position = events[-1].position
                last_busy = loop.time()
                continue
            if connection.is_closed():
                raise Transient("PostgreSQL", "the publisher's connection closed, and its leadership with it")
            if loop.time() - checked > CHECK_SECONDS:
                await self._check_topic()
                checked = loop.time()
            wait = BUSY_POLL if loop.time() - last_busy < 1 else IDLE_POLL
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._woken.wait()
                last_busy = loop.time()

    async def _send(self, producer: TransactionalProducer, events: Sequence[RawEvent]) -> None:
        by_target: dict[tuple[Topic, int], list[tuple[bytes, RawEvent]]] = {}
        for raw in events:
            target = (EVENTS, partition_of(raw.tenant))
            by_target.setdefault(target, []).append((str(raw.tenant).encode(), raw))
            work = work_topic(raw.type)
            if work is not None:
                target = (work, partition_of(raw.stream_id))
                by_target.setdefault(target, []).append((str(raw.stream_id).encode(), raw))
        await producer.begin_transaction()
        sent = []
        for (topic, partition), records in by_target.items():
            batch = producer.create_batch()
            for key, raw in records:
                record = {
                    "key": key,
                    "value": raw.data,
                    "timestamp": int(raw.recorded_at.timestamp() * 1000),
                    "headers": to_headers(raw, occurred_at(raw)),
                }
                if batch.append(**record) is None:
                    sent.append(await producer.send_batch(batch, topic.name, partition=partition))
                    batch = producer.create_batch()
                    batch.append(**record)
            sent.append(await producer.send_batch(batch, topic.name, partition=partition))
        await asyncio.gather(*sent)
        await producer.commit_transaction()

    async def _check_topic(self) -> None:
        """Notice a broker that was wiped while nothing was appended: it is to be refilled without waiting for more."""
        if await published_position(self._bootstrap_servers) != self.position:
            raise Transient("the broker", "the topic does not end where it was left; it was made anew")

    async def _check_belongs(self) -> None:
        last = await self._pool.fetchval("select max(position) from events") or 0
        if self.position > last:
            raise TopicAhead(self.position, last)

    def _on_notify(self, *_: object) -> None:
        self._woken.set()


async def published_position(bootstrap_servers: str) -> int:
    """Return the position of the last event in the topic; 0 if it is empty, so that a wiped topic is refilled."""
    try:
        last = await last_records(bootstrap_servers, EVENTS)
    except TopicMissing:
        return 0
    return max((int(dict(record.headers)["ce_position"]) for record in last.values()), default=0)


class _OccurredAt(msgspec.Struct):
    occurred_at: str = ""


_read_time = msgspec.json.Decoder(_OccurredAt)


def occurred_at(raw: RawEvent) -> str:
    """Return when an event happened, as its body says it."""
    try:
        return _read_time.decode(raw.data).occurred_at or raw.recorded_at.isoformat()
    except msgspec.DecodeError:  # an event of a library application need not be JSON
        return raw.recorded_at.isoformat()
