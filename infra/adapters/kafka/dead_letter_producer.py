"""Writes poison records to the dead-letter topic."""

import asyncio

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from domain.kernel import Transient
from schemas.internal.broker_address import client_settings
from schemas.internal.deliveries import DeadLetter
from schemas.topics import DEAD_LETTERS


class DeadLetterProducer:
    """Implements :class:`schemas.internal.deliveries.DeadLetters`. Connects at the first letter, which most processes never have."""

    def __init__(self, bootstrap_servers: str, *, timeout_seconds: float = 15.0) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._timeout_seconds = timeout_seconds
        self._producer: AIOKafkaProducer | None = None
        self._connecting = asyncio.Lock()

    async def park(self, letter: DeadLetter) -> None:
        try:
            async with asyncio.timeout(self._timeout_seconds):
                producer = await self._connected()
                # aiokafka sends no record without key and value; other clients do.
                value = b"" if letter.key is None and letter.value is None else letter.value
                await producer.send_and_wait(
                    DEAD_LETTERS.name, key=letter.key, value=value, headers=letter.to_headers()
                )
        except (KafkaError, OSError, TimeoutError) as error:
            # After some errors its sequence numbers are wrong, so the next letter gets a new producer.
            await self.close()
            raise Transient("Kafka", f"the dead letter could not be parked ({type(error).__name__})") from error

    async def close(self) -> None:
        """Disconnect."""
        async with self._connecting:
            producer, self._producer = self._producer, None
        if producer is not None:
            await producer.stop()

    async def _connected(self) -> AIOKafkaProducer:
        async with self._connecting:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    **client_settings(self._bootstrap_servers),
                    client_id="zyenta-dead-letters",
                    acks="all",
                    enable_idempotence=True,
                    request_timeout_ms=int(self._timeout_seconds * 1000),
                )
                try:
                    await producer.start()
                except BaseException:
                    await producer.stop()
                    raise
                self._producer = producer
            return self._producer
