"""Follows the topic and keeps one read model up to date: a batch, its rows and its checkpoint in one transaction.

What happens to records that cannot be applied:

* Bytes that do not decode, a kind of event that no version of this program knows, and an event that cannot follow what
  came before it are parked in the dead letter topic: they will be no better the next time.
* A record whose fold raises anything else is tried ``TRIES`` times in all, and then parked.
* So is a record that kills its process. The tries are counted in PostgreSQL, before each one, because a crash sends no
  word. That costs two statements a try, so it is done only where there is reason: for a batch that failed, and after a
  run that did not say that it stopped. Then small chunks are tried, and the records of one that failed singly.
* A parked record is passed over for good; later records of its key follow. Only a rebuild by a version that can apply it
  brings it back.
* A record that the event store does not hold is foreign (``infra/decisions/0017``): it is noted and passed over, and
  moves no checkpoint, so that no position and no consistency token can be forged.
* Trouble with PostgreSQL or Kafka is no record's fault: the same batch is tried again until it works.

Retries follow at once, so that a bad record holds up the others of this process for milliseconds.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import asyncpg
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from domain.kernel import Clock, Transient
from projections.engine.canaries import CanaryWatch
from projections.engine.checkpoints import (
    Checkpoint,
    Fenced,
    Live,
    Projection,
    advance,
    ensure_live,
    positions_of,
    reclaim,
    release,
    take_over,
)
from projections.engine.decoding import DecodedEvent
from projections.engine.poison_records import PoisonRecordIsolator
from projections.engine.postgres_errors import DATABASE_AWAY
from projections.engine.provenance import REASON, are_events, note_foreign
from projections.engine.records import at_fault, position_of
from projections.engine.tables import Connection
from schemas.internal.broker_address import client_settings
from schemas.internal.canaries import Canaries
from schemas.internal.deliveries import DeadLetter, DeadLetters, DeliveryLedger
from schemas.internal.provenance import ForeignRecord, claim_in
from schemas.topics import EVENTS

BATCH = 5000
SESSION_TIMEOUT = timedelta(seconds=6)
"""After how long a silence a runner is taken for dead; brokers allow no less by default."""
logger = logging.getLogger(__name__)


Rebuild = Callable[[], Awaitable[None]]
"""Builds tables of the code's version beside the live ones, and puts them in their place."""


