"""A consumer group whose rebalances, fetches and silences a test decides, as aiokafka's consumers see it."""

import asyncio
from collections.abc import Collection, Mapping
from typing import Any

from aiokafka import ConsumerRebalanceListener, ConsumerRecord, TopicPartition

from schemas.topics import EVENTS


class SimulatedTopic:
    """The log's records by partition and offset, and the members of one group."""

    def __init__(self) -> None:
        self.records: dict[int, list[ConsumerRecord]] = {}
        """By partition, in the order of their offsets, which may have gaps."""
        self.now_ms = 0
        self.members: list[SimulatedConsumer] = []

    async def rebalance(self, assignment: Mapping["SimulatedConsumer", Collection[int]]) -> None:
        """Give these members new partitions, as one rebalance does: all leave before one takes. Others hear nothing."""
        await asyncio.gather(*(member.revoke() for member in assignment))
        await asyncio.gather(*(member.assign(numbers) for member, numbers in assignment.items()))


class SimulatedConsumer:
    """What the projection runner uses of a consumer. Fetches wait until the test allows them."""

    def __init__(self, topic: SimulatedTopic) -> None:
        self._topic = topic
        self._listener: ConsumerRebalanceListener
        self._next: dict[int, int] = {}
        """The next offset by partition."""
        self._answered: dict[int, int] = {}
        self._allowed: asyncio.Future[int] | None = None
        self.is_rebalancing = False

    @property
    def is_waiting(self) -> bool:
        """Whether a fetch waits to be allowed."""
        return self._allowed is not None

    @property
    def numbers(self) -> frozenset[int]:
        """The assigned partitions."""
        return frozenset(self._next)

    def allow(self, count: int) -> None:
        """Let the waiting fetch return up to this many records of each partition."""
        assert self._allowed is not None
        self._allowed.set_result(count)
        self._allowed = None

    async def revoke(self) -> None:
        self.is_rebalancing = True
        await self._listener.on_partitions_revoked({TopicPartition(EVENTS.name, each) for each in self._next})

    async def assign(self, numbers: Collection[int]) -> None:
        # Without a committed offset a partition is read from its beginning, even before the listener has returned.
        self._next = dict.fromkeys(numbers, 0)
        self._answered = dict.fromkeys(numbers, self._topic.now_ms)
        await self._listener.on_partitions_assigned({TopicPartition(EVENTS.name, each) for each in numbers})
        self.is_rebalancing = False

    def subscribe(self, topics: Collection[str], listener: ConsumerRebalanceListener) -> None:
        assert set(topics) == {EVENTS.name}
        self._listener = listener

    async def start(self) -> None:
        self._topic.members.append(self)

    async def stop(self) -> None:
        if self in self._topic.members:
            self._topic.members.remove(self)

    async def topics(self) -> set[str]:
        return {EVENTS.name}

    async def getmany(self, **_: Any) -> dict[TopicPartition, list[ConsumerRecord]]:
        self._allowed = asyncio.get_running_loop().create_future()
        try:
            count = await self._allowed
        finally:
            self._allowed = None
        # As in aiokafka, nothing happens between choosing the records and the caller's having them.
        fetched = {}
        for number in self._next:
            self._answered[number] = self._topic.now_ms
            records = self._topic.records.get(number, [])
            end = records[-1].offset + 1 if records else 0
            # Out of range: ``auto_offset_reset`` is ``earliest``.
            offset = self._next[number] if self._next[number] <= end else 0
            following = [record for record in records if record.offset >= offset][:count]
            self._next[number] = following[-1].offset + 1 if following else offset
            if following:
                fetched[TopicPartition(EVENTS.name, number)] = following
        return fetched

    def seek(self, partition: TopicPartition, offset: int) -> None:
        assert partition.partition in self._next
        self._next[partition.partition] = offset

    async def position(self, partition: TopicPartition) -> int:
        return self._next[partition.partition]

    def last_stable_offset(self, partition: TopicPartition) -> int:
        records = self._topic.records.get(partition.partition, [])
        return records[-1].offset + 1 if records else 0

    def last_poll_timestamp(self, partition: TopicPartition) -> int:
        return self._answered[partition.partition]
