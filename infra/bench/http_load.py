"""HTTP load on one server: a fixed number of connections, each with one request at a time.

The client parses only what it needs to find the end of a response, so that it takes little of the machine that it measures.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import cast

TIMEOUT_SECONDS = 30.0
READY_SECONDS = 60.0


class Connection(asyncio.Protocol):
    """One kept-alive connection. Responses must have a ``content-length``."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._response: asyncio.Future[tuple[int, bytes]] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head_end = self._buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return
        head = bytes(self._buffer[:head_end]).lower()
        _, _, rest = head.partition(b"content-length:")
        body_end = head_end + 4 + int(rest.split(b"\r\n", 1)[0])
        if len(self._buffer) < body_end:
            return
        body = bytes(self._buffer[head_end + 4 : body_end])
        del self._buffer[:body_end]
        if self._response is not None and not self._response.done():
            self._response.set_result((int(head[9:12]), body))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._response is not None and not self._response.done():
            self._response.set_exception(exc or ConnectionResetError("the server closed the connection"))

    async def send(self, request: bytes) -> tuple[int, bytes]:
        """Return the status and body of the response."""
        assert self._transport is not None
        self._response = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._response

    @property
    def is_open(self) -> bool:
        """Whether a request can be sent."""
        return self._transport is not None and not self._transport.is_closing()

    def close(self) -> None:
        """Close the connection."""
        if self._transport is not None:
            self._transport.close()


class Load:
    """Connections to one server that send requests as fast as it answers.

    Args:
        port: the server's port on this machine.
        connections: how many requests are under way at a time.
        requests: yields each request.
        check: raises :class:`infra.bench.figures.NoFigures` for a wrong response.
    """

    def __init__(
        self, port: int, connections: int, requests: Iterator[bytes], check: Callable[[int, bytes], None]
    ) -> None:
        self._port, self._count, self._requests, self._check = port, connections, requests, check
        self._open: list[Connection] = []
        self.seconds: list[float] = []
        """Time of each response since the last :meth:`forget`."""

    async def run(self, until: float) -> int:
        """Send requests until a time of ``time.perf_counter``, and return the number of responses."""
        loop = asyncio.get_running_loop()
        # Servers close connections that were idle while others had their turns.
        self._open = [connection for connection in self._open if connection.is_open]
        while len(self._open) < self._count:
            self._open.append((await loop.create_connection(Connection, "127.0.0.1", self._port))[1])
        return sum(await asyncio.gather(*(self._one_by_one(each, until) for each in self._open)))

    async def _one_by_one(self, connection: Connection, until: float) -> int:
        done = 0
        while (began := time.perf_counter()) < until:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                status, body = await connection.send(next(self._requests))
            self.seconds.append(time.perf_counter() - began)
            self._check(status, body)
            done += 1
        return done

    def close(self) -> None:
        """Close the connections."""
        for connection in self._open:
            connection.close()


@contextmanager
def closing_all(*loads: Load) -> Iterator[None]:
    """Close the connections at the end."""
    try:
        yield
    finally:
        for load in loads:
            load.close()


def post(path: str, body: bytes, **headers: str) -> bytes:
    """Return a JSON request. An underscore in a header's name stands for a hyphen."""
    kind = {"host": "localhost", "content-type": "application/json", "content-length": str(len(body))}
    return _head("POST", path, kind | headers) + body


def get(path: str, **headers: str) -> bytes:
    """Return a request for a page; see :func:`post` for the names of headers."""
    return _head("GET", path, headers)


def _head(method: str, path: str, headers: Mapping[str, str]) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


async def until_open(port: int) -> None:
    """Wait until a server of this machine accepts connections."""
    deadline = time.perf_counter() + READY_SECONDS
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            if time.perf_counter() > deadline:
                raise
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
