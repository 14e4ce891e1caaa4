"""Fills tables with the log, as fast as the machine can, from where they were left to given places.

For rebuilding and verifying. Unlike a runner it belongs to no consumer group, fetches and decodes a chunk while the last
one is written, and writes partitions side by side.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Protocol

import asyncpg
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from domain.kernel import Transient
from projections.checkpoints import Checkpoint, Projection, advance
from projections.decoding import Told
from projections.records import at_fault, position_of
from projections.tables import Connection
from schemas.topics import EVENTS

CHUNK = 8192
"""Records in one transaction. Memory holds three chunks and what the client library has fetched."""
LANES = 2
"""How many sets of partitions are written side by side: while PostgreSQL works for one, another is folded."""
QUIET_SECONDS = 10.0
"""How long the topic may give nothing new while it does not reach as far as it must."""
KEPT_UNAPPLIABLE = 1000
"""How many of the records that were passed over are remembered."""


class TopicBehind(Transient):
    """The topic does not hold what the live tables were made from: it is being refilled, or the publisher stands still."""

    def __init__(self, partition: int, reached: int, wanted: int) -> None:
        super().__init__(
            "the topic",
            f"partition {partition} ends at position {reached}, but {wanted} was applied to the live tables already; "
            "see that the publisher is running, then try again",
        )


@dataclass(frozen=True, slots=True)
class Unappliable:
    """A record that was passed over because no version of it can be applied."""

    partition: int
    offset: int
    error: str
    """What kind of error it makes."""

    @classmethod
    def of(cls, record: ConsumerRecord, error: Exception) -> "Unappliable":
        return cls(record.partition, record.offset, type(error).__name__)


Passed = Callable[[Unappliable], None]
Progress = Callable[[int], None]


@dataclass(slots=True)
class _Chunk:
    told: list[Told] = field(default_factory=list)
    records: list[ConsumerRecord] = field(default_factory=list)
    """Those that ``told`` was read from, one each."""
    places: dict[int, Checkpoint] = field(default_factory=dict)
    """Where the partitions in it stand once it is written."""
    count: int = 0
    unreadable: list[Unappliable] = field(default_factory=list)


class Filling:
    """Tables on their way up the log; one per schema. Not safe to run twice at once: the checkpoints' owner decides."""

    def __init__(
        self,
        projection: Projection,
        pool: asyncpg.Pool,
        bootstrap_servers: str,
        schema: str,
        places: Iterable[Checkpoint],
        *,
        passed: Passed = lambda _: None,
        progress: Progress = lambda _: None,
    ) -> None:
        """Make a filling; see :meth:`open`.

        Args:
            projection: what to fold.
            pool: gives one connection a lane.
            bootstrap_servers: where the log is.
            schema: where the tables are.
            places: where they stand, owned by this filling.
            passed: told of every record that cannot be applied.
            progress: told how many records each chunk had.
        """
        self.projection = projection
        self.pool = pool
        self.bootstrap_servers = bootstrap_servers
        self.schema = schema
        self.places = {place.partition: place for place in places}
        self.passed = passed
        self.progress = progress
        self._lanes: list[_Lane] = []

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Filling"]:
        """Connect for as long as the context lasts.

        Raises:
            Transient: PostgreSQL or the broker is out of reach, or there is no topic.
        """
        numbers = sorted(self.places)
        self._lanes = [_Lane(self, numbers[lane::LANES]) for lane in range(min(LANES, len(numbers)))]
        try:
            for lane in self._lanes:
                await lane.open()
            yield self
        finally:
            for lane in self._lanes:
                await lane.close()

    async def fill(self, limits: Mapping[int, int]) -> None:
        """Apply everything up to a position in each partition, and nothing beyond.

        Raises:
            TopicBehind: the topic does not reach that far.
            Fenced: somebody else fills the same tables.
            Transient, KafkaError, asyncpg.PostgresError: an outage; what was written stays, and filling goes on there.
        """
        async with asyncio.TaskGroup() as lanes:
            for lane in self._lanes:
                lanes.create_task(lane.fill(limits))


class Workers(Protocol):
    """Processes that fill tables together, faster than one can."""

    async def fill(self, filling: Filling, limits: Mapping[int, int]) -> None:
        """Apply what is worth it, up to a position in each partition at most, before a filling is opened.

        It is told of progress and of what was passed over, and its places are where the tables stand afterwards. The rest
        is the filling's: also what the workers failed at, which is not lost and will be met again.

        Args:
            filling: what to fill, not open.
            limits: by partition.

        Raises:
            asyncpg.PostgresError: an outage; what was written stays.
        """
        ...


