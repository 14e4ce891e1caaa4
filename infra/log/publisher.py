"""Publishes every committed event from the event store to the topic, in commit order and exactly once."""

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import asyncpg
from aiokafka import ConsumerRecord
from aiokafka.errors import KafkaError
from aiokafka.structs import RecordMetadata

from domain.kernel import Transient
from infra.adapters.kafka.producer import TransactionalProducer, mark_retrieved
from infra.adapters.kafka.record_batches import TargetedBatch
from infra.adapters.kafka.topic import (
    LogEnd,
    OnForeign,
    TopicMissing,
    ensure_topics,
    ignore_foreign,
    log_end,
    open_transactions,
    published_position,
)
from infra.adapters.postgres.canaries import CHANNEL as CANARY_CHANNEL
from infra.adapters.postgres.canaries import PostgresCanaries
from infra.adapters.postgres.event_store import CHANNEL, PostgresEventLog
from infra.adapters.postgres.pools import Connection
from infra.adapters.postgres.provenance import PostgresProvenance
from infra.log.reading_ahead import read_and_prepare, reading_ahead
from projections.engine.postgres_errors import DATABASE_AWAY
from projections.engine.provenance import REASON
from schemas.internal.canaries import to_headers as to_canary_headers
from schemas.internal.cancellation import check_cancelled
from schemas.internal.provenance import ForeignRecord
from schemas.record_columns import POSITION
from schemas.topics import CANARY, EVENTS

T = TypeVar("T")

TRANSACTIONAL_ID = "zyenta-publisher"
"""The same for all publishers: a new one fences the one before."""
LEADER_LOCK = 7241002
"""Advisory lock of the leader; other publishers stand by."""
BATCH = 10000
"""The most events of one transaction: a quarter of a second of work, so that a successor never waits long."""
BUSY_POLL, IDLE_POLL = 0.003, 1.0
"""Seconds between polls of the store: shortly after an append, and otherwise in case a notification was lost."""
BUSY_SECONDS = 1.0
"""How long the short poll continues after an append or a notification."""
CHECK_SECONDS = 5.0
"""Seconds between checks of the topic while nothing is appended."""
SLOW_SECONDS = 2.0
"""If a batch takes longer, the publisher checks that the broker and the topic still exist."""
SEND_SECONDS = 20.0
"""If a batch takes longer, the publisher gives up and restarts from the topic's end."""
WEDGED_SECONDS = 30.0
"""A leader that has not queried the store for this long is frozen or cut off, and loses the leadership."""
DISAGREED_SECONDS = 5.0
"""Seconds between checks while the halves differ, which only a person can fix."""

logger = logging.getLogger(__name__)


class HalvesDiffer(Exception):
    """The topic's events are not the store's first events. Nothing is published until a person decides."""


class TopicAhead(HalvesDiffer):
    """The topic has events that the store lacks: the store was lost or set back, or the topic belongs to another store."""

    def __init__(self, topic_position: int, store_position: int) -> None:
        super().__init__(
            f"The topic ends at position {topic_position}, but the event store at {store_position}. Nothing is "
            "published. If the store was lost or set back, run “zyenta log restore”; if the topic belongs to another "
            "store, correct KAFKA_BOOTSTRAP_SERVERS; if another client wrote those events, run "
            "“zyenta log republish --even-if-ahead”."
        )


class TopicForeign(HalvesDiffer):
    """The store and the topic have different events at the same position."""

    def __init__(self, position: int) -> None:
        super().__init__(
            f"At position {position}, where the topic ends, the event store holds another event, or none. Nothing is "
            "published. Point KAFKA_BOOTSTRAP_SERVERS to this store's topic. If the store is right, run "
            "“zyenta log republish”."
        )


