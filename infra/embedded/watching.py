"""Watchers: each restarts one part of the platform when it ends, and replaces it when it hangs."""

import asyncio
import logging
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from infra.embedded.broker import EmbeddedBroker
from infra.embedded.fork_server import ForkServer
from infra.embedded.postgres import EmbeddedPostgres
from infra.embedded.process import ChildProcess, ServerFailed

LOOK_SECONDS = 0.5
PATIENCE_SECONDS = 6.0
"""Silence after which a process is replaced."""
LONGEST_PATIENCE_SECONDS = 60.0
STARTING_SECONDS = 60.0
"""Silence after which a process that never beat is replaced."""
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0
STABLE_SECONDS = 60.0
"""A part that ran this long is restarted without a pause, and its limit of silence is reset."""
NOT_YET_SECONDS = 1.0
"""Pause after a failed start, because memory, disk or files may be available again later."""

logger = logging.getLogger(__name__)


class Service:
    """One service and its process.

    Args:
        name: name for messages.
        log_file: file for its output.
        launch: starts the process; an :class:`OSError` means that retrying may help.
    """

    def __init__(self, name: str, *, log_file: Path, launch: Callable[[ChildProcess], None]) -> None:
        self.name = name
        # Death signal SIGKILL: every service survives a kill, and could not stop in order without its servers.
        self.process = ChildProcess(name, log_file=log_file, beats=True)
        self._launch = launch

    def launch(self) -> None:
        """Start the process.

        Raises:
            OSError: the process cannot be started; retrying may help.
        """
        self._launch(self.process)

    async def start(self) -> None:
        """See :meth:`launch`."""
        self.launch()


async def watch(name: str, part: Service | ForkServer | EmbeddedPostgres | EmbeddedBroker) -> None:
    """Keep a part running until cancelled: restart it when it ends, replace it when it hangs.

    The pause before a restart grows if the part ends repeatedly, and so does the limit of silence if it hangs repeatedly.
    PostgreSQL and the fork server do not beat; they are replaced only if they end or a signal has stopped them. PostgreSQL has
    a process per connection, and a slow one must not end the others.
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
            logger.warning("%s hangs: it has been silent for more than %.0f s and is replaced now.", name, patience)
            patience = min(LONGEST_PATIENCE_SECONDS, 2 * patience)
        else:
            logger.warning("%s ended unexpectedly", name)
        logger.warning("%s restarts in %.1f s", name, pause)
        await asyncio.sleep(pause)
        pause = min(LONGEST_PAUSE_SECONDS, 2 * pause or FIRST_PAUSE_SECONDS)
        started = time.monotonic()
        try:
            await part.process.kill()  # no-op if it ended by itself
            await part.start()
        except (ServerFailed, OSError, subprocess.TimeoutExpired) as error:
            logger.warning("%s cannot be restarted yet: %s", name, error)
            await asyncio.sleep(NOT_YET_SECONDS)
