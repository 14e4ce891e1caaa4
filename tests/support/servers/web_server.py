"""A real server on a free port, and a client that writes raw bytes."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from starlette.types import ASGIApp

from infra.web.protocols import ConnectionLimits
from infra.web.server import make_server


@asynccontextmanager
async def served(
    app: ASGIApp,
    limits: ConnectionLimits | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    lifespan: str = "off",
) -> AsyncIterator[int]:
    """Serve an application as the platform does; return the port, a free one if it is 0."""
    server = make_server(app, host, port, limits or ConnectionLimits(), lifespan=lifespan, timeout_graceful_shutdown=1)
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(60):
        while not server.started:
            await asyncio.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await serving


async def answer_to(port: int, sent: bytes, *, local: str = "127.0.0.1") -> bytes:
    """Send bytes and return all that comes until the server closes; empty if it closes without an answer.

    Args:
        port: the server's, on 127.0.0.1.
        sent: the bytes.
        local: the address that they come from.
    """
    async with asyncio.timeout(60):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(local, 0))
        try:
            writer.write(sent)
            return await reader.read()
        except ConnectionError:
            return b""
        finally:
            writer.close()


async def hang_up_after(port: int, sent: bytes) -> None:
    """Send bytes and break the connection off."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    await writer.drain()
    writer.transport.abort()


class _Kept(logging.Handler):
    def __init__(self, records: list[logging.LogRecord]) -> None:
        super().__init__(logging.WARNING)
        self._records = records

    def emit(self, record: logging.LogRecord) -> None:
        self._records.append(record)


@contextmanager
def complaints(*loggers: str) -> Iterator[list[logging.LogRecord]]:
    """Return the list of warnings and errors that these loggers, and those below them, write inside the block."""
    records: list[logging.LogRecord] = []
    handler = _Kept(records)
    for name in loggers:
        logging.getLogger(name).addHandler(handler)
    try:
        yield records
    finally:
        for name in loggers:
            logging.getLogger(name).removeHandler(handler)
