"""The retry policy: how long its pauses are, and where retries end."""

import asyncio
from dataclasses import replace

import pytest

from domain.kernel import Transient
from infra.retry import RetryPolicy, RetryTimeout, retry

POLICY = RetryPolicy(attempts=3, first_pause=1.0)


class Outage:
    """A call that fails, and the pauses between its attempts."""

    def __init__(self, *, retry_after: float | None = None) -> None:
        self.retry_after = retry_after
        self.calls = 0
        self.pauses: list[float] = []

    async def call(self) -> None:
        self.calls += 1
        raise Transient("supplier", "answered 500", retry_after=self.retry_after)

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)


@pytest.mark.parametrize("failures", [1, 2, 3, 9])
def test_a_pause_grows_to_the_longest_and_half_of_it_is_random(failures: int) -> None:
    full = min(60.0, 2.0 ** (failures - 1))
    for _ in range(50):
        assert full / 2 <= replace(POLICY, longest_pause=60.0).pause_after(failures) <= full


def test_a_pause_that_the_other_side_asks_for_is_bounded_by_the_longest() -> None:
    assert POLICY.pause_after(1, 7.0) == 7.0
    assert replace(POLICY, longest_pause=5.0).pause_after(1, 7.0) == 5.0


async def test_the_last_outage_says_that_retries_are_used_up() -> None:
    outage = Outage()
    with pytest.raises(Transient) as raised:
        await retry(outage.call, POLICY, sleep=outage.sleep)
    assert (raised.value.attempts, outage.calls, len(outage.pauses)) == (3, 3, 2)


async def test_a_caller_does_not_retry_what_an_adapter_has_retried() -> None:
    outage = Outage()
    with pytest.raises(Transient):
        await retry(lambda: retry(outage.call, POLICY, sleep=outage.sleep), POLICY, sleep=outage.sleep)
    assert outage.calls == 3


async def test_a_pause_that_is_too_long_is_left_to_the_caller() -> None:
    outage = Outage(retry_after=6.0)
    with pytest.raises(Transient) as raised:
        await retry(outage.call, replace(POLICY, longest_asked=5.0), sleep=outage.sleep)
    assert (raised.value.attempts, outage.calls) == (1, 1)


async def test_an_outage_that_cannot_pass_is_left_to_the_caller() -> None:
    outage = Outage()
    with pytest.raises(Transient) as raised:
        await retry(outage.call, POLICY, may_pass=lambda _: False)
    assert (raised.value.attempts, outage.calls) == (1, 1)


async def test_a_pause_that_outlasts_the_time_ends_the_retries() -> None:
    outage = Outage(retry_after=10.0)
    with pytest.raises(Transient):
        await retry(outage.call, replace(POLICY, seconds=10.0), sleep=outage.sleep)
    assert (outage.calls, outage.pauses) == (1, [])


async def test_an_attempt_that_outlasts_the_time_ends_in_a_timeout() -> None:
    with pytest.raises(RetryTimeout):
        await retry(asyncio.Event().wait, replace(POLICY, seconds=0.01))
