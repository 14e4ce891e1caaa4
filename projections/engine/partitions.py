"""The partitions that one read model owns in this process, and how far each is applied."""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

import asyncpg
from aiokafka import ConsumerRecord

from projections.engine.checkpoints import (
    Checkpoint,
    Fenced,
    Live,
    positions_of,
    reclaim,
    release,
    take_over,
)
from projections.engine.postgres_errors import DATABASE_AWAY
from projections.engine.records import PlacedRecord, position_of
from projections.engine.tables import Connection

logger = logging.getLogger(__name__)


class OwnedPartitions:
    """The checkpoints of the partitions that a read model owns here.

    A process that lost a partition is fenced by the checkpoint's owner number: its transaction fails, so that its
    writes stay unseen.
    """

    def __init__(self, name: str, pool: asyncpg.Pool) -> None:
        """Own nothing yet.

        Args:
            name: the read model's, which is also its live schema's.
            pool: of the database with the checkpoints.
        """
        self._name = name
        self._pool = pool
        self._checkpoints: dict[int, Checkpoint] = {}

    @property
    def numbers(self) -> frozenset[int]:
        """The partitions that are owned."""
        return frozenset(self._checkpoints)

    @property
    def checkpoints(self) -> Sequence[Checkpoint]:
        """How far each owned partition is applied."""
        return list(self._checkpoints.values())

    @property
    def owners(self) -> Mapping[int, int]:
        """The owner numbers under which the partitions are held."""
        return {number: checkpoint.owner for number, checkpoint in self._checkpoints.items()}

    def clear(self) -> None:
        """Forget every partition; the checkpoints stay as they are."""
        self._checkpoints.clear()

    async def take(self, numbers: Iterable[int]) -> list[Checkpoint]:
        """Become the owner of partitions.

        Raises:
            DATABASE_AWAY: the checkpoints are out of reach.
        """
        async with self._pool.acquire() as connection:
            checkpoints = await take_over(connection, self._name, numbers)
        self._checkpoints.update((checkpoint.partition, checkpoint) for checkpoint in checkpoints)
        return checkpoints

    async def leave(self, numbers: Iterable[int], *, suspected: Collection[int]) -> None:
        """Stop owning partitions that a rebalance takes away. The next owner suspects what this one does."""
        lost = [self._checkpoints.pop(number) for number in numbers if number in self._checkpoints]
        lost = [each for each in lost if each.partition not in suspected]
        with suppress(*DATABASE_AWAY):
            async with self._pool.acquire() as connection:
                await release(connection, self._name, lost)

    async def release(self, *, suspected: Collection[int]) -> None:
        """Record that the runner stopped in good order. The next owner suspects what this one does.

        Raises:
            DATABASE_AWAY: that could not be recorded.
        """
        checkpoints = [each for number, each in self._checkpoints.items() if number not in suspected]
        if checkpoints:
            async with self._pool.acquire() as connection:
                await release(connection, self._name, checkpoints)

    def unapplied(self, records: Iterable[PlacedRecord]) -> list[ConsumerRecord]:
        """Return the records of owned partitions that are not applied yet, each event once."""
        unapplied = []
        reached = {number: checkpoint.position for number, checkpoint in self._checkpoints.items()}
        for record, position in records:
            number = record.partition
            if number in reached and position > reached[number]:
                reached[number] = position
                unapplied.append(record)
        return unapplied

    def check_same_owners(self, records: Iterable[ConsumerRecord], owners: Mapping[int, int]) -> None:
        """Make sure that the partitions of these records are held under the same owner numbers as before.

        Raises:
            Fenced: a rebalance took a partition away since, even if another one brought it back.
        """
        now = self.owners
        if any(now.get(number) != owners.get(number) for number in {record.partition for record in records}):
            raise Fenced(self._name, ())

    def after(self, records: Sequence[ConsumerRecord]) -> dict[int, Checkpoint]:
        """Return where the partitions of these records stand once the records are applied.

        Raises:
            Fenced: a partition is not owned any more.
        """
        moved: dict[int, Checkpoint] = {}
        last: dict[int, ConsumerRecord] = {record.partition: record for record in records}
        for number, record in last.items():
            before = self._checkpoints.get(number)
            if before is None:
                raise Fenced(self._name, ())
            moved[number] = replace(
                before, next_offset=record.offset + 1, position=position_of(record) or before.position
            )
        return moved

    def move(self, moved: Mapping[int, Checkpoint]) -> None:
        """Take over checkpoints that were written, except of partitions that changed hands since."""
        for number, checkpoint in moved.items():
            known = self._checkpoints.get(number)
            if known is not None and known.owner == checkpoint.owner:
                self._checkpoints[number] = checkpoint

    async def check_owner(self, moved: Mapping[int, Checkpoint], connection: Connection) -> None:
        """Make sure that these partitions have no new owner, whose rows would explain a failure.

        Raises:
            Fenced: there is a new owner.
        """
        current = await positions_of(connection, self._name)
        lost = [each for number, each in moved.items() if number not in current or current[number].owner != each.owner]
        if lost:
            raise Fenced(self._name, lost)

    async def reclaim(self, fenced: Fenced, live: Live, connection: Connection) -> Live:
        """Go on after a rebalance or a rebuild, and return the tables that are live now.

        Raises:
            Fenced: another runner owns a partition that this one believes to own.
        """
        lost = {
            each.partition for each in fenced.lost if self._checkpoints.get(each.partition, each).owner == each.owner
        }
        if not lost & self._checkpoints.keys():
            return live
        checkpoints, live = await reclaim(connection, self._name, list(self._checkpoints.values()), live)
        if not lost <= {checkpoint.partition for checkpoint in checkpoints}:
            raise fenced
        logger.info("projector-%s goes on with the tables of a rebuild", self._name)
        self._checkpoints.update((checkpoint.partition, checkpoint) for checkpoint in checkpoints)
        return live
