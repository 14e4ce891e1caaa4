"""A walk over the dashboard by its own links: one page of each route, and one of each set of query parameters."""

import re
from collections import deque
from collections.abc import AsyncIterator, Collection, Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from fastapi.routing import APIRoute
from playwright.async_api import Page

from gateway.dashboard.app import area_routers

LINKS = "[...document.querySelectorAll('a[href]')].map((one) => one.href)"


def routes() -> dict[str, re.Pattern[str]]:
    """Return the path of each page of the dashboard, as the routes write it, and what matches it."""
    return {
        route.path: route.path_regex
        for router in area_routers()
        for route in router.routes
        if isinstance(route, APIRoute) and "GET" in (route.methods or ())
    }


@dataclass(frozen=True, slots=True)
class Stop:
    """A page of the walk."""

    route: str
    """Its path as the routes write it."""
    path: str
    """Its address, query included."""

    @property
    def name(self) -> str:
        """A name for files."""
        query = "-".join(name for name, _ in parse_qsl(urlsplit(self.path).query))
        words = re.sub(r"\{[^}]*\}", "one", self.route.removeprefix("/dashboard")) + (f"-by-{query}" if query else "")
        return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-") or "home"


async def walk(page: Page, start: Iterable[str], *, never: Collection[str] = ()) -> AsyncIterator[Stop]:
    """Open pages, those of ``start`` first, then what they link to, and yield each while it is open.

    Args:
        page: of a browser that is logged in.
        start: addresses below ``/dashboard``.
        never: routes that the walk leaves out.
    """
    known, waiting, seen = routes(), deque(start), set[tuple[str, tuple[str, ...]]]()
    while waiting:
        address = urlsplit(waiting.popleft())
        route = next((name for name, pattern in known.items() if pattern.match(address.path)), None)
        kind = (route or "", tuple(sorted(name for name, _ in parse_qsl(address.query))))
        if route is None or route in never or kind in seen:
            continue
        seen.add(kind)
        path = address.path + (f"?{address.query}" if address.query else "")
        answer = await page.goto(path)
        assert answer is not None
        assert answer.status == 200, (path, answer.status)
        here = urlsplit(page.url)
        waiting.extend(
            found
            for found in await page.evaluate(LINKS)
            if (link := urlsplit(found)).netloc == here.netloc and link.path.startswith("/dashboard")
        )
        yield Stop(route, path)
