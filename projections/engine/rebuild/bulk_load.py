"""Fills tables with the log, as fast as the machine can, from where they were left to given places.

For rebuilding and verifying. Unlike a runner it belongs to no consumer group, fetches and decodes a chunk while the last
one is written, and writes partitions side by side.
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

CHUNK = 8192
"""Records in one transaction. Memory holds three chunks and what the client library has fetched."""
LANES = 2
"""How many sets of partitions are written side by side: while PostgreSQL works for one, another is folded."""
QUIET_SECONDS = 10.0
"""How long the topic may give nothing new while it does not reach as far as it must."""
KEPT_UNAPPLIABLE = 1000
"""How many of the records that were passed over are remembered."""


logger = logging.getLogger(__name__)


class TopicBehind(Transient):
    """The topic does not hold what the live tables were made from: it is being refilled, or the publisher stands still."""

    def __init__(self, partition: int, reached: int, wanted: int) -> None:
        super().__init__(
            "the topic",
            f"partition {partition} ends at position {reached}, but {wanted} was applied to the live tables already; "
            "see that the publisher is running, then try again",
        )


Event = tuple[int, Record]
"""An offset, and the event that the event store holds too."""
Place = tuple[int, int]
"""Partition and offset of a record."""


@dataclass(frozen=True, slots=True)
class Unappliable:
    """A record that was passed over because no version of it can be applied."""

    partition: int
    offset: int
    error: str
    """What kind of error it makes."""

    @classmethod
    def of(cls, place: Place, error: Exception) -> "Unappliable":
        return cls(*place, type(error).__name__)


ReportUnappliable = Callable[[Unappliable], None]
ReportCount = Callable[[int], None]


@dataclass(slots=True)
class _Chunk:
    told: list[DecodedEvent] = field(default_factory=list)
    origins: list[Place] = field(default_factory=list)
    """Where ``told`` was read, one each."""
    places: dict[int, Checkpoint] = field(default_factory=dict)
    """Where the partitions in it stand once it is written."""
    count: int = 0
    unreadable: list[Unappliable] = field(default_factory=list)


class BulkLoad:
    """Tables on their way up the log; one per schema. Not safe to run twice at once: the checkpoints' owner decides."""

    def __init__(
        self,
        projection: Projection,
        pool: asyncpg.Pool,
        bootstrap_servers: str,
        schema: str,
        places: Iterable[Checkpoint],
        *,
        on_unappliable: ReportUnappliable = lambda _: None,
        on_read: ReportCount = lambda _: None,
    ) -> None:
        """Make a filling; see :meth:`open`.

        Args:
            projection: what to fold.
            pool: gives one connection a lane, and one more while it asks the event store.
            bootstrap_servers: where the log is.
            schema: where the tables are.
            places: where they stand, owned by this bulk_load.
            passed: told of every record that cannot be applied.
            progress: told how many records each chunk had.
        """
        self.projection = projection
        self.pool = pool
        self.bootstrap_servers = bootstrap_servers
        self.schema = schema
        self.places = {place.partition: place for place in places}
        self.on_unappliable = on_unappliable
        self.on_read = on_read
        self._lanes: list[_Lane] = []

    @asynccontextmanager
    async def open(self) -> AsyncIterator["BulkLoad"]:
        """Connect for as long as the context lasts.

        Raises:
            Transient: PostgreSQL or the broker is out of reach, or there is no topic.
        """
        numbers = sorted(self.places)
        self._lanes = [_Lane(self, numbers[lane::LANES]) for lane in range(min(LANES, len(numbers)))]
        async with AsyncExitStack() as stack:
            for lane in self._lanes:
                await stack.enter_async_context(lane.open())
            yield self

    async def load(self, limits: Mapping[int, int]) -> None:
        """Apply everything up to a position in each partition, and nothing beyond.

        Raises:
            TopicBehind: the topic does not reach that far.
            Fenced: somebody else fills the same tables.
            Transient, KafkaError, asyncpg.PostgresError: an outage; what was written stays, and filling goes on there.
        """
        async with asyncio.TaskGroup() as lanes:
            for lane in self._lanes:
                lanes.create_task(lane.load(limits))


