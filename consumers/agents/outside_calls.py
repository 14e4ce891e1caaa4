"""Outside calls of a generation step: retried until the step's deadline, and given up with a reason for the merchant."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from domain.calls.ports import CallRefused
from domain.kernel import Clock, Transient
from infra.retry import RetryPolicy, RetryTimeout, retry

T = TypeVar("T")

OUTSIDE_CALLS = RetryPolicy(attempts=4, first_pause=0.5)
"""For calls of a generation step; the step's deadline bounds it as well."""


class GivenUp(Exception):
    """An outside call failed and this attempt of the step ends; the merchant may run the step again."""

    def __init__(self, who: str, reason: str) -> None:
        super().__init__(reason)
        self.who = who
        """Who did not answer: ``AliExpress``, ``the brand writer``."""
        self.reason = reason
        """For the merchant, naming who did not answer; what ``FailStep`` takes."""


async def call_with_retries(
    call: Callable[[], Awaitable[T]],
    *,
    who: str,
    clock: Clock,
    deadline: datetime,
    policy: RetryPolicy = OUTSIDE_CALLS,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> T:
    """Make an outside call and retry it after an outage until the step's deadline.

    Args:
        call: raises ``Transient`` for an outage. Every other exception passes through at once.
        who: who is called, in the merchant's words.
        clock: tells how much time is left.
        deadline: ``StepStarted.deadline``.
        policy: how often, and with which pauses; the deadline replaces its time limit.
        sleep: waits some seconds; tests pass one that returns at once.

    Raises:
        GivenUp: all attempts failed, an adapter has retried already, or the time is up.
    """
    seconds = (deadline - clock.now()).total_seconds()
    if seconds <= 0:
        raise GivenUp(who, f"The time for this step was up before {who} could be asked. Run the step again.")
    try:
        return await retry(call, replace(policy, seconds=seconds), sleep=sleep)
    except RetryTimeout:
        raise GivenUp(
            who, f"{_capital(who)} did not answer within the time for this step. Run the step again later."
        ) from None
    except CallRefused as refusal:
        raise GivenUp(who, f"{refusal} Run the step again when that has changed.") from refusal
    except Transient as outage:
        times = "once" if outage.attempts == 1 else f"{outage.attempts} times"
        raise GivenUp(
            who,
            f"{_capital(who)} was asked {times} and did not answer as it should: it {outage.what}. "
            "Run the step again later.",
        ) from outage


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
