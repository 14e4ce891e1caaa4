"""Keeps one part of the platform running: starts it again when it died, and replaces it when it hangs."""

import asyncio
import logging
import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from infra.embedded.broker import EmbeddedBroker
from infra.embedded.heartbeat import VARIABLE, Heartbeat, Silence, is_stopped
from infra.embedded.postgres import EmbeddedPostgres
from infra.embedded.process import ChildProcess, ServerFailed

LOOK_SECONDS = 0.25
PATIENCE_SECONDS = 6.0
"""Silence after which a process is replaced."""
LONGEST_PATIENCE_SECONDS = 60.0
STARTING_SECONDS = 60.0
"""Silence after which a process that never beat is replaced."""
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0
STABLE_SECONDS = 60.0
"""Who ran that long is started at once the next time, and watched with the first patience."""
NOT_YET_SECONDS = 1.0
"""How long what could not be started again is left alone: memory, disk or files may be back by then."""

logger = logging.getLogger(__name__)


class Service:
    """One supervised process of ours.

    Args:
        name: for messages, and of its log file.
        log_file: its output.
        command: what it runs.
        env: all of its environment.
    """

    def __init__(self, name: str, *, log_file: Path, command: Sequence[str], env: Mapping[str, str]) -> None:
        self.name = name
        self.process = ChildProcess(name, log_file=log_file)
        self._command = command
        self._env = env
        self._heartbeat: Heartbeat | None = None
        self._launched_at = 0.0
        self._pause = 0.0
        self._patience = PATIENCE_SECONDS

    def launch(self) -> None:
        """Start the process.

        Raises:
            OSError: it cannot be started; retrying may help.
        """
        # Killed outright if we die: every service is made to bear that, and none could end well without its servers.
        if self._heartbeat is not None:
            self._heartbeat.close()
        self._heartbeat = Heartbeat()
        pipe = self._heartbeat.write
        self.process.launch(self._command, env={**self._env, VARIABLE: str(pipe)}, pass_fds=(pipe,))
        self._heartbeat.close_write()
        self._launched_at = time.monotonic()

    async def watch(self) -> None:
        """Keep it running until cancelled. A process that keeps dying is started less and less often."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if self.process.running:
                if not self._hangs():
                    continue
                logger.warning("%s hangs: its event loop does not run. It is replaced.", self.name)
                await self.process.kill()
                self._patience = min(LONGEST_PATIENCE_SECONDS, 2 * self._patience)
            await self._start_again()

    async def stop(self, how: signal.Signals, *, grace: float) -> None:
        """End the process; see :meth:`ChildProcess.stop`."""
        await self.process.stop(how, grace=grace)
        if self._heartbeat is not None:
            self._heartbeat.close()
            self._heartbeat = None

    @property
    def has_beaten(self) -> bool:
        """Whether the present process has said that its event loop runs."""
        return self._heartbeat is not None and self._heartbeat.heard

    def _hangs(self) -> bool:
        if time.monotonic() - self._launched_at > STABLE_SECONDS:
            self._pause, self._patience = 0.0, PATIENCE_SECONDS
        if self._heartbeat is None:
            return False
        silent = self._heartbeat.silent_seconds(self.process.pid)
        return silent > (self._patience if self._heartbeat.heard else STARTING_SECONDS)

    async def _start_again(self) -> None:
        logger.warning("%s died and is started again in %.1f s", self.name, self._pause)
        await asyncio.sleep(self._pause)
        self._pause = min(LONGEST_PAUSE_SECONDS, 2 * self._pause or FIRST_PAUSE_SECONDS)
        try:
            self.launch()
        except OSError as error:
            await not_yet(self.name, error)


async def watch_server(name: str, server: EmbeddedPostgres | EmbeddedBroker) -> None:
    """Keep an embedded server running until cancelled.

    A server is judged by what the kernel says of it alone: it died, or a signal stopped it. PostgreSQL is a process for
    each connection, and one that is slow is no reason to end the others.
    """
    stopped = Silence()
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        if server.running:
            if not is_stopped(server.pid):
                stopped = Silence()
                continue
            if stopped.after_look(server.pid) <= PATIENCE_SECONDS:
                continue
            logger.warning("%s was stopped by a signal %.0f s ago and is replaced", name, PATIENCE_SECONDS)
            await server.kill()
            stopped = Silence()
        logger.warning("%s died and is started again", name)
        try:
            await server.start()
        except (ServerFailed, OSError) as error:
            await not_yet(name, error)


async def not_yet(name: str, error: Exception) -> None:
    """Say why a part cannot be started, and leave it alone for a moment."""
    logger.warning("%s cannot be started again yet: %s", name, error)
    await asyncio.sleep(NOT_YET_SECONDS)