class BulkLoadWorkers(Protocol):
    """Processes that fill tables together, faster than one can."""

    async def load(self, bulk_load: BulkLoad, limits: Mapping[int, int]) -> None:
        """Apply what is worth it, up to a position in each partition at most, before a filling is opened.

        It is told of progress and of what was passed over, and its places are where the tables stand afterwards. The rest
        is the filling's: also what the workers failed at, which is not lost and will be met again.

        Args:
            bulk_load: what to fill, not open.
            limits: by partition.

        Raises:
            asyncpg.PostgresError: an outage; what was written stays.
        """
        ...


class _Lane:
    """One reader, one connection, some partitions."""

    def __init__(self, bulk_load: BulkLoad, numbers: Sequence[int]) -> None:
        self._bulk_load = bulk_load
        self._numbers = numbers
        self._held: dict[int, list[Event]] = {number: [] for number in numbers}
        """Fetched, but beyond the last limit."""
        self._read = {number: bulk_load.places[number] for number in numbers}
        """Where reading stands; writing is at most two chunks behind."""
        self._unproven = {number for number in numbers if bulk_load.places[number].position > 0}
        """Partitions whose last applied record was not yet seen to be where it was."""

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
            held, self._held[number] = self._held[number], []
            self._take(chunk, number, held, limits[number])
        while chunk.count < CHUNK:
            open_ = [number for number in self._numbers if self._read[number].position < limits[number]]
            if not open_:
                break
            if await self._reader.fetch(open_, seconds=0.005 if chunk.count else 0.25):
                quiet_since = loop.time()
                for number in open_:
                    await self._take_new(chunk, number, self._reader.take(number), limits[number])
            elif chunk.count:
                break
            elif loop.time() - quiet_since > QUIET_SECONDS:
                raise TopicBehind(open_[0], self._read[open_[0]].position, limits[open_[0]])
        return chunk if chunk.count else None

    async def _take_new(self, chunk: _Chunk, number: int, contents: Sequence[Content], limit: int) -> None:
        """Take what was read of a partition, but for foreign records: those change nothing and move nothing."""
        if not contents:
            return
        place = self._read[number]
        if number in self._unproven:
            self._unproven.discard(number)
            offset, content = contents[0]
            if offset != place.next_offset - 1 or position_in(content) != place.position:
                # The topic was made anew. Offsets mean nothing; positions still do.
                self._read[number] = replace(place, next_offset=0)
                self._reader.seek(number, 0)
                return
        read = [(offset, read_record(content)) for offset, content in contents]
        ours = await are_events(
            [(number, None if record is None else record.claim) for _, record in read], self._bulk_load.pool
        )
        events = [(offset, record) for (offset, record), true in zip(read, ours, strict=True) if true and record]
        if len(events) < len(contents):
            logger.warning(
                "%s passes over %d foreign records of partition %d",
                self._bulk_load.schema,
                len(contents) - len(events),
                number,
            )
        self._take(chunk, number, events, limit)

    def _take(self, chunk: _Chunk, number: int, events: Sequence[Event], limit: int) -> None:
        """Decode what is within the limit, and hold the rest: positions rise within a partition."""
        place = self._read[number]
        decoder, told, origins = self._bulk_load.projection.decoder, chunk.told, chunk.origins
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
                each = decoder.decode_bulk(record)
            except Exception as error:
                if not at_fault(error):
                    raise
                chunk.unreadable.append(Unappliable.of((number, offset), error))
            else:
                if each is not None:
                    told.append(each)
                    origins.append((number, offset))
        if count:
            chunk.count += count
            self._read[number] = chunk.places[number] = replace(place, next_offset=next_offset, position=reached)

    async def _write(self, chunk: _Chunk) -> None:
        bulk_load, connection = self._bulk_load, self._connection
        unappliable = list(chunk.unreadable)
        async with connection.transaction():
            for index, error in await apply_around(bulk_load.projection, chunk.told, connection):
                unappliable.append(Unappliable.of(chunk.origins[index], error))
            await advance(connection, bulk_load.schema, chunk.places.values())
        bulk_load.places.update(chunk.places)
        for each in unappliable:
            bulk_load.on_unappliable(each)
        bulk_load.on_read(chunk.count)


async def apply_around(
    projection: Projection, told: Sequence[DecodedEvent], tx: Connection, *, offset: int = 0
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
            await projection.apply(told, tx)
    except Exception as error:
        if not at_fault(error):
            raise
        if len(told) == 1:
            return [(offset, error)]
        middle = len(told) // 2
        first = await apply_around(projection, told[:middle], tx, offset=offset)
        return first + await apply_around(projection, told[middle:], tx, offset=offset + middle)
    return []
