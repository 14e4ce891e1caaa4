"""Loads a long log into a read model's tables in several processes."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

from infra.adapters.kafka.topic import offsets_of_ends
from infra.adapters.postgres.pools import worker_pool
from infra.log.partition_pool import WORTHWHILE, Report, ShareFailed, in_processes, share_out
from projections.engine.checkpoints import Checkpoint, positions_of
from projections.engine.postgres_errors import IDLE_IN_TRANSACTION
from projections.engine.rebuild.bulk_load import KEPT_UNAPPLIABLE, LANES, Filling, Unappliable
from projections.registry import READ_MODELS

logger = logging.getLogger(__name__)


class BulkLoadProcesses:
    """Implements :class:`projections.engine.rebuild.bulk_load.Workers`: each process loads some partitions and their checkpoints."""

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

    async def fill(self, filling: Filling, limits: Mapping[int, int]) -> None:
        model = filling.projection
        # A process knows only registered models, by name.
        if self._processes < 2 or READ_MODELS.get(model.name) is not model:
            return
        ends = await offsets_of_ends(self._bootstrap_servers)
        left = {
            number: max(0, ends.get(number, 0) - place.next_offset)
            for number, place in filling.places.items()
            if place.position < limits.get(number, 0)
        }
        if sum(left.values()) < self._worthwhile:
            return
        shares = [[filling.places[number] for number in share] for share in share_out(left, self._processes)]
        done = 0

        def progress(reports: Sequence[Sequence[int]]) -> None:
            nonlocal done
            for share, (_, *positions) in zip(shares, reports, strict=True):
                for place, position in zip(share, positions, strict=False):
                    filling.places[place.partition] = replace(place, position=max(place.position, position))
            before, done = done, sum(events for events, *_ in reports)
            filling.progress(done - before)

        arguments = (model.name, filling.schema, dict(limits), self._dsn, self._bootstrap_servers)
        try:
            for unappliable in await in_processes(_load_share, shares, arguments, progress=progress):
                for each in unappliable:
                    filling.passed(each)
        except ShareFailed as failure:
            logger.warning("one process loads the rest of %s: %s", filling.schema, failure)
        # The written checkpoints count, not the reports. The owner stays: if another process owns the load by now, the
        # next write must fail.
        async with filling.pool.acquire() as connection:
            written = await positions_of(connection, filling.schema)
        for number, place in filling.places.items():
            reached = written[number]
            filling.places[number] = replace(place, next_offset=reached.next_offset, position=reached.position)


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
        if len(unappliable) < KEPT_UNAPPLIABLE:
            unappliable.append(each)

    def progress(count: int) -> None:
        nonlocal done
        done += count
        report(done, *(filling.places[place.partition].position for place in places))

    settings = {"idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION}
    # Each lane writes through one connection and queries the event store through another.
    async with worker_pool(dsn, connections=2 * LANES, settings=settings) as pool:
        filling = Filling(READ_MODELS[name], pool, bootstrap_servers, schema, places, passed=passed, progress=progress)
        async with filling.open():
            await filling.fill(limits)
    return unappliable