class _Lane:
    """One consumer, one connection, some partitions."""

    def __init__(self, filling: Filling, numbers: Sequence[int]) -> None:
        self._filling = filling
        self._numbers = numbers
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=filling.bootstrap_servers,
            enable_auto_commit=False,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=4 * 1024 * 1024,
            fetch_max_bytes=16 * 1024 * 1024,
            # Kafka's own network has summed the bytes already; here it is a tenth of the time.
            check_crcs=False,
        )
        self._connection: asyncpg.pool.PoolConnectionProxy | None = None
        self._held: dict[int, deque[ConsumerRecord]] = {number: deque() for number in numbers}
        """Fetched, but beyond the last limit."""
        self._read = {number: filling.places[number] for number in numbers}
        """Where reading stands; writing is at most two chunks behind."""
        self._unproven = {number for number in numbers if filling.places[number].position > 0}
        """Partitions whose last applied record was not yet seen to be where it was."""

    async def open(self) -> None:
        filling = self._filling
        await self._consumer.start()
        if EVENTS.name not in await self._consumer.topics():
            raise Transient("the broker", f"there is no topic {EVENTS.name}")
        self._consumer.assign([TopicPartition(EVENTS.name, number) for number in self._numbers])
        for number, place in self._read.items():
            self._consumer.seek(TopicPartition(EVENTS.name, number), max(0, place.next_offset - 1))
        self._connection = await filling.pool.acquire()
        await self._connection.execute(f'set search_path to "{filling.schema}", public; set synchronous_commit to off')

    async def close(self) -> None:
        with suppress(KafkaError):
            await self._consumer.stop()
        if self._connection is not None:
            await self._filling.pool.release(self._connection)

    async def fill(self, limits: Mapping[int, int]) -> None:
        limits = {number: limits.get(number, 0) for number in self._numbers}
        ahead = asyncio.create_task(self._next(limits))
        try:
            while (chunk := await ahead) is not None:
                ahead = asyncio.create_task(self._next(limits))
                await self._write(chunk)
        finally:
            ahead.cancel()
            await asyncio.gather(ahead, return_exceptions=True)

    async def _next(self, limits: Mapping[int, int]) -> _Chunk | None:
        """Return the next chunk within the limits; None when they are reached."""
        chunk = _Chunk()
        loop = asyncio.get_running_loop()
        quiet_since = loop.time()
        for number in self._numbers:
            self._take(chunk, number, self._drain(number), limits[number])
        while chunk.count < CHUNK:
            open_ = [number for number in self._numbers if self._read[number].position < limits[number]]
            if not open_:
                break
            fetched = await self._consumer.getmany(
                *(TopicPartition(EVENTS.name, number) for number in open_),
                timeout_ms=5 if chunk.count else 250,
                max_records=CHUNK - chunk.count,
            )
            for partition, records in fetched.items():
                self._take(chunk, partition.partition, records, limits[partition.partition])
            if fetched:
                quiet_since = loop.time()
            elif chunk.count:
                break
            elif loop.time() - quiet_since > QUIET_SECONDS:
                raise TopicBehind(open_[0], self._read[open_[0]].position, limits[open_[0]])
        return chunk if chunk.count else None

    def _drain(self, number: int) -> list[ConsumerRecord]:
        held = list(self._held[number])
        self._held[number].clear()
        return held

    def _take(self, chunk: _Chunk, number: int, records: Sequence[ConsumerRecord], limit: int) -> None:
        """Decode what is within the limit, and hold the rest."""
        if not records:
            return
        place = self._read[number]
        if number in self._unproven:
            self._unproven.discard(number)
            if records[0].offset != place.next_offset - 1 or position_of(records[0]) != place.position:
                # The topic was made anew. Offsets mean nothing; positions still do.
                self._consumer.seek(TopicPartition(EVENTS.name, number), 0)
                return
        last = position_of(records[-1])
        if last is None or last > limit:
            # Positions rise within a partition: what follows the first one beyond the limit is beyond it as well.
            beyond = (index for index, record in enumerate(records) if (position_of(record) or 0) > limit)
            cut = next(beyond, len(records))
            self._held[number].extend(records[cut:])
            records = records[:cut]
            if not records:
                return
            last = next((each for each in map(position_of, reversed(records)) if each is not None), place.position)
        if (position_of(records[0]) or 0) <= place.position:
            records = [record for record in records if (position_of(record) or 0) > place.position]
            last = max(last, place.position)
        read, told, kept = self._filling.projection.reader.record, chunk.told, chunk.records
        for record in records:
            try:
                each = read(record.headers, record.value)
            except Exception as error:
                if not at_fault(error):
                    raise
                chunk.unreadable.append(Unappliable.of(record, error))
            else:
                if each is not None:
                    told.append(each)
                    kept.append(record)
        if records:
            chunk.count += len(records)
            self._read[number] = chunk.places[number] = replace(
                place, next_offset=records[-1].offset + 1, position=last
            )

    async def _write(self, chunk: _Chunk) -> None:
        filling, connection = self._filling, self._connection
        assert connection is not None
        unappliable = list(chunk.unreadable)
        async with connection.transaction():
            for index, error in await apply_around(filling.projection, chunk.told, connection):
                unappliable.append(Unappliable.of(chunk.records[index], error))
            await advance(connection, filling.schema, chunk.places.values())
        filling.places.update(chunk.places)
        for each in unappliable:
            filling.passed(each)
        filling.progress(chunk.count)


async def apply_around(
    projection: Projection, told: Sequence[Told], tx: Connection, *, offset: int = 0
) -> list[tuple[int, Exception]]:
    """Apply a batch but for the events that cannot be, found by halving; return their indexes and what was wrong.

    Args:
        projection: whose tables.
        told: the batch.
        tx: an open transaction.
        offset: added to the indexes.

    Raises:
        Exception: PostgreSQL has trouble of its own.
    """
    if not told:
        return []
    try:
        async with tx.transaction():
            await projection.apply_told(told, tx)
    except Exception as error:
        if not at_fault(error):
            raise
        if len(told) == 1:
            return [(offset, error)]
        middle = len(told) // 2
        first = await apply_around(projection, told[:middle], tx, offset=offset)
        return first + await apply_around(projection, told[middle:], tx, offset=offset + middle)
    return []
