"""No route of the storefront is without a rate limit, and a network that asks too often learns how long to wait."""

import re

import httpx
import pytest
from starlette.routing import Route

from storefront.rate_limits import NETWORKS, Kind, kind_of
from tests.support.platforms.storefront import BRAND, StorefrontPlatform

FACTOR = 1 / 200
SCARCE = {kind: round(rate.burst * FACTOR) for kind, rate in NETWORKS.items()}
"""Requests at once in these tests, whose clock stands still: a slow machine would refill a limit on the way."""


def browser_at(app: object, address: str, **headers: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False, client=(address, 1))  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url="http://fern.shops.test", headers=headers)


async def test_every_route_keeps_a_limit(floor: StorefrontPlatform) -> None:
    await floor.open_store("fern", BRAND)
    app = floor.app(rate_factor=FACTOR, rate_clock=lambda: 0.0)
    routes = [
        (re.sub(r"\{\w+(?::\w+)?\}", "1", route.path), method)
        for route in app.router.routes
        if isinstance(route, Route)
        for method in sorted(route.methods or ())
    ]
    assert len(routes) > 60
    kinds = set()
    for number, (path, method) in enumerate([*routes, ("/nowhere", "GET")]):
        kind = kind_of(path, method)
        kinds.add(kind)
        # Each route is tried from a network of its own.
        browser = browser_at(app, f"10.0.{number // 250}.{number % 250}")
        granted = 0
        while (refused := await browser.request(method, path)).status_code != 429:
            granted += 1
            assert granted <= SCARCE[kind], (path, method)
        assert granted == SCARCE[kind], (path, method)
        assert int(refused.headers["retry-after"]) >= 1
        assert refused.headers["x-content-type-options"] == "nosniff"
    assert kinds == set(Kind)


async def test_networks_and_kinds_of_routes_have_limits_apart(floor: StorefrontPlatform) -> None:
    await floor.open_store("fern", BRAND)
    app = floor.app(rate_factor=FACTOR, rate_clock=lambda: 0.0, behind_proxy=True)
    first = browser_at(app, "127.0.0.1", **{"x-forwarded-for": "203.0.113.1, 198.51.100.7"})
    assert [(await first.get("/")).status_code for _ in range(SCARCE[Kind.PAGE])] == [200] * SCARCE[Kind.PAGE]
    answer = await first.get("/products")
    assert answer.status_code == 429
    assert re.fullmatch(r"This network asks for very many pages\. Wait \d+ seconds and try again\.", answer.text)
    assert (await first.get("/robots.txt")).status_code == 200
    # What a visitor writes before the proxy's entry changes nothing.
    first.headers["x-forwarded-for"] = "192.0.2.9, 198.51.100.7"
    assert (await first.get("/products")).status_code == 429
    first.headers["x-forwarded-for"] = "203.0.113.1, 198.51.100.8"
    assert (await first.get("/products")).status_code == 200


@pytest.mark.parametrize(
    ("path", "method", "kind"),
    [
        ("/", "GET", Kind.PAGE),
        ("/checkout", "POST", Kind.FORM),
        ("/static/1/app.js", "GET", Kind.FILE),
        ("/-/tls/ask", "GET", Kind.HEALTH),
        ("/wp-login.php", "GET", Kind.PAGE),
    ],
)
def test_the_kind_follows_from_path_and_method(path: str, method: str, kind: Kind) -> None:
    assert kind_of(path, method) is kind
