"""Rate limits let a burst through, then a steady rate, and forget no caller that asks too often."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rate_limits import NETWORKS, PERSONS, Kind, RateLimiter, kind_of
from infra.web.rate_limits import REMEMBERED_MOST, Rate


class Time:
    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


def test_a_burst_passes_and_then_one_request_per_interval() -> None:
    time = Time()
    limiter, rate = RateLimiter(now=time), NETWORKS[Kind.OTHER]
    assert [limiter.of_network(Kind.OTHER, "a") for _ in range(rate.burst)] == [0] * rate.burst
    wait = limiter.of_network(Kind.OTHER, "a")
    assert 0 < wait <= 1 / rate.per_second + 1e-6
    assert limiter.of_network(Kind.OTHER, "b") == 0, "another network has its own limit"
    assert limiter.of_network(Kind.PAGE, "a") == 0, "and another kind of endpoint"
    time.seconds += wait
    assert limiter.of_network(Kind.OTHER, "a") == 0
    assert limiter.of_network(Kind.OTHER, "a") > 0
    time.seconds += rate.burst / rate.per_second + 1
    assert [limiter.of_network(Kind.OTHER, "a") for _ in range(rate.burst)] == [0] * rate.burst


@given(st.lists(st.floats(min_value=0, max_value=3), max_size=200))
def test_no_more_than_the_burst_and_the_rate_pass(pauses: list[float]) -> None:
    time = Time()
    limiter, rate, passed = RateLimiter(0.1, now=time), NETWORKS[Kind.LOG_IN], 0
    for pause in pauses:
        time.seconds += pause
        passed += limiter.of_network(Kind.LOG_IN, "a") == 0
    assert passed <= rate.burst * 0.1 + sum(pauses) * rate.per_second * 0.1 + 1


def test_a_flood_from_many_networks_does_not_fill_the_memory() -> None:
    time = Time()
    limiter = RateLimiter(now=time)
    for _ in range(NETWORKS[Kind.OTHER].burst + 1):
        limiter.of_network(Kind.OTHER, "loud")
    for number in range(REMEMBERED_MOST + 10):
        limiter.of_network(Kind.OTHER, str(number))
    assert len(limiter.networks) <= REMEMBERED_MOST
    assert limiter.of_network(Kind.OTHER, "loud") > 0, "the one that asked most is not forgotten"


def test_every_kind_has_a_limit_and_persons_have_more_than_networks() -> None:
    assert NETWORKS.keys() == set(Kind)
    for kind, rate in PERSONS.items():
        assert isinstance(rate, Rate)
        assert rate.burst >= NETWORKS[kind].burst
        assert rate.per_second >= NETWORKS[kind].per_second
    assert RateLimiter(0).of_network(Kind.API, "a") == 0


@pytest.mark.parametrize(
    ("path", "method", "kind"),
    [
        ("/graphql", "POST", Kind.API),
        ("/api/v1/stores", "GET", Kind.API),
        ("/api/v1/stores/1/images", "POST", Kind.UPLOAD),
        ("/dashboard/log-in", "POST", Kind.LOG_IN),
        ("/dashboard/orders", "GET", Kind.PAGE),
        ("/webhooks/payments/stripe", "POST", Kind.WEBHOOK),
        ("/wp-login.php", "GET", Kind.OTHER),
    ],
)
def test_the_kind_follows_from_the_path(path: str, method: str, kind: Kind) -> None:
    assert kind_of(path, method) is kind
