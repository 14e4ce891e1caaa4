"""A gateway in a process of its own, on the database of a test's platform.

It prints its WebSocket address, and serves until its input ends.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.platforms.gateway import a_platform
from tests.support.servers.asgi import serving

ROOT = Path(__file__).parents[3]
START = """
import asyncio, sys, types
sys.path.insert(0, sys.argv[1])
tests = sys.modules["tests"] = types.ModuleType("tests")
tests.__path__ = [sys.argv[1] + "/tests"]
from tests.support.servers.gateway_process import main
asyncio.run(main(sys.argv[2]))
"""
"""The process's program. An installed package may have the name of this folder, which has no ``__init__``."""


class NoWait:
    """Waits for no read model: the test's own process writes them."""

    async def wait(self, _token: object) -> None:
        return


async def main(database: str) -> None:
    async with a_platform(database, is_new=False, barrier=NoWait()) as platform, serving(platform.app) as address:
        print(address, flush=True)  # noqa: T201 - how the test learns it
        await asyncio.to_thread(sys.stdin.read)


@asynccontextmanager
async def gateway_process(database: str) -> AsyncIterator[tuple[str, int]]:
    """Start a gateway; yield its address and its process id."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        START,
        str(ROOT),
        database,
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            address = (await process.stdout.readline()).decode().strip()
        assert address.startswith("ws://")
        yield address, process.pid
    finally:
        process.stdin.close()
        async with asyncio.timeout(60):
            await process.wait()
