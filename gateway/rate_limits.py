"""Rate limits of every endpoint, by person and by network, in the memory of the process.

They keep one caller from taking all of a process. Nothing is asked or stored for a request. Attempts to log in have limits
of their own in the database, shared by all processes; see ``gateway.auth``.
"""

import math
import time
from collections.abc import Callable, Hashable, Mapping
from enum import StrEnum

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.api.command_request import GatewayServices
from gateway.problem_details import Problem
from infra.web.client_address import client_address
from infra.web.rate_limits import Rate, RequestCounter

CODE = "TOO_MANY_REQUESTS"


class Kind(StrEnum):
    """Kinds of endpoints. A caller's limits of two kinds are apart."""

    API = "API"
    """GraphQL and REST."""
    UPLOAD = "UPLOAD"
    """Requests that let the studio work."""
    PAGE = "PAGE"
    """Pages of the dashboard, and those that lead back from Stripe."""
    LOG_IN = "LOG_IN"
    """Pages and forms without a session, and links from mails."""
    WEBHOOK = "WEBHOOK"
    """Webhooks of payment providers."""
    FILE = "FILE"
    """Static files, documents and media."""
    HEALTH = "HEALTH"
    """Probes of the operator."""
    OTHER = "OTHER"
    """Paths that the list does not name, those of no route included."""


PERSONS: Mapping[Kind, Rate] = {Kind.API: Rate(1_000, 50), Kind.UPLOAD: Rate(100, 2)}
"""Limits of a person who is logged in or sends an API key, on all addresses together."""
NETWORKS: Mapping[Kind, Rate] = {
    Kind.API: Rate(300, 10),
    Kind.UPLOAD: Rate(30, 1),
    Kind.PAGE: Rate(400, 20),
    Kind.LOG_IN: Rate(60, 1),
    Kind.WEBHOOK: Rate(2_000, 100),
    Kind.FILE: Rate(3_000, 200),
    Kind.HEALTH: Rate(3_000, 200),
    Kind.OTHER: Rate(100, 2),
}
"""Limits of a network address, for requests without a valid credential."""

PREFIXES: tuple[tuple[str, Kind], ...] = (
    ("/graphql", Kind.API),
    ("/api/v1/", Kind.API),
    ("/webhooks/", Kind.WEBHOOK),
    ("/media/", Kind.FILE),
    ("/dashboard/static/", Kind.FILE),
    ("/dashboard/log-in", Kind.LOG_IN),
    ("/dashboard/register", Kind.LOG_IN),
    ("/dashboard/sign-in", Kind.LOG_IN),
    ("/dashboard/forgot", Kind.LOG_IN),
    ("/dashboard/reset", Kind.LOG_IN),
    ("/dashboard/verify", Kind.LOG_IN),
    ("/dashboard/invitation", Kind.LOG_IN),
    ("/dashboard", Kind.PAGE),
    ("/stripe/", Kind.PAGE),
    ("/auth/", Kind.LOG_IN),
    ("/.well-known/", Kind.FILE),
    ("/assets/", Kind.FILE),
    ("/docs", Kind.FILE),
    ("/events", Kind.FILE),
    ("/errors", Kind.FILE),
    ("/developers", Kind.FILE),
    ("/api", Kind.FILE),
    ("/client", Kind.FILE),
    ("/reference", Kind.FILE),
    ("/quick", Kind.FILE),
    ("/uploads/", Kind.UPLOAD),
    ("/evidence-files/", Kind.FILE),
    ("/graphiql", Kind.FILE),
    ("/openapi.json", Kind.FILE),
    ("/asyncapi.yaml", Kind.FILE),
    ("/schema.graphql", Kind.FILE),
    ("/favicon", Kind.FILE),
    ("/health", Kind.HEALTH),
    ("/ready", Kind.HEALTH),
    ("/metrics", Kind.HEALTH),
)
"""Kinds by the beginning of the path; the first match counts."""


def kind_of(path: str, method: str) -> Kind:
    """Return the kind of an endpoint."""
    if path == "/graphql":
        return Kind.API
    if path == "/":
        return Kind.FILE
    if path.startswith("/api/v1/") and method == "POST" and path.endswith("/images"):
        return Kind.UPLOAD
    if path.startswith("/evidence-files/") and method == "PUT":
        return Kind.UPLOAD
    return next((kind for prefix, kind in PREFIXES if path.startswith(prefix)), Kind.OTHER)


class RateLimiter:
    """Counts callers' requests, those of persons apart from those of networks.

    Args:
        factor: multiplies every limit; 0 switches the limits off.
        now: seconds of a clock that never goes back.
    """

    def __init__(self, factor: float = 1.0, now: Callable[[], float] = time.monotonic) -> None:
        self._persons, self.networks = RequestCounter(PERSONS, factor, now), RequestCounter(NETWORKS, factor, now)

    def of_person(self, kind: Kind, person: Hashable) -> float:
        """Count a person's request, of a kind in :data:`PERSONS`; see :meth:`of_network`."""
        return self._persons.take(kind, person)

    def of_network(self, kind: Kind, address: str) -> float:
        """Count a network's request. Return the seconds to wait; 0 if it is granted."""
        return self.networks.take(kind, address)

    @property
    def is_off(self) -> bool:
        """Whether nothing is limited."""
        return self.networks.is_off


class RateLimitMiddleware:
    """Answers requests over a limit with 429, before anything else works for them.

    Args:
        app: the next application.
        limiter: counts.
        services: read the caller's credential.
        page: returns the answer to a browser on a page of the dashboard.
    """

    def __init__(
        self,
        app: ASGIApp,
        limiter: RateLimiter,
        services: GatewayServices,
        page: Callable[[Scope, int], Response],
    ) -> None:
        self._app, self._limiter, self._page = app, limiter, page
        self._sessions, self._behind_proxy = services.sessions, services.deps.behind_proxy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"} or self._limiter.is_off:
            await self._app(scope, receive, send)
            return
        wait = self._wait(scope)
        if wait == 0:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            # Before the handshake: the server answers it with 403.
            await send({"type": "websocket.close", "code": 1013, "reason": "Too many requests."})
        else:
            await self._answer(scope, math.ceil(wait))(scope, receive, send)

    def _wait(self, scope: Scope) -> float:
        kind = kind_of(scope["path"], scope.get("method", "GET"))
        if kind in PERSONS:
            for name, value in scope["headers"]:
                if name == b"authorization":
                    person = self._sessions.caller(value.decode("latin-1")).person_id
                    if person is not None:
                        return self._limiter.of_person(kind, person)
                    break
        return self._limiter.of_network(kind, self._address(scope))

    def _address(self, scope: Scope) -> str:
        client = scope.get("client")
        forwarded = (
            [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
            if self._behind_proxy
            else ()
        )
        return client_address(client[0] if client else "unknown", forwarded, behind_proxy=self._behind_proxy)

    def _answer(self, scope: Scope, seconds: int) -> Response:
        if scope["path"].startswith("/dashboard"):
            return self._page(scope, seconds)
        return too_many(seconds).response()


def too_many(seconds: int) -> Problem:
    """Return the problem of a request over a limit."""
    return Problem(
        status=429,
        code=CODE,
        detail=f"Too many requests. Wait {seconds} {'second' if seconds == 1 else 'seconds'} and try again.",
        headers={"retry-after": str(seconds)},
    )
