"""The GraphQL endpoint over HTTP and WebSocket, with errors as JSON and GraphiQL for browsers."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from cross_web import AsyncHTTPRequestAdapter, HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, Response
from starlette.websockets import WebSocket
from strawberry.fastapi import GraphQLRouter
from strawberry.http import GraphQLRequestData
from strawberry.http.base import BaseRequestProtocol
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from gateway.api.command_request import GatewayServices, request_info
from gateway.graphql.context import RequestContext
from gateway.graphql.persisted_queries import (
    InvalidPersistedQuery,
    PersistedQueries,
    PersistedQueryNotFound,
    PersistedQueryNotSupported,
    has_persisted_query,
)
from gateway.graphql.schema import Schema, build_schema
from gateway.graphql.sockets import OpenSockets
from gateway.graphql.websocket import StrictTransport, StrictWire
from gateway.rate_limits import RateLimiter
from gateway.socket_limits import SocketLimits
from gateway.trusted_documents import DocumentNotTrusted, TrustedDocuments
from infra.web.hang_ups import HangUps


class GraphQLEndpoint(GraphQLRouter[RequestContext, None]):
    """Strawberry's router. Client errors become GraphQL errors with status 400. A query ends with its client."""

    websocket_adapter_class = StrictWire
    graphql_transport_ws_handler_class = StrictTransport

    schema: Schema

    def __init__(
        self,
        schema: Schema,
        *,
        socket_limits: SocketLimits,
        limiter: RateLimiter,
        trusted: TrustedDocuments | None,
        graphiql: Callable[[], HTMLResponse],
        **more: Any,
    ) -> None:
        super().__init__(schema, connection_init_wait_timeout=socket_limits.init_wait, **more)
        self.persisted_queries = PersistedQueries(trusted)
        self.sockets = OpenSockets(socket_limits)
        self.limiter = limiter
        self._graphiql = graphiql
        self._hang_ups = HangUps()

    async def run(self, request: Any, context: Any = None, root_value: Any = None) -> Any:
        try:
            return await super().run(request, context=context, root_value=root_value)
        except HTTPException as error:
            if isinstance(request, WebSocket):
                raise
            return Response(bad_request(error), status_code=error.status_code, media_type="application/json")

    async def execute_single(
        self,
        request: Request,
        request_adapter: AsyncHTTPRequestAdapter,
        sub_response: Response,
        context: RequestContext,
        root_value: None,
        request_data: GraphQLRequestData,
    ) -> ExecutionResult:
        try:
            request_data = self._resolved(request_data, context, request_adapter.method)
        except InvalidPersistedQuery as error:
            raise HTTPException(400, error.message) from error
        except (PersistedQueryNotFound, PersistedQueryNotSupported, DocumentNotTrusted) as error:
            return PreExecutionError(data=None, errors=[error])
        execute = super().execute_single
        run = partial(execute, request, request_adapter, sub_response, context, root_value, request_data)
        result: ExecutionResult = await self._hang_ups.watch(run, request.receive)
        return result

    def _resolved(self, request_data: GraphQLRequestData, context: RequestContext, method: str) -> GraphQLRequestData:
        """Return the request with the text to run.

        Raises:
            PersistedQueryNotSupported: the request uses GET. The client then sends its queries over POST.
            PersistedQueryNotFound, InvalidPersistedQuery: see ``PersistedQueries.resolve``.
        """
        if method == "GET" and has_persisted_query(request_data.extensions):
            raise PersistedQueryNotSupported
        text = self.persisted_queries.resolve(request_data.query, request_data.extensions, context.merchant_or_none())
        return replace(request_data, query=text)

    def should_render_graphql_ide(self, request: BaseRequestProtocol) -> bool:
        """Show GraphiQL to browsers, but not to a client that asks for a persisted query."""
        return "extensions" not in request.query_params and super().should_render_graphql_ide(request)

    def parse_json(self, data: str | bytes) -> Any:
        parsed = read_json(data)
        if isinstance(parsed, list):
            raise HTTPException(400, "A request has one operation. Send each of an array in a request of its own.")
        if not isinstance(parsed, dict):
            raise HTTPException(400, "The body is not a JSON object. Send one such as {“query”: “{ me { id } }”}.")
        return parsed

    async def render_graphql_ide(self, request: Request) -> HTMLResponse:  # noqa: ARG002 - the library's signature
        return self._graphiql()


def bad_request(error: HTTPException) -> bytes:
    """Return the JSON body for one of the library's HTTP errors."""
    body = {"errors": [{"message": http_error_message(error), "extensions": {"code": "BAD_REQUEST"}}]}
    # Escaped: a reason may repeat a lone surrogate of the request, which is not valid UTF-8.
    return json.dumps(body).encode()


def http_error_message(error: HTTPException) -> str:
    """Return the message for one of the library's HTTP errors."""
    match error.__cause__:
        case InvalidOperationTypeError(operation_type=OperationType.SUBSCRIPTION):
            return f"Subscriptions need a WebSocket. Use {GRAPHQL_TRANSPORT_WS_PROTOCOL} at this address."
    if error.reason == "Unsupported content type":
        return "The body is not declared as JSON. Send “Content-Type: application/json”."
    return str(error.reason)


def read_json(data: str | bytes) -> Any:
    """Parse JSON.

    Raises:
        HTTPException: status 400, with the position of the error.
    """
    try:
        return json.loads(data)
    except json.JSONDecodeError as error:
        raise HTTPException(
            400, f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from error
    except UnicodeDecodeError as error:
        raise HTTPException(400, f"The body is not JSON: byte {error.start} is not UTF-8.") from error
    except RecursionError as error:
        raise HTTPException(400, "The body is not readable JSON: it nests too deeply.") from error
    except ValueError as error:
        raise HTTPException(400, "The body is not readable JSON: a number is too long.") from error


def graphql_endpoint(
    services: GatewayServices, limiter: RateLimiter, *, graphiql: Callable[[], HTMLResponse], plans: bool = True
) -> GraphQLEndpoint:
    """Return the router of ``/graphql``.

    Args:
        services: what requests are answered with.
        limiter: counts requests.
        graphiql: returns the page that browsers get.
        plans: see ``create_app``.
    """

    # Coroutines: FastAPI hands plain functions to a thread, which takes longer than the rest of a small request.
    async def context(connection: HTTPConnection) -> RequestContext:
        return RequestContext(services, request_info(connection, behind_proxy=services.deps.behind_proxy))

    async def no_root_value() -> None:
        return None

    return GraphQLEndpoint(
        build_schema(plans=plans),
        path="/graphql",
        context_getter=context,
        root_value_getter=no_root_value,
        allow_queries_via_get=False,
        subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL],
        socket_limits=services.deps.socket_limits,
        limiter=limiter,
        trusted=services.deps.trusted_documents,
        graphiql=graphiql,
        allowed_origins=tuple(services.deps.cors_origins),
        include_in_schema=False,
    )
