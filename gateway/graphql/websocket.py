"""graphql-transport-ws, strict with what clients send: whatever is no message of the protocol closes with 4400."""

from collections.abc import AsyncGenerator

from graphql import GraphQLError
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.exceptions import NonJsonMessageReceived
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.subscriptions.protocols.graphql_transport_ws.types import Message

from gateway.graphql.context import RequestContext

REASON_MAX = 123
"""Most bytes that a close frame has for its reason (RFC 6455, section 5.5)."""


class StrictWire(ASGIWebSocketAdapter):
    """Reads and closes a connection; what Python's JSON reader gives up on is no JSON either."""

    async def iter_json(self, *, ignore_parsing_errors: bool = False) -> AsyncGenerator[object, None]:
        try:
            async for message in super().iter_json(ignore_parsing_errors=ignore_parsing_errors):
                yield message
        except (RecursionError, ValueError) as error:
            raise NonJsonMessageReceived from error

    async def close(self, code: int, reason: str) -> None:
        # Reasons tell back what the client sent, at whatever length.
        await super().close(code, reason.encode(errors="replace")[:REASON_MAX].decode(errors="ignore"))


class StrictTransport(BaseGraphQLTransportWSHandler[RequestContext, None]):
    """The library's handler, which takes for granted that a message has the protocol's form."""

    async def handle_message(self, message: Message) -> None:
        wrong = what_is_wrong(message)
        if wrong is None:
            await super().handle_message(message)
        else:
            await self.handle_invalid_message(wrong)

    @staticmethod
    def _get_pre_execution_close_reason(error: GraphQLError) -> str | None:  # noqa: ARG004 - the library's signature
        """Close for no operation that cannot run: the protocol has an error message for that, and others may be running."""
        return None


def what_is_wrong(message: object) -> str | None:
    """Return in which way something is no message of the protocol; None: it has the form of one."""
    match message:
        case {"type": "subscribe", "id": str(), "payload": {"query": str(), **more}}:
            if not isinstance(more.get("variables"), dict | None):
                return "Invalid message: variables must be an object"
            if not isinstance(more.get("operationName"), str | None):
                return "Invalid message: operationName must be a string"
            return None
        case {"type": "subscribe"}:
            return "Invalid message: subscribe needs an id and a payload with a query, both strings"
        case {"type": "complete", "id": str()}:
            return None
        case {"type": "complete"}:
            return "Invalid message: complete needs the id of an operation, a string"
        case {"type": str()}:
            return None
        case _:
            return "Invalid message: it must be a JSON object with a type"
