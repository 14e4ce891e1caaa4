"""One retry policy for every outside call: a frozen value that its user passes in.

Consumers, adapters, writers and the sandbox import it; it knows none of them. A call is retried in one place. Where an
adapter retries single requests, it raises a ``Transient`` whose ``attempts`` is above 1, and callers do not retry it again.
See ``infra/decisions/0027-one-retry-policy.md``.
"""

import asyncio
import logging
import math
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from domain.kernel import Transient

T = TypeVar("T")

logger = logging.getLogger(__name__)


class RetryTimeout(Exception):
    """The policy's time ended while an attempt was running."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often a call is attempted and how long the pauses are. All times are seconds."""

    attempts: int
    """Calls in all, the first included."""
    first_pause: float
    growth: float = 2.0
    """Factor from one pause to the next."""
    jitter: float = 0.5
    """Random share of each pause, 0 to 1: callers that failed together do not return together."""
    longest_pause: float = math.inf
    """Bound of every pause, those that the other side asks for included."""
    longest_asked: float = math.inf
    """A longer pause that the other side asks for ends the retries; the caller decides about the next attempt."""
    seconds: float = math.inf
    """Time for all attempts and pauses together."""

    def pause_after(self, failures: int, asked: float | None = None) -> float:
        """Return the pause after some failures: at least ``asked``, at most ``longest_pause``."""
        full = min(self.longest_pause, self.first_pause * self.growth ** (failures - 1))
        return max(full * (1 - self.jitter * random.random()), min(self.longest_pause, asked or 0.0))  # noqa: S311


async def retry(
    call: Callable[[], Awaitable[T]],
    policy: RetryPolicy,
    *,
    may_pass: Callable[[Transient], bool] = lambda _: True,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> T:
    """Call until an attempt succeeds or the policy ends.

    Args:
        call: one attempt; it raises ``Transient`` for an outage. Every other exception passes through at once.
        policy: how often, and with which pauses.
        may_pass: whether another attempt may help after this outage.
        sleep: waits some seconds; tests pass one that returns at once.

    Raises:
        Transient: the last one. ``attempts`` is set if the policy is used up: a caller must not retry it.
        RetryTimeout: the time ended during an attempt.
    """
    started = asyncio.get_running_loop().time()
    timeout = asyncio.timeout(None if math.isinf(policy.seconds) else policy.seconds)
    try:
        async with timeout:
            for attempt in range(1, policy.attempts + 1):
                try:
                    return await call()
                except Transient as outage:
                    asked = outage.retry_after or 0.0
                    if outage.attempts > 1 or asked > policy.longest_asked or not may_pass(outage):
                        raise
                    logger.warning("attempt %d of %d failed: %s", attempt, policy.attempts, outage)
                    pause = policy.pause_after(attempt, asked)
                    left = policy.seconds - (asyncio.get_running_loop().time() - started)
                    if attempt == policy.attempts or pause >= left:
                        outage.attempts = attempt
                        raise
                await sleep(pause)
    except TimeoutError:
        if not timeout.expired():
            raise
        raise RetryTimeout from None
    raise AssertionError("unreachable")