class Publisher:
    """Publishes while it is the leader.

    Exactly-once publishing rests on three things. Every batch is one Kafka transaction over all partitions, so it is in
    the topic completely or not at all. The last published position is read from the topic itself, where only records
    that the event store holds count. All publishers share one ``transactional.id``, so a new publisher fences the older,
    whose open transaction can no longer commit. The advisory lock only keeps healthy publishers from fencing each other.
    """

    def __init__(self, pool: asyncpg.Pool, events: PostgresEventLog, bootstrap_servers: str) -> None:
        self._pool = pool
        self._events = events
        self._bootstrap_servers = bootstrap_servers
        self._canaries = PostgresCanaries(pool)
        self._provenance = PostgresProvenance(pool)
        self._canary_requested = self._canary_sent = 0
        self._woken = asyncio.Event()
        self._offsets: dict[int, int] = {}
        self.position = 0
        """The last position this publisher has seen in the topic."""

    async def run(self) -> None:
        """Publish until cancelled. After a failure, restart from the topic's end."""
        backoff = 0.05
        loop = asyncio.get_running_loop()
        while True:
            started = loop.time()
            try:
                async with self._pool.acquire() as connection:
                    await self._lead(connection)
            except HalvesDiffer as difference:
                logger.critical("%s", difference)
                await asyncio.sleep(DISAGREED_SECONDS)
            except (
                KafkaError,
                AssertionError,  # aiokafka raises it if the producer was fenced between two calls
                Transient,
                *DATABASE_AWAY,
            ) as error:
                check_cancelled()
                if loop.time() - started > 30:
                    backoff = 0.05
                logger.warning("publisher restarts in %.2f s: %s: %s", backoff, type(error).__name__, error)
                await asyncio.sleep(backoff)
                backoff = min(2.0, backoff * 2)

    async def catch_up(self) -> int:
        """Publish the events that exist now, as the leader, and return the last position.

        Raises:
            HalvesDiffer: the topic's events are not the store's first events.
            KafkaError, OSError, asyncpg.PostgresError, Transient, TimeoutError: no batch is incomplete; run it again.
        """
        async with self._pool.acquire() as connection:
            await self._lead(connection, until=await self._events.last_position())
        return self.position

    async def _lead(self, connection: Connection, *, until: int | None = None) -> None:
        await take_leadership(connection)
        try:
            await ensure_topics(self._bootstrap_servers)
            producer = TransactionalProducer(
                bootstrap_servers=self._bootstrap_servers, transactional_id=TRANSACTIONAL_ID
            )
            try:
                async with asyncio.timeout(SEND_SECONDS):
                    await producer.start()
                await self._find_position()
                self._canary_requested = self._canary_sent = 0
                await connection.add_listener(CHANNEL, self._on_notify)
                await connection.add_listener(CANARY_CHANNEL, self._on_canary)
                await self._publish(producer, connection, until=until)
            finally:
                await producer.discard()
        finally:
            await self._stop_listening(connection)
            await give_up_leadership(connection)

    async def _stop_listening(self, connection: Connection) -> None:
        for channel, listener in ((CHANNEL, self._on_notify), (CANARY_CHANNEL, self._on_canary)):
            with suppress(*DATABASE_AWAY):
                await connection.remove_listener(channel, listener)
        if connection.is_closed():
            # asyncpg removes no listener of a lost connection, and warns when the pool gets it back.
            connection.terminate()

    async def _find_position(self) -> None:
        """Find the position to continue from. The producer's start has already ended its predecessor's transaction."""
        # The topic existed a moment ago. A broker that still loads its topics must not look like a wiped one.
        await self._look_for_topic()
        if hidden := await open_transactions(self._bootstrap_servers):
            raise Transient("the broker", f"another client's transaction is open in partitions {hidden} of the log")
        end = await self._look_for_topic(self._record_foreign)
        self.position, self._offsets = end.position, dict(end.offsets)
        logger.info("publishing from position %d", self.position)

    async def _record_foreign(self, records: Sequence[ConsumerRecord]) -> None:
        """Record the foreign records at the topic's end.

        Raises:
            HalvesDiffer: one of them may be an event that the store has lost.
        """
        await check_not_lost(records, self._provenance, await self._events.last_position())
        if records:
            notes = [ForeignRecord(each.topic, each.partition, each.offset, REASON) for each in records]
            logger.error("%d foreign records are at the topic's end; the first: %s", len(notes), notes[0])
            await self._provenance.note(notes)

    async def _publish(self, producer: TransactionalProducer, connection: Connection, *, until: int | None) -> None:
        loop = asyncio.get_running_loop()
        busy = checked = loop.time()
        while until is None or self.position < until:
            self._woken.clear()
            if self._canary_waits:
                await self._send_canary(producer, connection)
            # On the connection with the lock: losing it stops this publisher, and each query proves to others that it runs.
            before = self.position
            async with reading_ahead(self._events, connection, batch=BATCH, until=until) as read:
                events, batches = await read_and_prepare(read, before)
                while events:
                    # A full batch means a backlog, unless ``until`` ends it. A canary does not wait for the backlog.
                    ends = until is not None and events[-1][POSITION] >= until
                    more = len(events) == BATCH and not ends and not self._canary_waits
                    following = await self._send_while(
                        producer, batches, read_and_prepare(read, events[-1][POSITION]) if more else None
                    )
                    self.position = events[-1][POSITION]
                    busy = loop.time()
                    events, batches = following or ([], [])
            if self.position > before:
                continue
            if loop.time() - checked > CHECK_SECONDS and loop.time() - busy > BUSY_SECONDS:
                await self._check_topic()
                checked = loop.time()
            with suppress(TimeoutError):
                async with asyncio.timeout(await self._pause(connection, loop.time() - busy)):
                    await self._woken.wait()
                    busy = loop.time()

    async def _pause(self, connection: Connection, idle_seconds: float) -> float:
        if idle_seconds < BUSY_SECONDS or self._canary_waits:
            return BUSY_POLL
        # A slower transaction holds back events; PostgreSQL sends no notification when it ends.
        waiting = await connection.fetchval("select exists (select from events where position > $1)", self.position)
        return BUSY_POLL if waiting else IDLE_POLL

    async def _send_while(
        self, producer: TransactionalProducer, batches: Sequence[TargetedBatch], work: Coroutine[Any, Any, T] | None
    ) -> T | None:
        """Send a transaction and do other work at the same time: the next batch is prepared while the broker writes."""
        other = None if work is None else asyncio.create_task(work)
        try:
            await self._send_with_checks(producer, batches)
            return None if other is None else await other
        finally:
            if other is not None:
                other.cancel()
                await asyncio.gather(other, return_exceptions=True)

    async def _send_with_checks(self, producer: TransactionalProducer, batches: Sequence[TargetedBatch]) -> None:
        """Send a batch and check the topic if that is slow: aiokafka would retry for long against an absent broker."""
        sending = asyncio.create_task(self._send(producer, batches))
        try:
            async with asyncio.timeout(SEND_SECONDS):
                while not (await asyncio.wait({sending}, timeout=SLOW_SECONDS))[0]:
                    await self._look_for_topic()
            sending.result()
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    async def _look_for_topic(self, on_foreign: OnForeign = ignore_foreign) -> LogEnd:
        try:
            return await log_end(self._bootstrap_servers, are_own=self._provenance.are_own, on_foreign=on_foreign)
        except TopicMissing as error:
            raise Transient("the broker", "it does not know the log's topic: it was wiped, or is starting") from error

    async def _send(self, producer: TransactionalProducer, batches: Sequence[TargetedBatch]) -> None:
        await producer.begin_transaction()
        sent = [await _submit(producer, each) for each in batches]
        for written in await asyncio.gather(*sent):
            self._check_offset(written)
        await producer.commit_transaction()

    @property
    def _canary_waits(self) -> bool:
        return self._canary_requested > self._canary_sent

    async def _send_canary(self, producer: TransactionalProducer, connection: Connection) -> None:
        """Send the newest settled canary like events: in a transaction, to every partition."""
        canary = await self._canaries.newest_settled(self._canary_sent, connection)
        if canary is None:
            return
        async with asyncio.timeout(SEND_SECONDS):
            await producer.begin_transaction()
            headers = to_canary_headers(canary)
            sent = []
            for partition in range(CANARY.partitions):
                sent.append(await producer.send(CANARY.name, b"", partition=partition, headers=headers))
                mark_retrieved(sent[-1])
            await asyncio.gather(*sent)
            await producer.commit_transaction()
        self._canary_sent = canary
        await self._canaries.published(canary)

    def _check_offset(self, written: RecordMetadata) -> None:
        """Detect a topic that was deleted and created again while publishing; its lost events must be published first."""
        if written.topic != EVENTS.name:
            return
        if written.offset <= self._offsets.get(written.partition, -1):
            raise Transient(
                "the broker",
                f"partition {written.partition} starts again from its beginning, and so does the publisher",
            )
        self._offsets[written.partition] = written.offset

    async def _check_topic(self) -> None:
        """Detect a broker that was wiped while nothing was appended, so that it is refilled without a new append."""
        if await published_position(self._bootstrap_servers, are_own=self._provenance.are_own) != self.position:
            raise Transient("the broker", "the topic ends at another position than expected: it was created again")

    def _on_notify(self, *_: object) -> None:
        self._woken.set()

    def _on_canary(self, *notification: object) -> None:
        self._canary_requested = int(str(notification[3]))
        self._woken.set()


