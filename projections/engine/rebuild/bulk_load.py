"""Loads the log into tables as fast as the machine allows, from their checkpoints up to chosen positions.

For rebuilding and verifying. Unlike a runner, a bulk load has no consumer group. It fetches and decodes one chunk while
it writes the previous one, and writes several sets of partitions at the same time.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol

import asyncpg

from domain.kernel import Transient
from projections.engine.checkpoints import Checkpoint, Projection, advance
from projections.engine.decoding import DecodedEvent
from projections.engine.provenance import are_events
from projections.engine.rebuild.bulk_reader import Content, open_bulk_reader
from projections.engine.records import at_fault, position_in
from projections.engine.tables import Connection
from schemas.records import Record, read_record
from schemas.topics import EVENTS

CHUNK = 4096
"""Records that a lane folds without a pause: more would hold up the read models that this process follows. Memory holds three
chunks, and what the client library fetched."""
LANES = 2
"""How many sets of partitions are written at the same time: one is folded while PostgreSQL writes another."""
QUIET_SECONDS = 10.0
"""How long the topic may return nothing while it does not reach the limit."""
MAX_UNAPPLIABLE = 1000
"""How many of the records that were passed over are reported at most."""


logger = logging.getLogger(__name__)


class TopicBehind(Transient):
    """The topic lacks events that the live tables have: it is being refilled, or the publisher stands still."""

    def __init__(self, partition: int, reached: int, wanted: int) -> None:
        super().__init__(
            "the topic",
            f"partition {partition} ends at position {reached}, but the live tables have position {wanted}. "
            "Check that the publisher is running, then try again",
        )


Event = tuple[int, Record]
"""An offset, and the record there, which the event store holds."""
Place = tuple[int, int]
"""Partition and offset of a record."""


@dataclass(frozen=True, slots=True)
class Unappliable:
    """A record that was passed over because it cannot be applied."""

    partition: int
    offset: int
    error: str
    """The class of the error."""

    @classmethod
    def of(cls, place: Place, error: Exception) -> "Unappliable":
        return cls(*place, type(error).__name__)


ReportUnappliable = Callable[[Unappliable], None]
ReportCount = Callable[[int], None]


@dataclass(slots=True)
class _Chunk:
    """Events of one partition. They are written in one transaction, which holds back the publisher as long as it writes."""

    checkpoint: Checkpoint
    """The partition's checkpoint once it is written."""
    events: list[DecodedEvent] = field(default_factory=list)
    origins: list[Place] = field(default_factory=list)
    """The place of each of ``events``."""
    count: int = 0
    undecodable: list[Unappliable] = field(default_factory=list)


class BulkLoad:
    """A load of the log into the tables of one schema.

    Two loads of the same tables are safe but useless: the checkpoints' owner number fences one of them.
    """

    def __init__(
        self,
        projection: Projection,
        pool: asyncpg.Pool,
        bootstrap_servers: str,
        schema: str,
        checkpoints: Iterable[Checkpoint],
        *,
        on_unappliable: ReportUnappliable = lambda _: None,
        on_read: ReportCount = lambda _: None,
        chunk: int | None = None,
    ) -> None:
        """Describe a load; :meth:`open` connects it.

        Args:
            projection: what to fold.
            pool: each lane holds one of its connections, and a second one while it asks the event store.
            bootstrap_servers: where the log is.
            schema: where the tables are.
            checkpoints: of the tables; this load must own them.
            on_unappliable: called with every record that cannot be applied.
            on_read: called with the number of records of each chunk.
            chunk: records that a lane folds without a pause, ``CHUNK`` by default.
        """
        self.projection = projection
        self.pool = pool
        self.bootstrap_servers = bootstrap_servers
        self.schema = schema
        self.checkpoints = {checkpoint.partition: checkpoint for checkpoint in checkpoints}
        self.on_unappliable = on_unappliable
        self.on_read = on_read
        self.chunk = chunk or CHUNK
        self._lanes: list[_Lane] = []

    @asynccontextmanager
    async def open(self) -> AsyncIterator["BulkLoad"]:
        """Connect for as long as the context lasts.

        Raises:
            Transient: PostgreSQL or the broker is out of reach, or there is no topic.
        """
        numbers = sorted(self.checkpoints)
        self._lanes = [_Lane(self, numbers[lane::LANES]) for lane in range(min(LANES, len(numbers)))]
        async with AsyncExitStack() as stack:
            for lane in self._lanes:
                await stack.enter_async_context(lane.open())
            yield self

    def share_of(self, limits: Mapping[int, int]) -> float:
        """Return which share of the way to these limits is applied, 0 to 1."""
        applied = sum(min(checkpoint.position, limits[number]) for number, checkpoint in self.checkpoints.items())
        return applied / max(1, sum(limits.values()))

    async def load(self, limits: Mapping[int, int]) -> None:
        """Apply each partition up to its limit, and nothing beyond it.

        Args:
            limits: positions by partition.

        Raises:
            TopicBehind: the topic does not reach a limit.
            Fenced: another process loads the same tables.
            Transient, KafkaError, asyncpg.PostgresError: PostgreSQL or the broker failed; written chunks stay, and the
                next load continues from them.
        """
        async with asyncio.TaskGroup() as lanes:
            for lane in self._lanes:
                lanes.create_task(lane.load(limits))


