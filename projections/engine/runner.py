"""Follows the topic and keeps read models up to date: a batch, its rows and its checkpoints in one transaction.

One consumer fetches the log for all read models of a process, and one transaction writes a batch to all of them. So they
move together, and a query that reads two of them in one snapshot sees one moment (``infra/decisions/0043``). A read model
whose tables are being rebuilt, or are far behind the others, joins them when it is ready, so it delays no other.

What happens to records that cannot be applied:

* A poison record is parked in the dead letter topic, because no retry helps: bytes that do not decode, a kind of event
  that this program does not know, an event that cannot follow the events before it.
* A record whose fold raises anything else is tried ``TRIES`` times in all, and then parked.
* So is a record that kills its process. PostgreSQL counts the tries, before each one, because a crash reports nothing.
  Counting costs two statements a try, so it is done only for a batch that failed and after a run that did not stop in
  good order. Then each read model applies the batch alone, in small chunks, and the records of a failed chunk one by one.
* A parked record is passed over for good; later records of its key follow. Only a rebuild by a version that can apply
  it brings it back.
* A record that the event store does not hold is foreign (``infra/decisions/0017``). It is recorded and passed over. It
  moves no checkpoint, so that a forged record cannot forge a position or a consistency token.
* Trouble with PostgreSQL or Kafka counts against no record: the same batch is tried again until it works.

Retries follow at once, so that a poison record delays the other records of this process by milliseconds.
"""

import asyncio
import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta

import asyncpg
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from domain.kernel import Transient
from projections.engine.canaries import CanaryWatch
from projections.engine.checkpoints import Fenced, Live, Projection
from projections.engine.common_batch import write_together
from projections.engine.followed_model import BATCH, FollowedModel
from projections.engine.log_reader import LogReader
from projections.engine.one_statement import write_at_once
from projections.engine.poison_records import PoisonRecordPorts
from projections.engine.postgres_errors import DATABASE_AWAY
from projections.engine.preparation import Preparation, Rebuild
from projections.engine.provenance import REASON, are_events, note_foreign
from projections.engine.tables import Connection
from schemas.internal.broker_address import client_settings
from schemas.internal.canaries import Canaries
from schemas.internal.cancellation import check_cancelled
from schemas.internal.provenance import ForeignRecord, claim_in
from schemas.topics import EVENTS

SESSION_TIMEOUT = timedelta(seconds=6)
"""How long a runner may be silent before the group takes it for dead; the least that brokers allow by default."""

HEARTBEAT_MS = 250
"""A runner learns of a rebalance from the answer to a heartbeat. Until then, the rows of all runners stand still."""

logger = logging.getLogger(__name__)


