"""Carries every committed event from the event store to the topic: in commit order, exactly once."""

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
from infra.adapters.kafka.record_batches import TargetedBatch, prepare
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
from projections.engine.postgres_errors import DATABASE_AWAY
from projections.engine.provenance import REASON
from schemas.envelope import RawEvent
from schemas.internal.canaries import to_headers as to_canary_headers
from schemas.internal.provenance import ForeignRecord
from schemas.topics import CANARY, EVENTS

T = TypeVar("T")

TRANSACTIONAL_ID = "zyenta-publisher"
"""One for all publishers: whoever starts under it fences the one before."""
LEADER_LOCK = 7241002
"""Advisory lock of the one publisher at work; others stand by."""
BATCH = 10000
"""Events in one transaction at most: a quarter of a second of work, so that a successor never waits long."""
BUSY_POLL, IDLE_POLL = 0.003, 0.25
"""Seconds between looks at the store: soon after an append, and else in case a wake-up got lost or none was sent."""
BUSY_SECONDS = 1.0
"""How long after an append, or a call that announced one, the short poll goes on."""
CHECK_SECONDS = 5.0
"""Seconds between looks at the topic while nothing is appended."""
SLOW_SECONDS = 2.0
"""A batch that takes longer makes the publisher look whether broker and topic are still there."""
SEND_SECONDS = 20.0
"""A batch that takes longer is given up, and everything is begun anew from what the topic says."""
WEDGED_SECONDS = 30.0
"""A leader that has not asked the store for so long is deposed: it is frozen, or cut off."""
DISAGREED_SECONDS = 5.0
"""Between looks while the halves do not belong together, which only a person can mend."""

logger = logging.getLogger(__name__)


class HalvesDiffer(Exception):
    """The topic is not the beginning of what the store holds; nothing is published until a person has decided."""


class TopicAhead(HalvesDiffer):
    """The topic holds events that the store does not: the store was lost or set back, or the topic is another's."""

    def __init__(self, topic_position: int, store_position: int) -> None:
        super().__init__(
            f"The topic ends at position {topic_position}, but the event store at {store_position}. Nothing is "
            "published. If the store was lost or set back, run “zyenta log restore”; if the topic belongs to another "
            "store, point KAFKA_BOOTSTRAP_SERVERS elsewhere; if somebody else wrote what is ahead, run "
            "“zyenta log republish --even-if-ahead”."
        )


class TopicForeign(HalvesDiffer):
    """Store and topic hold different events at the same position."""

    def __init__(self, position: int) -> None:
        super().__init__(
            f"At position {position}, where the topic ends, the event store holds another event, or none. Nothing is "
            "published. Point KAFKA_BOOTSTRAP_SERVERS to this store's topic; or, if the store is right, run "
            "“zyenta log republish”."
        )