class ProjectionRunner:
    """Runs one projection. Several runners of one projection share its partitions through a consumer group.

    The place to go on from is the checkpoint beside the rows, never the group's committed offset, so rows and place
    cannot disagree. A runner that lost a partition (a rebalance, a long pause) is fenced by the checkpoint's owner
    number: its transaction fails and nothing of it is seen.
    """

    def __init__(
        self,
        projection: Projection,
        pool: asyncpg.Pool,
        bootstrap_servers: str,
        dead_letters: DeadLetters,
        ledger: DeliveryLedger,
        clock: Clock,
        *,
        rebuild: Rebuild,
        alone: asyncio.Lock | None = None,
        session_timeout: timedelta = SESSION_TIMEOUT,
        canaries: Canaries | None = None,
    ) -> None:
        """Make a runner.

        Args:
            projection: what to run.
            pool: one of its connections is held while running.
            bootstrap_servers: where the log is.
            dead_letters: where records go that cannot be applied.
            ledger: counts tries of suspicious records.
            clock: when a letter was parked.
            rebuild: called when the live tables are of an older version than the projection.
            alone: shared by the runners of a process, so that a suspicious record is applied with nobody beside, and no
                other is blamed for the crash.
            session_timeout: after how long a silence the group gives this runner's partitions to others.
            canaries: who wants to know which canaries came out; left out: nobody.
        """
        self._projection = projection
        self._pool = pool
        self._bootstrap_servers = bootstrap_servers
        self._dead_letters = dead_letters
        self._clock = clock
        self._rebuild = rebuild
        self._care = PoisonRecordIsolator(self, self.group, projection.handles, ledger, alone or asyncio.Lock())
        self._session_timeout = session_timeout
        self._canaries = CanaryWatch(canaries, self.group)
        self._owned: dict[int, Checkpoint] = {}
        self._unproven: set[int] = set()
        self._trouble: Exception | None = None
        """What went wrong in a rebalance; the client library only logs it."""
        self._live: Live | None = None

    @property
    def group(self) -> str:
        """The consumer group that spreads the partitions."""
        return f"projector-{self._projection.name}"

    async def run(self) -> None:
        """Project until cancelled; after trouble, go on from the checkpoint."""
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
                trouble: Exception = error
            except (Fenced, Transient) as error:
                trouble = error
            if loop.time() - started > 30:
                backoff = 0.05
            logger.warning("%s starts again in %.2f s: %s: %s", self.group, backoff, type(trouble).__name__, trouble)
            await asyncio.sleep(backoff)
            backoff = min(2.0, backoff * 2)

    async def _until_current(self) -> None:
        """Return once the live tables are of the code's version, rebuilding them where they are older."""
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
        # The search path also names the schema of the checkpoints, so that no statement has to switch between them. The
        # time-out frees the rows that a frozen process has written to but not committed: its successor waits for them.
        # Nobody waits for the disk: rows and checkpoint are lost together if PostgreSQL crashes, and made again.
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
        self._owned.clear()
        self._unproven.clear()
        self._care.relax()
        self._trouble = None
        consumer.subscribe([EVENTS.name, *self._canaries.topics], listener=_Assignment(self, consumer))
        try:
            await consumer.start()
            if EVENTS.name not in await consumer.topics():
                raise Transient("the broker", f"there is no topic {EVENTS.name} yet")
            while True:
                fetched = self._canaries.without(await consumer.getmany(timeout_ms=1000, max_records=BATCH))
                if self._trouble is not None:
                    raise self._trouble
                if not fetched:
                    self._care.relax()
                await self._apply(await self._ours(self._proven(consumer, fetched), connection), connection)
                await self._canaries.tell(consumer)
        finally:
            await self._leave_in_order(consumer)

    async def _leave_in_order(self, consumer: AIOKafkaConsumer) -> None:
        owned = list(self._owned.values())
        try:
            if owned:
                async with asyncio.timeout(5), self._pool.acquire() as connection:
                    await release(connection, self._projection.name, owned)
        except DATABASE_AWAY as error:
            # The successor will go carefully for a moment, without need.
            logger.warning("%s could not say that it stopped: %s", self.group, type(error).__name__)
        finally:
            await consumer.stop()

    # Called from a rebalance.

    async def take(self, consumer: AIOKafkaConsumer, partitions: Iterable[TopicPartition]) -> None:
        """Go on with partitions that a rebalance brought."""
        try:
            async with self._pool.acquire() as connection:
                taken = await take_over(connection, self._projection.name, [each.partition for each in partitions])
        except DATABASE_AWAY as error:
            self._trouble = error
            return
        for checkpoint in taken:
            self._owned[checkpoint.partition] = checkpoint
            if checkpoint.interrupted:
                self._care.suspect_partition(checkpoint.partition, BATCH)
            partition = TopicPartition(EVENTS.name, checkpoint.partition)
            if checkpoint.position == 0:
                consumer.seek(partition, 0)
            else:
                # Begin with the last applied record: if it is not there as remembered, the topic is another one.
                self._unproven.add(checkpoint.partition)
                consumer.seek(partition, max(0, checkpoint.next_offset - 1))

    async def leave(self, partitions: Iterable[TopicPartition]) -> None:
        """Stop writing for partitions that a rebalance takes away."""
        lost = [self._owned.pop(each.partition) for each in partitions if each.partition in self._owned]
        for checkpoint in lost:
            self._unproven.discard(checkpoint.partition)
            self._care.relax(checkpoint.partition)
        with suppress(*DATABASE_AWAY):
            async with self._pool.acquire() as connection:
                await release(connection, self._projection.name, lost)

    def _proven(
        self, consumer: AIOKafkaConsumer, fetched: Mapping[TopicPartition, Sequence[ConsumerRecord]]
    ) -> list[ConsumerRecord]:
        """Return what was fetched, but for partitions that do not hold the last applied record where it was."""
        proven: list[ConsumerRecord] = []
        for partition, batch in fetched.items():
            checkpoint = self._owned.get(partition.partition)
            if checkpoint is None or not batch:
                continue
            first = batch[0]
            if partition.partition not in self._unproven or (
                first.offset == checkpoint.next_offset - 1 and position_of(first) in {checkpoint.position, None}
            ):
                self._unproven.discard(partition.partition)
                proven.extend(batch)
                continue
            # The topic was made anew (a wiped broker, refilled). Offsets mean nothing; positions still do.
            logger.warning(
                "%s: partition %d was made anew; looking for position %d from its beginning",
                self.group,
                partition.partition,
                checkpoint.position,
            )
            self._unproven.discard(partition.partition)
            self._owned[partition.partition] = replace(checkpoint, next_offset=0)
            consumer.seek(partition, 0)
        return proven

    async def _ours(self, records: Sequence[ConsumerRecord], connection: Connection) -> list[ConsumerRecord]:
        """Return the records that the event store holds too; note the others."""
        if not records:
            return []
        ours = await are_events(
            [(record.partition, claim_in(record.headers, record.value)) for record in records], connection
        )
        foreign = [
            ForeignRecord(record.topic, record.partition, record.offset, REASON)
            for record, true in zip(records, ours, strict=True)
            if not true
        ]
        if foreign:
            logger.error("%s passes over %d foreign records; the first: %s", self.group, len(foreign), foreign[0])
            await note_foreign(foreign, connection)
        return [record for record, true in zip(records, ours, strict=True) if true]

    def _fresh(self, records: Iterable[ConsumerRecord]) -> list[ConsumerRecord]:
        """Return the events of owned partitions that are not applied yet; a copy of one comes after it."""
        fresh = []
        reached: dict[int, int] = {}
        for record in records:
            checkpoint = self._owned.get(record.partition)
            if checkpoint is None or record.partition in self._unproven:
                continue
            position = position_of(record) or 0
            if position > max(checkpoint.position, reached.get(record.partition, 0)):
                reached[record.partition] = position
                fresh.append(record)
        return fresh

    # Applying.

    async def _apply(self, records: Sequence[ConsumerRecord], connection: Connection) -> None:
        while records := self._fresh(records):
            try:
                await self._apply_fresh(records, connection)
            except Fenced as fenced:
                await self._stand_back(fenced, connection)
            else:
                return

    async def _stand_back(self, fenced: Fenced, connection: Connection) -> None:
        """Go on after a rebalance or a rebuild; otherwise somebody else is at work here.

        Raises:
            Fenced: that is so.
        """
        lost = {each.partition for each in fenced.lost if self._owned.get(each.partition, each).owner == each.owner}
        if not lost & self._owned.keys():
            return
        assert self._live is not None
        taken, self._live = await reclaim(connection, self._projection.name, list(self._owned.values()), self._live)
        if not lost <= {checkpoint.partition for checkpoint in taken}:
            raise fenced
        logger.info("%s goes on with the tables of a rebuild", self.group)
        self._owned.update((checkpoint.partition, checkpoint) for checkpoint in taken)

    async def _apply_fresh(self, records: Sequence[ConsumerRecord], connection: Connection) -> None:
        # Partitions under suspicion last: the others do not wait for them.
        suspected = self._care.suspected
        await self._apply_batch([each for each in records if each.partition not in suspected], connection)
        await self._care.apply([each for each in records if each.partition in suspected], connection)

    async def _apply_batch(self, records: Sequence[ConsumerRecord], connection: Connection) -> None:
        try:
            await self.read_and_write(records, connection)
        except Exception as error:
            if not at_fault(error):
                raise
            logger.warning("%s: a batch of %d failed: %s", self.group, len(records), type(error).__name__)
            self._care.suspect(records)
            await self._care.apply(records, connection)

    async def read_and_write(self, records: Sequence[ConsumerRecord], connection: Connection) -> None:
        """Apply records."""
        read = self._projection.decoder.decode_record
        told = [each for record in records if (each := read(record.headers, record.value)) is not None]
        await self._write(told, records, connection)

    async def park(self, record: ConsumerRecord, error: Exception, *, count: int) -> None:
        """Put a record among the dead letters.

        Raises:
            Transient: that did not work; the record is not passed over then.
        """
        letter = DeadLetter.of(record, error, group=self.group, count=count, at=self._clock.now())
        await self._dead_letters.park(letter)
        logger.error("%s parked %s after %d tries: %s", self.group, letter.id, count, type(error).__name__)

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
        moved: dict[int, Checkpoint] = {}
        last: dict[int, ConsumerRecord] = {record.partition: record for record in records}
        for number, record in last.items():
            before = self._owned.get(number)
            if before is None:
                raise Fenced(self._projection.name, ())
            moved[number] = replace(
                before, next_offset=record.offset + 1, position=position_of(record) or before.position
            )
        try:
            if batch:
                async with connection.transaction():
                    await self._projection.apply(batch, connection)
                    await advance(connection, self._projection.name, moved.values())
            else:
                # Most batches are no business of most read models: one statement is a transaction of its own.
                await advance(connection, self._projection.name, moved.values())
        except Exception as error:
            if at_fault(error):
                await self._check_owner(moved, connection)
            raise
        for number, checkpoint in moved.items():
            known = self._owned.get(number)
            if known is not None and known.owner == checkpoint.owner:
                self._owned[number] = checkpoint

    async def _check_owner(self, moved: Mapping[int, Checkpoint], connection: Connection) -> None:
        """Rule out that rows of a new owner made these records fail, before any of them is blamed.

        Raises:
            Fenced: there is a new owner.
        """
        found = await positions_of(connection, self._projection.name)
        lost = [each for number, each in moved.items() if number not in found or found[number].owner != each.owner]
        if lost:
            raise Fenced(self._projection.name, lost)


class _Assignment(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka is untyped
    def __init__(self, runner: ProjectionRunner, consumer: AIOKafkaConsumer) -> None:
        self._runner, self._consumer = runner, consumer

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        await self._runner.leave([each for each in revoked if each.topic == EVENTS.name])

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        await self._runner.take(self._consumer, [each for each in assigned if each.topic == EVENTS.name])
