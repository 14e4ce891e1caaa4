"""Loads the log into tables as fast as the machine allows, from their checkpoints up to chosen positions.

For rebuilding and verifying. Unlike a runner, a bulk load has no consumer group. It folds events into rows in memory, and
writes the rows of a partition with its checkpoint from time to time.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

import asyncpg

from domain.kernel import Transient
from projections.engine.checkpoints import Checkpoint, Projection, advance
from projections.engine.decoding import DecodedEvent
from projections.engine.provenance import are_events
from projections.engine.rebuild.bulk_reader import BulkReader, Content, open_bulk_reader
from projections.engine.rebuild.kept_rows import KeptRows
from projections.engine.records import at_fault, position_in
from projections.engine.tables import Connection, ReadModel
from schemas.records import Record, read_record
from schemas.topics import EVENTS

UNWRITTEN_ROWS = 6_000
"""Rows of a partition that are written in one transaction. More would hold back the publisher for longer (ADR 0002). Fewer would
write rows that change often more than once (ADR 0097)."""
UNWRITTEN_EVENTS = 20_000
"""Events of a partition that a killed load has to read again at most."""
KEPT = 24_000
"""Rows of all partitions that are kept in memory, besides those that are not written yet."""
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
    ) -> None:
        """Describe a load; :meth:`open` connects it.

        Args:
            projection: what to fold.
            pool: the load holds one of its connections.
            bootstrap_servers: where the log is.
            schema: where the tables are.
            checkpoints: of the tables; this load must own them.
            on_unappliable: called with every record that cannot be applied.
            on_read: called with the number of records of each transaction.
        """
        self.projection = projection
        self.pool = pool
        self.bootstrap_servers = bootstrap_servers
        self.schema = schema
        self.checkpoints = {checkpoint.partition: checkpoint for checkpoint in checkpoints}
        self.on_unappliable = on_unappliable
        self.on_read = on_read

    @asynccontextmanager
    async def open(self) -> AsyncIterator["BulkLoad"]:
        """Connect for as long as the context lasts.

        Raises:
            Transient: PostgreSQL or the broker is out of reach, or there is no topic.
        """
        begins = {number: max(0, place.next_offset - 1) for number, place in self.checkpoints.items()}
        async with (
            open_bulk_reader(self.bootstrap_servers, EVENTS, begins) as reader,
            self.pool.acquire() as connection,
        ):
            await connection.execute(f'set search_path to "{self.schema}", public; set synchronous_commit to off')
            self._partitions = [_Partition(self, each, reader, connection) for each in self.checkpoints.values()]
            self._reader = reader
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
            Transient, KafkaError, asyncpg.PostgresError: PostgreSQL or the broker failed; what is written stays. The load
                is of no use any more: another one continues from the checkpoints.
        """
        while behind := [each for each in self._partitions if each.checkpoint.position < limits.get(each.number, 0)]:
            for partition in behind:
                await partition.fold_held(limits[partition.number])
            await self._read(behind, limits)
            for partition in behind:
                await partition.write()

    async def _read(self, behind: Sequence["_Partition"], limits: Mapping[int, int]) -> None:
        """Fold each partition up to its limit, or up to a failure, which has returned it to its checkpoint."""
        loop = asyncio.get_running_loop()
        quiet_since = loop.time()
        while open_ := {each.number: each for each in behind if each.read.position < limits[each.number]}:
            if await self._reader.fetch(open_, seconds=0.25):
                quiet_since = loop.time()
                if self._reader.take_interrupted():
                    for each in self._partitions:
                        each.verify_again()
                for number, partition in open_.items():
                    await partition.fold_new(self._reader.take(number), limits[number])
            elif loop.time() - quiet_since > QUIET_SECONDS:
                first = next(iter(open_.values()))
                raise TopicBehind(first.number, first.read.position, limits[first.number])


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
            asyncpg.PostgresError: PostgreSQL failed; what is written stays.
        """
        ...


class _Partition:
    """How far one partition is read and written.

    A partition has its own transactions, because each holds back the publisher as long as it writes.
    """

    def __init__(self, bulk_load: BulkLoad, checkpoint: Checkpoint, reader: BulkReader, connection: Connection) -> None:
        self._bulk_load = bulk_load
        self._reader = reader
        self._connection = connection
        self.number = checkpoint.partition
        self.read = checkpoint
        """How far it is read. The kept rows are of this moment."""
        self._held: list[Event] = []
        """Fetched events beyond the last limit."""
        self._is_unverified = checkpoint.position > 0
        """Whether the last record read must be seen at its offset again, or the topic was recreated."""
        self._rows = self._keep(is_new=checkpoint.position == 0)
        self._careful_until = 0
        """Up to this position, each batch is written at once, because one of its events may be unappliable."""
        self._count = 0
        """Events since the checkpoint."""
        self._unappliable: list[Unappliable] = []
        """Those among them that cannot be applied."""

    @property
    def checkpoint(self) -> Checkpoint:
        """How far it is written."""
        return self._bulk_load.checkpoints[self.number]

    def _keep(self, *, is_new: bool) -> KeptRows[Any] | None:
        """Return rows to keep; None for a projection that only writes batches itself."""
        projection = self._bulk_load.projection
        if not isinstance(projection, ReadModel):
            return None
        return KeptRows(projection, most=KEPT // len(self._bulk_load.checkpoints), is_new=is_new)

    def verify_again(self) -> None:
        """Return to the last record read, because the topic may have been recreated."""
        self._held = []
        if self._reader.is_restarted(self.number):
            self.read = replace(self.read, next_offset=0)
        self._reader.seek(self.number, max(0, self.read.next_offset - 1))
        self._is_unverified = self.read.next_offset > 0

    def _go_back(self, *, careful_until: int) -> None:
        """Return to the checkpoint, and apply the events up to a position batch by batch."""
        self.read, self._rows = self.checkpoint, self._keep(is_new=False)
        self._count, self._unappliable = 0, []
        self._careful_until = careful_until
        self.verify_again()

    async def fold_held(self, limit: int) -> None:
        """Fold the events that were beyond the last limit."""
        held, self._held = self._held, []
        await self._fold(held, limit)

    async def fold_new(self, contents: Sequence[Content], limit: int) -> None:
        """Fold fetched records without the foreign ones."""
        if not contents:
            return
        if self._is_unverified:
            self._is_unverified = False
            offset, content = contents[0]
            if offset != self.read.next_offset - 1 or position_in(content) != self.read.position:
                # The topic was recreated. Its offsets are new; positions still hold.
                self.read = replace(self.read, next_offset=0)
                self._reader.seek(self.number, 0)
                return
        records = [read_record(content) for _, content in contents]
        genuine = await are_events([(self.number, record) for record in records], self._connection)
        events = [
            (offset, record)
            for (offset, _), record, is_event in zip(contents, records, genuine, strict=True)
            if is_event and record
        ]
        if len(events) < len(contents):
            logger.warning(
                "%s passes over %d foreign records of partition %d",
                self._bulk_load.schema,
                len(contents) - len(events),
                self.number,
            )
        await self._fold(events, limit)

    async def _fold(self, events: Sequence[Event], limit: int) -> None:
        """Fold the events within the limit, and hold back the rest."""
        before = self.read
        batch, origins = self._decode(events, limit)
        if self.read is before:
            return
        if self._rows is None or before.position < self._careful_until:
            await self._write_batch(batch, origins)
            return
        try:
            if batch:
                await self._rows.fold(batch, self._connection)
        except Exception as error:
            if not at_fault(error):
                raise
            self._go_back(careful_until=self.read.position)
            return
        if self._rows.unwritten >= UNWRITTEN_ROWS or self._count >= UNWRITTEN_EVENTS:
            await self.write()

    def _decode(self, events: Sequence[Event], limit: int) -> tuple[list[DecodedEvent], list[Place]]:
        """Return the events to fold, and the place of each; positions rise within a partition."""
        decode = self._bulk_load.projection.decoder.decode_bulk
        batch, origins = list[DecodedEvent](), list[Place]()
        next_offset, reached = 0, self.read.position
        for index, (offset, record) in enumerate(events):
            if record.position > limit:
                self._held.extend(events[index:])
                break
            if record.position <= reached:
                continue
            reached = record.position
            next_offset = offset + 1
            self._count += 1
            try:
                event = decode(record)
            except Exception as error:
                if not at_fault(error):
                    raise
                self._unappliable.append(Unappliable.of((self.number, offset), error))
            else:
                if event is not None:
                    batch.append(event)
                    origins.append((self.number, offset))
        if next_offset:
            self.read = replace(self.read, next_offset=next_offset, position=reached)
        return batch, origins

    async def write(self) -> None:
        """Write the kept rows and the checkpoint, or return to it if a row cannot be written."""
        if self._rows is None or self.read == self.checkpoint:
            return
        try:
            async with self._connection.transaction():
                await self._rows.write(self._connection)
                await advance(self._connection, self._bulk_load.schema, [self.read])
        except Exception as error:
            if not at_fault(error):
                raise
            self._go_back(careful_until=self.read.position)
        else:
            self._report()

    async def _write_batch(self, batch: Sequence[DecodedEvent], origins: Sequence[Place]) -> None:
        """Write a batch and the checkpoint, without the events that cannot be applied."""
        async with self._connection.transaction():
            for index, error in await apply_around(self._bulk_load.projection, batch, self._connection):
                self._unappliable.append(Unappliable.of(origins[index], error))
            await advance(self._connection, self._bulk_load.schema, [self.read])
        self._report()

    def _report(self) -> None:
        bulk_load = self._bulk_load
        bulk_load.checkpoints[self.number] = self.read
        unappliable, count = self._unappliable, self._count
        self._unappliable, self._count = [], 0
        for each in unappliable:
            bulk_load.on_unappliable(each)
        bulk_load.on_read(count)


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
