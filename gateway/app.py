"""Builds the gateway."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from gateway import docs as pages
from gateway import health, media, rest
from gateway.api.command_request import CONSISTENCY_HEADER, GatewayServices
from gateway.api.generation_feed import GenerationFeed
from gateway.auth.accounts import AccountDesk
from gateway.auth.sessions import Sessions
from gateway.auth.tokens import AccessTokens, DeviceTokens
from gateway.docs import event_reference as catalogue
from gateway.graphql.endpoint import graphql_endpoint
from gateway.middleware import REQUEST_ID, BodyLimit, HeadIsGet, RequestFrame
from gateway.ports import GatewayDependencies
from gateway.rest import problem_details as problems
from gateway.webhooks import payments


def create_app(deps: GatewayDependencies) -> FastAPI:
    """Return the gateway as an ASGI application; it opens nothing itself and closes nothing it was given."""
    tokens = AccessTokens(deps.signing_keys, deps.clock)
    sessions = Sessions(tokens, deps.refresh_tokens, deps.clock)
    desk = AccountDesk(
        accounts=deps.accounts,
        refresh_tokens=deps.refresh_tokens,
        limits=deps.limits,
        personal=deps.personal,
        passwords=deps.passwords,
        tokens=tokens,
        devices=DeviceTokens(deps.signing_keys, deps.clock),
        sessions=sessions,
        commands=deps.commands,
        clock=deps.clock,
        limit_secret=deps.limit_secret,
    )
    watch = GenerationFeed(deps.reader, deps.progress_poll)
    gateway = GatewayServices(deps=deps, desk=desk, sessions=sessions, watch=watch)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        # Beside the first requests rather than before them: it takes a third of a second.
        warming = asyncio.create_task(deps.passwords.warm_up())
        yield
        await warming
        await watch.close()

    app = FastAPI(
        title="Zyenta",
        summary="A niche in, a live store out.",
        version="1",
        # FastAPI's documentation pages load their scripts from elsewhere; the description itself is served.
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        # The server's edge does it with relative addresses, and not to a POST.
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.state.gateway = gateway
    problems.install(app)
    app.include_router(pages.router)
    app.include_router(catalogue.router)
    app.include_router(health.router)
    app.include_router(graphql_endpoint(gateway))
    app.include_router(rest.router)
    app.include_router(payments.router)
    app.include_router(media.router)
    app.add_middleware(HeadIsGet)
    # Added last is outermost: even a refusal for its size has an id and its headers.
    app.add_middleware(BodyLimit, limit=deps.body_limit)
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
    app.add_middleware(RequestFrame)
    return app
