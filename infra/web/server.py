"""Serves an application until it is stopped."""

import asyncio
import socket
from contextlib import nullcontext, suppress
from functools import partial
from typing import Any

import uvicorn
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette_compress import CompressMiddleware

from infra.web.edge import LARGEST_BODY, Edge
from infra.web.protocols import ConnectionLimits, PatientHttp, PatientWebSocket

BODY_BYTES = 1_000_000
"""The most bytes of one WebSocket message, the same as of a request's body."""


TICK_SECONDS = 1.0
CANCELLED_SECONDS = 1.0
"""How long a cancelled request may take to end."""


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        self._exiting = asyncio.Event()
        super().__init__(config)

    @property
    def should_exit(self) -> bool:
        """Whether the server ends now."""
        return self._exiting.is_set()

    @should_exit.setter
    def should_exit(self, value: bool) -> None:
        if value:
            self._exiting.set()

    async def main_loop(self) -> None:
        """Wait until the server ends. uvicorn would wake ten times a second, of which one renews the date header."""
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                async with asyncio.timeout(TICK_SECONDS):
                    await self._exiting.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop, and wait for requests that were cancelled: they return what they hold, such as connections."""
        await super().shutdown(sockets)
        if cancelled := set(self.server_state.tasks):
            await asyncio.wait(cancelled, timeout=CANCELLED_SECONDS)

    def capture_signals(self) -> Any:
        """Install no signal handlers, because several servers share one process."""
        return nullcontext()


def guarded(app: ASGIApp) -> ASGIApp:
    """Wrap an application in the edge and compression, which all servers share.

    An application with a method ``guarded_by`` places the guard itself: what it answers before the guard must keep the
    guard's rules. One with ``body_bytes`` takes bodies up to that size, and limits them itself.
    """
    place, body_bytes = getattr(app, "guarded_by", None), getattr(app, "body_bytes", LARGEST_BODY)

    def guard(inner: ASGIApp) -> ASGIApp:
        # No Zstandard: clients that support it support Brotli too.
        return Edge(CompressMiddleware(inner, zstd=False), body_bytes=body_bytes)

    return AnswersAtStop(guard(app) if place is None else place(guard))


class AnswersAtStop:
    """Answers requests that the stopping server cancels. Only the server cancels a request that has a client."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except asyncio.CancelledError as cancelled:
            if scope["type"] != "http":
                raise
            text = "The server stops. Send the request again in a moment.\n"
            try:
                await PlainTextResponse(text, 503, headers={"retry-after": "1"})(scope, receive, send)
            except RuntimeError:
                # The response had begun.
                raise cancelled from None


def make_server(app: ASGIApp, host: str, port: int, limits: ConnectionLimits, **config: Any) -> uvicorn.Server:
    """Return a server that listens when ``serve`` is awaited."""
    options: dict[str, Any] = {
        "log_config": None,
        "access_log": False,
        "lifespan": "on",
        "timeout_graceful_shutdown": 3,
        "server_header": False,
        # The setting decides whether to trust a proxy; uvicorn would trust every local process.
        "proxy_headers": False,
        # uvicorn would accept 16 MB from any client.
        "ws_max_size": BODY_BYTES,
        "http": partial(PatientHttp, limits=limits),
        "ws": partial(PatientWebSocket, limits=limits),
    }
    return _Server(uvicorn.Config(guarded(app), host=host, port=port, **options | config))


async def serve(app: ASGIApp, host: str, port: int, stop: asyncio.Event, limits: ConnectionLimits) -> None:
    """Serve an application until ``stop`` is set or the server ends by itself."""
    server = make_server(app, host, port, limits)
    serving = asyncio.create_task(server.serve())
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopped}, return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    stopped.cancel()
    await serving