class BulkLoadWorkers(Protocol):
    """Processes that share a bulk load, which is faster than one."""

    async def load(self, bulk_load: BulkLoad, limits: Mapping[int, int]) -> None:
        """Apply as much as is worth the processes, up to a limit in each partition.

        The workers call the load's callbacks and update its checkpoints. The load itself applies the rest afterwards,
        including the records at which workers failed.

        Args:
            bulk_load: what to load; it must not be open.
            limits: positions by partition.

        Raises:
            asyncpg.PostgresError: PostgreSQL failed; written chunks stay.
        """
        ...


class _Lane:
    """One reader and one connection for a set of partitions."""

    def __init__(self, bulk_load: BulkLoad, numbers: Sequence[int]) -> None:
        self._bulk_load = bulk_load
        self._numbers = numbers
        self._held: dict[int, list[Event]] = {number: [] for number in numbers}
        """Fetched events beyond the last limit."""
        self._read = {number: bulk_load.checkpoints[number] for number in numbers}
        """How far each partition is read; writing is at most two chunks behind."""
        self._unverified = {number for number in numbers if bulk_load.checkpoints[number].position > 0}
        """Partitions whose last record read must be seen at its offset again, or the topic was recreated."""

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        bulk_load = self._bulk_load
        begins = {number: max(0, place.next_offset - 1) for number, place in self._read.items()}
        async with (
            open_bulk_reader(bulk_load.bootstrap_servers, EVENTS, begins) as self._reader,
            bulk_load.pool.acquire() as self._connection,
        ):
            await self._connection.execute(
                f'set search_path to "{bulk_load.schema}", public; set synchronous_commit to off'
            )
            yield

    async def load(self, limits: Mapping[int, int]) -> None:
        limits = {number: limits.get(number, 0) for number in self._numbers}
        ahead = asyncio.create_task(self._next(limits))
        try:
            while chunks := await ahead:
                ahead = asyncio.create_task(self._next(limits))
                for chunk in chunks:
                    await self._write(chunk)
        finally:
            ahead.cancel()
            await asyncio.gather(ahead, return_exceptions=True)

    async def _next(self, limits: Mapping[int, int]) -> list[_Chunk]:
        """Return the next chunks within the limits, one of each partition; none if they are reached."""
        chunks = {number: _Chunk(place) for number, place in self._read.items()}
        loop = asyncio.get_running_loop()
        quiet_since = loop.time()
        for number in self._numbers:
            held, self._held[number] = self._held[number], []
            self._take(chunks[number], number, held, limits[number])
        while (count := sum(chunk.count for chunk in chunks.values())) < self._bulk_load.chunk:
            open_ = [number for number in self._numbers if self._read[number].position < limits[number]]
            if not open_:
                break
            if await self._reader.fetch(open_, seconds=0.005 if count else 0.25):
                quiet_since = loop.time()
                if self._reader.take_interrupted():
                    self._verify_again()
                for number in open_:
                    await self._take_new(chunks[number], number, self._reader.take(number), limits[number])
            elif count:
                break
            elif loop.time() - quiet_since > QUIET_SECONDS:
                raise TopicBehind(open_[0], self._read[open_[0]].position, limits[open_[0]])
        return [chunk for chunk in chunks.values() if chunk.count]

    def _verify_again(self) -> None:
        """Return to the last record read of each partition, because the topic may have been recreated."""
        for number in self._numbers:
            self._held[number] = []
            place = self._read[number]
            if self._reader.is_restarted(number):
                place = self._read[number] = replace(place, next_offset=0)
            self._reader.seek(number, max(0, place.next_offset - 1))
            if place.next_offset > 0:
                self._unverified.add(number)
            else:
                self._unverified.discard(number)

    async def _take_new(self, chunk: _Chunk, number: int, contents: Sequence[Content], limit: int) -> None:
        """Add fetched records of a partition to a chunk, without the foreign ones."""
        if not contents:
            return
        place = self._read[number]
        if number in self._unverified:
            self._unverified.discard(number)
            offset, content = contents[0]
            if offset != place.next_offset - 1 or position_in(content) != place.position:
                # The topic was recreated. Its offsets are new; positions still hold.
                self._read[number] = replace(place, next_offset=0)
                self._reader.seek(number, 0)
                return
        records = [(offset, read_record(content)) for offset, content in contents]
        genuine = await are_events(
            [(number, None if record is None else record.claim) for _, record in records], self._bulk_load.pool
        )
        events = [
            (offset, record) for (offset, record), is_event in zip(records, genuine, strict=True) if is_event and record
        ]
        if len(events) < len(contents):
            logger.warning(
                "%s passes over %d foreign records of partition %d",
                self._bulk_load.schema,
                len(contents) - len(events),
                number,
            )
        self._take(chunk, number, events, limit)

    def _take(self, chunk: _Chunk, number: int, events: Sequence[Event], limit: int) -> None:
        """Add the events within the limit to a chunk, and hold back the rest; positions rise within a partition."""
        place = self._read[number]
        decoder = self._bulk_load.projection.decoder
        next_offset, reached = 0, place.position
        count = 0
        for index, (offset, record) in enumerate(events):
            if record.position > limit:
                self._held[number].extend(events[index:])
                break
            if record.position <= reached:
                continue
            reached = record.position
            count += 1
            next_offset = offset + 1
            try:
                event = decoder.decode_bulk(record)
            except Exception as error:
                if not at_fault(error):
                    raise
                chunk.undecodable.append(Unappliable.of((number, offset), error))
            else:
                if event is not None:
                    chunk.events.append(event)
                    chunk.origins.append((number, offset))
        if count:
            chunk.count += count
            self._read[number] = chunk.checkpoint = replace(place, next_offset=next_offset, position=reached)

    async def _write(self, chunk: _Chunk) -> None:
        bulk_load, connection = self._bulk_load, self._connection
        unappliable = list(chunk.undecodable)
        async with connection.transaction():
            for index, error in await apply_around(bulk_load.projection, chunk.events, connection):
                unappliable.append(Unappliable.of(chunk.origins[index], error))
            await advance(connection, bulk_load.schema, [chunk.checkpoint])
        bulk_load.checkpoints[chunk.checkpoint.partition] = chunk.checkpoint
        for each in unappliable:
            bulk_load.on_unappliable(each)
        bulk_load.on_read(chunk.count)


async def apply_around(
    projection: Projection, events: Sequence[DecodedEvent], tx: Connection, *, offset: int = 0
) -> list[tuple[int, Exception]]:
    """Apply a batch without its unappliable events, found by halving; return their indexes and errors.

    Args:
        projection: whose tables.
        events: the batch.
        tx: an open transaction.
        offset: added to the indexes.

    Raises:
        Exception: PostgreSQL failed.
    """
    if not events:
        return []
    try:
        async with tx.transaction():
            await projection.apply(events, tx)
    except Exception as error:
        if not at_fault(error):
            raise
        if len(events) == 1:
            return [(offset, error)]
        middle = len(events) // 2
        first = await apply_around(projection, events[:middle], tx, offset=offset)
        return first + await apply_around(projection, events[middle:], tx, offset=offset + middle)
    return []
