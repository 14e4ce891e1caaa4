"""Works through a long log on several cores: each process takes some of the partitions, from end to end.

A tenant's events, and so every stream, its hash chain and the rows made from it, are in one partition: what is done with
one partition needs nothing of another.
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
"""Events above which starting processes costs less than it saves."""
LOOK_SECONDS = 0.2
SLOTS = 1 + PARTITIONS
"""Numbers a worker can tell: one of its own and one for each partition."""

Tell = Callable[..., None]
"""Given to a worker: tells up to ``SLOTS`` numbers, and ends the worker where nobody waits for its result any more."""
Work = Callable[..., Awaitable[T]]
"""A module's function, because it is sent by name: takes a share, a ``Tell`` and whatever else was given."""


class ShareFailed(Exception):
    """A process ended without its result, which the others then lack; nothing of what it has written is lost.

    Doing the same in one process finds out what is wrong, as an exception of its own: those of a worker cannot all be
    sent. Retrying in processes may help.
    """


class _Stopped(Exception):
    """Nobody waits for the result any more."""


@dataclass(frozen=True, slots=True)
class _Ended(Generic[T]):
    """How a worker ended: with a result, or with a word on what went wrong."""

    result: T | None
    trouble: str | None = None


class _Given:
    """What a worker process was given when it started."""

    told: Sequence[Any]
    stopped: Any


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


async def in_processes(
    work: Work[T],
    shares: Sequence[Any],
    given: tuple[Any, ...],
    *,
    progress: Callable[[Sequence[Sequence[int]]], None],
    enough: Callable[[T], bool] = lambda _: False,
) -> list[T]:
    """Do a piece of work for every share, each in a process of its own, and return the results in the shares' order.

    The processes end with this call, however it ends, and with this process, however that ends.

    Args:
        work: what each does.
        shares: what each is given of its own.
        given: what all are given.
        progress: told several times a second what numbers the workers told last, by share; zeros before the first.
        enough: whether a result makes the others needless; their results are left out then.

    Raises:
        ShareFailed: one ended without a result.
    """
    # Spawned, not forked: a forked child would share our sockets and event loop.
    context = multiprocessing.get_context("spawn")
    told, stopped = [context.RawArray("q", SLOTS) for _ in shares], context.RawValue("b", 0)
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(len(shares), context, _begin, (told, stopped)) as workers:
        running = [
            loop.run_in_executor(workers, _run, work, number, share, given) for number, share in enumerate(shares)
        ]
        try:
            open_: set[asyncio.Future[_Ended[T]]] = set(running)
            found: dict[asyncio.Future[_Ended[T]], T] = {}
            while open_:
                done, open_ = await asyncio.wait(open_, timeout=LOOK_SECONDS)
                progress([list(numbers) for numbers in told])
                found.update((each, _result(each)) for each in done)
                if any(enough(found[each]) for each in done):
                    break
        finally:
            stopped.value = 1
            await asyncio.gather(*running, return_exceptions=True)
    return [found[each] for each in running if each in found]


def _result(ended: "asyncio.Future[_Ended[T]]") -> T:
    try:
        outcome = ended.result()
    except BrokenProcessPool as error:
        raise ShareFailed("a process was killed") from error
    if outcome.trouble is not None:
        raise ShareFailed(outcome.trouble)
    result: Any = outcome.result
    return result  # type: ignore[no-any-return]  # a result may itself be None


def _begin(told: Sequence[Any], stopped: Any) -> None:
    """Begin a worker. Ctrl-C is its parent's business, and it does not outlive its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _Given.told, _Given.stopped = told, stopped


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)


def _run(work: Work[T], number: int, share: Any, given: tuple[Any, ...]) -> _Ended[T]:
    """Do the work, in a worker."""

    def tell(*numbers: int) -> None:
        if _Given.stopped.value:
            raise _Stopped
        _Given.told[number][: len(numbers)] = numbers

    async def run() -> T:
        return await work(share, tell, *given)

    try:
        with new_runner() as runner:
            return _Ended(runner.run(run()))
    except Exception as error:  # noqa: BLE001 - told to the parent, which could not read all kinds of exception back
        while isinstance(error, ExceptionGroup):
            error = error.exceptions[0]
        return _Ended(None, f"{type(error).__name__}: {error}")
