"""Keeps one part of the platform running: starts it again when it died, and replaces it when it hangs."""

import asyncio
import logging
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from infra.embedded.broker import EmbeddedBroker
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
        self.process = ChildProcess(name, log_file=log_file, beats=True)
        self._command = command
        self._env = env

    def launch(self) -> None:
        """Start the process.

        Raises:
            OSError: it cannot be started; retrying may help.
        """
        # Killed outright if we die: every service is made to bear that, and none could end well without its servers.
        self.process.launch(self._command, env=self._env)

    async def start(self) -> None:
        """See :meth:`launch`."""
        self.launch()


async def watch(name: str, part: Service | EmbeddedPostgres | EmbeddedBroker) -> None:
    """Keep a part running until cancelled: start it again when it ended, replace it when it hangs.

    A part that ends again and again is started less and less often, and one that hangs again gets more patience.
    PostgreSQL does not beat and is judged by what the kernel says of it alone: it is a process for each connection, and
    one that is slow is no reason to end the others.
    """
    pause, patience = 0.0, PATIENCE_SECONDS
    started = time.monotonic()
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        if part.process.running:
            if time.monotonic() - started > STABLE_SECONDS:
                pause, patience = 0.0, PATIENCE_SECONDS
            if part.process.silent_seconds() <= (patience if part.process.has_beaten else STARTING_SECONDS):
                continue
            logger.warning("%s hangs: it has been silent for more than %.0f s. It is replaced.", name, patience)
            patience = min(LONGEST_PATIENCE_SECONDS, 2 * patience)
        else:
            logger.warning("%s died", name)
        logger.warning("%s is started again in %.1f s", name, pause)
        await asyncio.sleep(pause)
        pause = min(LONGEST_PAUSE_SECONDS, 2 * pause or FIRST_PAUSE_SECONDS)
        started = time.monotonic()
        try:
            await part.process.kill()  # no-op if it ended by itself
            await part.start()
        except (ServerFailed, OSError, subprocess.TimeoutExpired) as error:
            logger.warning("%s cannot be started again yet: %s", name, error)
            await asyncio.sleep(NOT_YET_SECONDS)
