"""Kafka clients that are closed at the end of a test."""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from types import TracebackType
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError, for_code

from schemas.internal.broker_address import client_settings

_names = itertools.count(1)


class Clients:
    """Producers and consumers of one broker. Leaving the context stops all, fenced ones included."""

    def __init__(self, bootstrap_servers: str) -> None:
        self.bootstrap_servers = bootstrap_servers
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._open.aclose()

    async def topic(self, partitions: int = 1) -> str:
        """Create a topic under an unused name."""
        name = f"topic-{next(_names)}-{time.time_ns()}"
        await self.create(name, partitions)
        return name

    async def create(self, name: str, partitions: int) -> None:
        """Create a topic and wait until clients can use it.

        Raises:
            KafkaError: the broker's own reason.
        """
        admin = AIOKafkaAdminClient(**client_settings(self.bootstrap_servers))
        await admin.start()
        try:
            answer = await admin.create_topics([NewTopic(name, partitions, 1)])
            for _, code, message in answer.topic_errors:
                if code:
                    raise for_code(code)(message)
            # Kafka announces a topic a moment before its partitions have a leader.
            await until(lambda: self._is_led(admin, name, partitions))
        finally:
            await admin.close()

    @staticmethod
    async def _is_led(admin: AIOKafkaAdminClient, name: str, partitions: int) -> bool:
        (topic,) = await admin.describe_topics([name])
        return topic["error_code"] == 0 and len(topic["partitions"]) == partitions

    async def producer(self, **settings: Any) -> AIOKafkaProducer:
        """Start a producer, idempotent by default."""
        defaults: dict[str, Any] = {"enable_idempotence": True, "retry_backoff_ms": 20}
        producer = AIOKafkaProducer(**client_settings(self.bootstrap_servers), **{**defaults, **settings})
        self._open.push_async_callback(_stop, producer)
        await producer.start()
        return producer

    async def consumer(self, *topics: str, **settings: Any) -> AIOKafkaConsumer:
        """Start a consumer of committed data from the beginning."""
        defaults: dict[str, Any] = {
            "isolation_level": "read_committed",
            "auto_offset_reset": "earliest",
            "enable_auto_commit": False,
            "retry_backoff_ms": 20,
            "heartbeat_interval_ms": 100,
            "session_timeout_ms": 3_000,
            "rebalance_timeout_ms": 3_000,
        }
        consumer = AIOKafkaConsumer(*topics, **client_settings(self.bootstrap_servers), **{**defaults, **settings})
        self._open.push_async_callback(_stop, consumer)
        await consumer.start()
        return consumer

    async def raw(self) -> AIOKafkaClient:
        """A client for requests that producers and consumers never send."""
        client = AIOKafkaClient(**client_settings(self.bootstrap_servers))
        self._open.push_async_callback(client.close)
        await client.bootstrap()
        return client

    async def read(self, topic: str, count: int, **settings: Any) -> list[ConsumerRecord]:
        """Return the topic's first ``count`` records, as a new consumer sees them."""
        return await take(await self.consumer(topic, **settings), count)


async def until(happens: Callable[[], Awaitable[bool]], *, seconds: float = 20) -> None:
    """Poll a condition until it is true."""
    async with asyncio.timeout(seconds):
        while not await happens():
            await asyncio.sleep(0.01)


async def take(consumer: AIOKafkaConsumer, count: int, *, seconds: float = 20) -> list[ConsumerRecord]:
    """Return the consumer's next ``count`` records."""
    records: list[ConsumerRecord] = []
    async with asyncio.timeout(seconds):
        while len(records) < count:
            for batch in (await consumer.getmany(timeout_ms=200)).values():
                records += batch
    return records


async def nothing_more(consumer: AIOKafkaConsumer) -> bool:
    """Whether the consumer has read all visible records."""
    return not any((await consumer.getmany(timeout_ms=300)).values())


async def share(consumers: Sequence[AIOKafkaConsumer], sizes: Sequence[int]) -> None:
    """Wait until the consumers have these numbers of partitions, in any order, and no partition twice."""

    async def is_settled() -> bool:
        await asyncio.gather(*(each.getmany(timeout_ms=20) for each in consumers))
        held: list[TopicPartition] = [tp for each in consumers for tp in each.assignment()]
        matching = sorted(len(each.assignment()) for each in consumers) == sorted(sizes)
        return matching and len(held) == len(set(held))

    await until(is_settled)


async def _stop(client: AIOKafkaProducer | AIOKafkaConsumer) -> None:
    # A fenced producer, or one without its broker, logs another error.
    with suppress(KafkaError, TimeoutError):
        await asyncio.wait_for(client.stop(), 10)
    waiter = getattr(getattr(client, "_txn_manager", None), "_transaction_waiter", None)
    if waiter is not None and waiter.done():
        # The result of a fenced producer's last transaction is not read. An unread exception is
        # logged at garbage collection, and that in the middle of an `ast.parse` breaks Python 3.11.7 (gh-106905).
        waiter.exception()
