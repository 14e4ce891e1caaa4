"""What happens to every request: an id, security headers, a limit on its body, HEAD, and one line in the log."""

import logging
import re
import time
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.api.command_request import RequestInfo
from gateway.rest.problem_details import Problem, problem_of
from infra.web.client_address import address_of

logger = logging.getLogger("gateway.access")

REQUEST_ID = "x-request-id"
_PLAIN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

SECURITY_HEADERS = {
    "content-security-policy": CONTENT_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "cross-origin-opener-policy": "same-origin",
}


class RequestIdMiddleware:
    """Gives every request an id that is answered and logged, and every response its security headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        offered = Headers(scope=scope).get(REQUEST_ID, "")
        request_id = offered if _PLAIN_ID.fullmatch(offered) else uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        began, status, started = time.perf_counter(), 0, False

        async def framed(message: Message) -> None:
            nonlocal status, started
            if message["type"] == "http.response.start":
                status, started = message["status"], True
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID] = request_id
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, framed)
        except Exception as error:
            if started or scope["type"] != "http":
                raise
            # Answered here rather than outside of everything, so that this answer is framed like any other.
            await problem_of(error).response()(scope, receive, framed)
        finally:
            if scope["type"] == "http":
                milliseconds = (time.perf_counter() - began) * 1000
                # The path only: a query string may hold what is nobody's business.
                logger.info("%s %s %d %.1f ms %s", scope["method"], scope["path"], status, milliseconds, request_id)


class BodyLimitMiddleware:
    """Refuses request bodies over a limit, announced or not, before anything reads them whole.

    Args:
        app: what comes next.
        limit: bytes.
    """

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        if announced.isdecimal() and int(announced) > self._limit:
            await self._refuse(scope, receive, send)
            return
        # The body is taken in whole: an answer cannot be begun by two, so the count must be done before the app runs.
        chunks: list[Message] = []
        size, more = 0, True
        while more:
            message = await receive()
            chunks.append(message)
            if message["type"] != "http.request":
                break
            size += len(message.get("body", b""))
            if size > self._limit:
                await self._refuse(scope, receive, send)
                return
            more = message.get("more_body", False)
        chunks.reverse()

        async def replay() -> Message:
            return chunks.pop() if chunks else await receive()

        await self._app(scope, replay, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        problem = Problem(
            status=413,
            code="BODY_TOO_LARGE",
            detail=f"The body is larger than {self._limit:,} bytes. Send a smaller one.",
        )
        await problem.response()(scope, receive, send)


class HeadMiddleware:
    """Answers HEAD wherever there is GET, with the same headers and no body (RFC 9110, section 9.3.2)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def without_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self._app({**scope, "method": "GET"}, receive, without_body)


def request_info(connection: HTTPConnection, *, behind_proxy: bool) -> RequestInfo:
    """Return where a request comes from.

    Args:
        connection: the request.
        behind_proxy: whether a proxy of ours has written the caller's address last into ``X-Forwarded-For``, after
            whatever the caller itself wrote there.
    """
    address = address_of(connection, behind_proxy=behind_proxy)
    request_id = str(connection.scope.get("state", {}).get("request_id", ""))
    return RequestInfo.of(connection.headers, address=address, request_id=request_id)
