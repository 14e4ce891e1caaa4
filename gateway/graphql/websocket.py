"""graphql-transport-ws, strict with what clients send: whatever is no message of the protocol closes with 4400.

A connection is bounded in time and memory: a client that does not read is not read from either, and is dropped.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from graphql import GraphQLError
from starlette.websockets import WebSocketState
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.exceptions import NonJsonMessageReceived, WebSocketDisconnected
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.subscriptions.protocols.graphql_transport_ws.types import (
    ConnectionInitMessage,
    Message,
    SubscribeMessage,
)

from gateway.api.command_request import CONSISTENCY_HEADER
from gateway.graphql.context import RequestContext
from gateway.graphql.persisted_queries import asks_persisted
from gateway.graphql.sockets import OpenSocket, TooManySockets
from gateway.socket_limits import SocketLimits

if TYPE_CHECKING:
    from gateway.graphql.endpoint import GraphQLEndpoint

logger = logging.getLogger(__name__)

REASON_MAX = 123
"""Most bytes that a close frame has for its reason (RFC 6455, section 5.5)."""
PARAMETERS = frozenset({"authorization", CONSISTENCY_HEADER})
"""Headers that connection_init may carry."""
PARAMETER_MAX = 8_192
"""Characters of one of them, as with HTTP headers."""
TRY_AGAIN_LATER = 1013
"""Close code that clients answer with a later attempt (IANA WebSocket registry)."""


class StrictWire(ASGIWebSocketAdapter):
    """Reads and closes a connection; what Python's JSON reader gives up on is no JSON either."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        endpoint = cast("GraphQLEndpoint", self.view)
        self._send_seconds = endpoint.sockets.limits.send_wait.total_seconds()
        self.stalled = asyncio.Event()
        """Set once the client took too long to read."""
        self._sending = asyncio.Lock()

    async def iter_json(self, *, ignore_parsing_errors: bool = False) -> AsyncGenerator[object, None]:
        try:
            async for message in super().iter_json(ignore_parsing_errors=ignore_parsing_errors):
                yield message
                # Backpressure: answers must leave before the next operation may start.
                async with self._sending:
                    pass
        except (RecursionError, ValueError) as error:
            raise NonJsonMessageReceived from error

    async def send_json(self, message: Mapping[str, object]) -> None:
        async with self._sending:
            if self.stalled.is_set() or self.ws.application_state is WebSocketState.DISCONNECTED:
                raise WebSocketDisconnected
            try:
                async with asyncio.timeout(self._send_seconds):
                    await super().send_json(message)
            except TimeoutError as error:
                self.stalled.set()
                raise WebSocketDisconnected from error

    async def close(self, code: int, reason: str) -> None:
        if self.stalled.is_set():
            return
        # Reasons tell back what the client sent, at whatever length.
        shown = reason.encode(errors="replace")[:REASON_MAX].decode(errors="ignore")
        try:
            async with asyncio.timeout(self._send_seconds):
                await super().close(code, shown)
        except TimeoutError:
            self.stalled.set()


