"""The broker of ``zyenta up``: Kafka's protocol without Java, Docker or a download (ADR 0001)."""

import asyncio
import os
import shutil
import signal
import sys
from pathlib import Path

from infra.embedded import logbroker
from infra.embedded.process import LOOPBACK, ChildProcess, ServerFailed, accepts_connections, free_port

_START_SECONDS = 30
_STOP_SECONDS = 10
_PORT_ATTEMPTS = 3


class EmbeddedBroker:
    """One ``logbroker`` process on a free loopback port.

    What it acknowledged survives ``kill`` and restarts, but it holds no truth: wiped, the log is
    republished from the event store.

    Args:
        data_dir: belongs to this broker alone: its logs, state and output.
        port: the clients' port; 0 picks a free one at the first start and keeps it.
    """

    name = "embedded broker"

    def __init__(self, data_dir: Path, *, port: int = 0) -> None:
        self._data_dir = data_dir
        self._port = port
        self._process = ChildProcess(self.name, log_file=data_dir / "broker.log")

    @property
    def bootstrap_servers(self) -> str:
        """``host:port`` for clients; known from the first ``start`` on."""
        return f"{LOOPBACK}:{self._port}"

    @property
    def running(self) -> bool:
        """Whether the process is alive; a paused one is."""
        return self._process.running

    @property
    def pid(self) -> int:
        """The broker's process id."""
        return self._process.pid

    async def start(self) -> None:
        """Return once a client can create a topic; on an unused port if none was given.

        Raises:
            ServerFailed: it died or did not answer in time.
        """
        if self.running:
            return
        attempts = 1 if self._port else _PORT_ATTEMPTS
        for attempt in range(1, attempts + 1):
            try:
                await self._start_on(self._port or free_port())
            except ServerFailed:
                await self.kill()
                if attempt == attempts:
                    raise
            else:
                return

    async def stop(self) -> None:
        """Let it finish what it is answering and end."""
        await self._process.stop(signal.SIGTERM, grace=_STOP_SECONDS)

    async def kill(self) -> None:
        """SIGKILL, as a crash would end it."""
        await self._process.kill()

    def pause(self) -> None:
        """Freeze it with SIGSTOP: connections stay open and nobody answers."""
        self._process.pause()

    def resume(self) -> None:
        """Let a paused broker go on."""
        self._process.resume()

    async def wipe(self) -> None:
        """Kill it if it runs and delete all it holds; the next start is a new cluster on the same port."""
        await self.kill()
        await asyncio.to_thread(shutil.rmtree, self._data_dir, ignore_errors=True)

    async def _start_on(self, port: int) -> None:
        command = [sys.executable, "-m", logbroker.__name__, str(self._data_dir.absolute() / "log"), str(port)]
        # The child must find our packages whatever its working directory is, installed or not.
        root = str(Path(logbroker.__file__).parents[3])
        path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
        self._process.launch(command, env={**os.environ, "PYTHONPATH": path})
        await self._process.wait_until(lambda: accepts_connections(port), seconds=_START_SECONDS)
        self._port = port
