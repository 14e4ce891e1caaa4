"""A real Apache Kafka for one test after another: to start it costs more than most tests."""

import asyncio
from contextlib import suppress
from pathlib import Path

from aiokafka.errors import KafkaError

from infra.adapters.kafka.topic import open_admin
from infra.embedded.kafka import ApacheKafka

CLEAN_SECONDS = 10
INTERNAL = "__"
"""How the names of a broker's own topics begin."""


class Brokers:
    """Lends a broker that holds nothing; one that comes back as it went is emptied and lent again."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._idle: ApacheKafka | None = None
        self._started = 0

    async def lend(self) -> ApacheKafka:
        """Return a running, empty broker."""
        broker, self._idle = self._idle, None
        if broker is None:
            self._started += 1
            broker = ApacheKafka(self._directory / f"kafka-{self._started}")
            await broker.start()
        return broker

    async def take_back(self, broker: ApacheKafka, pid: int) -> None:
        """Empty a broker, or kill it where it was attacked, or a killed process has left a member in a group.

        Args:
            broker: that was lent.
            pid: its process then.
        """
        if broker.running and broker.pid == pid and await _emptied(broker.bootstrap_servers):
            self._idle = broker
        else:
            await broker.wipe()

    async def close(self) -> None:
        """Kill what is left, and delete what it held."""
        if self._idle is not None:
            await self._idle.wipe()


async def _emptied(bootstrap_servers: str) -> bool:
    with suppress(KafkaError, OSError, TimeoutError):
        async with asyncio.timeout(CLEAN_SECONDS), open_admin(bootstrap_servers) as admin:
            # aiokafka cannot read the answer about some groups with members; an error says no as well.
            groups = [name for name, _ in await admin.list_consumer_groups()]
            for response in await admin.describe_consumer_groups(groups) if groups else ():
                if any(members for _, _, _, _, _, members, *_ in response.groups):
                    return False
            topics = [name for name in await admin.list_topics() if not name.startswith(INTERNAL)]
            if topics:
                await admin.delete_topics(topics)
            while set(topics) & set(await admin.list_topics()):
                await asyncio.sleep(0.02)
            return True
    return False
