"""Outside calls inside a generation step: patient within bounds, and given up with words for the merchant."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

from domain.kernel import Clock, Transient

T = TypeVar("T")

TRIES = 4
"""How often an outside call is made before it is given up."""
FIRST_PAUSE_SECONDS = 0.5
"""The pause after the first failed try; it doubles with each further one."""

logger = logging.getLogger(__name__)


class GivenUp(Exception):
    """An outside call failed for good, as far as this step goes; the merchant may run the step again."""

    def __init__(self, who: str, reason: str) -> None:
        super().__init__(reason)
        self.who = who
        """Who did not answer: ``AliExpress``, ``the brand writer``."""
        self.reason = reason
        """For the merchant, naming who did not answer; what ``FailStep`` takes."""


async def call_with_retries(
    ask: Callable[[], Awaitable[T]],
    *,
    who: str,
    clock: Clock,
    deadline: datetime,
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> T:
    """Make an outside call, again after an outage, but not past the step's deadline.

    Args:
        ask: the call; it raises ``Transient`` for an outage. Anything else it raises passes through at once.
        who: who is asked, in the merchant's words.
        clock: where the time comes from.
        deadline: ``StepStarted.deadline``.
        pause: how to wait some seconds; tests pass one that does not.

    Raises:
        GivenUp: four tries failed, or the time is up.
    """
    seconds = (deadline - clock.now()).total_seconds()
    if seconds <= 0:
        raise GivenUp(who, f"The time for this step was up before {who} could be asked. Run the step again.")
    timeout = asyncio.timeout(seconds)
    try:
        async with timeout:
            return await _ask_patiently(ask, who=who, clock=clock, deadline=deadline, pause=pause)
    except TimeoutError:
        if not timeout.expired():
            raise
        raise GivenUp(
            who, f"{_capital(who)} did not answer within the time for this step. Run the step again later."
        ) from None


async def _ask_patiently(
    ask: Callable[[], Awaitable[T]],
    *,
    who: str,
    clock: Clock,
    deadline: datetime,
    pause: Callable[[float], Awaitable[None]],
) -> T:
    for attempt in range(1, TRIES + 1):
        try:
            return await ask()
        except Transient as outage:
            logger.warning("%s did not answer (try %d of %d): %s", who, attempt, TRIES, outage.what)
            wait = _pause_after(attempt, outage.retry_after)
            left = (deadline - clock.now()).total_seconds()
            if attempt == TRIES or wait >= left:
                tries = "once" if attempt == 1 else f"{attempt} times"
                raise GivenUp(
                    who,
                    f"{_capital(who)} was asked {tries} and did not answer as it should: it {outage.what}. "
                    "Run the step again later.",
                ) from outage
        await pause(wait)
    raise AssertionError("unreachable")


def _pause_after(attempt: int, retry_after: float | None) -> float:
    # Half fixed, half random: callers that failed together do not come back together.
    base: float = FIRST_PAUSE_SECONDS * 2 ** (attempt - 1)
    jittered = base / 2 + random.uniform(0, base / 2)  # noqa: S311 - no secret
    return max(jittered, retry_after or 0.0)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