class ProjectionRunner:
    """Runs read models. Several runners of the same read models share the partitions through a consumer group.

    A runner continues from the checkpoints beside the rows, never from the group's committed offset, so rows and
    checkpoints cannot disagree.
    """

    def __init__(
        self,
        projections: Sequence[Projection],
        pool: asyncpg.Pool,
        bootstrap_servers: str,
        poison: PoisonRecordPorts,
        *,
        rebuild: Rebuild,
        group: str | None = None,
        session_timeout: timedelta = SESSION_TIMEOUT,
        canaries: Canaries | None = None,
    ) -> None:
        """Make a runner.

        Args:
            projections: what to run; no table name occurs twice in them.
            pool: one of its connections is held while running.
            bootstrap_servers: where the log is.
            poison: what isolating and parking poison records needs.
            rebuild: called when a projection's live tables are of an older version than it.
            group: the consumer group, by default named after the projections. Runners of one group must run the same
                ones, and no projection may be in two groups: the runners would take it from each other again and again.
            session_timeout: how long this runner may be silent before the group gives its partitions to others.
            canaries: reports the canaries that this runner passed; None if no caller watches them.
        """
        self.group = group or "projector-" + "-".join(each.name for each in projections)
        """The consumer group that spreads the partitions."""
        self._projections = {each.name: each for each in projections}
        self._pool = pool
        self._bootstrap_servers = bootstrap_servers
        self._poison = poison
        self._session_timeout = session_timeout
        self._canaries = canaries
        self._rebuild = rebuild
        self._preparation = Preparation(projections, pool, rebuild, self._run_alone)
        self._models: dict[str, FollowedModel] = {}
        """The read models that move together, by name."""
        self._assigned: set[int] = set()
        self._owning = asyncio.Lock()
        """Held while partitions or read models come or go: rebalances run beside the main loop, which takes models in."""
        self._rebalance_error: Exception | None = None
        """Why the last rebalance failed; the client library only logs it."""

    @property
    def partitions(self) -> frozenset[int]:
        """The partitions that this runner writes for."""
        return frozenset[int]().union(*(model.partitions.numbers for model in self._models.values()))

    async def run(self) -> None:
        """Project until cancelled; after an error, go on from the checkpoints."""
        backoff = 0.05
        loop = asyncio.get_running_loop()
        try:
            while True:
                started = loop.time()
                try:
                    ready = await self._preparation.first_ready()
                    self._models = {name: self._model(live, self._projections[name]) for name, live in ready.items()}
                    async with self._pool.acquire() as connection:
                        await self._set_up(connection)
                        await self._follow(connection)
                except (KafkaError, *DATABASE_AWAY) as error:
                    failure: Exception = error
                except (Fenced, Transient) as error:
                    failure = error
                check_cancelled()
                if loop.time() - started > 30:
                    backoff = 0.05
                logger.warning(
                    "%s starts again in %.2f s: %s: %s", self.group, backoff, type(failure).__name__, failure
                )
                await asyncio.sleep(backoff)
                backoff = min(2.0, backoff * 2)
        finally:
            await self._preparation.stop()

    def _model(self, live: Live, projection: Projection) -> FollowedModel:
        return FollowedModel(projection, live, self._pool, self._poison)

    async def _run_alone(self, projection: Projection) -> None:
        alone = type(self)(
            [projection],
            self._pool,
            self._bootstrap_servers,
            self._poison,
            rebuild=self._rebuild,
            session_timeout=self._session_timeout,
            canaries=self._canaries,
        )
        await alone.run()

    async def _set_up(self, connection: Connection) -> None:
        # The search path also names the schema of the checkpoints, so that one statement can use both. The time-out frees
        # rows that a frozen process has written but not committed: its successor waits for them. Commits do not wait for
        # the disk: if PostgreSQL crashes, rows and checkpoint are lost together and made again. Every statement finds its
        # rows by a key, however many it looks for and however large the table is, so it is planned once.
        seconds = self._session_timeout.total_seconds()
        schemas = ", ".join(f'"{name}"' for name in self._projections)
        await connection.execute(
            f"set search_path to {schemas}, public; "
            f"set idle_in_transaction_session_timeout to '{int(seconds * 1000)}ms'; set synchronous_commit to off; "
            "set plan_cache_mode to force_generic_plan; set enable_seqscan to off"
        )

    def make_consumer(self) -> AIOKafkaConsumer:
        """Return a consumer of this runner's group, not started yet."""
        return AIOKafkaConsumer(
            **client_settings(self._bootstrap_servers),
            group_id=self.group,
            enable_auto_commit=False,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=4 * 1024 * 1024,
            session_timeout_ms=int(self._session_timeout.total_seconds() * 1000),
            heartbeat_interval_ms=min(HEARTBEAT_MS, int(self._session_timeout.total_seconds() * 300)),
            metadata_max_age_ms=5_000,
            consumer_timeout_ms=1_000,  # its fetcher would look around five times a second
        )

    async def _follow(self, connection: Connection) -> None:
        consumer = self.make_consumer()
        reader, watch = LogReader(consumer), CanaryWatch(self._canaries)
        self._assigned.clear()
        self._rebalance_error = None
        consumer.subscribe([EVENTS.name, *watch.topics], listener=_Assignment(self, reader))
        try:
            await consumer.start()
            if EVENTS.name not in await consumer.topics():
                raise Transient("the broker", f"there is no topic {EVENTS.name} yet")
            while True:
                await self._take_in(await self._preparation.next_ready(), reader)
                fetched = watch.without(await consumer.getmany(timeout_ms=1000, max_records=BATCH))
                if self._rebalance_error is not None:
                    raise self._rebalance_error
                if not fetched:
                    ended = await reader.ended()
                    for model in self._models.values():
                        model.isolator.trust(ended)
                records = reader.verified(fetched)
                if not await write_at_once(records, self._models.values(), connection):
                    await self._apply(await self._without_foreign(records, connection), reader, connection)
                await watch.report(consumer, [model.group for model in self._models.values()])
        finally:
            await self._stop(consumer)

    async def _stop(self, consumer: AIOKafkaConsumer) -> None:
        try:
            async with asyncio.timeout(5):
                for model in self._models.values():
                    await model.stop()
        except TimeoutError:
            logger.warning("%s could not record in time that it stopped", self.group)
        finally:
            await consumer.stop()

    async def take(self, numbers: Sequence[int], reader: LogReader) -> None:
        """Go on with partitions that a rebalance brought."""
        async with self._owning:
            self._assigned.update(numbers)
            try:
                for model in self._models.values():
                    await model.take(numbers)
            except Exception as error:  # noqa: BLE001 - the client library would only log it, and the partitions stand still
                self._rebalance_error = error
                return
            self._go_to_checkpoints(numbers, reader)

    async def leave(self, numbers: Sequence[int], reader: LogReader) -> None:
        """Stop writing for partitions that a rebalance takes away."""
        async with self._owning:
            self._assigned.difference_update(numbers)
            reader.leave(numbers)
            for model in self._models.values():
                await model.leave(numbers)

    async def _take_in(self, ready: Mapping[str, Live], reader: LogReader) -> None:
        """Let read models move with the others from now on."""
        if not ready:
            return
        logger.info("%s: %s moves with the others now", self.group, ", ".join(ready))
        async with self._owning:
            for name, live in ready.items():
                self._models[name] = self._model(live, self._projections[name])
                await self._models[name].take(self._assigned)
            self._go_to_checkpoints(self._assigned, reader)

    def _go_to_checkpoints(self, numbers: Collection[int], reader: LogReader) -> None:
        checkpoints = [each for model in self._models.values() for each in model.partitions.checkpoints]
        reader.begin(each for each in checkpoints if each.partition in numbers)

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

    async def _apply(self, records: Sequence[ConsumerRecord], reader: LogReader, connection: Connection) -> None:
        models = self._models
        while records := reader.read_since(records):
            try:
                await write_together(records, models.values(), connection)
            except Fenced as fenced:
                await models[fenced.schema].reclaim(fenced, connection)
            else:
                return


class _Assignment(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka is untyped
    def __init__(self, runner: ProjectionRunner, reader: LogReader) -> None:
        self._runner, self._reader = runner, reader

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        await self._runner.leave([each.partition for each in revoked if each.topic == EVENTS.name], self._reader)

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        await self._runner.take([each.partition for each in assigned if each.topic == EVENTS.name], self._reader)
