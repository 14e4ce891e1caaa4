"""What the embedded servers have in common: data of their own, a loopback port, and a process that ends with ours."""

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
        data_dir: belongs to this server alone: what it holds, its configuration and its output.
        port: the clients' port; 0 picks a free one at the first start and keeps it.
    """

    name: ClassVar[str]
    _log_name: ClassVar[str]
    _stop_signal: ClassVar[signal.Signals] = signal.SIGTERM
    """Makes it end in order."""
    _stop_seconds: ClassVar[float]
    _death_signal: ClassVar[signal.Signals] = signal.SIGKILL
    """Ends it, with all it has started, as a crash would."""
    _beats: ClassVar[bool] = False
    """Whether it calls :func:`infra.embedded.heartbeat.beat`."""

    def __init__(self, data_dir: Path, *, port: int = 0) -> None:
        self._data_dir = data_dir
        self._port = port
        self._process = ChildProcess(
            self.name, log_file=data_dir / self._log_name, death_signal=self._death_signal, beats=self._beats
        )

    @property
    def port(self) -> int:
        """The clients' port; known from the first ``start`` on."""
        return self._port

    @property
    def log_file(self) -> Path:
        """Where its output goes."""
        return self._process.log_file

    @property
    def running(self) -> bool:
        """Whether it is alive; a paused one is."""
        return self._process.running

    @property
    def process(self) -> ChildProcess:
        """Its process, for whoever watches it."""
        return self._process

    @property
    def pid(self) -> int:
        """Its process id.

        Raises:
            ServerFailed: it does not run.
        """
        return self._process.pid

    async def stop(self) -> None:
        """Let it finish what it does, write what it holds, and end."""
        await self._process.stop(self._stop_signal, grace=self._stop_seconds)

    async def kill(self) -> None:
        """End it as a crash would."""
        await self._process.kill()

    def pause(self) -> None:
        """Freeze it with SIGSTOP: connections stay open and nobody answers."""
        self._process.pause()

    def resume(self) -> None:
        """Let a paused one go on."""
        self._process.resume()

    async def wipe(self) -> None:
        """Kill it if it runs and delete all it holds; the next start is an empty one on the same port."""
        await self.kill()
        await asyncio.to_thread(shutil.rmtree, self._data_dir, ignore_errors=True)

    async def _start_with(self, start: Callable[[], Awaitable[None]], *, ports_chosen: bool) -> None:
        """Start it; once more where somebody else may have taken the free ports that it was to have.

        Raises:
            ServerFailed: it died or did not answer in time.
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
