"""The servers of the bench ``storefront``: ``python -m infra.bench.storefront_server NAME PORT BODY_FILE STORE``."""

import asyncio
import signal
import sys
from pathlib import Path
from uuid import UUID

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from infra.bootstrap import open_platform, storefront_app
from infra.bootstrap.lifecycle import serve
from infra.bootstrap.roles import connection_limits
from infra.event_loop import new_runner
from infra.settings import read_settings
from projections.reading.paging import Reader
from projections.reading.revisions import revision_of


def bare_app(db: Reader, body_file: Path, store_id: UUID) -> ASGIApp:
    """Return an application that reads a revision and sends the bytes of a file."""
    tenants = (("catalog", store_id), ("merchants", store_id))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - the signature of ASGI
        if scope["type"] != "http":
            return
        await revision_of(db, tenants)
        body = _body(body_file)
        headers = [
            (b"content-type", b"text/html; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"private, no-cache"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


_bodies: dict[Path, bytes] = {}


def _body(path: Path) -> bytes:
    if path not in _bodies:
        _bodies[path] = path.read_bytes()
    return _bodies[path]


async def run(name: str, port: int, body_file: Path, store_id: UUID) -> None:
    """Serve until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    settings = read_settings()
    async with open_platform(settings, migrated=False) as platform:
        if name != "ceiling":
            await serve(await storefront_app(platform), "127.0.0.1", port, stop, connection_limits(settings))
            return
        app = bare_app(await platform.readers(), body_file, store_id)
        config = uvicorn.Config(
            app, host="127.0.0.1", port=port, log_config=None, access_log=False, lifespan="off", ws="none"
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve())
        await stop.wait()
        server.should_exit = True
        await serving


if __name__ == "__main__":
    with new_runner() as runner:
        runner.run(run(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), UUID(sys.argv[4])))
