"""A real language model on this machine: a small model behind a server that speaks OpenAI's protocol."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from infra.embedded.process import free_port
from infra.setup.local_model import SERVE, local_model_directory, model_file
from tests.support.requirements import missing

NAME = "smollm2"
START_SECONDS = 90


@asynccontextmanager
async def running_model() -> AsyncIterator[str]:
    """Run the model; yield OpenAI's base URL of it. Skip the test if it is not on this machine."""
    directory = local_model_directory()
    if not directory.exists():
        missing("A local language model", f"there is no {directory}; run: make tools")
    port = free_port()
    server = subprocess.Popen(  # noqa: ASYNC220 - starts at once
        [sys.executable, "-c", SERVE, str(model_file()), str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(directory)},
    )
    try:
        await _answers(f"http://127.0.0.1:{port}/health", server)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.kill()
        server.communicate()


async def _answers(url: str, server: "subprocess.Popen[bytes]") -> None:
    async with httpx.AsyncClient(trust_env=False) as client, asyncio.timeout(START_SECONDS):
        while True:
            assert server.poll() is None, "the model server ended while it started"
            try:
                if (await client.get(url)).is_success:
                    return
            except httpx.HTTPError:
                pass
            await asyncio.sleep(0.2)
