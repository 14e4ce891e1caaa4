"""Verifies a large log on several cores."""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress

from infra.adapters.kafka.topic import offsets_of_ends
from infra.adapters.postgres.pools import INDEX_ORDER, worker_pool
from infra.adapters.postgres.settled_log import SettledLog
from infra.log.partition_pool import ShareFailed, Tell, in_processes, share_out
from infra.log.verification import Parity, verify_log


async def verify_large_log(
    dsn: str, bootstrap_servers: str, *, processes: int, progress: Callable[[int], None] = lambda _: None
) -> Parity:
    """Do what :func:`verify_log` does, in several processes.

    Where they find a difference or get into trouble, it is looked for once more in one process: the difference to name is
    the first in the log, and trouble is told as :func:`verify_log` tells it.

    Args:
        dsn: the event store's database.
        bootstrap_servers: where the topic is.
        processes: how many; as many as there are cores.
        progress: told how many events were compared so far.
    """
    shares = share_out(await offsets_of_ends(bootstrap_servers), processes)
    with suppress(ShareFailed):
        found = await in_processes(
            _verify_share,
            shares,
            (dsn, bootstrap_servers),
            progress=lambda told: progress(sum(compared for compared, *_ in told)),
            enough=lambda parity: not parity.equal,
        )
        if all(each.equal for each in found):
            by_type: Counter[str] = Counter()
            for each in found:
                by_type.update(each.by_type)
            return Parity(
                equal=True,
                events=by_type.total(),
                by_type=dict(by_type),
                foreign=tuple(record for each in found for record in each.foreign),
            )
    async with worker_pool(dsn, connections=2) as pool:
        return await verify_log(SettledLog(pool), bootstrap_servers, progress=progress)


async def _verify_share(partitions: Sequence[int], tell: Tell, dsn: str, bootstrap_servers: str) -> Parity:
    """Verify some partitions, in a worker."""
    async with worker_pool(dsn, connections=2, settings=INDEX_ORDER) as pool:
        log = SettledLog(pool)
        return await verify_log(log, bootstrap_servers, partitions=partitions, progress=tell)
