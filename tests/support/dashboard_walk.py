"""A walk over the dashboard by its own links: one page of each route, and one of each set of query parameters."""

import re
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from fastapi.routing import APIRoute

from gateway.dashboard.app import area_routers

Open = Callable[[str], Awaitable[Iterable[str]]]
"""Opens the page of a path, query included, and returns the addresses that it links to."""


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


async def walk(
    open_page: Open, start: Iterable[str], *, never: Collection[str] = (), most: int = 1
) -> AsyncIterator[Stop]:
    """Open pages, those of ``start`` first, then what they link to, and yield each while it is open.

    Args:
        open_page: of a browser that is logged in.
        start: paths below ``/dashboard``.
        never: routes that the walk leaves out.
        most: pages of the same route with the same query parameters.
    """
    known, waiting, opened = routes(), deque(start), set[str]()
    seen: Counter[tuple[str, tuple[str, ...]]] = Counter()
    while waiting:
        address = urlsplit(waiting.popleft())
        route = next((name for name, pattern in known.items() if pattern.match(address.path)), None)
        kind = (route or "", tuple(sorted(name for name, _ in parse_qsl(address.query))))
        path = address.path + (f"?{address.query}" if address.query else "")
        if route is None or route in never or seen[kind] == most or path in opened:
            continue
        seen[kind] += 1
        opened.add(path)
        # A page of the past links to the past of every other page. Those that the timeline leads to are enough.
        is_timeline = route.endswith("/timeline")
        waiting.extend(link for link in await open_page(path) if is_timeline or "as-of=" not in link)
        yield Stop(route, path)
