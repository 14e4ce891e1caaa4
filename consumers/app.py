"""Connects agents and policies to the log: one FastStream subscriber and one Kafka consumer group each.

FastStream declares the subscribers, documents them (AsyncAPI) and waits for their records, with manual acknowledgement. Its
other features do not fit:

* Acknowledging first loses records that fail.
* A negative acknowledgement delivers again at once, without limit.
* The concurrent subscriber gives up order.
* The batch subscriber sleeps after each empty poll, which takes CPU time at rest and delays the next record.

So a record and those that arrived with it only go to :class:`consumers.runtime.key_ordered.KeyOrderedExecutor`, which keeps the order of each key.
:class:`consumers.runtime.delivery.RecordDelivery` counts, retries and parks. This module commits offsets, up to the last
record that is done.

Events are delivered again, so every consumer must make that harmless. After a crash or a rebalance, everything above the
last committed offset comes again; after a topic was deleted and filled again, everything does
(:mod:`consumers.runtime.topic_identity`).
"""

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import chain
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from faststream.kafka.message import FAKE_CONSUMER

from consumers.ports import Consumer
from consumers.runtime.broker_security import broker_security
from consumers.runtime.delivery import CONCURRENCY, REDELIVERY, RecordDelivery, SoloGate
from consumers.runtime.key_ordered import KeyOrderedExecutor, in_log_order
from consumers.runtime.topic_identity import TopicIdentity
from domain.kernel import Clock
from infra.retry import RetryPolicy
from schemas.internal.canaries import Canaries, seen_in
from schemas.internal.deliveries import DeadLetters, DeliveryLedger, Record
from schemas.internal.provenance import Provenance
from schemas.topics import CANARY

BATCH = 500
"""Most records of one fetch."""
OPEN_MOST = 1000
"""Fetching pauses while this many records are not done."""
COMMIT_EVERY_SECONDS = 0.5
IDLE_SECONDS = 2.5
"""How long a fetch and the committer wait while nothing happens. A process has a dozen consumers, so shorter waits cost.

A fetch of canaries alone, while the log is paused, delays the log by as much when it is resumed."""
GRACE_SECONDS = 5.0
"""Time that handlers have to finish after their partition was revoked or the process was stopped."""
SESSION_SECONDS = 10.0
RECONNECT_SECONDS = 2.0
SILENT_SECONDS = 4.0
"""After this time without a fetch, a partition must prove that its topic is the same; longer than an idle fetch."""

logger = logging.getLogger(__name__)


