"""The broker of ``zyenta up``: Kafka's protocol without Java, Docker or a download (ADR 0001)."""

import os
import sys
from pathlib import Path

from infra.embedded import logbroker
from infra.embedded.process import LOOPBACK, accepts_connections, free_port
from infra.embedded.server import EmbeddedServer
from infra.embedded.services import surroundings

_START_SECONDS = 30


class EmbeddedBroker(EmbeddedServer):
    """One ``logbroker`` process on a free loopback port.

    What it acknowledged survives ``kill`` and restarts, but it holds no truth: wiped, the log is
    republished from the event store.
    """

    name = "embedded broker"
    _log_name = "broker.log"
    _stop_seconds = 10
    _beats = True

    @property
    def bootstrap_servers(self) -> str:
        """``host:port`` for clients; known from the first ``start`` on."""
        return f"{LOOPBACK}:{self._port}"

    async def start(self) -> None:
        """Return once a client can create a topic; on an unused port if none was given.

        Raises:
            ServerFailed: it died or did not answer in time.
        """
        if not self.running:
            await self._start_with(lambda: self._start_on(self._port or free_port()), ports_chosen=bool(self._port))

    async def _start_on(self, port: int) -> None:
        command = [sys.executable, "-m", logbroker.__name__, str(self._data_dir.absolute() / "log"), str(port)]
        # The child must find our packages whatever its working directory is, installed or not.
        root = str(Path(logbroker.__file__).parents[3])
        path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
        self._process.launch(command, env={**surroundings(os.environ), "PYTHONPATH": path})
        await self._process.wait_until(lambda: accepts_connections(port), seconds=_START_SECONDS)
        self._port = port
