"""When an outside call is retried, and what the merchant reads when it is given up."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from consumers.agents.outside_calls import OUTSIDE_CALLS, GivenUp, call_with_retries
from domain.kernel import Transient
from tests.support.fakes.event_log import FixedClock


class Outside:
    """A call that fails a number of times and then answers."""

    def __init__(self, failures: int, retry_after: float | None = None) -> None:
        self.failures, self.retry_after, self.asked = failures, retry_after, 0
        self.pauses: list[float] = []

    async def ask(self) -> str:
        self.asked += 1
        if self.asked <= self.failures:
            raise Transient("supplier", "answered 500", retry_after=self.retry_after)
        return "answer"

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)


async def attempt(
    ask: Callable[[], Awaitable[str]], outside: Outside, deadline: timedelta = timedelta(minutes=3)
) -> str:
    clock = FixedClock()
    return await call_with_retries(
        ask, who="the sample supplier", clock=clock, deadline=clock.now() + deadline, sleep=outside.sleep
    )


@pytest.mark.parametrize("failures", range(OUTSIDE_CALLS.attempts))
async def test_an_outage_that_ends_in_time_is_outlived(failures: int) -> None:
    outside = Outside(failures)
    assert await attempt(outside.ask, outside) == "answer"
    assert outside.asked == failures + 1


async def test_pauses_double_with_jitter() -> None:
    outside = Outside(OUTSIDE_CALLS.attempts - 1)
    await attempt(outside.ask, outside)
    for n, pause in enumerate(outside.pauses):
        assert 0.25 * 2**n <= pause <= 0.5 * 2**n


async def test_four_failures_are_given_up_and_name_who_did_not_answer() -> None:
    outside = Outside(99)
    with pytest.raises(GivenUp) as given_up:
        await attempt(outside.ask, outside)
    assert outside.asked == OUTSIDE_CALLS.attempts == 4
    assert given_up.value.reason == (
        "The sample supplier was asked 4 times and did not answer as it should: it answered 500. Run the step again later."
    )


async def test_a_wait_the_other_side_asks_for_is_granted() -> None:
    outside = Outside(1, retry_after=7.0)
    assert await attempt(outside.ask, outside) == "answer"
    assert outside.pauses == [7.0]


async def test_a_wait_beyond_the_deadline_is_given_up_at_once() -> None:
    outside = Outside(1, retry_after=600.0)
    with pytest.raises(GivenUp, match="asked once"):
        await attempt(outside.ask, outside)
    assert (outside.asked, outside.pauses) == (1, [])


async def test_an_answer_that_never_comes_is_given_up_at_the_deadline() -> None:
    async def never() -> str:
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    with pytest.raises(GivenUp, match="did not answer within the time for this step"):
        await attempt(never, Outside(0), timedelta(milliseconds=20))


async def test_nothing_is_asked_after_the_deadline() -> None:
    outside = Outside(0)
    with pytest.raises(GivenUp, match="The time for this step was up before the sample supplier could be asked"):
        await attempt(outside.ask, outside, timedelta(seconds=-1))
    assert outside.asked == 0


async def test_an_outage_that_an_adapter_has_retried_is_not_retried_again() -> None:
    outside = Outside(0)

    async def exhausted() -> str:
        outside.asked += 1
        outage = Transient("supplier", "answered 429")
        outage.attempts = 3
        raise outage

    with pytest.raises(GivenUp, match="asked 3 times"):
        await attempt(exhausted, outside)
    assert outside.asked == 1


async def test_what_is_no_outage_passes_through_at_once() -> None:
    outside = Outside(0)

    async def broken() -> str:
        outside.asked += 1
        raise KeyError("a bug")

    with pytest.raises(KeyError):
        await attempt(broken, outside)
    assert outside.asked == 1


async def test_an_inner_timeout_is_not_mistaken_for_the_deadline() -> None:
    async def impatient() -> str:
        raise TimeoutError("the adapter's own")

    with pytest.raises(TimeoutError):
        await attempt(impatient, Outside(0))
