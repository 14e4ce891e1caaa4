"""The composition of the gateway's application."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cached_property, partial
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from domain.media.ports import UPLOAD_MOST
from domain.order.evidence.files import SIZE_MOST
from gateway import docs, health, jwks, media, problem_details, rest
from gateway.api.accounts import account_services
from gateway.api.command_request import CONSISTENCY_HEADER, GatewayServices
from gateway.api.evidence_files import evidence_limit, receive_evidence
from gateway.api.generation_feed import GenerationFeed
from gateway.api.store_feed import StoreFeed
from gateway.api.uploads import receiver_of
from gateway.dashboard.app import install
from gateway.dashboard.backend import Backend
from gateway.dashboard.pages.disputes import FORM_MOST, takes_file
from gateway.dashboard.routing import Shell
from gateway.docs import error_catalog, event_reference, reference
from gateway.graphql.direct import DirectQueries
from gateway.graphql.endpoint import GraphQLEndpoint, graphql_endpoint
from gateway.graphql.in_process import InProcessDocuments
from gateway.middleware import (
    REQUEST_ID,
    BodyLimitMiddleware,
    HeadMiddleware,
    ProblemMiddleware,
    RequestIdMiddleware,
)
from gateway.ports import GatewayDependencies
from gateway.rate_limits import RateLimiter, RateLimitMiddleware
from gateway.webhooks import payments
from infra.web.hang_ups import StopAtHangUp
from infra.web.moments import OneMoment

Guard = Callable[[ASGIApp], ASGIApp]
"""Returns an application behind layers that a server needs for any application."""


class Gateway(FastAPI):
    """The framework's application, behind middleware of its own.

    The framework's outermost layers cost as much as a small query, and a planned query does without them.
    """

    body_bytes = UPLOAD_MOST
    """The largest body of any address. Each address has a limit of its own, and most a lower one."""
    guarded_by: Callable[[Guard], ASGIApp]
    """Returns the gateway behind a guard. Planned queries are answered before the guard, and keep its rules."""

    async def inner(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer by the framework."""
        await super().__call__(scope, receive, send)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._unguarded(scope, receive, send)

    @cached_property
    def _unguarded(self) -> ASGIApp:
        return self.guarded_by(lambda app: app)


