"""Handles requests that no application should see: bad hosts, extra slashes, and clients that hang up."""

import logging
import re
from urllib.parse import quote

from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

logger = logging.getLogger(__name__)

LARGEST_BODY = 2_000_000
"""Most bytes of a body, if the application says no other number."""
_HOST = re.compile(rb"(?:[A-Za-z0-9._~!$&'()*+,;=%-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?")
"""The syntax of ``Host`` (RFC 9110, section 7.2); the application decides which hosts exist."""
_DEFAULTS = ((b"x-content-type-options", b"nosniff"), (b"x-frame-options", b"DENY"))
_SAFE_IN_PATH = "/:@!$&'()*+,;=~-._"


class ClientGone(BaseException):
    """The client hung up before its request was complete.

    A ``BaseException``, because like a cancellation it must pass every handler that would log or answer it.
    """


class BodyTooLarge(BaseException):
    """A body exceeded the server's limit. Like :class:`ClientGone`, it must pass every handler."""


class Edge:
    """The outermost layer of every application.

    - A request without exactly one valid ``Host`` gets 400 (RFC 9112, section 3.2).
    - ``/path/`` means ``/path``. GET and HEAD are redirected (308) to a relative address, because the client or a proxy
      chooses ``Host`` and scheme. Other methods are served directly, because a redirect would lose webhooks.
    - A client that hangs up within its body ends its request without an error.
    - A body over ``body_bytes`` gets 413, for applications without a smaller limit.
    - Responses forbid framing and content sniffing unless the application sets the headers itself.
    """

    def __init__(self, app: ASGIApp, *, body_bytes: int = LARGEST_BODY) -> None:
        self._app = app
        self._body_bytes = body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match scope["type"]:
            case "http":
                try:
                    await self._http(scope, _bounded(receive, self._body_bytes), _with_defaults(send))
                except ClientGone:
                    logger.debug("%s %s: the client hung up", scope["method"], scope["path"])
                except BodyTooLarge:
                    await PlainTextResponse(f"The body is over {self._body_bytes:,} bytes.\n", 413)(
                        scope, receive, send
                    )
            case "websocket":
                if _names_one_host(scope):
                    await self._app(_without_last_slash(scope), receive, send)
                else:
                    await receive()
                    await send({"type": "websocket.close", "code": 1008})
            case _:
                await self._app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _names_one_host(scope):
            await PlainTextResponse("Invalid Host header. Send exactly one, with a host name.\n", 400)(
                scope, receive, send
            )
            return
        bare = _without_last_slash(scope)
        if bare is not scope and scope["method"] in {"GET", "HEAD"}:
            await Response(status_code=308, headers={"location": _address(bare)})(scope, receive, send)
            return
        await self._app(bare, receive, send)


def _names_one_host(scope: Scope) -> bool:
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    if not hosts:
        return bool(scope.get("http_version") == "1.0")
    return len(hosts) == 1 and is_host(hosts[0])


def is_host(header: bytes) -> bool:
    """Whether the value of a ``Host`` header is valid."""
    return _HOST.fullmatch(header.strip()) is not None


def _without_last_slash(scope: Scope) -> Scope:
    path = scope["path"]
    if path == "/" or not path.endswith("/"):
        return scope
    # Exactly one leading slash: "//host" would be the address of another host.
    bare = "/" + path.strip("/")
    return {**scope, "path": bare, "raw_path": quote(bare, safe=_SAFE_IN_PATH).encode()}


def _address(scope: Scope) -> str:
    path: bytes = scope["raw_path"]
    query: bytes = scope["query_string"]
    return (path + b"?" + query if query else path).decode("latin-1")


def _bounded(receive: Receive, most: int) -> Receive:
    size, complete = 0, False

    async def receiving() -> Message:
        nonlocal size, complete
        message = await receive()
        if message["type"] == "http.request":
            size += len(message.get("body", b""))
            if size > most:
                raise BodyTooLarge
            complete = not message.get("more_body", False)
        elif not complete:
            raise ClientGone
        return message

    return receiving


def _with_defaults(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = message["headers"] = list(message.get("headers", ()))
            present = {name for name, _ in headers}
            headers.extend(header for header in _DEFAULTS if header[0] not in present)
        await send(message)

    return sending
