"""No route is without a rate limit, and who asks too often gets 429 with the time to wait."""

import json
from collections.abc import Iterable
from typing import Any

from gateway.rate_limits import Kind, kind_of
from tests.integration.gateway.test_subscription import connected, received
from tests.support.platforms.gateway import a_platform
from tests.support.servers.asgi import serving


def paths_of(routes: Iterable[Any]) -> set[tuple[str, str]]:
    """Return paths and methods of an application's routes, those of its routers included."""
    found = set[tuple[str, str]]()
    for route in routes:
        if hasattr(route, "effective_route_contexts"):
            found |= paths_of(route.effective_route_contexts())
        else:
            path = str(getattr(route, "path", None) or getattr(route.starlette_route, "path", ""))
            found |= {(path, method) for method in getattr(route, "methods", None) or {"GET"}}
    return found


async def test_every_route_has_a_limit_and_keeps_it(database: str) -> None:
    # The clock stands still: a slow machine would refill a limit on the way.
    async with a_platform(database, rate_factor=1 / 50, rate_clock=lambda: 0.0) as platform:
        routes = paths_of(platform.app.routes)
        assert len(routes) > 50
        unlisted = sorted(path for path, method in routes if kind_of(path, method) is Kind.OTHER)
        assert unlisted == [], "give these paths a kind in gateway/rate_limits.py"

        owner, other = await platform.merchant(), await platform.merchant()
        # Operations on a WebSocket count like requests.
        async with serving(platform.app) as at, connected(at, other) as wire:
            codes = []
            for number in range(22):
                payload = {"query": "{ me { id } }"}
                await wire.send(json.dumps({"id": str(number), "type": "subscribe", "payload": payload}))
                while (message := await received(wire))["type"] not in {"next", "error"}:
                    pass
                codes.append(message["type"])
            assert codes == ["next"] * 20 + ["error"] * 2
            assert message["payload"][0]["extensions"]["code"] == "TOO_MANY_REQUESTS"
        # A person may send 20 requests at once, a network without a credential six.
        answers = [await platform.client.post("/graphql", json={"query": "{ __typename }"}) for _ in range(8)]
        assert {answer.status_code for answer in answers} == {200, 429}
        refused = next(answer for answer in answers if answer.status_code == 429)
        assert refused.json()["code"] == "TOO_MANY_REQUESTS"
        assert int(refused.headers["retry-after"]) >= 1
        assert "x-request-id" in refused.headers
        assert (await platform.call("GET", "/stores")).status_code == 429, "GraphQL and REST share a limit"
        known = {"authorization": f"Bearer {owner.token}"}
        me = {"query": "{ me { id } }"}
        persons = [await platform.client.post("/graphql", json=me, headers=known) for _ in range(24)]
        expected = [200] * 20 + [429] * 4
        assert [answer.status_code for answer in persons] == expected, "a person has a limit of their own"
        forged = {"authorization": f"Bearer {owner.token}x"}
        response = await platform.client.post("/graphql", json={"query": "{ __typename }"}, headers=forged)
        assert response.status_code == 429, "a forged credential is not a person"
        for path in ("/webhooks/payments/sandbox", "/dashboard/log-in", "/health/live", "/nowhere"):
            codes = [(await platform.client.get(path)).status_code for _ in range(70)]
            assert 429 in codes, path
        page = await platform.client.get("/dashboard/log-in")
        assert page.headers["content-type"].startswith("text/html")
        assert "retry-after" in page.headers
