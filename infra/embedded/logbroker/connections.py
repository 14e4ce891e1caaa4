"""One client's connection: it answers requests in their order and bounds their time and size."""

import asyncio
import logging
import struct
import time
from collections.abc import Sequence
from contextlib import suppress

from infra.embedded.logbroker.access import Listener, Session
from infra.embedded.logbroker.handling import Caller, Handlers
from infra.embedded.logbroker.login_requests import BEFORE_LOGIN
from infra.embedded.logbroker.wire import Api, ErrorCode, Malformed, Reader, Writer, name_of

logger = logging.getLogger(__name__)

_CLOSE_SECONDS = 2.0
_LONGEST_CLIENT_ID = 200
"""Answers about a group repeat it."""
_LOGIN_BYTES = 16 * 1024
"""A request of a client that has still to log in."""
_HEADER_FLEXIBLE_SINCE_VERSION_0 = frozenset({Api.API_VERSIONS})
_LOGGED_EVERY_SECONDS = 1.0


class Complaints:
    """Log lines about clients that misbehave: at most one a second, so that they cannot fill the disk."""

    def __init__(self) -> None:
        self._next = 0.0
        self._held_back = 0

    def log(self, message: str, *values: object) -> None:
        """Log a warning, unless another one was logged just now."""
        now = time.monotonic()
        if now < self._next:
            self._held_back += 1
            return
        if self._held_back:
            logger.warning("%d more connections were closed or refused since the last line", self._held_back)
        logger.warning(message, *values)
        self._next, self._held_back = now + _LOGGED_EVERY_SECONDS, 0


class Connection:
    """One client from its connecting to its end."""

    def __init__(
        self,
        listener: Listener,
        handlers: Handlers,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        complaints: Complaints,
    ) -> None:
        self._handlers = handlers
        self._limits = listener.limits
        self._reader = reader
        self._writer = writer
        self._complaints = complaints
        self._session = Session(listener, str((writer.get_extra_info("peername") or ("unknown",))[0]))
        self._opened = self.last_request = asyncio.get_running_loop().time()

    @property
    def worth(self) -> tuple[bool, float]:
        """Who must make room for another client: first those that have not logged in, then those silent for longest."""
        return self._session.may_ask, self.last_request

    async def converse(self) -> None:
        """Answer until the client hangs up, says something we do not understand, or is too slow."""
        try:
            while True:
                answer = await self._answer(Reader(await self._frame()))
                if answer is not None:
                    await self._send(answer)
                if self._session.refused:
                    self._complaints.log("a log-in from %s failed", self._session.host)
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        except TimeoutError:
            self._complaints.log("closing a connection from %s: too slow", self._session.host)
        except Malformed as error:
            self._complaints.log("closing a connection from %s: %s", self._session.host, error)

    async def close(self, *, at_once: bool) -> None:
        """End the connection; a client that does not take its last answer does not hold it open."""
        self._writer.close()
        if not at_once:
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await self._writer.wait_closed()
        self._writer.transport.abort()

    async def _frame(self) -> bytes:
        """The next request's bytes; nothing is reserved for a size that is only claimed."""
        loop = asyncio.get_running_loop()
        until = (
            loop.time() + self._limits.idle_seconds
            if self._session.may_ask
            else self._opened + self._limits.log_in_seconds
        )
        async with asyncio.timeout_at(until):
            (size,) = struct.unpack(">i", await self._reader.readexactly(4))
        largest = self._limits.request_bytes if self._session.may_ask else _LOGIN_BYTES
        if not 0 < size <= largest:
            raise Malformed(f"a request of {size} bytes; at most {largest} are taken here")
        arrived = self._transferred(size)
        async with asyncio.timeout_at(arrived if self._session.may_ask else min(until, arrived)):
            frame = await self._reader.readexactly(size)
        self.last_request = loop.time()
        return frame

    async def _send(self, answer: Sequence[bytes]) -> None:
        size = sum(map(len, answer))
        self._writer.writelines([struct.pack(">i", size), *answer])
        async with asyncio.timeout_at(self._transferred(size)):
            await self._writer.drain()

    def _transferred(self, size: int) -> float:
        """When a request or an answer of this size must be through."""
        seconds = self._limits.transfer_seconds + size / self._limits.slowest_bytes_per_second
        return asyncio.get_running_loop().time() + seconds

    async def _answer(self, request: Reader) -> list[bytes] | None:
        """The response to one request; None where the client wants none."""
        key, version, correlation = request.int16(), request.int16(), request.int32()
        if key not in self._handlers:
            raise Malformed(f"{name_of(key)} is not spoken here")
        handler = self._handlers[Api(key)]
        if not self._session.may_ask and key not in BEFORE_LOGIN:
            raise Malformed(f"{name_of(key)} was asked before a log-in")
        if not handler.lowest <= version <= handler.highest:
            if key == Api.API_VERSIONS:
                # A newer client asks in a newer version first and expects this answer in the oldest one.
                return Writer().int32(correlation).parts + versions(self._handlers, ErrorCode.UNSUPPORTED_VERSION).parts
            raise Malformed(
                f"{name_of(key)} version {version} is not spoken here, only {handler.lowest} to {handler.highest}"
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
        header = Writer(flexible=request.flexible and key not in _HEADER_FLEXIBLE_SINCE_VERSION_0)
        return header.int32(correlation).tags().parts + body.parts


def versions(handlers: Handlers, error: ErrorCode, *, version: int = 0) -> Writer:
    """Which requests are spoken in which versions, in a version of that answer."""
    answer = Writer(flexible=version >= VERSIONS_FLEXIBLE_SINCE).int16(error)

    def spoken(api: Api) -> None:
        answer.int16(api).int16(handlers[api].lowest).int16(handlers[api].highest)

    answer.structs(handlers, spoken)
    return answer.int32(0) if version >= 1 else answer


VERSIONS_FLEXIBLE_SINCE = 3
