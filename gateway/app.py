"""The composition of the gateway's application."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from gateway import docs, health, media, rest
from gateway.api.command_request import CONSISTENCY_HEADER, GatewayServices
from gateway.api.generation_feed import GenerationFeed
from gateway.auth.accounts import AccountStores, Authenticator, SessionTokens
from gateway.auth.sessions import Sessions
from gateway.auth.tokens import AccessTokens, DeviceTokens
from gateway.docs import event_reference
from gateway.graphql.direct import DirectQueries
from gateway.graphql.endpoint import graphql_endpoint
from gateway.middleware import REQUEST_ID, BodyLimitMiddleware, HeadMiddleware, RequestIdMiddleware
from gateway.ports import GatewayDependencies
from gateway.rest import problem_details
from gateway.webhooks import payments
from infra.web.moments import OneMoment


def create_app(deps: GatewayDependencies, *, plans: bool = True) -> FastAPI:
    """Return the gateway as an ASGI application. The caller opens and closes the dependencies.

    Args:
        deps: the dependencies.
        plans: whether plans run GraphQL queries. Without them, graphql-core runs everything.
    """
    access_tokens = AccessTokens(deps.signing_keys, deps.clock)
    sessions = Sessions(access_tokens, deps.refresh_tokens, deps.clock)
    authenticator = Authenticator(
        AccountStores(
            accounts=deps.accounts, refresh_tokens=deps.refresh_tokens, limits=deps.limits, personal=deps.personal
        ),
        SessionTokens(access=access_tokens, devices=DeviceTokens(deps.signing_keys, deps.clock), sessions=sessions),
        passwords=deps.passwords,
        commands=deps.commands,
        clock=deps.clock,
        limit_secret=deps.limit_secret,
    )
    feed = GenerationFeed(deps.reader, deps.progress_poll)
    services = GatewayServices(deps=deps, authenticator=authenticator, sessions=sessions, generation_feed=feed)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        # In parallel with the first requests: it takes a third of a second.
        warming = asyncio.create_task(deps.passwords.warm_up())
        yield
        await warming
        await feed.close()

    app = FastAPI(
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
    app.include_router(health.router)
    endpoint = graphql_endpoint(services, plans=plans)
    app.include_router(endpoint)
    app.include_router(rest.router)
    app.include_router(payments.router)
    app.include_router(media.router)
    app.add_middleware(OneMoment)
    if plans:
        app.add_middleware(DirectQueries, endpoint=endpoint, services=services)
    app.add_middleware(HeadMiddleware)
    # The middleware added last is outermost: even a 413 response has a request id and security headers.
    app.add_middleware(BodyLimitMiddleware, limit=deps.body_limit)
    if deps.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(deps.cors_origins),
            allow_methods=["GET", "POST", "PATCH", "DELETE"],
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
    app.add_middleware(RequestIdMiddleware)
    return app