async def check_not_lost(records: Sequence[ConsumerRecord], provenance: PostgresProvenance, last: int) -> None:
    """Check that no foreign record may be an event that the store has lost.

    Args:
        records: records that the store does not hold.
        provenance: looks events up in the store.
        last: the store's last position.

    Raises:
        HalvesDiffer: a record has an event's correct hash, and its stream has no event of that version.
    """
    lost = [event.position for record in records if (event := await provenance.lost_event(record)) is not None]
    if not lost:
        return
    if max(lost) > last:
        raise TopicAhead(max(lost), last)
    raise TopicForeign(max(lost))


async def take_leadership(connection: Connection, *, wedged_seconds: float = WEDGED_SECONDS) -> None:
    """Wait for the leader's lock. A frozen leader loses it: its session is terminated, and Kafka fences its producer.

    Args:
        connection: the session that will hold the lock.
        wedged_seconds: how long a leader may be silent; 0 deposes any leader.
    """
    while not await connection.fetchval("select pg_try_advisory_lock($1)", LEADER_LOCK):
        deposed = await connection.fetchval(
            """
            select pg_terminate_backend(pid) from pg_locks join pg_stat_activity using (pid)
            where locktype = 'advisory' and classid = 0 and objid = $1 and granted
              and pg_locks.database = (select oid from pg_database where datname = current_database())
              and clock_timestamp() - state_change > make_interval(secs => $2)
            """,
            LEADER_LOCK,
            wedged_seconds,
        )
        if deposed and wedged_seconds:
            logger.warning("the leading publisher has been silent for %.0f s; taking over", wedged_seconds)
        await asyncio.sleep(0.2)


async def give_up_leadership(connection: Connection) -> None:
    """Release the leader's lock. A lost connection has already lost it."""
    with suppress(*DATABASE_AWAY):
        await connection.execute("select pg_advisory_unlock($1)", LEADER_LOCK)


async def _submit(producer: TransactionalProducer, target: TargetedBatch) -> "asyncio.Future[RecordMetadata]":
    future: asyncio.Future[RecordMetadata] = await producer.send_batch(
        target.batch, target.topic, partition=target.partition
    )
    # If an earlier batch fails, no code awaits the later ones.
    mark_retrieved(future)
    return future
