"""Domain registries, over real HTTP."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from fastapi import Response

from domain.store.brand import Availability
from infra.adapters.rdap.registry import RdapRegistry, shipped_bootstrap
from tests.support.fakes.brand import Registry, not_found, registered
from tests.support.fakes.supply import served

FREE, TAKEN, UNKNOWN = Availability.FREE, Availability.TAKEN, Availability.UNKNOWN


class Hands:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


@asynccontextmanager
async def asking(registry: Registry, *, budget: float = 3.0, hands: Hands | None = None) -> AsyncIterator[RdapRegistry]:
    async with served(registry.app) as address:
        rdap = RdapRegistry(bootstrap={"com": f"{address}/rdap/"}, budget=budget, clock=hands or time.monotonic)
        try:
            yield rdap
        finally:
            await rdap.aclose()


async def test_registered_is_taken_and_not_found_is_free() -> None:
    server = Registry({"taken.com": registered})
    async with asking(server) as rdap:
        answers = await rdap.availability(["taken.com", "Free.com"])
    assert answers == {"taken.com": TAKEN, "Free.com": FREE}
    assert sorted(server.asked) == ["free.com", "taken.com"]
    assert all(accepted.startswith("application/rdap+json") for accepted in server.accepted)


@pytest.mark.parametrize(
    "answer",
    [
        lambda: Response("{}", 200, media_type="application/json"),
        lambda: Response("[1]", 200, media_type="application/json"),
        lambda: Response("[" * 100_000, 200, media_type="application/json"),
        lambda: Response("<html>Log in to this network</html>", 200, media_type="text/html"),
        lambda: Response("<html>Not here</html>", 404, media_type="text/html"),
        lambda: Response("", 302, {"location": "http://127.0.0.1:1/"}),
        lambda: Response("", 400),
        lambda: Response("", 403),
        lambda: Response("", 500),
        lambda: Response("", 429),
        lambda: Response("", 503),
    ],
)
async def test_everything_else_is_unknown(answer) -> None:  # type: ignore[no-untyped-def]
    async with asking(Registry({"a.com": answer})) as rdap:
        assert await rdap.availability(["a.com"]) == {"a.com": UNKNOWN}


async def test_an_empty_not_found_is_free() -> None:
    async with asking(Registry({"a.com": lambda: Response("", 404)})) as rdap:
        assert await rdap.availability(["a.com"]) == {"a.com": FREE}


async def test_domains_without_a_server_and_empty_lists_need_no_request() -> None:
    server = Registry()
    async with asking(server) as rdap:
        assert await rdap.availability(["a.zz"]) == {"a.zz": UNKNOWN}
        assert await rdap.availability([]) == {}
    assert server.asked == []


async def test_a_server_that_asked_for_a_pause_gets_one() -> None:
    hands = Hands()
    server = Registry({"a.com": lambda: Response("", 429, {"retry-after": "120"})})
    async with asking(server, hands=hands) as rdap:
        await rdap.availability(["a.com"])
        assert await rdap.availability(["b.com"]) == {"b.com": UNKNOWN}
        assert server.asked == ["a.com"]
        hands.at += 121
        assert await rdap.availability(["b.com"]) == {"b.com": FREE}


async def test_a_pause_may_be_a_date() -> None:
    hands = Hands()
    server = Registry({"a.com": lambda: Response("", 503, {"retry-after": "Fri, 31 Dec 2100 23:59:59 GMT"})})
    async with asking(server, hands=hands) as rdap:
        await rdap.availability(["a.com"])
        hands.at += 3600
        assert await rdap.availability(["b.com"]) == {"b.com": UNKNOWN}


async def test_slow_servers_cost_no_more_than_the_budget() -> None:
    server = Registry(delay=30)
    async with asking(server, budget=0.2) as rdap:
        began = time.monotonic()
        answers = await rdap.availability([f"name{n}.com" for n in range(12)])
        assert time.monotonic() - began < 15, "half of what a server takes"
    assert set(answers.values()) == {UNKNOWN}
    assert len(server.asked) <= 4


async def test_what_was_answered_in_time_is_kept() -> None:
    async def late() -> None:
        await asyncio.sleep(0)

    server = Registry({"taken.com": registered, "free.com": not_found})
    async with asking(server) as rdap:
        rdap._servers["shop"] = "http://127.0.0.1:9/"
        first = await rdap.availability(["taken.com", "free.com"])
        await late()
    assert first == {"taken.com": TAKEN, "free.com": FREE}


async def test_without_a_network_the_call_returns_at_once() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    rdap = RdapRegistry(bootstrap={"com": f"http://127.0.0.1:{port}/"}, budget=120)
    began = time.monotonic()
    answers = await rdap.availability([f"name{n}.com" for n in range(20)])
    assert time.monotonic() - began < 30
    assert set(answers.values()) == {UNKNOWN}
    await rdap.aclose()


def test_the_shipped_bootstrap_names_a_secure_server_for_every_top_level_domain_we_propose() -> None:
    servers = shipped_bootstrap()
    assert {"com", "net", "org", "shop", "store", "io", "co", "app", "dev"} <= set(servers)
    assert all(url.startswith("https://") and url.endswith("/") for url in servers.values())
