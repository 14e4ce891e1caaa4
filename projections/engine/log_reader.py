"""Reads the log's partitions from the checkpoints of the read models that follow them."""

import logging
from collections.abc import Iterable, Sequence

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from projections.engine.canaries import Fetched
from projections.engine.checkpoints import Checkpoint
from projections.engine.records import position_of
from schemas.topics import EVENTS

logger = logging.getLogger(__name__)


class LogReader:
    """Moves a consumer to checkpoints, and checks that the topic still is the one that they were made from.

    aiokafka fetches a partition's first records as soon as a rebalance assigns it, before its checkpoint is read. Those
    records are dropped. Applying later ones, which were fetched before the consumer moved, would leave them out for good.
    """

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer
        self._begun: set[int] = set()
        """Partitions that the consumer was moved to the checkpoint of."""
        self._unverified: dict[int, Checkpoint] = {}
        """Partitions of which no record was fetched since the consumer was moved."""

    def begin(self, checkpoints: Iterable[Checkpoint]) -> None:
        """Go on in each partition at its lowest checkpoint."""
        lowest: dict[int, Checkpoint] = {}
        for each in checkpoints:
            other = lowest.setdefault(each.partition, each)
            if (each.position, each.next_offset) < (other.position, other.next_offset):
                lowest[each.partition] = each
        for number, checkpoint in lowest.items():
            self._begun.add(number)
            self._unverified[number] = checkpoint
            # Begin with the last applied record: if it is not at its offset, the topic is another one.
            offset = max(0, checkpoint.next_offset - 1) if checkpoint.position else 0
            self._consumer.seek(TopicPartition(EVENTS.name, number), offset)

    def leave(self, numbers: Iterable[int]) -> None:
        """Forget partitions that a rebalance takes away."""
        for number in numbers:
            self._begun.discard(number)
            self._unverified.pop(number, None)

    def verified(self, fetched: Fetched) -> list[ConsumerRecord]:
        """Return the fetched records of partitions that began; restart one whose last applied record has moved."""
        verified: list[ConsumerRecord] = []
        for partition, batch in fetched.items():
            if batch and partition.partition in self._begun and self._is_same_topic(partition, batch):
                verified.extend(batch)
        return verified

    def read_since(self, records: Iterable[ConsumerRecord]) -> list[ConsumerRecord]:
        """Return records without those of partitions that began again after the records were fetched."""
        return [record for record in records if record.partition not in self._unverified]

    def _is_same_topic(self, partition: TopicPartition, batch: Sequence[ConsumerRecord]) -> bool:
        checkpoint = self._unverified.pop(partition.partition, None)
        if checkpoint is None or checkpoint.position == 0:
            return True
        first = batch[0]
        if first.offset == checkpoint.next_offset - 1 and position_of(first) in {checkpoint.position, None}:
            return True
        # A wiped broker was refilled. Its offsets are new; positions still hold.
        logger.warning(
            "the topic's partition %d was recreated; looking for position %d from its beginning",
            partition.partition,
            checkpoint.position,
        )
        self._consumer.seek(partition, 0)
        return False
