"""Reads the log's partitions from the checkpoints of the read models that follow them."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from projections.engine.canaries import Fetched
from projections.engine.checkpoints import Checkpoint
from projections.engine.records import position_of
from schemas.topics import EVENTS

SILENT_MS = 2_000
"""How long the broker may leave a partition unanswered. An idle one is answered several times a second."""

PROOF_MS = 5_000
"""How long the broker may answer without the last record. It may be behind for a moment after a restart."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where reading goes on, and the event before it."""

    next_offset: int
    position: int
    """Of the event before; 0 if there is none."""


class LogReader:
    """Moves a consumer to checkpoints, and checks that the topic still is the one that they were made from.

    aiokafka fetches a partition's first records as soon as a rebalance assigns it, before its checkpoint is read. Those
    records are dropped. Applying later ones, which were fetched before the consumer moved, would leave them out for good.

    While the broker is silent, the topic may be deleted and filled again. Then the consumer's offset means another event,
    and reading on would leave out the events before it. So reading goes back to the last record, which must be where it was.
    """

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer
        self._begun: dict[int, _Place] = {}
        """Partitions that the consumer was moved to the checkpoint of, and how far each is read."""
        self._unverified: dict[int, int | None] = {}
        """Partitions of which no record was fetched since the consumer was moved, and the time of the first answer."""
        self._answered: dict[int, int] = {}
        """When the broker last answered for each partition, in milliseconds."""

    def begin(self, checkpoints: Iterable[Checkpoint]) -> None:
        """Go on in each partition at its lowest checkpoint."""
        lowest: dict[int, Checkpoint] = {}
        for each in checkpoints:
            other = lowest.setdefault(each.partition, each)
            if (each.position, each.next_offset) < (other.position, other.next_offset):
                lowest[each.partition] = each
        for number, checkpoint in lowest.items():
            self._go_to(number, _Place(checkpoint.next_offset, checkpoint.position))

    def leave(self, numbers: Iterable[int]) -> None:
        """Forget partitions that a rebalance takes away."""
        for number in numbers:
            self._begun.pop(number, None)
            self._unverified.pop(number, None)
            self._answered.pop(number, None)

    def verified(self, fetched: Fetched) -> list[ConsumerRecord]:
        """Return the fetched records of partitions that began; restart one whose last record has moved.

        Must be called after each fetch, an empty one included, because it also notices that the broker was silent.
        """
        batches = {partition.partition: batch for partition, batch in fetched.items() if batch}
        verified: list[ConsumerRecord] = []
        for number in self._begun:
            batch = batches.get(number)
            if self._was_silent(number):
                self._go_to(number, self._begun[number])
            elif batch is None:
                self._miss_proof(number)
            elif self._is_same_topic(number, batch[0]):
                self._read_to(number, batch)
                verified.extend(batch)
        return verified

    def read_since(self, records: Iterable[ConsumerRecord]) -> list[ConsumerRecord]:
        """Return records without those of partitions that began again after the records were fetched."""
        return [record for record in records if record.partition not in self._unverified]

    async def ended(self) -> list[int]:
        """Return the partitions that are read to their end, as far as the broker's last answer goes.

        That a fetch brought nothing does not show it: the broker may be slow.
        """
        ended = []
        for number in list(self._begun):
            partition = TopicPartition(EVENTS.name, number)
            if number in self._begun:  # a rebalance may have taken it during an await
                end: int | None = self._consumer.last_stable_offset(partition)
                if end is not None and await self._consumer.position(partition) >= end:
                    ended.append(number)
        return ended

    def _go_to(self, number: int, place: _Place) -> None:
        self._begun[number] = place
        self._unverified[number] = None
        # Begin with the record before: if it is not at its offset, the topic is another one.
        offset = max(0, place.next_offset - 1) if place.position else 0
        self._consumer.seek(TopicPartition(EVENTS.name, number), offset)

    def _read_to(self, number: int, batch: Sequence[ConsumerRecord]) -> None:
        # A foreign record may have no position to recognize it by.
        for record in reversed(batch):
            position = position_of(record)
            if position is not None:
                self._begun[number] = _Place(record.offset + 1, position)
                return

    def _was_silent(self, number: int) -> bool:
        """Whether the broker left the partition unanswered for a while before its last answer."""
        now: int | None = self._consumer.last_poll_timestamp(TopicPartition(EVENTS.name, number))
        if now is None:
            return False
        before = self._answered.setdefault(number, now)
        self._answered[number] = now
        return now - before > SILENT_MS

    def _is_same_topic(self, number: int, first: ConsumerRecord) -> bool:
        if number not in self._unverified:
            return True
        place = self._begun[number]
        if place.position and (first.offset != place.next_offset - 1 or position_of(first) != place.position):
            self._start_over(number)
            return False
        del self._unverified[number]
        return True

    def _miss_proof(self, number: int) -> None:
        """Start a partition over whose last record is missing: a topic that was filled again may end just before it."""
        if number not in self._unverified or self._begun[number].position == 0:
            return
        answered = self._answered.get(number)
        first = self._unverified[number]
        if first is None:
            self._unverified[number] = answered
        elif answered is not None and answered - first > PROOF_MS:
            self._start_over(number)

    def _start_over(self, number: int) -> None:
        # A wiped broker was refilled. Its offsets are new; positions still hold.
        logger.warning(
            "the topic's partition %d was recreated; looking for position %d from its beginning",
            number,
            self._begun[number].position,
        )
        self._go_to(number, _Place(0, 0))
