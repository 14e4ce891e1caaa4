"""Loads a long log into a read model's tables in several processes."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

from infra.adapters.kafka.topic import offsets_of_ends
from infra.adapters.postgres.pools import worker_pool
from infra.log.partition_pool import WORTHWHILE, Report, ShareFailed, in_processes, share_out
from projections.engine.checkpoints import Checkpoint, positions_of
from projections.engine.postgres_errors import IDLE_IN_TRANSACTION
from projections.engine.rebuild.bulk_load import MAX_UNAPPLIABLE, BulkLoad, Unappliable
from projections.registry import READ_MODELS

logger = logging.getLogger(__name__)


class BulkLoadProcesses:
    """Implements :class:`projections.engine.rebuild.bulk_load.BulkLoadWorkers`.

    Each process loads some partitions, with checkpoints of their own.
    """

    def __init__(self, dsn: str, bootstrap_servers: str, *, processes: int, worthwhile: int = WORTHWHILE) -> None:
        """Set the limits; no process starts yet.

        Args:
            dsn: the read models' database.
            bootstrap_servers: the broker with the log.
            processes: the number of processes, usually one per core.
            worthwhile: the fewest records for which processes are started.
        """
        self._dsn = dsn
        self._bootstrap_servers = bootstrap_servers
        self._processes = processes
        self._worthwhile = worthwhile

    async def load(self, bulk_load: BulkLoad, limits: Mapping[int, int]) -> None:
        model = bulk_load.projection
        # A process knows only registered models, by name.
        if self._processes < 2 or READ_MODELS.get(model.name) is not model:
            return
        ends = await offsets_of_ends(self._bootstrap_servers)
        left = {
            number: max(0, ends.get(number, 0) - place.next_offset)
            for number, place in bulk_load.checkpoints.items()
            if place.position < limits.get(number, 0)
        }
        if sum(left.values()) < self._worthwhile:
            return
        shares = [[bulk_load.checkpoints[number] for number in share] for share in share_out(left, self._processes)]
        done = 0

        def progress(reports: Sequence[Sequence[int]]) -> None:
            nonlocal done
            for share, (_, *positions) in zip(shares, reports, strict=True):
                for place, position in zip(share, positions, strict=False):
                    bulk_load.checkpoints[place.partition] = replace(place, position=max(place.position, position))
            before, done = done, sum(events for events, *_ in reports)
            bulk_load.on_read(done - before)

        arguments = (model.name, bulk_load.schema, dict(limits), self._dsn, self._bootstrap_servers)
        try:
            for unappliable in await in_processes(_load_share, shares, arguments, progress=progress):
                for each in unappliable:
                    bulk_load.on_unappliable(each)
        except ShareFailed as failure:
            logger.warning("one process loads the rest of %s: %s", bulk_load.schema, failure)
        # The written checkpoints count, not the reports. The owner stays: if another process owns the load by now, the
        # next write must fail.
        async with bulk_load.pool.acquire() as connection:
            written = await positions_of(connection, bulk_load.schema)
        for number, place in bulk_load.checkpoints.items():
            reached = written[number]
            bulk_load.checkpoints[number] = replace(place, next_offset=reached.next_offset, position=reached.position)


async def _load_share(
    places: Sequence[Checkpoint],
    report: Report,
    name: str,
    schema: str,
    limits: Mapping[int, int],
    dsn: str,
    bootstrap_servers: str,
) -> list[Unappliable]:
    """Load some partitions in a worker process. Return the events that could not be applied."""
    unappliable: list[Unappliable] = []
    done = 0

    def passed(each: Unappliable) -> None:
        if len(unappliable) < MAX_UNAPPLIABLE:
            unappliable.append(each)

    def progress(count: int) -> None:
        nonlocal done
        done += count
        report(done, *(bulk_load.checkpoints[place.partition].position for place in places))

    settings = {"idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION}
    async with worker_pool(dsn, connections=1, settings=settings) as pool:
        bulk_load = BulkLoad(
            READ_MODELS[name],
            pool,
            bootstrap_servers,
            schema,
            places,
            on_unappliable=passed,
            on_read=progress,
        )
        async with bulk_load.open():
            await bulk_load.load(limits)
    return unappliable
