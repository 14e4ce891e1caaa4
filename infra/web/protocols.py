"""Limits what one connection may cost: time limits on heads, bodies and unread responses, and a cap on connections.

uvicorn has none of these limits. Its ``timeout_keep_alive`` starts after a response, and ``limit_concurrency`` counts a
connection that sends one byte a second like any other. So these protocols add timers to uvicorn's.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from infra.web.client_address import limit_key

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimits:
    """The limits of one server."""

    head_seconds: float = 10
    """From the beginning of a connection or request until its headers are complete."""
    body_seconds: float = 60
    """From the headers until the body is complete: a megabyte at 17 kB a second."""
    unread_seconds: float = 20
    """How long a client may leave sent bytes unread before its connection is dropped."""
    head_bytes: int = 64 * 1024
    connections: int = 1_000
    """The most connections, WebSockets included."""
    connections_per_address: int | None = 100
    """The most connections of one IPv4 address or IPv6 /64. None for no limit, as behind a proxy."""


class PatientTransport:
    """A transport whose ``close`` waits a limited time for the client to read the rest."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        self._transport, self._loop, self._seconds = transport, loop, seconds
        # Called several times for each request.
        self.write, self.is_closing = transport.write, transport.is_closing
        self._linger: asyncio.TimerHandle | None = None

    def close(self) -> None:
        self._transport.close()
        if self._linger is None:
            self._linger = self._loop.call_later(self._seconds, self._transport.abort)

    def lost(self) -> None:
        """Cancel the timer, because the connection is gone."""
        if self._linger is not None:
            self._linger.cancel()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class _DropsSlowReaders:
    """Drops a client that leaves too many bytes unread for too long."""

    limits: ConnectionLimits
    loop: asyncio.AbstractEventLoop
    transport: Any
    _unread: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        super().pause_writing()  # type: ignore[misc]
        if self._unread is None:
            self._unread = self.loop.call_later(self.limits.unread_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        self._cancel_unread()
        super().resume_writing()  # type: ignore[misc]

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel_unread()
        super().connection_lost(exc)  # type: ignore[misc]
        self.transport.lost()

    def _cancel_unread(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None


class PatientWebSocket(_DropsSlowReaders, WebSocketsSansIOProtocol):
    """A WebSocket with limits. uvicorn's pings find lost clients, but not clients that only answer pings."""

    def __init__(self, *args: Any, limits: ConnectionLimits, **more: Any) -> None:
        super().__init__(*args, **more)
        self.limits = limits


class PatientHttp(_DropsSlowReaders, HttpToolsProtocol):
    """HTTP/1.1 with time limits. Exceeding one gets 408 if a response is still possible."""

    def __init__(self, *args: Any, limits: ConnectionLimits, **more: Any) -> None:
        super().__init__(*args, **more)
        self.limits = limits
        self._in_head = True
        self._head_bytes = 0
        self._message_ended = False
        # One timer for all limits of a connection: it looks whether the present one has passed. Most requests set none.
        self._timer: asyncio.TimerHandle | None = None
        self._deadline: float | None = None
        self._late: Callable[[], None] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        # uvicorn uses only what this transport passes on.
        patient: Any = PatientTransport(transport, self.loop, self.limits.unread_seconds)
        super().connection_made(patient)
        if self._exceeds_limits():
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, "retry-after: 5\r\n")
        else:
            self._arm(self.limits.head_seconds, self._head_is_late)

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        self._message_ended = False
        super().data_received(data)
        if not self._in_head or self.transport.is_closing():
            return
        if not self._message_ended:
            # A chunk with the end of a body is not a head, and may be larger than one.
            self._head_bytes += len(data)
        if self._head_bytes > self.limits.head_bytes:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        elif self._deadline is None:
            self._arm(self.limits.head_seconds, self._head_is_late)

    def on_headers_complete(self) -> None:
        self._in_head, self._head_bytes = False, 0
        self._disarm()
        super().on_headers_complete()
        self._arm(self.limits.body_seconds, self._body_is_late)

    def on_message_complete(self) -> None:
        self._in_head, self._head_bytes, self._message_ended = True, 0, True
        self._disarm()
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        self._in_head = False
        self._disarm()
        super().handle_websocket_upgrade()

    def _arm(self, seconds: float, late: Callable[[], None]) -> None:
        """Call ``late`` after some seconds, unless another limit takes its place."""
        self._deadline, self._late = self.loop.time() + seconds, late
        if self._timer is None or self._timer.when() > self._deadline:
            self._wait(self._deadline)

    def _disarm(self) -> None:
        self._deadline = self._late = None

    def _wait(self, until: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_at(until, self._look)

    def _look(self) -> None:
        self._timer = None
        deadline, late = self._deadline, self._late
        if deadline is None or late is None:
            return
        if self.loop.time() < deadline:
            self._wait(deadline)
            return
        self._disarm()
        late()

    def _head_is_late(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            # The server is slow. The client's next request, sent ahead, waits for the current response.
            self._arm(self.limits.head_seconds, self._head_is_late)
        elif self._head_bytes:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)
        else:
            self.transport.close()

    def _body_is_late(self) -> None:
        self._timer = None
        cycle = self.cycle
        if cycle.response_started or self.pipeline:
            self.transport.close()
        else:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)
        # The application waits for a body that never completes.
        cycle.disconnected = True
        cycle.message_event.set()

    def _exceeds_limits(self) -> bool:
        if len(self.connections) > self.limits.connections:
            return True
        most = self.limits.connections_per_address
        if most is None or self.client is None or len(self.connections) <= most:
            return False
        key = limit_key(self.client[0])
        peers: Iterable[tuple[str, int] | None] = (getattr(other, "client", None) for other in self.connections)
        return sum(peer is not None and limit_key(peer[0]) == key for peer in peers) > most

    def _refuse(self, status: HTTPStatus, headers: str = "") -> None:
        logger.debug("refused connection of %s: %d %s", self.client, status, status.phrase)
        text = f"{status.phrase}\n"
        self.transport.write(
            f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: text/plain; charset=utf-8\r\n"
            f"content-length: {len(text)}\r\n{headers}connection: close\r\n\r\n{text}".encode()
        )
        self.transport.close()
