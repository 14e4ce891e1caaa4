"""One client's connection: it answers requests in order and limits their time and size."""

import asyncio
import logging
import struct
import time
from collections.abc import Sequence
from contextlib import suppress

from infra.embedded.logbroker.access import Listener, Session
from infra.embedded.logbroker.handling import Caller, Handlers
from infra.embedded.logbroker.login_requests import BEFORE_LOGIN
from infra.embedded.logbroker.wire import Api, ErrorCode, Malformed, WireReader, WireWriter, name_of

logger = logging.getLogger(__name__)

_CLOSE_SECONDS = 2.0
_LONGEST_CLIENT_ID = 200
"""The limit matters because answers about a group repeat the id."""
_LOGIN_BYTES = 16 * 1024
"""Largest request of a client that has not logged in yet."""
_HEADER_FLEXIBLE_SINCE_VERSION_0 = frozenset({Api.API_VERSIONS})
_LOGGED_EVERY_SECONDS = 1.0


class ClientWarnings:
    """Warnings about misbehaving clients, at most one per second, so that they cannot fill the disk."""

    def __init__(self) -> None:
        self._next = 0.0
        self._suppressed = 0

    def log(self, message: str, *values: object) -> None:
        """Log a warning, or only count it if another one was logged within a second."""
        now = time.monotonic()
        if now < self._next:
            self._suppressed += 1
            return
        if self._suppressed:
            logger.warning("%d more connections were closed or rejected since the last line", self._suppressed)
        logger.warning(message, *values)
        self._next, self._suppressed = now + _LOGGED_EVERY_SECONDS, 0


class Connection:
    """One client's connection."""

    def __init__(
        self,
        listener: Listener,
        handlers: Handlers,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        client_warnings: ClientWarnings,
    ) -> None:
        self._handlers = handlers
        self._limits = listener.limits
        self._reader = reader
        self._writer = writer
        self._client_warnings = client_warnings
        self._session = Session(listener, str((writer.get_extra_info("peername") or ("unknown",))[0]))
        self._opened = self.last_request = asyncio.get_running_loop().time()

    @property
    def eviction_key(self) -> tuple[bool, float]:
        """Order of eviction: connections without a log-in first, then the longest idle one."""
        return self._session.may_send_requests, self.last_request

    async def serve(self) -> None:
        """Answer requests until the client hangs up, sends a malformed request, or is too slow."""
        try:
            while True:
                answer = await self._answer(WireReader(await self._frame()))
                if answer is not None:
                    await self._send(answer)
                if self._session.login_failed:
                    self._client_warnings.log("Log-in from %s failed", self._session.host)
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        except TimeoutError:
            self._client_warnings.log("Closing a connection from %s: too slow", self._session.host)
        except Malformed as error:
            self._client_warnings.log("Closing a connection from %s: %s", self._session.host, error)

    async def close(self, *, at_once: bool) -> None:
        """Close the connection, even if the client does not read its last answer."""
        self._writer.close()
        if not at_once:
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await self._writer.wait_closed()
        self._writer.transport.abort()

    async def _frame(self) -> bytes:
        """Return the next request's bytes. Memory is used only for bytes that have arrived."""
        loop = asyncio.get_running_loop()
        until = (
            loop.time() + self._limits.idle_seconds
            if self._session.may_send_requests
            else self._opened + self._limits.log_in_seconds
        )
        async with asyncio.timeout_at(until):
            (size,) = struct.unpack(">i", await self._reader.readexactly(4))
        largest = self._limits.request_bytes if self._session.may_send_requests else _LOGIN_BYTES
        if not 0 < size <= largest:
            raise Malformed(f"a request of {size} bytes; the limit is {largest}")
        arrived = self._transferred(size)
        async with asyncio.timeout_at(arrived if self._session.may_send_requests else min(until, arrived)):
            frame = await self._reader.readexactly(size)
        self.last_request = loop.time()
        return frame

    async def _send(self, answer: Sequence[bytes]) -> None:
        size = sum(map(len, answer))
        self._writer.writelines([struct.pack(">i", size), *answer])
        async with asyncio.timeout_at(self._transferred(size)):
            await self._writer.drain()

    def _transferred(self, size: int) -> float:
        """Return the deadline for a transfer of this size."""
        seconds = self._limits.transfer_seconds + size / self._limits.slowest_bytes_per_second
        return asyncio.get_running_loop().time() + seconds

    async def _answer(self, request: WireReader) -> list[bytes] | None:
        """Return the response to one request; None if the client expects none."""
        key, version, correlation = request.int16(), request.int16(), request.int32()
        if key not in self._handlers:
            raise Malformed(f"{name_of(key)} is not supported")
        handler = self._handlers[Api(key)]
        if not self._session.may_send_requests and key not in BEFORE_LOGIN:
            raise Malformed(f"{name_of(key)} was sent before a log-in")
        if not handler.lowest <= version <= handler.highest:
            if key == Api.API_VERSIONS:
                # A newer client tries a newer version first and expects this answer in the oldest version.
                return (
                    WireWriter().int32(correlation).parts
                    + versions(self._handlers, ErrorCode.UNSUPPORTED_VERSION).parts
                )
            raise Malformed(
                f"{name_of(key)} version {version} is not supported, only {handler.lowest} to {handler.highest}"
            )
        client_id = (request.header_string() or "")[:_LONGEST_CLIENT_ID]
        request.flexible = version >= handler.flexible_since
        request.tags()
        caller = Caller(client_id, version, request.flexible, self._session)
        try:
            body = await handler.answer(request, caller)
        except (struct.error, OverflowError) as error:
            raise Malformed(f"{name_of(key)} has a value out of range") from error
        if body is None:
            return None
        body.tags()
        header = WireWriter(flexible=request.flexible and key not in _HEADER_FLEXIBLE_SINCE_VERSION_0)
        return header.int32(correlation).tags().parts + body.parts


def versions(handlers: Handlers, error: ErrorCode, *, version: int = 0) -> WireWriter:
    """Return the response with the supported requests and versions."""
    answer = WireWriter(flexible=version >= VERSIONS_FLEXIBLE_SINCE).int16(error)

    def supported(api: Api) -> None:
        answer.int16(api).int16(handlers[api].lowest).int16(handlers[api].highest)

    answer.structs(handlers, supported)
    return answer.int32(0) if version >= 1 else answer


VERSIONS_FLEXIBLE_SINCE = 3
