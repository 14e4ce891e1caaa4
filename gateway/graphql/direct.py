"""Answers queries over HTTP straight from their plans, past the layers of the web framework and the library.

Only POST requests with a JSON object and a query that has a plan are answered here. Everything else goes on unchanged to
strawberry's router: mutations, introspection, other content types, and requests that it rejects with its own words. Both
ways share admission, budgets, persisted queries, plans and the masking of errors.
"""

import json
import logging
from functools import partial
from typing import Any

import msgspec
from cross_web import HTTPException
from graphql import GraphQLError
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from strawberry.exceptions import MissingQueryError

from gateway.api.command_request import GatewayServices, request_info_of
from gateway.graphql.as_of import with_past_readings
from gateway.graphql.context import OneRequestContext, RequestContext
from gateway.graphql.documents import DocumentRejected
from gateway.graphql.endpoint import GraphQLEndpoint, bad_request
from gateway.graphql.errors import masked
from gateway.graphql.parsing import UndecidedOperation
from gateway.graphql.query_costs import Cost
from infra.web.edge import ClientGone, is_host
from infra.web.encoding import LEAST, compressed
from infra.web.hang_ups import HangUps

_CONTENT_TYPE = (b"content-type", b"application/json")
_VARY = (b"vary", b"Accept-Encoding")

logger = logging.getLogger(__name__)


class _Body(msgspec.Struct):
    """The JSON object of a request. Unknown members are ignored."""

    query: str | None = None
    variables: dict[str, Any] | None = None
    operation_name: str | None = msgspec.field(name="operationName", default=None)
    extensions: dict[str, Any] | None = None


_decode = msgspec.json.Decoder(_Body).decode
_encode = msgspec.json.Encoder().encode


class DirectQueries:
    """Answers planned queries, and passes all other requests on.

    Args:
        app: the next application, behind the layers that other requests need: valid hosts, limits, compression.
        endpoint: the router of ``/graphql``.
        services: the gateway's services.
    """

    def __init__(self, app: ASGIApp, *, endpoint: GraphQLEndpoint, services: GatewayServices) -> None:
        self._app = app
        self._endpoint = endpoint
        self._services = services
        self._body_limit = services.deps.body_limit
        self._behind_proxy = services.deps.behind_proxy
        self._hang_ups = HangUps()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = _headers_of(scope)
        if headers is None:
            await self._app(scope, receive, send)
            return
        messages, body = await _read(receive, self._body_limit)
        try:
            response = None if body is None else await self._respond(scope, headers, receive, body)
        except ClientGone:
            logger.debug("a client hung up during its query")
            return
        if response is None:
            await self._app(scope, _again(messages, receive), send)
            return
        status, content = response
        start: list[tuple[bytes, bytes]] = [_CONTENT_TYPE]
        if len(content) >= LEAST:
            start.append(_VARY)
            accepted = headers.get(b"accept-encoding")
            content, coding = (content, None) if accepted is None else compressed(content, accepted.decode("latin-1"))
            if coding is not None:
                start.append((b"content-encoding", coding.encode()))
        start.append((b"content-length", b"%d" % len(content)))
        await send({"type": "http.response.start", "status": status, "headers": start})
        await send({"type": "http.response.body", "body": content})

    async def _respond(
        self, scope: Scope, headers: dict[bytes, bytes], receive: Receive, body: bytes
    ) -> tuple[int, bytes] | None:
        """Return status and content. None if the request goes on to strawberry."""
        try:
            request = _decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        info = request_info_of(scope, behind_proxy=self._behind_proxy, headers=headers)
        context = OneRequestContext(self._services, info)
        schema, query, texts = self._endpoint.schema, request.query, self._endpoint.schema.texts
        try:
            if request.extensions is not None or self._endpoint.persisted_queries.trusted is not None:
                query = self._endpoint.persisted_queries.resolve(query, request.extensions, context.merchant_or_none())
            if query and not schema.admission.knows(query):
                of_shape = await self._of_shape(query, request, context, receive)
                if of_shape is not None:
                    texts["shape"] += 1
                    return 200, of_shape
                texts["no"] += 1
            else:
                texts["text"] += 1
            admitted = schema.admission.admit(
                query, context, operation_name=request.operation_name, variables=request.variables
            )
        except DocumentRejected as rejection:
            return 200, answer_bytes(None, [masked(error) for error in rejection.errors])
        except UndecidedOperation as error:
            return 400, bad_request(HTTPException(400, error.as_http_error_reason()))
        except (GraphQLError, MissingQueryError):
            return None
        planned = schema.planned(admitted, request.operation_name, request.variables, context)
        if planned is None:
            return None
        try:
            cost = schema.costs.charge(admitted, request.variables, context)
        except GraphQLError as error:
            return 200, answer_bytes(None, [error])
        result = await with_past_readings(partial(self._hang_ups.watch, planned, receive))
        suggests = self._services.deps.introspection
        errors = [masked(error, suggests=suggests) for error in result.errors or ()]
        return 200, answer_bytes(result.data, errors, cost)

    async def _of_shape(self, query: str, request: _Body, context: RequestContext, receive: Receive) -> bytes | None:
        """Return the answer of a query by the document of its shape. None if its own document must run."""
        schema = self._endpoint.schema
        shared = schema.admission.shared(
            query, context, operation_name=request.operation_name, variables=request.variables
        )
        planned = None if shared is None else schema.planned(shared.admitted, None, shared.variables, context)
        if planned is None or shared is None:
            return None
        try:
            cost = schema.costs.charge(shared.admitted, shared.variables, context)
        except GraphQLError as error:
            return answer_bytes(None, [error])
        result = await with_past_readings(partial(self._hang_ups.watch, planned, receive))
        return None if result.errors else answer_bytes(result.data, [], cost)


def _headers_of(scope: Scope) -> dict[bytes, bytes] | None:
    """Return the headers of a request that may be a query. None if it is another one, or unusual."""
    if scope["type"] != "http" or scope["path"] != "/graphql" or scope["method"] != "POST" or scope["query_string"]:
        return None
    headers = dict(scope["headers"])
    is_usual = (
        len(headers) == len(scope["headers"])
        and headers.get(b"content-type", b"").startswith(b"application/json")
        and is_host(headers.get(b"host", b"?"))
    )
    return headers if is_usual else None


async def _read(receive: Receive, limit: int) -> tuple[list[Message], bytes | None]:
    """Return a request's messages and its body. None instead of a body that is too large or incomplete."""
    messages: list[Message] = []
    size, more = 0, True
    while more and size <= limit:
        message = await receive()
        messages.append(message)
        if message["type"] != "http.request":
            return messages, None
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    if more or size > limit:
        return messages, None
    return messages, b"".join([message.get("body", b"") for message in messages])


def _again(messages: list[Message], receive: Receive) -> Receive:
    """Return a ``receive`` that begins with messages that were already received."""
    messages.reverse()

    async def receiving() -> Message:
        return messages.pop() if messages else await receive()

    return receiving


def answer_bytes(data: Any, errors: list[GraphQLError], cost: Cost | None = None) -> bytes:
    """Return an answer as JSON."""
    answer = {"data": data, "errors": [error.formatted for error in errors]} if errors else {"data": data}
    if cost is not None:
        answer["extensions"] = {"cost": cost}
    try:
        return _encode(answer)
    except (msgspec.MsgspecError, UnicodeEncodeError, OverflowError, TypeError):
        # Lone surrogates and numbers of more than 64 bits.
        return json.dumps(msgspec.to_builtins(answer), separators=(",", ":")).encode()
