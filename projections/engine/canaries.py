"""How a runner reports canaries: it fetches them with the log, and reports them once the records beside them are applied."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError

from schemas.internal.canaries import Canaries, seen_in
from schemas.topics import CANARY

Fetched = Mapping[TopicPartition, Sequence[ConsumerRecord]]


class CanaryWatch:
    """Takes the canaries out of what one runner fetches, and reports them."""

    def __init__(self, canaries: Canaries | None) -> None:
        self._canaries = canaries
        self.topics: tuple[str, ...] = () if canaries is None else (CANARY.name,)
        """The topics to subscribe to besides the log."""
        self._passing: list[ConsumerRecord] = []

    def without(self, fetched: Fetched) -> Fetched:
        """Return the fetched records of the log, and keep the canaries for :meth:`report`."""
        if not any(partition.topic == CANARY.name for partition in fetched):
            return fetched
        self._passing = [
            record for partition, records in fetched.items() if partition.topic == CANARY.name for record in records
        ]
        return {partition: records for partition, records in fetched.items() if partition.topic != CANARY.name}

    async def report(self, consumer: AIOKafkaConsumer, components: Iterable[str]) -> None:
        """Report for these components the canaries that came with the last records; no-op if there are none."""
        passed, self._passing = self._passing, []
        if passed and self._canaries is not None:
            seen = seen_in(passed)
            for component in components:
                await self._canaries.answer(component, seen)
            # Only so that the next runner does not start with old canaries. The log's own place is the checkpoint.
            with suppress(KafkaError, IllegalStateError):
                await consumer.commit(
                    {TopicPartition(record.topic, record.partition): record.offset + 1 for record in passed}
                )
