"""The whole pipeline in small, as processes: publisher, projectors, agents, and an outside world that keeps count."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import CommitFailedError

from commands.bus import CommandBus
from commands.merchant import RegisterMerchant
from commands.ports import Context
from commands.store import RequestStore
from domain.ids import derived
from domain.store.events import Preferences
from infra.adapters.kafka.topic import TopicMissing, log_end, open_admin, open_reader, read_to_end
from infra.adapters.postgres.event_store import PostgresEventLog
from infra.bootstrap import handlers
from infra.clock import SystemClock
from infra.embedded.kafka import ApacheKafka
from projections.registry import READ_MODELS
from schemas.topics import EVENTS, PARTITION_OF_TENANT
from tests.chaos.services import ROOT, Service
from tests.support.builders.samples import sealed

GROUPS = ("generation-policy", "brand-agent", "announcer")
SERVICES = ("publisher", "projectors", "agents-0", "agents-1")
TIMES = frozenset({"occurred_at", "deadline", "seconds"})
CALL_IDS = frozenset({"id", "answer_id"})
"""Ids of recorded calls. They follow from the id of the causing event, which no two runs share."""
PASSED_OVER = re.compile(r"projectors passes over (\d+) foreign records")


@dataclass
class Outside:
    """An HTTP server that notes the idempotency key of every call."""

    calls: list[str] = field(default_factory=list)
    url: str = ""

    @property
    def keys(self) -> set[str]:
        return set(self.calls)

    @asynccontextmanager
    async def serve(self) -> AsyncIterator["Outside"]:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                self.calls.append(next(line for line in head.splitlines() if line.startswith("idempotency-key"))[17:])
                await asyncio.sleep(0.02)
                writer.write(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")
                await writer.drain()
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        async with server:
            yield self


class Pipeline:
    """Processes on one database and one broker."""

    def __init__(self, database: str, pool: asyncpg.Pool, kafka: ApacheKafka, outside: Outside, logs: Path) -> None:
        self._database, self._kafka, self._outside, self._logs = database, kafka, outside, logs
        self.pool = pool
        self.log = PostgresEventLog(pool, SystemClock())
        self._bus = CommandBus(self.log, handlers(SystemClock()))
        self._services: dict[str, Service] = {}

    @asynccontextmanager
    async def running(self, services: Sequence[str] = SERVICES) -> AsyncIterator[None]:
        """Run services for a while."""
        try:
            for name in services:
                await self.launch(name)
            yield
        finally:
            await asyncio.gather(*(service.kill() for service in self._services.values()))

    async def launch(self, name: str) -> None:
        log_file = self._logs / f"{name}.log"
        environment = {
            "DATABASE_URL": self._database,
            "KAFKA_BOOTSTRAP_SERVERS": self._kafka.bootstrap_servers,
            "OUTSIDE_URL": self._outside.url,
        }
        script = ["-m", "infra.cli", "run", name]
        if name.startswith("agents"):
            script = [str(ROOT / "tests" / "chaos" / "agents.py")]
        self._services[name] = await Service.python(*script, log_file=log_file, environment=environment)

    async def kill(self, name: str) -> None:
        await self._services[name].kill()

    async def request(self, numbers: Sequence[int]) -> None:
        """Request stores whose ids follow from their numbers, so that two runs have the same."""
        for number in numbers:
            id = store_id(number)
            merchant = derived(id, "merchant")
            for command in (
                RegisterMerchant(merchant_id=merchant, email=sealed(merchant), name=None),
                RequestStore(store_id=id, merchant_id=merchant, niche="Desk lamps", preferences=Preferences()),
            ):
                command_id = derived(id, type(command).__name__)
                await self._bus.dispatch(command, Context(command_id=command_id, correlation_id=id))

    async def done(self, stores: int, *, seconds: float = 120) -> None:
        """Wait until every store has all that can happen to it, and everybody has seen all of it."""
        await until(lambda: self._announced(stores), seconds=seconds, what="the agents")
        await self.seen(seconds=seconds)

    async def seen(self, *, seconds: float = 120) -> None:
        """Wait until topic, read models and consumer groups have reached the end of the store."""
        await until(self._published, seconds=seconds, what="the publisher")
        await until(self._projected, seconds=seconds, what="the projectors")
        await until(self._consumed, seconds=seconds, what="the consumer groups")

    async def read(self, *, seconds: float = 120) -> None:
        """Wait until every projector has passed over the foreign record at the end of each partition."""
        await until(self._read, seconds=seconds, what="the projectors to reach the foreign records")

    async def rewind_groups(self) -> None:
        """Let the consumers, which must not run, begin at offset 0 again."""
        partitions = [TopicPartition(EVENTS.name, number) for number in range(EVENTS.partitions)]

        async def rewound(group: str) -> bool:
            consumer = AIOKafkaConsumer(
                bootstrap_servers=self._kafka.bootstrap_servers, group_id=group, enable_auto_commit=False
            )
            try:
                await consumer.start()
                consumer.assign(partitions)
                await consumer.commit(dict.fromkeys(partitions, 0))
            except CommitFailedError:
                # A killed member holds its group for as long as its session lasts.
                return False
            else:
                return True
            finally:
                await consumer.stop()

        for group in GROUPS:
            await until(partial(rewound, group), seconds=30, what=f"the members of {group} to be given up")

    async def feed_again(self) -> None:
        """Append every record of the topic once more, and one foreign record to every partition.

        Neither moves a checkpoint. That a projector has read the copies is seen by its noticing the record after them.
        """
        async with (
            open_reader(self._kafka.bootstrap_servers, EVENTS) as reader,
            AIOKafkaProducer(bootstrap_servers=self._kafka.bootstrap_servers, acks="all") as producer,
        ):
            ends = await reader.end_offsets(reader.assignment())
            async for records in read_to_end(reader, ends):
                for record in records:
                    await producer.send(
                        EVENTS.name, record.value, record.key, record.partition, record.timestamp, list(record.headers)
                    )
            for number in range(EVENTS.partitions):
                await producer.send(EVENTS.name, b"{}", partition=number, headers=[("ce_type", b"test.end.v1")])
            await producer.flush()

    async def events(self) -> Counter[str]:
        """Return every event of the store, without what differs between two runs of the same: ids of its own and times."""
        rows = await self.pool.fetch("select stream_id, version, type, data from events")
        return Counter(
            json.dumps([_stream(row), row["version"], row["type"], _timeless(json.loads(row["data"]))]) for row in rows
        )

    async def rows(self) -> dict[str, Counter[str]]:
        """Return every row of every read model, without times."""
        return {
            table.name: Counter(
                repr([_timeless(value) for name, value in row.items() if not _differs(table.name, name)])
                for row in await self.pool.fetch(f"select * from {model.name}.{table.name}")
            )
            for model in READ_MODELS.values()
            for table in model.tables
        }

    async def _announced(self, stores: int) -> bool:
        count: int = await self.pool.fetchval("select count(*) from events where type = 'store.page_written.v1'")
        return count >= stores

    async def _published(self) -> bool:
        with suppress(TopicMissing):
            return (await log_end(self._kafka.bootstrap_servers)).position >= await self.log.last_position()
        return False

    async def _projected(self) -> bool:
        rows = await self.pool.fetch(
            f"""
            with ends as (
                select {PARTITION_OF_TENANT} as partition, max(position) as position
                from events group by 1
            )
            select schema_name from checkpoints left join ends using (partition) where schema_name = any ($1)
            group by schema_name having bool_and(checkpoints.position >= coalesce(ends.position, 0))
            """,
            list(READ_MODELS),
        )
        return len(rows) == len(READ_MODELS)

    async def _read(self) -> bool:
        passed = sum(map(int, PASSED_OVER.findall((self._logs / "projectors.log").read_text())))
        return passed >= EVENTS.partitions

    async def _consumed(self) -> bool:
        ends = (await log_end(self._kafka.bootstrap_servers)).offsets
        async with open_admin(self._kafka.bootstrap_servers) as admin:
            for group in GROUPS:
                committed = await admin.list_consumer_group_offsets(group)
                for partition, last in ends.items():
                    found = committed.get(TopicPartition(EVENTS.name, partition))
                    if found is None or found.offset <= last:
                        return False
        return True


def store_id(number: int) -> UUID:
    """Return the id of a numbered store."""
    return derived(UUID(int=0), str(number))


async def until(happens: Callable[[], Coroutine[Any, Any, bool]], *, seconds: float, what: str) -> None:
    """Wait until something is so.

    Raises:
        AssertionError: it is not so in time.
    """
    try:
        async with asyncio.timeout(seconds):
            while not await happens():
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(f"waited {seconds:.0f} s for {what}") from None


def _stream(row: Any) -> str:
    return "a call" if row["type"].startswith("call.") else str(row["stream_id"])


def _differs(table: str, column: str) -> bool:
    return table == "calls" and column in CALL_IDS | TIMES


def _timeless(value: Any) -> Any:
    match value:
        case {"answer_id": _, **body}:
            return _timeless({name: each for name, each in body.items() if name != "originator_id"})
        case dict():
            return {name: _timeless(each) for name, each in value.items() if name not in TIMES}
        case list():
            return [_timeless(each) for each in value]
        case datetime():
            return "a time"
        case _:
            return value
