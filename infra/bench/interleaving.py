"""Interleaved measurement: works take short turns, so that all run under the same load of the machine."""

import time
from collections.abc import Awaitable, Callable, Mapping

from infra.bench.figures import Figures, ReportPhase

TimedWork = Callable[[float], Awaitable[int]]
"""Works until a time of ``time.perf_counter`` and returns how often the work was done."""


async def interleave(
    works: Mapping[str, TimedWork], *, seconds: float, rounds: int, report: ReportPhase, warm_up: float = 0.3
) -> Figures:
    """Return the rate per second of each work.

    Args:
        works: by the name of their figure.
        seconds: total time of each work.
        rounds: turns of each work, after one uncounted turn.
        report: receives every round.
        warm_up: seconds of the uncounted turn, which opens connections and prepares statements.
    """
    done = dict.fromkeys(works, 0)
    taken = dict.fromkeys(works, 0.0)
    for work in works.values():
        await work(time.perf_counter() + warm_up)
    for n in range(rounds):
        report(f"round {n + 1} of {rounds}")
        for name, work in works.items():
            began = time.perf_counter()
            done[name] += await work(began + seconds / rounds)
            taken[name] += time.perf_counter() - began
    return {name: done[name] / taken[name] for name in works}
