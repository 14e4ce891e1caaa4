"""How a read model's runner passes canaries on: read with the log's own reader, told when what came with them is applied."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError

from schemas.internal.canaries import Canaries, seen_in
from schemas.topics import CANARY

Fetched = Mapping[TopicPartition, Sequence[ConsumerRecord]]


class CanaryWatch:
    """Takes canaries out of what one runner fetches."""

    def __init__(self, canaries: Canaries | None, component: str) -> None:
        self._canaries = canaries
        self._component = component
        self.topics: tuple[str, ...] = () if canaries is None else (CANARY.name,)
        """What to subscribe to besides the log."""
        self._passing: list[ConsumerRecord] = []

    def without(self, fetched: Fetched) -> Fetched:
        """Return what was fetched of the log, and keep the canaries among it."""
        if not any(partition.topic == CANARY.name for partition in fetched):
            return fetched
        self._passing = [
            record for partition, records in fetched.items() if partition.topic == CANARY.name for record in records
        ]
        return {partition: records for partition, records in fetched.items() if partition.topic != CANARY.name}

    async def tell(self, consumer: AIOKafkaConsumer) -> None:
        """Say that the canaries that were kept came out."""
        passed, self._passing = self._passing, []
        if passed and self._canaries is not None:
            await self._canaries.answer(self._component, seen_in(passed))
            # Only so that the next runner does not begin with all of them; the log's own place is the checkpoint.
            with suppress(KafkaError, IllegalStateError):
                await consumer.commit(
                    {TopicPartition(record.topic, record.partition): record.offset + 1 for record in passed}
                )
