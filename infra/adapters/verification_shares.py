"""Verifies a large log on several cores: each process compares some of the partitions, from end to end.

A tenant's events, and so every stream and its hash chain, are in one partition, and no comparison looks beyond one.
"""

import asyncio
import multiprocessing
import os
import signal
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing.sharedctypes import Synchronized

import asyncpg

from infra.adapters.event_store import PostgresEventLog
from infra.adapters.topic import open_reader
from infra.adapters.verification import Parity, verify_log
from infra.event_loop import new_runner
from schemas.topics import EVENTS

WORTHWHILE = 100_000
"""Events above which starting processes costs less than it saves."""
LOOK_SECONDS = 0.2


def share_out(sizes: Mapping[int, int], processes: int) -> list[list[int]]:
    """Return which partitions each process takes, so that all have about as much: the largest first, to whoever has least.

    Args:
        sizes: of the partitions.
        processes: how many there may be; no more are used than there are partitions.
    """
    shares: list[list[int]] = [[] for _ in range(min(processes, len(sizes)))]
    for number in sorted(sizes, key=lambda number: sizes[number], reverse=True):
        min(shares, key=lambda share: (sum(sizes[each] for each in share), len(share))).append(number)
    return shares


class _Given:
    """What a worker process was given when it started."""

    compared: Sequence[Synchronized]  # type: ignore[type-arg]  # generic in the stubs only
    stopped: Synchronized  # type: ignore[type-arg]
    parent: int


class _Stopped(Exception):
    """Nobody waits for the result any more."""


async def verify_large_log(
    dsn: str, bootstrap_servers: str, *, processes: int, progress: Callable[[int], None] = lambda _: None
) -> Parity:
    """Do what :func:`verify_log` does, in several processes.

    Where they find a difference, it is looked for once more in one process: the one to name is the first in the log.

    Args:
        dsn: the event store's database.
        bootstrap_servers: where the topic is.
        processes: how many; as many as there are cores.
        progress: told how many events were compared so far.
    """
    shares = share_out(await _sizes(bootstrap_servers), processes)
    # Spawned, not forked: a forked child would share our sockets and event loop.
    context = multiprocessing.get_context("spawn")
    compared, stopped = [context.Value("q", 0) for _ in shares], context.Value("b", 0)
    loop = asyncio.get_running_loop()
    given = (compared, stopped, os.getpid())
    with ProcessPoolExecutor(len(shares), mp_context=context, initializer=_take, initargs=given) as workers:
        verifying = [
            loop.run_in_executor(workers, _verify_share, dsn, bootstrap_servers, number, share)
            for number, share in enumerate(shares)
        ]
        try:
            open_, equal = set(verifying), True
            while open_ and equal:
                done, open_ = await asyncio.wait(open_, timeout=LOOK_SECONDS)
                equal = all(each.result().equal for each in done)
                progress(sum(count.value for count in compared))
        finally:
            stopped.value = 1
            await asyncio.gather(*verifying, return_exceptions=True)
    if equal:
        by_type: Counter[str] = Counter()
        for each in verifying:
            by_type.update(each.result().by_type)
        return Parity(equal=True, events=by_type.total(), by_type=dict(by_type))
    async with asyncpg.create_pool(dsn, min_size=1, max_size=2) as pool:
        return await verify_log(PostgresEventLog(pool, _Clock()), bootstrap_servers, progress=progress)


async def _sizes(bootstrap_servers: str) -> dict[int, int]:
    async with open_reader(bootstrap_servers, EVENTS) as reader:
        ends = await reader.end_offsets(reader.assignment())
    return {partition.partition: end for partition, end in ends.items()}


def _take(compared: Sequence[Synchronized], stopped: Synchronized, parent: int) -> None:  # type: ignore[type-arg]
    """Begin a worker. Ctrl-C is its parent's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _Given.compared, _Given.stopped, _Given.parent = compared, stopped, parent


def _verify_share(dsn: str, bootstrap_servers: str, number: int, partitions: Sequence[int]) -> Parity:
    """Verify some partitions, in a worker."""

    def progress(count: int) -> None:
        if _Given.stopped.value or os.getppid() != _Given.parent:
            raise _Stopped
        _Given.compared[number].value = count

    async def verify() -> Parity:
        async with asyncpg.create_pool(dsn, min_size=1, max_size=2) as pool:
            log = PostgresEventLog(pool, _Clock())
            return await verify_log(log, bootstrap_servers, partitions=partitions, progress=progress)

    with new_runner() as runner:
        return runner.run(verify())


class _Clock:
    """Verifying appends nothing, so nobody asks."""

    def now(self) -> datetime:
        return datetime.now(UTC)