class StrictTransport(BaseGraphQLTransportWSHandler[RequestContext, None]):
    """The library's handler, which takes for granted that a message has the protocol's form."""

    lifetime: asyncio.Timeout
    socket: OpenSocket

    @property
    def wire(self) -> StrictWire:
        """The connection."""
        return cast("StrictWire", self.websocket)

    @property
    def endpoint(self) -> "GraphQLEndpoint":
        """The router."""
        return cast("GraphQLEndpoint", self.view)

    @property
    def _limits(self) -> SocketLimits:
        return self.endpoint.sockets.limits

    async def handle(self) -> None:
        """Serve the connection until it ends, stalls, or has been anonymous for too long."""
        try:
            with self.endpoint.sockets.opened(self.context.request_info.address) as self.socket:
                await self._serve()
        except TooManySockets as error:
            await self.wire.close(TRY_AGAIN_LATER, str(error))

    async def _serve(self) -> None:
        watching = asyncio.create_task(self._end_when_stalled())
        try:
            async with asyncio.timeout(self._limits.anonymous_lifetime.total_seconds()) as self.lifetime:
                await super().handle()
        except TimeoutError:
            await self.wire.close(4408, "The connection was open too long without a login. Connect again.")
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching

    async def _end_when_stalled(self) -> None:
        await self.wire.stalled.wait()
        logger.info("dropped a WebSocket whose client does not read")
        self.lifetime.reschedule(asyncio.get_running_loop().time())

    async def handle_task_exception(self, error: Exception) -> None:
        """Log an error of ours. A client that hung up is none."""
        if not isinstance(error, WebSocketDisconnected):
            await super().handle_task_exception(error)

    async def handle_message(self, message: Message) -> None:
        wrong = what_is_wrong(message)
        if wrong is None:
            await super().handle_message(message)
        else:
            await self.handle_invalid_message(wrong)

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        payload: object = message.get("payload")
        if isinstance(payload, dict):
            # Nothing else is kept: a payload may be as large as a message, and lasts as long as the connection.
            message = {
                **message,
                "payload": {name: value for name, value in payload.items() if _is_header(name, value)},
            }
        await super().handle_connection_init(message)
        account = self.context.merchant_or_none()
        if account is None or self.socket.account is not None:
            return
        try:
            self.socket.log_in(account)
        except TooManySockets as error:
            await self.websocket.close(TRY_AGAIN_LATER, str(error))
        else:
            self.lifetime.reschedule(None)

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        if not self.connection_acknowledged or message["id"] in self.operations:
            await super().handle_subscribe(message)
            return
        account = self.context.merchant_or_none()
        payload: Mapping[str, Any] = message["payload"]
        try:
            self._check_in_flight(account)
            text = self.endpoint.persisted_queries.resolve(payload.get("query"), payload.get("extensions"), account)
        except GraphQLError as error:
            await self.send_message({"id": message["id"], "type": "error", "payload": [error.formatted]})
            return
        resolved = {**message, "payload": {**payload, "query": text}}
        await super().handle_subscribe(cast("SubscribeMessage", resolved))

    def _check_in_flight(self, account: UUID | None) -> None:
        most = self._limits.anonymous_operations if account is None else self._limits.operations
        if len(self.operations) >= most:
            raise GraphQLError(
                f"The connection has {most} operations in flight. Complete one of them first.",
                extensions={"code": "TOO_MANY_OPERATIONS"},
            )

    @staticmethod
    def _get_pre_execution_close_reason(error: GraphQLError) -> str | None:  # noqa: ARG004 - the library's signature
        """Close for no operation that cannot run: the protocol has an error message for that, and others may be running."""
        return None


def _is_header(name: str, value: object) -> bool:
    return name.lower() in PARAMETERS and isinstance(value, str) and len(value) <= PARAMETER_MAX


def what_is_wrong(message: object) -> str | None:
    """Return in which way something is no message of the protocol; None: it has the form of one."""
    match message:
        case {"type": "subscribe", "id": str(), "payload": dict() as payload}:
            return _what_is_wrong_with_payload(payload)
        case {"type": "subscribe"}:
            return "Invalid message: subscribe needs a string id and a payload with a string query"
        case {"type": "complete", "id": str()}:
            return None
        case {"type": "complete"}:
            return "Invalid message: complete needs the string id of an operation"
        case {"type": str()}:
            return None
        case _:
            return "Invalid message: it must be a JSON object with a type"


def _what_is_wrong_with_payload(payload: Mapping[str, object]) -> str | None:
    if not isinstance(payload.get("extensions"), dict | None):
        return "Invalid message: extensions must be an object"
    query = payload.get("query")
    if not isinstance(query, str) and not (query is None and asks_persisted(payload.get("extensions"))):
        return "Invalid message: subscribe needs a string id and a payload with a string query"
    if not isinstance(payload.get("variables"), dict | None):
        return "Invalid message: variables must be an object"
    if not isinstance(payload.get("operationName"), str | None):
        return "Invalid message: operationName must be a string"
    return None