class ConsumerApp:
    """All consumers of one process."""

    def __init__(  # noqa: PLR0913 - called once, with every argument by name
        self,
        consumers: Sequence[Consumer],
        *,
        bootstrap_servers: str,
        ledger: DeliveryLedger,
        dead_letters: DeadLetters,
        provenance: Provenance,
        clock: Clock,
        concurrency: Mapping[str, int] | None = None,
        redelivery: RetryPolicy = REDELIVERY,
        grace_seconds: float = GRACE_SECONDS,
        session_seconds: float = SESSION_SECONDS,
        canaries: Canaries | None = None,
    ) -> None:
        """Declare a subscriber for each consumer; nothing is connected yet.

        Args:
            consumers: agents and policies; their names are their Kafka groups.
            bootstrap_servers: where the log is.
            ledger: counts deliveries.
            dead_letters: takes the records that consumers gave up.
            provenance: tells the platform's own records from foreign ones.
            clock: where the time comes from.
            concurrency: by consumer name, how many keys it handles at once; 8 by default.
            redelivery: how often a record is delivered, and the pauses between deliveries.
            grace_seconds: time for running handlers to finish; well below ``session_seconds``, because the group waits
                for them at a rebalance.
            session_seconds: how long a process may be silent before others take over its partitions.
            canaries: notes which canaries the consumers received; None reads no canaries.
        """
        self.broker = KafkaBroker(
            bootstrap_servers,
            security=broker_security(bootstrap_servers),
            client_id="zyenta-consumer",
            consumer_only=True,
            allow_auto_create_topics=False,
            metadata_max_age_ms=15_000,
            apply_types=False,
            logger=None,
        )
        solo_gate = SoloGate()
        self._subscriptions = [
            _Subscription(
                consumer,
                RecordDelivery(
                    consumer,
                    ledger=ledger,
                    dead_letters=dead_letters,
                    provenance=provenance,
                    solo_gate=solo_gate,
                    clock=clock,
                    concurrency=(concurrency or {}).get(consumer.name, CONCURRENCY),
                    redelivery=redelivery,
                ),
                self.broker,
                grace_seconds=grace_seconds,
                session_seconds=session_seconds,
                canaries=canaries,
            )
            for consumer in consumers
        ]

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until ``stop`` is set; wait for a broker that is not there yet."""
        while not stop.is_set():
            try:
                await self.start()
            except (KafkaError, OSError) as error:
                logger.warning("the log cannot be reached, trying again: %s", error)
                await self.stop()
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), RECONNECT_SECONDS)
                continue
            logger.info("consuming as %s", ", ".join(each.consumer.name for each in self._subscriptions))
            await stop.wait()
        await self.stop()

    async def start(self) -> None:
        """Join the consumer groups and start to fetch.

        Raises:
            KafkaError, OSError: the broker is out of reach; retrying may help, after ``stop``.
        """
        await self.broker.start()
        for subscription in self._subscriptions:
            subscription.start()

    async def stop(self) -> None:
        """Let running handlers finish within the grace, commit what is done, and leave the groups."""
        await asyncio.gather(*(subscription.stop() for subscription in self._subscriptions))
        await self.broker.stop()


class _Subscription(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka is untyped
    """One consumer's subscriber, executor and offsets."""

    def __init__(
        self,
        consumer: Consumer,
        delivery: RecordDelivery,
        broker: KafkaBroker,
        *,
        grace_seconds: float,
        session_seconds: float,
        canaries: Canaries | None,
    ) -> None:
        self.consumer = consumer
        self._canaries = canaries
        self._delivery = delivery
        self._executor = KeyOrderedExecutor(delivery.handle)
        self._topic_identity = TopicIdentity()
        self._grace_seconds = grace_seconds
        self._assigned = asyncio.Event()
        self._stopping = False
        self._released = 0
        self._committer: asyncio.Task[None] | None = None
        self._subscriber = broker.subscriber(
            *((consumer.topic.name,) if canaries is None else (consumer.topic.name, CANARY.name)),
            group_id=consumer.name,
            ack_policy=AckPolicy.MANUAL,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            listener=self,
            session_timeout_ms=int(session_seconds * 1000),
            heartbeat_interval_ms=int(session_seconds * 300),
            fetch_max_wait_ms=int(IDLE_SECONDS * 1000),
            consumer_timeout_ms=int(IDLE_SECONDS * 1000),  # its fetcher would look around five times a second
            parser=_unparsed,
            decoder=_undecoded,
            title=consumer.name,
            description=(type(consumer).__doc__ or "").strip().partition("\n")[0],
        )
        self._subscriber(self._receive)

    def start(self) -> None:
        self._stopping = False
        self._committer = asyncio.create_task(self._keep_committing(), name=f"commit {self.consumer.name}")

    async def stop(self) -> None:
        self._stopping = True
        self._assigned.set()  # lets go of a batch that waits for a rebalance
        if self._committer is not None:
            self._committer.cancel()
            await asyncio.gather(self._committer, return_exceptions=True)
            self._committer = None
        await self._release({(tp.topic, tp.partition) for tp in self._assignment()})

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Let handlers finish or cancel them; the group waits for this, so the grace bounds it."""
        self._assigned.clear()
        await self._release({(tp.topic, tp.partition) for tp in revoked})

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Go on from the last committed offsets."""
        numbers = sorted(tp.partition for tp in assigned)
        logger.info("%s has partitions %s of %s", self.consumer.name, numbers, self.consumer.topic.name)
        self._assigned.set()

    async def _receive(self, first: Any) -> None:
        """Submit a record and all that were fetched with it.

        FastStream swallows exceptions from here and fetches on. So that no record is lost, after any error the partition
        is fetched again from the batch's first record.
        """
        batches = await self._fetched_with(first)
        # A batch may have been fetched before a rebalance that is still going on.
        await self._assigned.wait()
        released = self._released
        accepted: list[Sequence[Record]] = []
        for partition, batch in batches.items():
            if self._stopping:
                return
            try:
                if await self._is_current(partition, batch[-1].offset):
                    accepted.append(await self._new_records(partition, batch))
            except Exception:
                logger.exception("%s could not submit a batch of %s", self.consumer.name, partition)
                self._fetch_again(partition, batch[0].offset)
        if self._released == released:  # else the next assignment fetches these records again, from the last commit
            self._submit(accepted)
        self._pause_or_resume()
        if self._canaries is not None:
            await self._canaries.answer(self.consumer.name, seen_in(chain.from_iterable(batches.values())))

    async def _fetched_with(self, first: Record) -> Mapping[TopicPartition, Sequence[Record]]:
        at = TopicPartition(first.topic, first.partition)
        batches: dict[TopicPartition, list[Record]] = {at: [first]}
        if self._kafka is not None:
            try:
                fetched = await self._kafka.getmany(timeout_ms=0, max_records=BATCH - 1)
            except KafkaError as error:
                # The next wait for a record meets the same error, and FastStream reports it.
                logger.info("%s got one record only: %s", self.consumer.name, error)
            else:
                for partition, records in fetched.items():
                    batches.setdefault(partition, []).extend(records)
        return batches

    async def _new_records(self, partition: TopicPartition, batch: Sequence[Record]) -> Sequence[Record]:
        """Return the records of a batch that were not fetched before; none if the topic was created again."""
        if partition.topic == CANARY.name:
            self._executor.skip(batch[-1])
            return ()
        new = self._topic_identity.new_records(batch)
        if new is None:
            await self._restart(partition)
            return ()
        self._topic_identity.remember(batch[-1])
        return new

    def _submit(self, batches: Sequence[Sequence[Record]]) -> None:
        for record in in_log_order(batches):
            if self._delivery.skips(record):
                self._executor.skip(record)
            else:
                self._executor.submit(record)

    async def _restart(self, partition: TopicPartition) -> None:
        """Read a partition of a topic that was created again from its beginning; consumers recognize what is done."""
        logger.warning("%s: the topic of %s was created again, reading from its start", self.consumer.name, partition)
        # The open offsets mean other records now: they must not be committed or mixed with the new ones.
        numbers = {(partition.topic, partition.partition)}
        await self._executor.drain(numbers, grace_seconds=self._grace_seconds)
        self._executor.forget(numbers)
        self._topic_identity.forget(numbers)
        self._fetch_again(partition, 0)

    def _require_proof(self, partitions: Iterable[TopicPartition]) -> None:
        """Let partitions prove that their topic is the same: fetch again from the last record of each."""
        for partition in partitions:
            offset = self._topic_identity.require_proof((partition.topic, partition.partition))
            if offset is not None:
                self._fetch_again(partition, offset)

    def _check_silence(self) -> None:
        """Require proof of partitions that were not fetched for a while: the broker was down, or this process frozen."""
        kafka = self._kafka
        if kafka is None:
            return
        since = (time.time() - SILENT_SECONDS) * 1000
        self._require_proof(
            each for each in self._event_partitions() if since > (kafka.last_poll_timestamp(each) or since)
        )

    async def _is_current(self, partition: TopicPartition, last: int) -> bool:
        """Whether a batch belongs to the present assignment: a new assignment starts at the last commit."""
        kafka = self._kafka
        if kafka is None or partition not in kafka.assignment():
            return False
        try:
            position: int = await kafka.position(partition)
        except IllegalStateError:
            return False
        return position > last

    def _fetch_again(self, partition: TopicPartition, offset: int) -> None:
        kafka = self._kafka
        if kafka is not None:
            with suppress(IllegalStateError):
                kafka.seek(partition, offset)

    def _pause_or_resume(self) -> None:
        """Pause fetching while too many records are open; polling goes on, or the group would remove this process."""
        kafka = self._kafka
        if kafka is None:
            return
        with suppress(IllegalStateError):
            if self._executor.open >= OPEN_MOST:
                kafka.pause(*self._event_partitions())
            elif self._executor.open < OPEN_MOST // 2 and (paused := kafka.paused()):
                self._require_proof(paused)
                kafka.resume(*paused)

    async def _keep_committing(self) -> None:
        while True:
            # Not wait_for: in Python 3.11 it swallows a cancellation that arrives as its awaitable ends. stop() would then
            # wait without limit.
            progressed = False
            with suppress(TimeoutError):
                async with asyncio.timeout(IDLE_SECONDS):
                    await self._executor.wait_for_progress()
                    progressed = True
            self._check_silence()
            self._pause_or_resume()
            await self._commit()
            if progressed:
                await asyncio.sleep(COMMIT_EVERY_SECONDS)
                self._check_silence()

    async def _commit(self) -> None:
        kafka = self._kafka
        marks = {
            each: offset
            for each, offset in self._executor.uncommitted().items()
            if not self._topic_identity.is_unverified(each)
        }
        if kafka is None or not marks:
            return
        try:
            await kafka.commit({TopicPartition(*partition): offset for partition, offset in marks.items()})
        except (KafkaError, IllegalStateError) as error:
            # The partition's next owner handles again what was not committed; that is harmless.
            logger.info("%s could not commit: %s", self.consumer.name, error)
        else:
            self._executor.mark_committed(marks)

    async def _release(self, partitions: set[tuple[str, int]]) -> None:
        self._released += 1
        await self._executor.drain(partitions, grace_seconds=self._grace_seconds)
        await self._commit()
        self._executor.forget(partitions)
        self._topic_identity.forget(partitions)

    def _event_partitions(self) -> set[TopicPartition]:
        """Return the partitions of the consumer's topic, without those of the canaries, which are never paused."""
        return {each for each in self._assignment() if each.topic == self.consumer.topic.name}

    def _assignment(self) -> set[TopicPartition]:
        return set() if self._kafka is None else self._kafka.assignment()

    @property
    def _kafka(self) -> AIOKafkaConsumer | None:
        return self._subscriber.consumer


async def _unparsed(record: Any) -> KafkaMessage:
    """Wrap a record without looking inside: FastStream's own parser fails on a header that is not UTF-8."""
    return KafkaMessage(raw_message=record, body=b"", consumer=FAKE_CONSUMER)


async def _undecoded(message: KafkaMessage) -> Any:
    return message.raw_message
