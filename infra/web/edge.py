"""What no application should see: requests without one host, slashes too many, and clients that are gone."""

import logging
import re
from urllib.parse import quote

from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

logger = logging.getLogger(__name__)

_HOST = re.compile(rb"(?:[A-Za-z0-9._~!$&'()*+,;=%-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?")
"""What RFC 9110, section 7.2, lets stand in ``Host``; which hosts exist is the application's question."""
_SAFE_IN_PATH = "/:@!$&'()*+,;=~-._"


class ClientGone(BaseException):
    """The client hung up before its request was whole.

    No ``Exception``: like a cancellation it must pass every handler that would log it or answer it.
    """


class BodyTooLarge(BaseException):
    """A body went over the server's limit; like :class:`ClientGone` it must pass every handler."""


class Edge:
    """Stands in front of every application.

    - A request with no ``Host``, two, or one that no host can be, is answered 400 (RFC 9112, section 3.2).
    - ``/path/`` is ``/path``: GET and HEAD are redirected (308) with a relative address, because ``Host`` and scheme are
      what a client or proxy says they are. Other methods are served as they are: a redirect would lose webhooks.
    - A client that hangs up in the middle of its body ends its request without an error.
    - A body over ``body_bytes`` is answered 413, for applications without a smaller limit of their own.
    - Every answer may be framed by nobody and is of the type it says, unless the application knows better.
    """

    def __init__(self, app: ASGIApp, *, body_bytes: int = 2_000_000) -> None:
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
            await PlainTextResponse("Send exactly one Host header, with a host in it.\n", 400)(scope, receive, send)
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
    return len(hosts) == 1 and _HOST.fullmatch(hosts[0].strip()) is not None


def _without_last_slash(scope: Scope) -> Scope:
    path = scope["path"]
    if path == "/" or not path.endswith("/"):
        return scope
    # One slash in front: "//host" would be another host's address.
    bare = "/" + path.strip("/")
    return {**scope, "path": bare, "raw_path": quote(bare, safe=_SAFE_IN_PATH).encode()}


def _address(scope: Scope) -> str:
    path: bytes = scope["raw_path"]
    query: bytes = scope["query_string"]
    return (path + b"?" + query if query else path).decode("latin-1")


def _bounded(receive: Receive, most: int) -> Receive:
    size, whole = 0, False

    async def receiving() -> Message:
        nonlocal size, whole
        message = await receive()
        if message["type"] == "http.request":
            size += len(message.get("body", b""))
            if size > most:
                raise BodyTooLarge
            whole = not message.get("more_body", False)
        elif not whole:
            raise ClientGone
        return message

    return receiving


def _with_defaults(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.setdefault("x-content-type-options", "nosniff")
            headers.setdefault("x-frame-options", "DENY")
        await send(message)

    return sending
