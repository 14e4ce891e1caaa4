"""On which loopback ports a data directory's platform answers: after every start on the same ones, if they are free.

Photos, pages and other people's scripts name them, so they are remembered beside the data.
"""

import asyncio
import json
import logging
import time
from collections.abc import Mapping
from pathlib import Path

from infra.embedded.private_files import write_private
from infra.embedded.process import free_port, is_free

_LEFTOVER_SECONDS = 5

logger = logging.getLogger(__name__)


class Addresses:
    """The ports of one data directory's parts, each by the part's name.

    Args:
        file: where they are remembered.
        configured: ports that somebody asked for; they come before the remembered ones.
        usual: ports for parts that have neither, if they are free.
    """

    def __init__(self, file: Path, configured: Mapping[str, int], usual: Mapping[str, int] | None = None) -> None:
        self._file = file
        self._configured = configured
        self._usual = usual or {}
        self._known: dict[str, list[int]] = json.loads(file.read_text()) if file.exists() else {}
        self._chosen: dict[str, int] = {}
        self.moved: set[str] = set()
        """Who is elsewhere than it was to be, because somebody else is there."""

    async def usable(self, part: str) -> int:
        """Return the port where this part was asked for, or was the last time; 0 if there is none or it is taken.

        What an earlier platform left behind when it was killed is given the time to end.
        """
        wanted = [port for port in self._wanted(part) if port not in self._chosen.values()]
        deadline = time.monotonic() + _LEFTOVER_SECONDS
        while wanted:
            for port in wanted:
                if is_free(port):
                    return port
            if time.monotonic() > deadline:
                break
            await asyncio.sleep(0.05)
        return 0

    async def choose(self, part: str) -> int:
        """Return the port for this part, another one if its own is taken, and remember it."""
        port = await self.usable(part)
        usual = self._usual.get(part, 0)
        if not port and not self._wanted(part) and usual and is_free(usual):
            port = usual
        while not port or port in self._chosen.values():
            port = free_port()
        self.remember(part, port)
        return port

    def remember(self, part: str, port: int) -> None:
        """Keep the port on which this part now is."""
        wanted = self._wanted(part)
        if wanted and port != wanted[0]:
            self.moved.add(part)
            logger.warning("Port %d is taken: %s is on port %d now.", wanted[0], part, port)
        self._chosen[part] = port
        self._known[part] = [port, *(former for former in self.known(part) if former != port)]
        write_private(self._file, json.dumps(self._known))

    def known(self, part: str) -> list[int]:
        """Return every port on which this part ever was, the last one first."""
        return self._known.get(part, [])

    def _wanted(self, part: str) -> list[int]:
        asked = [self._configured[part]] if part in self._configured else []
        return asked + self.known(part)[:1]
