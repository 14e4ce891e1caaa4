"""Measures things beside each other: each gets a short turn, again and again, so that all meet the same machine."""

import time
from collections.abc import Awaitable, Callable, Mapping

from infra.bench.figures import Figures, Tell

Candidate = Callable[[float], Awaitable[int]]
"""Works until a time of ``time.perf_counter`` and returns how many times it did its work."""


async def interleave(
    contestants: Mapping[str, Candidate], *, seconds: float, rounds: int, tell: Tell, warm_up: float = 0.3
) -> Figures:
    """Return how often a second each contestant did its work.

    Args:
        contestants: by the name of their figure.
        seconds: of each, in all.
        rounds: turns of each; one more, uncounted, goes before them.
        tell: told of every round.
        warm_up: seconds of the uncounted turn: connections are opened, statements prepared.
    """
    done = dict.fromkeys(contestants, 0)
    taken = dict.fromkeys(contestants, 0.0)
    for contestant in contestants.values():
        await contestant(time.perf_counter() + warm_up)
    for n in range(rounds):
        tell(f"round {n + 1} of {rounds}")
        for name, contestant in contestants.items():
            began = time.perf_counter()
            done[name] += await contestant(began + seconds / rounds)
            taken[name] += time.perf_counter() - began
    return {name: done[name] / taken[name] for name in contestants}
