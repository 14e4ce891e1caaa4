"""The loopback ports of a data directory's platform: the same after every start, if they are free.

Photos, pages and users' scripts refer to the ports, so they are stored next to the data.
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
    """The ports of one data directory, by name of the part.

    Args:
        file: where the ports are stored.
        configured: configured ports; they have precedence over stored ones.
        usual: ports for parts with neither, if they are free.
    """

    def __init__(self, file: Path, configured: Mapping[str, int], usual: Mapping[str, int] | None = None) -> None:
        self._file = file
        self._configured = configured
        self._usual = usual or {}
        self._known: dict[str, list[int]] = json.loads(file.read_text()) if file.exists() else {}
        self._chosen: dict[str, int] = {}
        self.moved: set[str] = set()
        """Parts that are not on their first port, because another program has it."""

    async def usable(self, part: str) -> int:
        """Return the configured or last port of a part; 0 if there is none or it is taken.

        Processes of a killed platform get a few seconds to end.
        """
        candidates = [port for port in self._candidates(part) if port not in self._chosen.values()]
        deadline = time.monotonic() + _LEFTOVER_SECONDS
        while candidates:
            for port in candidates:
                if is_free(port):
                    return port
            if time.monotonic() > deadline:
                break
            await asyncio.sleep(0.05)
        return 0

    async def choose(self, part: str) -> int:
        """Return a port for the part, another one if its own is taken, and store it."""
        port = await self.usable(part)
        usual = self._usual.get(part, 0)
        if not port and not self._candidates(part) and usual and is_free(usual):
            port = usual
        while not port or port in self._chosen.values():
            port = free_port()
        self.remember(part, port)
        return port

    def remember(self, part: str, port: int) -> None:
        """Store the port that the part now has."""
        candidates = self._candidates(part)
        if candidates and port != candidates[0]:
            self.moved.add(part)
            logger.warning("Port %d is taken: %s uses port %d now.", candidates[0], part, port)
        self._chosen[part] = port
        self._known[part] = [port, *(former for former in self.known(part) if former != port)]
        write_private(self._file, json.dumps(self._known))

    def known(self, part: str) -> list[int]:
        """Return every port that the part has had, the latest first."""
        return self._known.get(part, [])

    def _candidates(self, part: str) -> list[int]:
        configured = [self._configured[part]] if part in self._configured else []
        return configured + self.known(part)[:1]
