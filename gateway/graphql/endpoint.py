"""The GraphQL endpoint over HTTP and WebSocket, with errors as JSON and our own console for browsers."""

import json
from typing import Any

from cross_web import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, Response
from starlette.websockets import WebSocket
from strawberry.fastapi import GraphQLRouter
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types.graphql import OperationType

from gateway.graphql.context import RequestContext
from gateway.graphql.schema import build_schema
from gateway.graphql.websocket import StrictTransport, StrictWire
from gateway.middleware import caller_of
from gateway.pages import console_page
from gateway.requests import Gateway


class GraphQLEndpoint(GraphQLRouter[RequestContext, None]):
    """Strawberry's router; what a client did wrong is answered as a GraphQL error with status 400."""

    websocket_adapter_class = StrictWire
    graphql_transport_ws_handler_class = StrictTransport

    async def run(self, request: Any, context: Any = None, root_value: Any = None) -> Any:
        try:
            return await super().run(request, context=context, root_value=root_value)
        except HTTPException as error:
            if isinstance(request, WebSocket):
                raise
            body = {"errors": [{"message": told(error), "extensions": {"code": "BAD_REQUEST"}}]}
            # Escaped: a reason may tell back half a character, which is no UTF-8.
            return Response(json.dumps(body), status_code=error.status_code, media_type="application/json")

    def parse_json(self, data: str | bytes) -> Any:
        parsed = read_json(data)
        if not isinstance(parsed, (dict, list)):
            raise HTTPException(400, "The body must be a JSON object such as {“query”: “{ me { id } }”}.")
        return parsed

    async def render_graphql_ide(self, request: Request) -> HTMLResponse:  # noqa: ARG002 - the library's signature
        return console_page()


def told(error: HTTPException) -> str:
    """Return what a client is to do about what the library refuses."""
    match error.__cause__:
        case InvalidOperationTypeError(operation_type=OperationType.SUBSCRIPTION):
            return f"Subscriptions go over {GRAPHQL_TRANSPORT_WS_PROTOCOL} at this address."
    if error.reason == "Unsupported content type":
        return "Send the operation as JSON, with “Content-Type: application/json”."
    return str(error.reason)


def read_json(data: str | bytes) -> Any:
    """Read JSON.

    Raises:
        HTTPException: 400, saying where it stops being JSON.
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
        raise HTTPException(400, "The body is not JSON that can be read: it is nested too deeply.") from error
    except ValueError as error:
        raise HTTPException(400, "The body is not JSON that can be read: a number in it is too long.") from error


def graphql_endpoint(gateway: Gateway) -> GraphQLEndpoint:
    """Return the router of ``/graphql``."""

    def context(connection: HTTPConnection) -> RequestContext:
        return RequestContext(gateway, caller_of(connection, behind_proxy=gateway.deps.behind_proxy))

    return GraphQLEndpoint(
        build_schema(),
        path="/graphql",
        context_getter=context,
        allow_queries_via_get=False,
        subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL],
        allowed_origins=tuple(gateway.deps.cors_origins),
        include_in_schema=False,
    )
