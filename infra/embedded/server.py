"""Base of the embedded servers: their own data, a loopback port, and a process that ends with the parent."""

import asyncio
import shutil
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import ClassVar

from infra.embedded.process import ChildProcess, ServerFailed

_PORT_ATTEMPTS = 3


class EmbeddedServer:
    """One server process.

    Args:
        data_dir: data, configuration and output of this server alone.
        port: the clients' port. 0: choose a free one at the first start and keep it.
    """

    name: ClassVar[str]
    _log_name: ClassVar[str]
    _stop_signal: ClassVar[signal.Signals] = signal.SIGTERM
    """Signal that stops the server in order."""
    _stop_seconds: ClassVar[float]
    _death_signal: ClassVar[signal.Signals] = signal.SIGKILL
    """Signal that ends the server and its descendants as a crash would."""
    _beats: ClassVar[bool] = False
    """Whether the server calls :func:`infra.embedded.heartbeat.beat`."""

    def __init__(self, data_dir: Path, *, port: int = 0) -> None:
        self._data_dir = data_dir
        self._port = port
        self._process = ChildProcess(
            self.name, log_file=data_dir / self._log_name, death_signal=self._death_signal, beats=self._beats
        )

    @property
    def port(self) -> int:
        """The clients' port. Known after the first ``start``."""
        return self._port

    @property
    def log_file(self) -> Path:
        """The file with its output."""
        return self._process.log_file

    @property
    def running(self) -> bool:
        """Whether the server is alive. A paused server is."""
        return self._process.running

    @property
    def process(self) -> ChildProcess:
        """The process, for the watcher."""
        return self._process

    @property
    def pid(self) -> int:
        """The process id.

        Raises:
            ServerFailed: the server does not run.
        """
        return self._process.pid

    async def stop(self) -> None:
        """Stop the server in order: it finishes its work and flushes its data."""
        await self._process.stop(self._stop_signal, grace=self._stop_seconds)

    async def kill(self) -> None:
        """Kill the server, as a crash would."""
        await self._process.kill()

    def pause(self) -> None:
        """Freeze the server with SIGSTOP: connections stay open without answers."""
        self._process.pause()

    def resume(self) -> None:
        """Continue a paused server."""
        self._process.resume()

    async def wipe(self) -> None:
        """Kill the server if it runs, and delete its data. The next start is on the same port."""
        await self.kill()
        await asyncio.to_thread(shutil.rmtree, self._data_dir, ignore_errors=True)

    async def _start_with(self, start: Callable[[], Awaitable[None]], *, ports_chosen: bool) -> None:
        """Start the server. Retry with other ports if another program may have taken a free port.

        Raises:
            ServerFailed: the server died or did not answer in time.
        """
        attempts = 1 if ports_chosen else _PORT_ATTEMPTS
        for attempt in range(1, attempts + 1):
            try:
                await start()
            except ServerFailed:
                await self.kill()
                if attempt == attempts:
                    raise
            else:
                return
