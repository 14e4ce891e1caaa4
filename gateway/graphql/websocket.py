"""A strict graphql-transport-ws handler: an invalid message closes the connection with 4400.

Connections are bounded in time and memory. The gateway stops reading from a client that does not read, then drops it.
"""

import asyncio
import logging
import math
from collections.abc import AsyncGenerator, Mapping
from typing import Any, Protocol, cast
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
from gateway.auth.errors import Unauthenticated
from gateway.graphql.context import RequestContext
from gateway.graphql.persisted_queries import PersistedQueries, has_persisted_query
from gateway.graphql.sockets import OpenSocket, OpenSockets, TooManySockets
from gateway.rate_limits import CODE, Kind, RateLimiter, too_many
from gateway.socket_limits import SocketLimits
from projections.reading.availability import is_database_away

logger = logging.getLogger(__name__)

ID_MAX = 1_000
"""Most characters of an operation's id, which every answer repeats."""
REASON_MAX = 123
"""Maximum bytes of a close frame's reason (RFC 6455, section 5.5)."""
PARAMETERS = frozenset({"authorization", CONSISTENCY_HEADER})
"""Headers that ``connection_init`` may have."""
PARAMETER_MAX = 8_192
"""Maximum characters of one header."""
FORBIDDEN = 4403
"""Close code after the end of a session. Unlike 4401, it lets clients connect again, with a new token."""
TRY_AGAIN_LATER = 1013
"""Close code that makes clients retry later (IANA WebSocket registry)."""


class SocketEndpoint(Protocol):
    """The state that a router shares between its connections."""

    sockets: OpenSockets
    persisted_queries: PersistedQueries
    limiter: RateLimiter


class StrictWire(ASGIWebSocketAdapter):
    """Reads, writes and closes a connection. Text that Python's JSON parser cannot parse counts as invalid JSON."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        endpoint = cast("SocketEndpoint", self.view)
        self._send_seconds = endpoint.sockets.limits.send_wait.total_seconds()
        self.stalled = asyncio.Event()
        """Set when the client took too long to read."""
        self._sending = asyncio.Lock()

    async def iter_json(self, *, ignore_parsing_errors: bool = False) -> AsyncGenerator[object, None]:
        try:
            async for message in super().iter_json(ignore_parsing_errors=ignore_parsing_errors):
                yield message
                # Backpressure: pending answers must be sent before the next message is read.
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
        if self.stalled.is_set() or self.ws.application_state is WebSocketState.DISCONNECTED:
            return
        # A reason may repeat the client's text, which can be too long.
        cut = reason.encode(errors="replace")[:REASON_MAX].decode(errors="ignore")
        try:
            async with asyncio.timeout(self._send_seconds):
                await super().close(code, cut)
        except TimeoutError:
            self.stalled.set()


class StrictTransport(BaseGraphQLTransportWSHandler[RequestContext, None]):
    """The library's handler with checks: the library assumes that every message is well-formed."""

    lifetime: asyncio.Timeout
    socket: OpenSocket

    @property
    def wire(self) -> StrictWire:
        """The connection."""
        return cast("StrictWire", self.websocket)

    @property
    def endpoint(self) -> SocketEndpoint:
        """The router."""
        return cast("SocketEndpoint", self.view)

    @property
    def _limits(self) -> SocketLimits:
        return self.endpoint.sockets.limits

    async def handle(self) -> None:
        """Serve the connection until it ends, stalls, or is anonymous for too long."""
        try:
            with self.endpoint.sockets.opened(self.context.request_info.address) as self.socket:
                await self._serve()
        except TooManySockets as error:
            await self.wire.close(TRY_AGAIN_LATER, str(error))

    async def _serve(self) -> None:
        watches = [asyncio.create_task(self._end_when_stalled()), asyncio.create_task(self._end_with_session())]
        try:
            async with asyncio.timeout(self._limits.anonymous_lifetime.total_seconds()) as self.lifetime:
                await super().handle()
        except TimeoutError:
            await self.wire.close(4408, "The connection was open too long without a login. Connect again.")
        finally:
            for watch in watches:
                watch.cancel()
            await asyncio.gather(*watches, return_exceptions=True)

    async def _end_when_stalled(self) -> None:
        await self.wire.stalled.wait()
        logger.info("dropped a WebSocket whose client does not read")
        self._end()

    def _end(self) -> None:
        """Stop serving a connection that is closed already."""
        self.lifetime.reschedule(asyncio.get_running_loop().time())

    async def _end_with_session(self) -> None:
        """Close the connection when its access token expires or its session ends."""
        while True:
            await asyncio.sleep(self._limits.session_check.total_seconds())
            if self.socket.account is None:
                continue
            try:
                await self.context.merchant()
            except Unauthenticated as error:
                await self.wire.close(FORBIDDEN, str(error))
                self._end()
                return
            except Exception as error:
                # Without a database no session is known to have ended.
                if not is_database_away(error):
                    logger.exception("could not check the session of a WebSocket")

    async def handle_task_exception(self, error: Exception) -> None:
        """Log an error, unless the client disconnected."""
        if not isinstance(error, WebSocketDisconnected):
            await super().handle_task_exception(error)

    async def handle_message(self, message: Message) -> None:
        problem = message_problem(message)
        if problem is None:
            await super().handle_message(message)
        else:
            await self.handle_invalid_message(problem)

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        payload: object = message.get("payload")
        if isinstance(payload, dict):
            # Keep only headers: a payload can be large and lives as long as the connection.
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
            self._check_rate(account)
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

    def _check_rate(self, account: UUID | None) -> None:
        """Count an operation like a request over HTTP."""
        limiter = self.endpoint.limiter
        if account is None:
            wait = limiter.of_network(Kind.API, self.context.request_info.address)
        else:
            wait = limiter.of_person(Kind.API, account)
        if wait:
            seconds = math.ceil(wait)
            raise GraphQLError(too_many(seconds).detail, extensions={"code": CODE, "retryAfter": seconds})

    @staticmethod
    def _get_pre_execution_close_reason(error: GraphQLError) -> str | None:  # noqa: ARG004 - the library's signature
        """Keep the connection open if an operation cannot run: others may be running, and the client gets an error message."""
        return None


def _is_header(name: str, value: object) -> bool:
    return name.lower() in PARAMETERS and isinstance(value, str) and len(value) <= PARAMETER_MAX


def message_problem(message: object) -> str | None:
    """Return why a message is not valid in the protocol. None if it is valid."""
    match message:
        case {"type": "subscribe" | "complete", "id": str() as id} if len(id) > ID_MAX:
            return f"Invalid message: an id has at most {ID_MAX:,} characters"
        case {"type": "subscribe", "id": str(), "payload": dict() as payload}:
            return _payload_problem(payload)
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


def _payload_problem(payload: Mapping[str, object]) -> str | None:
    if not isinstance(payload.get("extensions"), dict | None):
        return "Invalid message: extensions must be an object"
    query = payload.get("query")
    if not isinstance(query, str) and not (query is None and has_persisted_query(payload.get("extensions"))):
        return "Invalid message: subscribe needs a string id and a payload with a string query"
    if not isinstance(payload.get("variables"), dict | None):
        return "Invalid message: variables must be an object"
    if not isinstance(payload.get("operationName"), str | None):
        return "Invalid message: operationName must be a string"
    return None
