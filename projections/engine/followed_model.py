"""One read model in a process that follows the log: its partitions, and writing to it alone."""

import logging
from collections.abc import Iterable, Mapping, Sequence

import asyncpg
from aiokafka import ConsumerRecord

from projections.engine.checkpoints import Checkpoint, Fenced, Live, Projection, advance
from projections.engine.decoding import DecodedEvent, mirror_of
from projections.engine.partitions import OwnedPartitions
from projections.engine.poison_records import PoisonRecordIsolator, PoisonRecordPorts
from projections.engine.postgres_errors import DATABASE_AWAY
from projections.engine.records import at_fault, placed
from projections.engine.revisions import move_revisions
from projections.engine.tables import Connection

BATCH = 5000
"""The most records of one fetch."""

logger = logging.getLogger(__name__)


class FollowedModel:
    """Owns one read model's partitions, and applies records to it alone if it cannot move with the others."""

    def __init__(self, projection: Projection, live: Live, pool: asyncpg.Pool, poison: PoisonRecordPorts) -> None:
        """Own nothing yet.

        Args:
            projection: what to follow the log for.
            live: its tables.
            pool: of the database with rows and checkpoints.
            poison: what isolating and parking poison records needs.
        """
        self.projection = projection
        self.name = projection.name
        self.group = f"projector-{projection.name}"
        """Its name in dead letters, canaries and the log."""
        self.handled = frozenset(form for event in projection.handles for form in (event, mirror_of(event)))
        """The events that it folds, as classes and mirrors."""
        self.partitions = OwnedPartitions(projection.name, pool)
        self.isolator = PoisonRecordIsolator(self, self.group, projection.handles, poison)
        self._live = live
        self._owners: Mapping[int, int] = {}
        """The owner numbers under which the batch at hand was chosen."""

    async def take(self, numbers: Iterable[int]) -> None:
        """Become the owner of partitions.

        Raises:
            DATABASE_AWAY: the checkpoints are out of reach.
        """
        for checkpoint in await self.partitions.take(numbers):
            if checkpoint.interrupted:
                self.isolator.suspect_partition(checkpoint.partition, BATCH)

    async def leave(self, numbers: Iterable[int]) -> None:
        """Stop writing for partitions."""
        lost = [number for number in numbers if number in self.partitions.numbers]
        await self.partitions.leave(lost, suspected=self.isolator.suspected)
        self.isolator.trust(lost)

    async def stop(self) -> None:
        """Record that this process stopped in good order."""
        try:
            await self.partitions.release(suspected=self.isolator.suspected)
        except DATABASE_AWAY as error:
            # The successor counts tries for a moment, without need.
            logger.warning("%s could not record that it stopped: %s", self.group, type(error).__name__)

    async def reclaim(self, fenced: Fenced, connection: Connection) -> None:
        """Go on with the tables of a rebuild.

        Raises:
            Fenced: another process took partitions over.
        """
        self._live = await self.partitions.reclaim(fenced, self._live, connection)

    async def apply(self, records: Sequence[ConsumerRecord], connection: Connection) -> None:
        """Apply those of the records that are not applied yet to this read model alone, and isolate what cannot be applied.

        Raises:
            Fenced: another process, or a rebuild, took partitions over, or a rebalance did for a while.
        """
        records, self._owners = self.partitions.unapplied(placed(records)), self.partitions.owners
        suspected = self.isolator.suspected
        # Suspected partitions come last, so that the others do not wait for them.
        trusted = [each for each in records if each.partition not in suspected]
        try:
            await self.read_and_write(trusted, connection)
        except Exception as error:
            if not at_fault(error):
                raise
            self.suspect(trusted, error)
        await self.isolator.apply([each for each in records if each.partition in suspected], connection)

    def suspect(self, records: Sequence[ConsumerRecord], error: Exception) -> None:
        """Suspect the records of a batch that failed."""
        logger.warning("%s: a batch of %d failed: %s", self.group, len(records), type(error).__name__)
        self.isolator.suspect(records)

    async def read_and_write(self, records: Sequence[ConsumerRecord], connection: Connection) -> None:
        """Apply records.

        Raises:
            Fenced: a partition changed hands since the batch was chosen.
        """
        decode = self.projection.decoder.decode_record
        events = [event for record in records if (event := decode(record.headers, record.value)) is not None]
        await self._write(events, records, connection)

    async def pass_over(self, records: Sequence[ConsumerRecord], connection: Connection) -> None:
        """Move the checkpoints past records that change nothing.

        Raises:
            Fenced: a partition changed hands since the batch was chosen.
        """
        await self._write([], records, connection)

    async def _write(
        self, batch: Sequence[DecodedEvent], records: Sequence[ConsumerRecord], connection: Connection
    ) -> None:
        """Write rows and checkpoints in one transaction.

        Raises:
            Fenced: a partition has another owner by now, or had one in between. Its records that were passed over
                then are before these.
        """
        if not records:
            return
        self.partitions.check_same_owners(records, self._owners)
        moved = self.partitions.after(records)
        try:
            async with connection.transaction():
                if batch:
                    await self.projection.apply(batch, connection)
                    await move_revisions(connection, {self.name: {tenant for _, tenant in batch}})
                await advance(connection, self.name, moved.values())
        except Exception as error:
            await self.check_owner(moved.values(), error, connection)
            raise
        self.partitions.move(moved)

    async def check_owner(self, moved: Iterable[Checkpoint], error: Exception, connection: Connection) -> None:
        """Make sure that no new owner's rows explain an error that a record seems to be at fault for.

        Raises:
            Fenced: a partition has a new owner.
        """
        if at_fault(error):
            await self.partitions.check_owner({each.partition: each for each in moved}, connection)
