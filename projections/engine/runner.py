"""Follows the topic and keeps one read model up to date: a batch, its rows and its checkpoint in one transaction.

What happens to records that cannot be applied:

* A poison record is parked in the dead letter topic, because no retry helps: bytes that do not decode, a kind of event
  that this program does not know, an event that cannot follow the events before it.
* A record whose fold raises anything else is tried ``TRIES`` times in all, and then parked.
* So is a record that kills its process. PostgreSQL counts the tries, before each one, because a crash reports nothing.
  Counting costs two statements a try, so it is done only for a batch that failed and after a run that did not stop in
  good order. Then small chunks are tried, and the records of a failed chunk one by one.
* A parked record is passed over for good; later records of its key follow. Only a rebuild by a version that can apply
  it brings it back.
* A record that the event store does not hold is foreign (``infra/decisions/0017``). It is recorded and passed over. It
  moves no checkpoint, so that a forged record cannot forge a position or a consistency token.
* Trouble with PostgreSQL or Kafka counts against no record: the same batch is tried again until it works.

Retries follow at once, so that a poison record delays the other records of this process by milliseconds.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import timedelta

import asyncpg
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from domain.kernel import Transient
from projections.engine.canaries import CanaryWatch
from projections.engine.checkpoints import Fenced, Live, Projection, advance, ensure_live
from projections.engine.decoding import DecodedEvent
from projections.engine.partitions import OwnedPartitions
from projections.engine.poison_records import PoisonRecordIsolator, PoisonRecordPorts
from projections.engine.postgres_errors import DATABASE_AWAY
from projections.engine.provenance import REASON, are_events, note_foreign
from projections.engine.records import at_fault
from projections.engine.revisions import move_revisions
from projections.engine.tables import Connection
from schemas.internal.broker_address import client_settings
from schemas.internal.canaries import Canaries
from schemas.internal.provenance import ForeignRecord, claim_in
from schemas.topics import EVENTS

BATCH = 5000
SESSION_TIMEOUT = timedelta(seconds=6)
"""How long a runner may be silent before the group takes it for dead; the least that brokers allow by default."""

logger = logging.getLogger(__name__)


Rebuild = Callable[[], Awaitable[None]]
"""Builds tables of the code's version beside the live ones, and swaps them in."""