def create_app(deps: GatewayDependencies, *, plans: bool = True) -> Gateway:
    """Return the gateway as an ASGI application. The caller opens and closes the dependencies.

    Args:
        deps: the dependencies.
        plans: whether plans run GraphQL queries. Without them, graphql-core runs everything.
    """
    accounts = account_services(deps)
    feed = GenerationFeed(deps.reader, deps.progress_poll)
    store_feed = StoreFeed(deps.history, deps.progress_poll)
    services = GatewayServices(
        deps=deps,
        accounts=accounts,
        authenticator=accounts.authenticator,
        sessions=accounts.sessions,
        key_ring=accounts.key_ring,
        generation_feed=feed,
        store_feed=store_feed,
    )

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        # In parallel with the first requests: it takes a third of a second.
        warming = asyncio.create_task(deps.passwords.warm_up())
        following = None
        if deps.rotated_keys is not None:
            accounts.access_tokens.replace(await deps.rotated_keys())
            following = asyncio.create_task(accounts.follow_keys(deps.rotated_keys))
        yield
        if following is not None:
            following.cancel()
        await warming
        await feed.close()
        await store_feed.close()
        await accounts.close()

    app = Gateway(
        title="Zyenta",
        summary="A niche in, a live store out.",
        version="1",
        # FastAPI's documentation pages load scripts from a CDN. The gateway serves only the OpenAPI document.
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        # The server's edge redirects with relative addresses, and never a POST.
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.state.gateway = services
    problem_details.install(app)
    app.include_router(docs.router)
    app.include_router(event_reference.router)
    app.include_router(error_catalog.router)
    app.include_router(reference.router)
    app.include_router(health.router)
    app.include_router(jwks.router)
    limiter = RateLimiter(deps.rate_factor, deps.rate_clock)
    endpoint = graphql_endpoint(services, limiter, graphiql=docs.graphiql_page, plans=plans)
    app.include_router(endpoint)
    rest.install(app)
    app.include_router(payments.router)
    app.include_router(media.router)
    shell = install(app, _dashboard_backend(services, endpoint))
    app.add_middleware(OneMoment)
    app.add_middleware(StopAtHangUp)
    # Within the framework too, whose own handler would answer first.
    app.add_middleware(ProblemMiddleware)
    app.guarded_by = partial(_guarded, app.inner, endpoint if plans else None, services, shell, limiter)
    return app


def _dashboard_backend(services: GatewayServices, endpoint: GraphQLEndpoint) -> Backend:
    deps = services.deps
    public, media_file = urlsplit(deps.public_url), urlsplit(deps.media_url("a"))
    origins = {f"{url.scheme}://{url.netloc}" for url in (public, media_file) if url.netloc}
    return Backend(
        documents=InProcessDocuments(endpoint.schema, services),
        secrets=deps.secrets.each,
        now=deps.clock.now,
        secure=public.scheme == "https",
        public_host=public.netloc,
        image_origins=tuple(sorted({*origins, *deps.photo_origins})),
        send_file=partial(_send_file, deps),
        upload_origins=() if deps.uploads is None or deps.uploads.origin is None else (deps.uploads.origin,),
    )


async def _send_file(deps: GatewayDependencies, address: str, mime_type: str, data: bytes) -> None:
    await receive_evidence(deps, address.rpartition("/")[2], mime_type, data)


def _upload_limit(deps: GatewayDependencies, scope: Scope) -> int | None:
    """Return the size of the file that an address takes. Other addresses have no limit of their own."""
    if scope["method"] == "POST" and takes_file(scope["path"]):
        return SIZE_MOST + FORM_MOST
    if (evidence := evidence_limit(deps, scope["path"])) is not None:
        return evidence
    receiver, (_, found, token) = receiver_of(deps), scope["path"].partition("/uploads/")
    upload = receiver.open(token) if receiver is not None and found else None
    return None if upload is None else upload.size_bytes


def _guarded(
    app: ASGIApp,
    endpoint: GraphQLEndpoint | None,
    services: GatewayServices,
    shell: Shell,
    limiter: RateLimiter,
    guard: Guard,
) -> ASGIApp:
    """Return an application behind the gateway's middleware and a guard.

    Args:
        app: the application.
        endpoint: the router whose planned queries are answered before the guard. None if no plans are used.
        services: the gateway's services; their dependencies have the limits and origins.
        shell: has the pages for forms that are too large and for callers that ask too often.
        limiter: counts requests.
        guard: see :attr:`Gateway.guarded_by`.
    """
    deps = services.deps
    limits = BodyLimitMiddleware(app, limit=deps.body_limit, page=shell.too_large, larger=partial(_upload_limit, deps))
    app = HeadMiddleware(guard(limits))
    if endpoint is not None:
        app = DirectQueries(app, endpoint=endpoint, services=services)
    app = RateLimitMiddleware(app, limiter, services, page=shell.too_many)
    if deps.cors_origins:
        app = CORSMiddleware(
            # Within it, so that a page of another origin can read the problem.
            ProblemMiddleware(app),
            allow_origins=list(deps.cors_origins),
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=[
                "authorization",
                "content-type",
                "idempotency-key",
                CONSISTENCY_HEADER,
                REQUEST_ID,
                "traceparent",
            ],
            expose_headers=[CONSISTENCY_HEADER, REQUEST_ID, "retry-after", "location"],
            max_age=600,
        )
    # Outermost: even a rejected request has a request id and security headers.
    return RequestIdMiddleware(app)