class Publisher:
    """Publishes while it is the leader.

    Exactly once rests on three things. Every batch is one Kafka transaction, so it is in the topic whole or not at all,
    over all partitions. Where the last publisher stopped is read from the topic itself, never from a second record that
    could disagree with it; only records that the event store holds count. And ``transactional.id`` is the same for all publishers: a new one fences the older, so that
    what a killed or frozen publisher still had under way can no longer commit. The advisory lock only keeps two healthy
    publishers from fencing each other in turns.
    """

    def __init__(self, pool: asyncpg.Pool, events: PostgresEventLog, bootstrap_servers: str) -> None:
        self._pool = pool
        self._events = events
        self._bootstrap_servers = bootstrap_servers
        self._canaries = PostgresCanaries(pool)
        self._provenance = PostgresProvenance(pool)
        self._canary_asked = self._canary_sent = 0
        self._woken = asyncio.Event()
        self._offsets: dict[int, int] = {}
        self.position = 0
        """The last position this publisher has seen in the topic."""

    async def run(self) -> None:
        """Publish until cancelled; after trouble, start again from what the topic says."""
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
                AssertionError,  # how aiokafka tells that a producer was fenced between two calls
                Transient,
                *DATABASE_AWAY,
            ) as error:
                if loop.time() - started > 30:
                    backoff = 0.05
                logger.warning("publisher starts again in %.2f s: %s: %s", backoff, type(error).__name__, error)
                await asyncio.sleep(backoff)
                backoff = min(2.0, backoff * 2)

    async def catch_up(self) -> int:
        """Publish what there is now, as the leader, and return the last position.

        Raises:
            HalvesDiffer: the topic is not the beginning of the store.
            KafkaError, OSError, asyncpg.PostgresError, Transient, TimeoutError: nothing is half done; run it again.
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
                await self._begin()
                self._canary_asked = self._canary_sent = 0
                await connection.add_listener(CHANNEL, self._on_notify)
                await connection.add_listener(CANARY_CHANNEL, self._on_canary)
                await self._publish(producer, connection, until=until)
            finally:
                await producer.discard()
        finally:
            await self._hear_no_more(connection)
            await give_up_leadership(connection)

    async def _hear_no_more(self, connection: Connection) -> None:
        for channel, listener in ((CHANNEL, self._on_notify), (CANARY_CHANNEL, self._on_canary)):
            with suppress(*DATABASE_AWAY):
                await connection.remove_listener(channel, listener)
        if connection.is_closed():
            # Of a lost connection asyncpg takes no listener away, and warns of them when it comes back to the pool.
            connection.terminate()

    async def _begin(self) -> None:
        """Find where to go on. Only after the producer's start, which has ended the predecessor's open transaction."""
        # The topic was there a moment ago. A broker that is reading up on its topics must not look like a wiped one.
        await self._look_for_topic()
        if hidden := await open_transactions(self._bootstrap_servers):
            raise Transient("the broker", f"somebody else's transaction is open in partitions {hidden} of the log")
        end = await self._look_for_topic(self._meet)
        self.position, self._offsets = end.position, dict(end.offsets)
        logger.info("publishing from position %d", self.position)

    async def _meet(self, found: Sequence[ConsumerRecord]) -> None:
        """Note foreign records at the topic's end, and go on; unless they may be what the store has lost.

        Raises:
            HalvesDiffer: they may be.
        """
        await check_not_lost(found, self._provenance, await self._events.last_position())
        if found:
            notes = [ForeignRecord(each.topic, each.partition, each.offset, REASON) for each in found]
            logger.error("%d foreign records are at the topic's end; the first: %s", len(notes), notes[0])
            await self._provenance.note(notes)

    async def _publish(self, producer: TransactionalProducer, connection: Connection, *, until: int | None) -> None:
        loop = asyncio.get_running_loop()
        busy = checked = loop.time()
        while until is None or self.position < until:
            self._woken.clear()
            if self._canary_waits:
                await self._send_canary(producer, connection)
            # On the connection that holds the lock: to lose it is to stop, and to ask shows others that we live.
            before = self.position
            events = await self._events.read_settled(before, BATCH, connection=connection)
            batches = await prepare(events)
            while events:
                # There is a backlog, unless it ends here; a canary does not wait for its end.
                ends = until is not None and events[-1].position >= until
                more = len(events) == BATCH and not ends and not self._canary_waits
                reading = self._read_and_prepare(events[-1].position, connection) if more else None
                following = await self._send_beside(producer, batches, reading)
                self.position = events[-1].position
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
        # Events held back by a slower transaction: its end is nothing anybody is told of.
        waiting = await connection.fetchval("select exists (select from events where position > $1)", self.position)
        return BUSY_POLL if waiting else IDLE_POLL

    async def _read_and_prepare(
        self, position: int, connection: Connection
    ) -> tuple[list[RawEvent], list[TargetedBatch]]:
        events = await self._events.read_settled(position, BATCH, connection=connection)
        return events, await prepare(events)

    async def _send_beside(
        self, producer: TransactionalProducer, batches: Sequence[TargetedBatch], beside: Coroutine[Any, Any, T] | None
    ) -> T | None:
        """Send a transaction and do something else meanwhile: while the broker writes, the next one is made."""
        other = None if beside is None else asyncio.create_task(beside)
        try:
            await self._send_watchfully(producer, batches)
            return None if other is None else await other
        finally:
            if other is not None:
                other.cancel()
                await asyncio.gather(other, return_exceptions=True)

    async def _send_watchfully(self, producer: TransactionalProducer, batches: Sequence[TargetedBatch]) -> None:
        """Send a batch, and notice soon when there is nobody to send it to: aiokafka would go on trying for long."""
        sending = asyncio.create_task(self._send(producer, batches))
        try:
            async with asyncio.timeout(SEND_SECONDS):
                while not (await asyncio.wait({sending}, timeout=SLOW_SECONDS))[0]:
                    await self._look_for_topic()
            sending.result()
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    async def _look_for_topic(self, meet: OnForeign = ignore_foreign) -> LogEnd:
        try:
            return await log_end(self._bootstrap_servers, are_own=self._provenance.are_own, on_foreign=meet)
        except TopicMissing as error:
            raise Transient("the broker", "it does not know the log's topic; it was wiped, or is starting") from error

    async def _send(self, producer: TransactionalProducer, batches: Sequence[TargetedBatch]) -> None:
        await producer.begin_transaction()
        sent = [await _submit(producer, each) for each in batches]
        for written in await asyncio.gather(*sent):
            self._check_follows(written)
        await producer.commit_transaction()

    @property
    def _canary_waits(self) -> bool:
        return self._canary_asked > self._canary_sent

    async def _send_canary(self, producer: TransactionalProducer, connection: Connection) -> None:
        """Send the newest canary the way of the events: once it is settled, in a transaction, into every partition."""
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

    def _check_follows(self, written: RecordMetadata) -> None:
        """Notice a topic that was deleted and made anew under our hands: what it lost must come first."""
        if written.topic != EVENTS.name:
            return
        if written.offset <= self._offsets.get(written.partition, -1):
            raise Transient("the broker", f"partition {written.partition} begins anew; so does the publisher")
        self._offsets[written.partition] = written.offset

    async def _check_topic(self) -> None:
        """Notice a broker that was wiped while nothing was appended: it is to be refilled without waiting for more."""
        if await published_position(self._bootstrap_servers, are_own=self._provenance.are_own) != self.position:
            raise Transient("the broker", "the topic does not end where it was left; it was made anew")

    def _on_notify(self, *_: object) -> None:
        self._woken.set()

    def _on_canary(self, *told: object) -> None:
        self._canary_asked = int(str(told[3]))
        self._woken.set()


async def check_not_lost(found: Sequence[ConsumerRecord], provenance: PostgresProvenance, last: int) -> None:
    """Tell foreign records from events that the store held once.

    Args:
        found: records that the store does not hold.
        provenance: asks the store.
        last: where the store ends.

    Raises:
        HalvesDiffer: one of them is an event by its hash, and the store has nothing at its place in its stream.
    """
    lost = [event.position for record in found if (event := await provenance.lost_event(record)) is not None]
    if not lost:
        return
    if max(lost) > last:
        raise TopicAhead(max(lost), last)
    raise TopicForeign(max(lost))


async def take_leadership(connection: Connection, *, wedged_seconds: float = WEDGED_SECONDS) -> None:
    """Wait for the leader's lock. A leader that is frozen loses it: its session is ended, and Kafka fences the rest.

    Args:
        connection: whose session is to have it.
        wedged_seconds: how long a leader may be silent; 0: whoever leads is deposed, well or not.
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
            logger.warning("the publisher at work has been silent for %.0f s; taking over", wedged_seconds)
        await asyncio.sleep(0.2)


async def give_up_leadership(connection: Connection) -> None:
    """Let the next publisher lead. A connection that was lost has lost the lock already."""
    with suppress(*DATABASE_AWAY):
        await connection.execute("select pg_advisory_unlock($1)", LEADER_LOCK)


async def _submit(producer: TransactionalProducer, prepared: TargetedBatch) -> "asyncio.Future[RecordMetadata]":
    future: asyncio.Future[RecordMetadata] = await producer.send_batch(
        prepared.batch, prepared.topic, partition=prepared.partition
    )
    # Where an earlier batch fails, no code awaits the later ones.
    mark_retrieved(future)
    return future
