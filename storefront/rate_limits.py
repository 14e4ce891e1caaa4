"""Rate limits of every route of the storefront, by network, in the memory of the process.

They keep one network from taking all of a process. They are wide, because the shoppers of a company or a mobile network share
an address. Tries to find an order and to guess a link have limits of their own in the database.
"""

import math
from collections.abc import Callable, Mapping
from enum import StrEnum

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from infra.web.client_address import client_address
from infra.web.rate_limits import Rate, RequestCounter


class Kind(StrEnum):
    """Kinds of routes. A network's limits of two kinds are apart."""

    PAGE = "PAGE"
    """Pages, those of no route included."""
    FORM = "FORM"
    """Forms that are sent."""
    FILE = "FILE"
    """Pictures, styles, scripts, and what search engines read."""
    HEALTH = "HEALTH"
    """Probes of the operator and of its proxy."""


NETWORKS: Mapping[Kind, Rate] = {
    Kind.PAGE: Rate(1_000, 50),
    Kind.FORM: Rate(200, 5),
    Kind.FILE: Rate(6_000, 400),
    Kind.HEALTH: Rate(3_000, 200),
}
"""Limits of a network address."""
FILES = (
    "/static/",
    "/media/",
    "/social/",
    "/icons/",
    "/theme.css",
    "/logo.svg",
    "/favicon.ico",
    "/apple-touch-icon.png",
    "/site.webmanifest",
    "/robots.txt",
    "/sitemap",
)
"""How the paths of files begin."""


def kind_of(path: str, method: str) -> Kind:
    """Return the kind of a route."""
    if method not in {"GET", "HEAD", "OPTIONS"}:
        return Kind.FORM
    if path.startswith(("/-/health", "/-/tls/")):
        return Kind.HEALTH
    return Kind.FILE if path.startswith(FILES) else Kind.PAGE


class RateLimits:
    """Answers requests over a limit with 429, before anything else works for them.

    Args:
        app: the next application.
        factor: multiplies every limit; 0 switches the limits off.
        now: seconds of a clock that never goes back.
        behind_proxy: whether a proxy appends the caller's address to ``X-Forwarded-For``.
    """

    def __init__(self, app: ASGIApp, *, factor: float, now: Callable[[], float], behind_proxy: bool) -> None:
        self._app, self._behind_proxy = app, behind_proxy
        self._counter = RequestCounter(NETWORKS, factor, now)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._counter.is_off:
            await self._app(scope, receive, send)
            return
        wait = self._counter.take(kind_of(scope["path"], scope["method"]), self._address(scope))
        if wait == 0:
            await self._app(scope, receive, send)
            return
        seconds = math.ceil(wait)
        answer = PlainTextResponse(
            f"This network asks for very many pages. Wait {seconds} {'second' if seconds == 1 else 'seconds'} and try again.",
            status_code=429,
            headers={"retry-after": str(seconds), "cache-control": "no-store"},
        )
        await answer(scope, receive, send)

    def _address(self, scope: Scope) -> str:
        client = scope.get("client")
        peer = client[0] if client else "unknown"
        if not self._behind_proxy:
            return client_address(peer, (), behind_proxy=False)
        forwarded = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
        return client_address(peer, forwarded, behind_proxy=True)
