"""Work in several processes ends with its results or with the failure, and leaves no process behind."""

import asyncio
import importlib
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from infra.log.partition_pool import ShareFailed, in_processes

HERE = Path(__file__).parent


@pytest.fixture
def piecework(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(HERE)
    return importlib.import_module("piecework")


def ignore(_told: Sequence[Sequence[int]]) -> None:
    pass


def workers_of(parent: psutil.Process) -> list[psutil.Process]:
    found = []
    for child in parent.children():
        with suppress(psutil.NoSuchProcess):  # it has ended since
            if child.status() != psutil.STATUS_ZOMBIE and "spawn_main" in " ".join(child.cmdline()):
                found.append(child)
    return found


def workers() -> list[psutil.Process]:
    return workers_of(psutil.Process())


async def test_results_come_in_the_order_of_the_shares_and_numbers_are_passed_on(piecework: Any) -> None:
    told: list[list[int]] = []

    def progress(numbers: Sequence[Sequence[int]]) -> None:
        told[:] = [list(each[:3]) for each in numbers]

    assert await in_processes(piecework.double, [[1, 2], [3]], (10,), progress=progress) == [16, 16]
    assert told == [[2, 1, 2], [1, 3, 0]]
    assert workers() == []


async def test_one_that_fails_ends_the_others_and_says_why(piecework: Any) -> None:
    with pytest.raises(ShareFailed, match=r"^LookupError: the second share is missing$"):
        await in_processes(piecework.stumble, [1, 2, 3], (), progress=ignore)
    assert workers() == []


async def test_one_that_is_killed_ends_the_others(piecework: Any) -> None:
    def kill(told: Sequence[Sequence[int]]) -> None:
        if all(number for number, *_ in told):
            for worker in workers()[:1]:
                worker.kill()

    with pytest.raises(ShareFailed, match="a process was killed"):
        await in_processes(piecework.work_on, [1, 2], (), progress=kill)
    assert workers() == []


async def test_a_result_that_is_enough_ends_the_others(piecework: Any) -> None:
    found = await in_processes(
        piecework.find_in_the_first, [1, 2, 3], (), progress=ignore, enough=lambda result: result == 1
    )
    assert found == [1]
    assert workers() == []


async def test_workers_do_not_outlive_their_parent() -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", STARTED, str(HERE), cwd=HERE.parents[2], stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    assert await asyncio.wait_for(parent.stdout.readline(), 60) == b"at work\n"
    left = workers_of(psutil.Process(parent.pid))
    os.kill(parent.pid, signal.SIGKILL)
    await parent.wait()
    assert len(left) == 2
    async with asyncio.timeout(10):
        while any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in left):
            await asyncio.sleep(0.02)


STARTED = """
import asyncio, sys
sys.path.insert(0, sys.argv[1])
from infra.log.partition_pool import in_processes
from piecework import work_on

def on_progress(numbers):
    if all(first for first, *_ in numbers):
        print("at work", flush=True)

asyncio.run(in_processes(work_on, [1, 2], (), progress=on_progress))
"""
