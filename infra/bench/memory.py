"""Memory of processes before, during and after load.

The memory is the proportional set size: pages that processes share are counted once. This needs Linux.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import psutil

from infra.bench.figures import Figures, Target

LOOK_SECONDS = 0.5
CALM_SECONDS = 3.0
"""After the load, before the last look: what was in flight is freed."""
TIMES = ("before", "most", "after")
"""The first is left out for processes that have work from their start."""


@asynccontextmanager
async def watch_memory(words: Mapping[str, str], *, times: Sequence[str] = TIMES) -> AsyncIterator[Figures]:
    """Look at processes until the context ends; yield their figures, which are complete then.

    Args:
        words: by the name of the figures, a word of the command line of a child process. Its own children count as part of it.
        times: those of ``TIMES`` that are wanted.
    """
    looks = {name: [_memory_mb(word)] for name, word in words.items()}
    figures: Figures = {}

    async def look() -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            for name, word in words.items():
                looks[name].append(await asyncio.to_thread(_memory_mb, word))

    looking = asyncio.create_task(look())
    try:
        yield figures
        await asyncio.sleep(CALM_SECONDS)
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
    for name, word in words.items():
        looks[name].append(_memory_mb(word))
        seen = {"before": looks[name][0], "most": max(looks[name]), "after": looks[name][-1]}
        figures |= {_figure(name, time): seen[time] for time in times}


def memory_targets(*names: str, times: Sequence[str] = TIMES) -> list[Target]:
    """Return a line of a report for each figure."""
    return [Target(figure=_figure(name, time)) for name in names for time in times]


def memory_mb(process: psutil.Process) -> float:
    """Return the megabytes of one process."""
    return float(process.memory_full_info().pss) / 2**20


def _memory_mb(word: str) -> float:
    found = [child for child in psutil.Process().children() if word in child.cmdline()]
    return sum(memory_mb(each) for child in found for each in (child, *child.children(recursive=True)))


def _figure(name: str, time: str) -> str:
    return f"memory_{name}_{time}_mb"
