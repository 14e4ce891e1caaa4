"""Middleware: request ids, security headers, the access log, the body limit, and HEAD."""

import logging
import os
import re
import time
from collections.abc import Callable

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.problem_details import Problem, problem_of

logger = logging.getLogger("gateway.access")

REQUEST_ID = "x-request-id"
_PLAIN_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")

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


_REQUEST_ID_BYTES = REQUEST_ID.encode()
_SECURITY_HEADERS_RAW = [(name.encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]
_SECURITY_NAMES = frozenset(name for name, _ in _SECURITY_HEADERS_RAW)


class RequestIdMiddleware:
    """Gives every request an id and a line in the access log, and every response the id and security headers.

    An unexpected error is answered with a problem, unless the response has begun.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        client_id = b""
        for name, value in scope["headers"]:
            if name == _REQUEST_ID_BYTES:
                client_id = value
                break
        request_id = client_id.decode() if client_id and _PLAIN_ID.fullmatch(client_id) else os.urandom(16).hex()
        scope.setdefault("state", {})["request_id"] = request_id
        began, status = time.perf_counter(), 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = message.setdefault("headers", [])
                present = {name for name, _ in headers}
                headers.append((_REQUEST_ID_BYTES, request_id.encode()))
                if present.isdisjoint(_SECURITY_NAMES):
                    headers.extend(_SECURITY_HEADERS_RAW)
                else:
                    headers.extend([header for header in _SECURITY_HEADERS_RAW if header[0] not in present])
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception as error:
            if status or scope["type"] != "http":
                raise
            await problem_of(error).response()(scope, receive, send_with_headers)
        finally:
            if scope["type"] == "http" and logger.isEnabledFor(logging.INFO):
                milliseconds = (time.perf_counter() - began) * 1000
                # Without the query string, which may contain private data.
                logger.info("%s %s %d %.1f ms %s", scope["method"], scope["path"], status, milliseconds, request_id)


class ProblemMiddleware:
    """Answers an unexpected error with a problem, unless the response has begun."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def sending(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:
            if started or scope["type"] != "http":
                raise
            await problem_of(error).response()(scope, receive, send)


class BodyLimitMiddleware:
    """Rejects request bodies over a limit, with or without a ``content-length``, before the application runs.

    Args:
        app: the next application.
        limit: maximum bytes.
        page: answers a browser's form below ``/dashboard`` with a page that names the limit, in place of a problem.
        larger: returns a request's own limit; None if the limit of all requests counts.
    """

    def __init__(
        self,
        app: ASGIApp,
        limit: int,
        *,
        page: Callable[[Scope, int], Response] | None = None,
        larger: Callable[[Scope], int | None] = lambda _scope: None,
    ) -> None:
        self._app = app
        self._limit = limit
        self._page = page
        self._larger = larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        length = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        limit = self._larger(scope) or self._limit
        if length.isdigit() and int(length) > limit:
            await self._reject(limit, scope, receive, send)
            return
        # Read the whole body before the application runs: only one of the two may start a response.
        chunks: list[Message] = []
        size, more = 0, True
        while more:
            message = await receive()
            chunks.append(message)
            if message["type"] != "http.request":
                break
            size += len(message.get("body", b""))
            if size > limit:
                await self._reject(limit, scope, receive, send)
                return
            more = message.get("more_body", False)
        chunks.reverse()

        async def replay() -> Message:
            return chunks.pop() if chunks else await receive()

        await self._app(scope, replay, send)

    async def _reject(self, limit: int, scope: Scope, receive: Receive, send: Send) -> None:
        if self._page is not None and scope["path"].startswith("/dashboard"):
            await self._page(scope, limit)(scope, receive, send)
            return
        problem = Problem(
            status=413,
            code="BODY_TOO_LARGE",
            detail=f"The body is larger than {limit:,} bytes. Send a smaller one.",
        )
        await problem.response()(scope, receive, send)


class HeadMiddleware:
    """Answers HEAD like GET, with the same headers and no body (RFC 9110, section 9.3.2)."""

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
