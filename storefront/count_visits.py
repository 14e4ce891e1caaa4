"""Counts visits: pages of a shop that a browser opened from outside the shop (ADR 0080).

The browser says so itself, in the header ``Sec-Fetch-Site``. No cookie is read and nothing about the visitor is kept, so
one person who comes twice is two visits.
"""

import re

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.kernel import Clock
from domain.order.delivery import day_in
from domain.store.visits import VisitCounts
from storefront.visit.tenancy import Tenancy

_READ = {b"host", b"sec-fetch-site", b"sec-fetch-mode", b"sec-fetch-dest", b"sec-purpose", b"user-agent"}
_OUTSIDE = {b"none", b"cross-site", b"same-site"}
"""``none``: an address that was typed, a bookmark, a link in a mail."""
_SHOP = re.compile(r"/|/(products|c|collections|pages)(/.*)?")
"""Pages where shoppers arrive. The way back from the payment is none."""
_ROBOT = re.compile(rb"bot\b|crawl|spider|preview|monitor|lighthouse", re.IGNORECASE)


class CountVisits:
    """Counts the visits among the requests that it passes on, after their response began.

    Args:
        app: the next application.
        tenancy: knows the stores that were opened.
        counts: takes the visits.
        clock: says which day it is.
    """

    def __init__(self, app: ASGIApp, *, tenancy: Tenancy, counts: VisitCounts, clock: Clock) -> None:
        self._app, self._tenancy, self._counts, self._clock = app, tenancy, counts, clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        host = _host_of_arrival(scope)
        if host is None:
            await self._app(scope, receive, send)
            return

        async def watched(message: Message) -> None:
            await send(message)
            if message["type"] == "http.response.start" and message["status"] in {200, 304}:
                self._count(host)

        await self._app(scope, receive, watched)

    def _count(self, host: str) -> None:
        seen = self._tenancy.seen(host)
        if seen is not None:
            self._counts.count(seen.store.id, day_in(seen.store.time_zone, self._clock.now()))


def _host_of_arrival(scope: Scope) -> str | None:
    """Return the host of a request that is a visit; None if it is not one."""
    if scope["type"] != "http" or scope["method"] != "GET" or not _SHOP.fullmatch(scope["path"]):
        return None
    sent: dict[bytes, bytes] = {name: value for name, value in scope["headers"] if name in _READ}
    if (
        sent.get(b"sec-fetch-site") not in _OUTSIDE
        or sent.get(b"sec-fetch-mode") != b"navigate"
        or sent.get(b"sec-fetch-dest") != b"document"
        or b"sec-purpose" in sent
        or _ROBOT.search(sent.get(b"user-agent", b""))
    ):
        return None
    return sent.get(b"host", b"").decode("latin-1")
