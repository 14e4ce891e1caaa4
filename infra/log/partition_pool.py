"""Worker processes that each read some partitions of a long log from end to end.

All events of a tenant are in one partition, and with them every stream, its hash chain and the rows derived from it. So
the work on one partition needs no other partition.
"""

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.connection import wait
from typing import Any, Generic, TypeVar

from infra.event_loop import new_runner
from schemas.topics import PARTITIONS

T = TypeVar("T")

WORTHWHILE = 100_000
"""Number of events from which starting processes saves time."""
POLL_SECONDS = 0.2
NICE = 5
"""How much a worker's priority is lowered: commands and followed read models come first on a busy machine."""
SLOTS = 1 + PARTITIONS
"""How many numbers a worker can report: one of its own and one per partition."""

Report = Callable[..., None]
"""Reports up to ``SLOTS`` numbers to the parent. Ends the worker if its result is no longer needed."""
Work = Callable[..., Awaitable[T]]
"""A function at module level, because it is sent by name. It takes a share, a ``Report`` and the common arguments."""


class ShareFailed(Exception):
    """A process ended without a result. Whatever it has written stays.

    Not every exception of a worker can be sent to the parent. Doing the same work in one process raises the original
    exception. Retrying in processes may help.
    """


class _Stopped(Exception):
    """The result is no longer needed."""


@dataclass(frozen=True, slots=True)
class _Outcome(Generic[T]):
    """A worker's result, or its failure in words."""

    result: T | None
    failure: str | None = None


class _Shared:
    """Memory that a worker process shares with its parent."""

    reports: Sequence[Any]
    stopped: Any


def share_out(sizes: Mapping[int, int], processes: int) -> list[list[int]]:
    """Distribute partitions over processes evenly: the largest first, each to the smallest share.

    Args:
        sizes: number of records by partition.
        processes: the most shares; there are never more than partitions.
    """
    shares: list[list[int]] = [[] for _ in range(min(processes, len(sizes)))]
    for number in sorted(sizes, key=lambda number: sizes[number], reverse=True):
        min(shares, key=lambda share: (sum(sizes[each] for each in share), len(share))).append(number)
    return shares


async def in_processes(
    work: Work[T],
    shares: Sequence[Any],
    arguments: tuple[Any, ...],
    *,
    progress: Callable[[Sequence[Sequence[int]]], None],
    enough: Callable[[T], bool] = lambda _: False,
) -> list[T]:
    """Work on every share in its own process, and return the results in the order of the shares.

    The processes end with this call and with this process, even if either fails.

    Args:
        work: the function that each process runs.
        shares: one argument per process.
        arguments: further arguments, the same for all.
        progress: called several times a second with the last reported numbers by share; zeros before the first report.
        enough: whether a result makes the others unnecessary; they are then left out.

    Raises:
        ShareFailed: a process ended without a result.
    """
    # Spawned, because a forked child would share our sockets and event loop.
    context = multiprocessing.get_context("spawn")
    reports, stopped = [context.RawArray("q", SLOTS) for _ in shares], context.RawValue("b", 0)
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(len(shares), context, _begin, (reports, stopped)) as workers:
        running = [
            loop.run_in_executor(workers, _run, work, number, share, arguments) for number, share in enumerate(shares)
        ]
        try:
            open_: set[asyncio.Future[_Outcome[T]]] = set(running)
            results: dict[asyncio.Future[_Outcome[T]], T] = {}
            while open_:
                done, open_ = await asyncio.wait(open_, timeout=POLL_SECONDS)
                progress([list(numbers) for numbers in reports])
                results.update((each, _result(each)) for each in done)
                if any(enough(results[each]) for each in done):
                    break
        finally:
            stopped.value = 1
            await asyncio.gather(*running, return_exceptions=True)
    return [results[each] for each in running if each in results]


def _result(ended: "asyncio.Future[_Outcome[T]]") -> T:
    try:
        outcome = ended.result()
    except BrokenProcessPool as error:
        raise ShareFailed("a process was killed") from error
    if outcome.failure is not None:
        raise ShareFailed(outcome.failure)
    result: Any = outcome.result
    return result  # type: ignore[no-any-return]  # a result may itself be None


def _begin(reports: Sequence[Any], stopped: Any) -> None:
    """Set up a worker: it gives way to live work, ignores Ctrl-C, which the parent handles, and ends with its parent."""
    os.nice(NICE)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _Shared.reports, _Shared.stopped = reports, stopped


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)


def _run(work: Work[T], number: int, share: Any, arguments: tuple[Any, ...]) -> _Outcome[T]:
    """Run the work in a worker process."""

    def report(*numbers: int) -> None:
        if _Shared.stopped.value:
            raise _Stopped
        _Shared.reports[number][: len(numbers)] = numbers

    async def run() -> T:
        return await work(share, report, *arguments)

    try:
        with new_runner() as runner:
            return _Outcome(runner.run(run()))
    except Exception as error:  # noqa: BLE001 - sent as text, because not every exception can be unpickled
        while isinstance(error, ExceptionGroup):
            error = error.exceptions[0]
        return _Outcome(None, f"{type(error).__name__}: {error}")
