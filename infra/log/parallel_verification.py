"""Verifies a large log in several processes."""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress

from infra.adapters.kafka.topic import offsets_of_ends
from infra.adapters.postgres.pools import INDEX_ORDER, worker_pool
from infra.adapters.postgres.settled_log import SettledLog
from infra.log.partition_pool import Report, ShareFailed, in_processes, share_out
from infra.log.verification import Parity, verify_log


async def verify_large_log(
    dsn: str, bootstrap_servers: str, *, processes: int, progress: Callable[[int], None] = lambda _: None
) -> Parity:
    """Do what :func:`verify_log` does, in several processes.

    If a process finds a difference or fails, one process verifies the whole log again. So the reported difference is the
    first in the log, and a failure is raised as by :func:`verify_log`.

    Args:
        dsn: the event store's database.
        bootstrap_servers: the broker with the topic.
        processes: the number of processes, usually one per core.
        progress: called with the number of events compared so far.
    """
    shares = share_out(await offsets_of_ends(bootstrap_servers), processes)
    with suppress(ShareFailed):
        parities = await in_processes(
            _verify_share,
            shares,
            (dsn, bootstrap_servers),
            progress=lambda reports: progress(sum(compared for compared, *_ in reports)),
            enough=lambda parity: not parity.equal,
        )
        if all(each.equal for each in parities):
            by_type: Counter[str] = Counter()
            for each in parities:
                by_type.update(each.by_type)
            return Parity(
                equal=True,
                events=by_type.total(),
                by_type=dict(by_type),
                foreign=tuple(record for each in parities for record in each.foreign),
            )
    async with worker_pool(dsn, connections=2) as pool:
        return await verify_log(SettledLog(pool), bootstrap_servers, progress=progress)


async def _verify_share(partitions: Sequence[int], report: Report, dsn: str, bootstrap_servers: str) -> Parity:
    """Verify some partitions in a worker process."""
    async with worker_pool(dsn, connections=2, settings=INDEX_ORDER) as pool:
        log = SettledLog(pool)
        return await verify_log(log, bootstrap_servers, partitions=partitions, progress=report)
