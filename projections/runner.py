"""Follows the topic and keeps one read model up to date: a batch, its rows and its checkpoint in one transaction."""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

import asyncpg
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from domain.kernel import Clock, CorruptStream, Transient
from projections.checkpoints import Checkpoint, Fenced, Projection, advance, create_tables, take_over
from schemas.deliveries import DeadLetter, digest_traceback
from schemas.envelope import Envelope, from_record
from schemas.registry import UndecodableEvent, UnknownEvent
from schemas.topics import EVENTS

BATCH = 5000
POISON = (UnknownEvent, UndecodableEvent, CorruptStream)
"""What no retry can help: the record is parked and the line goes on."""

log = logging.getLogger(__name__)


class DeadLetters(Protocol):
    """Where records go that cannot be applied, for a person to find."""

    async def park(self, letter: DeadLetter) -> None:
        """Keep a letter.

        Raises:
            Transient: it could not be kept; retrying may help.
        """
        ...


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
        clock: Clock,
    ) -> None:
        self._projection = projection
        self._pool = pool
        self._bootstrap_servers = bootstrap_servers
        self._dead_letters = dead_letters
        self._clock = clock
        self._owned: dict[int, Checkpoint] = {}
        self._unproven: set[int] = set()

    @property
    def group(self) -> str:
        """The consumer group that spreads the partitions."""
        return f"projector-{self._projection.name}"

    async def run(self) -> None:
        """Project until cancelled; after trouble, go on from the checkpoint."""
        backoff = 0.05
        while True:
            try:
                await ensure_live(self._pool, self._projection)
                await self._follow()
            except (KafkaError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError, Fenced, Transient) as error:
                log.warning(
                    "projector %s starts again in %.2f s: %s: %s",
                    self._projection.name,
                    backoff,
                    type(error).__name__,
                    error,
                )
                await asyncio.sleep(backoff)
                backoff = min(2.0, backoff * 2)

    async def _follow(self) -> None:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap_servers,
            group_id=self.group,
            enable_auto_commit=False,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=4 * 1024 * 1024,
            session_timeout_ms=10_000,
            heartbeat_interval_ms=1_000,
            metadata_max_age_ms=5_000,
        )
        consumer.subscribe([EVENTS.name], listener=_Assignment(self, consumer))
        self._owned.clear()
        await consumer.start()
        try:
            while True:
                fetched = await consumer.getmany(timeout_ms=1000, max_records=BATCH)
                records = self._fresh(consumer, fetched)
                if records:
                    await self._apply(records)
        finally:
            await consumer.stop()

    async def take(self, consumer: AIOKafkaConsumer, partitions: Iterable[TopicPartition]) -> None:
        """Go on with partitions that a rebalance brought."""
        numbers = [partition.partition for partition in partitions]
        async with self._pool.acquire() as connection:
            taken = await take_over(connection, self._projection.name, numbers)
        for checkpoint in taken:
            self._owned[checkpoint.partition] = checkpoint
            partition = TopicPartition(EVENTS.name, checkpoint.partition)
            if checkpoint.position == 0:
                consumer.seek(partition, 0)
            else:
                # Begin with the last applied record: if it is not there as remembered, the topic is another one.
                self._unproven.add(checkpoint.partition)
                consumer.seek(partition, max(0, checkpoint.next_offset - 1))

    def leave(self, partitions: Iterable[TopicPartition]) -> None:
        """Stop writing for partitions that a rebalance took away."""
        for partition in partitions:
            self._owned.pop(partition.partition, None)
            self._unproven.discard(partition.partition)

    def _fresh(
        self, consumer: AIOKafkaConsumer, fetched: Mapping[TopicPartition, Sequence[ConsumerRecord]]
    ) -> list[ConsumerRecord]:
        records: list[ConsumerRecord] = []
        for partition, batch in fetched.items():
            checkpoint = self._owned.get(partition.partition)
            if checkpoint is None or not batch:
                continue
            if partition.partition in self._unproven:
                self._unproven.discard(partition.partition)
                first = batch[0]
                if first.offset != checkpoint.next_offset - 1 or _position(first) != checkpoint.position:
                    # The topic was made anew (a wiped broker, refilled). Offsets mean nothing; positions still do.
                    log.warning(
                        "%s: partition %d was made anew; looking for position %d from its beginning",
                        self._projection.name,
                        partition.partition,
                        checkpoint.position,
                    )
                    consumer.seek(partition, 0)
                    continue
            records.extend(record for record in batch if _is_new(record, checkpoint))
        return records

    async def _apply(self, records: Sequence[ConsumerRecord]) -> None:
        envelopes: list[Envelope] = []
        for record in records:
            try:
                envelopes.append(from_record(record.headers, record.value).decode())
            except POISON as error:
                await self._park(record, error)
        try:
            await self._write(envelopes, records)
        except CorruptStream:
            await self._write_one_by_one(records)

    async def _write_one_by_one(self, records: Sequence[ConsumerRecord]) -> None:
        """Find the record that cannot be applied, park it, and apply the others."""
        for record in records:
            try:
                envelopes = [from_record(record.headers, record.value).decode()]
            except POISON:
                envelopes = []
            try:
                await self._write(envelopes, [record])
            except CorruptStream as error:
                await self._park(record, error)
                await self._write([], [record])

    async def _park(self, record: ConsumerRecord, error: Exception) -> None:
        log.error(
            "%s parks %s/%d/%d: %s", self.group, record.topic, record.partition, record.offset, type(error).__name__
        )
        await self._dead_letters.park(
            DeadLetter(
                group=self.group,
                topic=record.topic,
                partition=record.partition,
                offset=record.offset,
                key=record.key,
                value=record.value,
                headers=tuple(record.headers),
                reason=f"{type(error).__name__}: {error}",
                traceback_digest=digest_traceback(error.__traceback__),
                count=1,
                parked_at=self._clock.now(),
            )
        )

    async def _write(self, envelopes: Sequence[Envelope], records: Sequence[ConsumerRecord]) -> None:
        moved: dict[int, Checkpoint] = {}
        for record in records:
            before = moved.get(record.partition) or self._owned.get(record.partition)
            if before is None:
                raise Fenced(f"partition {record.partition} moved away in the middle of a batch")
            moved[record.partition] = replace(
                before, next_offset=record.offset + 1, position=_position(record) or before.position
            )
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(f'set local search_path to "{self._projection.name}"')
            if envelopes:
                await self._projection.apply(envelopes, connection)
            await connection.execute("set local search_path to public")
            await advance(connection, self._projection.name, list(moved.values()))
        for partition, checkpoint in moved.items():
            if partition in self._owned:
                self._owned[partition] = checkpoint


class _Assignment(ConsumerRebalanceListener):
    def __init__(self, runner: ProjectionRunner, consumer: AIOKafkaConsumer) -> None:
        self._runner, self._consumer = runner, consumer

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        self._runner.leave(revoked)

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        await self._runner.take(self._consumer, assigned)


async def ensure_live(pool: asyncpg.Pool, projection: Projection) -> None:
    """Create a projection's live tables if there are none yet; several processes may do so at once."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("select pg_advisory_xact_lock(7241003)")
        if await connection.fetchval("select true from projections where name = $1", projection.name):
            return
        await create_tables(connection, projection, projection.name)
        await connection.execute(
            "insert into projections (name, version, schema_name) values ($1, $2, $1)",
            projection.name,
            projection.version,
        )


def _position(record: ConsumerRecord) -> int | None:
    for name, value in record.headers:
        if name == "ce_position" and value.isdigit():
            return int(value)
    return None  # not one of ours; it will be parked


def _is_new(record: ConsumerRecord, checkpoint: Checkpoint) -> bool:
    position = _position(record)
    if position is None:
        return record.offset >= checkpoint.next_offset
    return position > checkpoint.position