class ProjectionRunner:
    """Runs one projection. Several runners of one projection share its partitions through a consumer group.

    A runner continues from the checkpoint beside the rows, never from the group's committed offset, so rows and
    checkpoint cannot disagree.
    """

    def __init__(
        self,
        projection: Projection,
        pool: asyncpg.Pool,
        bootstrap_servers: str,
        poison: PoisonRecordPorts,
        *,
        rebuild: Rebuild,
        session_timeout: timedelta = SESSION_TIMEOUT,
        canaries: Canaries | None = None,
    ) -> None:
        """Make a runner.

        Args:
            projection: what to run.
            pool: one of its connections is held while running.
            bootstrap_servers: where the log is.
            poison: what isolating and parking poison records needs.
            rebuild: called when the live tables are of an older version than the projection.
            session_timeout: how long this runner may be silent before the group gives its partitions to others.
            canaries: reports the canaries that this runner passed; None if no caller watches them.
        """
        self._projection = projection
        self._pool = pool
        self._bootstrap_servers = bootstrap_servers
        self._rebuild = rebuild
        self._isolator = PoisonRecordIsolator(self, self.group, projection.handles, poison)
        self._session_timeout = session_timeout
        self._canaries = CanaryWatch(canaries, self.group)
        self._partitions = OwnedPartitions(projection.name, pool)
        self._rebalance_error: Exception | None = None
        """Why the last rebalance failed; the client library only logs it."""
        self._live: Live | None = None

    @property
    def group(self) -> str:
        """The consumer group that spreads the partitions."""
        return f"projector-{self._projection.name}"

    @property
    def partitions(self) -> frozenset[int]:
        """The partitions that this runner writes for."""
        return self._partitions.numbers

    async def run(self) -> None:
        """Project until cancelled; after an error, go on from the checkpoint."""
        backoff = 0.05
        loop = asyncio.get_running_loop()
        while True:
            started = loop.time()
            try:
                await self._until_current()
                async with self._pool.acquire() as connection:
                    await self._set_up(connection)
                    await self._follow(connection)
            except (KafkaError, *DATABASE_AWAY) as error:
                failure: Exception = error
            except (Fenced, Transient) as error:
                failure = error
            if loop.time() - started > 30:
                backoff = 0.05
            logger.warning("%s starts again in %.2f s: %s: %s", self.group, backoff, type(failure).__name__, failure)
            await asyncio.sleep(backoff)
            backoff = min(2.0, backoff * 2)

    async def _until_current(self) -> None:
        """Return once the live tables have the code's version; rebuild older ones."""
        mine = self._projection.version
        while True:
            async with self._pool.acquire() as connection:
                self._live = await ensure_live(connection, self._projection)
            if self._live.version == mine:
                return
            if self._live.version < mine:
                logger.warning("%s: version %d is live, building %d beside it", self.group, self._live.version, mine)
                await self._rebuild()
            else:
                logger.error(
                    "%s: version %d is live, this program has %d: it writes nothing; deploy the newer one here too",
                    self.group,
                    self._live.version,
                    mine,
                )
                await asyncio.sleep(5)

    async def _set_up(self, connection: Connection) -> None:
        # The search path also names the schema of the checkpoints, so that one statement can use both. The time-out frees
        # rows that a frozen process has written but not committed: its successor waits for them. Commits do not wait for
        # the disk: if PostgreSQL crashes, rows and checkpoint are lost together and made again.
        seconds = self._session_timeout.total_seconds()
        await connection.execute(
            f'set search_path to "{self._projection.name}", public; '
            f"set idle_in_transaction_session_timeout to '{int(seconds * 1000)}ms'; set synchronous_commit to off"
        )

    async def _follow(self, connection: Connection) -> None:
        consumer = AIOKafkaConsumer(
            **client_settings(self._bootstrap_servers),
            group_id=self.group,
            enable_auto_commit=False,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=4 * 1024 * 1024,
            session_timeout_ms=int(self._session_timeout.total_seconds() * 1000),
            heartbeat_interval_ms=min(1_000, int(self._session_timeout.total_seconds() * 300)),
            metadata_max_age_ms=5_000,
        )
        self._partitions.clear()
        self._isolator.trust_all()
        self._rebalance_error = None
        consumer.subscribe([EVENTS.name, *self._canaries.topics], listener=_Assignment(self, consumer))
        try:
            await consumer.start()
            if EVENTS.name not in await consumer.topics():
                raise Transient("the broker", f"there is no topic {EVENTS.name} yet")
            while True:
                fetched = self._canaries.without(await consumer.getmany(timeout_ms=1000, max_records=BATCH))
                if self._rebalance_error is not None:
                    raise self._rebalance_error
                if not fetched:
                    self._isolator.trust_all()
                records = self._partitions.verify(consumer, fetched)
                await self._apply(await self._without_foreign(records, connection), connection)
                await self._canaries.report(consumer)
        finally:
            await self._stop(consumer)

    async def _stop(self, consumer: AIOKafkaConsumer) -> None:
        try:
            async with asyncio.timeout(5):
                await self._partitions.release()
        except DATABASE_AWAY as error:
            # The successor counts tries for a moment, without need.
            logger.warning("%s could not record that it stopped: %s", self.group, type(error).__name__)
        finally:
            await consumer.stop()

    async def take(self, consumer: AIOKafkaConsumer, partitions: Iterable[TopicPartition]) -> None:
        """Go on with partitions that a rebalance brought."""
        try:
            checkpoints = await self._partitions.take([each.partition for each in partitions], consumer, EVENTS.name)
        except DATABASE_AWAY as error:
            self._rebalance_error = error
            return
        for checkpoint in checkpoints:
            if checkpoint.interrupted:
                self._isolator.suspect_partition(checkpoint.partition, BATCH)

    async def leave(self, partitions: Iterable[TopicPartition]) -> None:
        """Stop writing for partitions that a rebalance takes away."""
        numbers = [each.partition for each in partitions if each.partition in self._partitions]
        for number in numbers:
            self._isolator.trust(number)
        await self._partitions.leave(numbers)

    async def _without_foreign(self, records: Sequence[ConsumerRecord], connection: Connection) -> list[ConsumerRecord]:
        """Return the records that the event store holds; record the others as foreign."""
        if not records:
            return []
        known = await are_events(
            [(record.partition, claim_in(record.headers, record.value)) for record in records], connection
        )
        foreign = [
            ForeignRecord(record.topic, record.partition, record.offset, REASON)
            for record, is_event in zip(records, known, strict=True)
            if not is_event
        ]
        if foreign:
            logger.error("%s passes over %d foreign records; the first: %s", self.group, len(foreign), foreign[0])
            await note_foreign(foreign, connection)
        return [record for record, is_event in zip(records, known, strict=True) if is_event]

    async def _apply(self, records: Sequence[ConsumerRecord], connection: Connection) -> None:
        while records := self._partitions.unapplied(records):
            try:
                await self._apply_unapplied(records, connection)
            except Fenced as fenced:
                assert self._live is not None
                self._live = await self._partitions.reclaim(fenced, self._live, connection)
            else:
                return

    async def _apply_unapplied(self, records: Sequence[ConsumerRecord], connection: Connection) -> None:
        # Suspected partitions come last, so that the others do not wait for them.
        suspected = self._isolator.suspected
        await self._apply_batch([each for each in records if each.partition not in suspected], connection)
        await self._isolator.apply([each for each in records if each.partition in suspected], connection)

    async def _apply_batch(self, records: Sequence[ConsumerRecord], connection: Connection) -> None:
        try:
            await self.read_and_write(records, connection)
        except Exception as error:
            if not at_fault(error):
                raise
            logger.warning("%s: a batch of %d failed: %s", self.group, len(records), type(error).__name__)
            self._isolator.suspect(records)
            await self._isolator.apply(records, connection)

    async def read_and_write(self, records: Sequence[ConsumerRecord], connection: Connection) -> None:
        """Apply records."""
        decode = self._projection.decoder.decode_record
        events = [event for record in records if (event := decode(record.headers, record.value)) is not None]
        await self._write(events, records, connection)

    async def pass_over(self, records: Sequence[ConsumerRecord], connection: Connection) -> None:
        """Move the checkpoints past records that change nothing."""
        await self._write([], records, connection)

    async def _write(
        self, batch: Sequence[DecodedEvent], records: Sequence[ConsumerRecord], connection: Connection
    ) -> None:
        """Write rows and checkpoints in one transaction.

        Raises:
            Fenced: a partition has another owner by now.
        """
        if not records:
            return
        moved = self._partitions.after(records)
        try:
            if batch:
                async with connection.transaction():
                    await self._projection.apply(batch, connection)
                    await move_revisions(connection, self._projection.name, {tenant for _, tenant in batch})
                    await advance(connection, self._projection.name, moved.values())
            else:
                # Most batches change nothing in most read models. One statement is a transaction of its own.
                await advance(connection, self._projection.name, moved.values())
        except Exception as error:
            if at_fault(error):
                await self._partitions.check_owner(moved, connection)
            raise
        self._partitions.move(moved)


class _Assignment(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka is untyped
    def __init__(self, runner: ProjectionRunner, consumer: AIOKafkaConsumer) -> None:
        self._runner, self._consumer = runner, consumer

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        await self._runner.leave([each for each in revoked if each.topic == EVENTS.name])

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        await self._runner.take(self._consumer, [each for each in assigned if each.topic == EVENTS.name])
