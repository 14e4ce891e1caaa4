"""The embedded broker of ``zyenta up``: Kafka's protocol without Java, Docker or a download (ADR 0001)."""

import os
import secrets
import sys
from pathlib import Path

from infra.embedded import logbroker
from infra.embedded.process import LOOPBACK, accepts_connections, free_port
from infra.embedded.server import EmbeddedServer
from infra.embedded.services import inherited_environment
from schemas.internal.broker_address import BrokerAddress, BrokerSecurity

_START_SECONDS = 30
_CREDENTIAL_FILE = "platform.secret"


class EmbeddedBroker(EmbeddedServer):
    """One ``logbroker`` process with two loopback ports: one is read-only for all clients, the platform writes on the other.

    Acknowledged records survive ``kill`` and restarts. The event store is the source of truth: after a wipe, the publisher
    fills the broker again.

    Args:
        data_dir: used by this broker alone. It contains the platform's password in a file that only the owner can read.
        port: the read-only port. 0: choose a free one at the first start and keep it.
        writing_port: the port where the platform logs in; 0 as for ``port``.
    """

    name = "embedded broker"
    _log_name = "broker.log"
    _stop_seconds = 10
    _beats = True

    def __init__(self, data_dir: Path, *, port: int = 0, writing_port: int = 0) -> None:
        super().__init__(data_dir, port=port)
        self._writing_port = writing_port
        self._password = ""

    @property
    def writing_port(self) -> int:
        """The port where the platform logs in. Known after the first ``start``."""
        return self._writing_port

    @property
    def bootstrap_servers(self) -> BrokerAddress:
        """The platform's address with its log-in. Known after the first ``start``."""
        security = BrokerSecurity(
            protocol="SASL_PLAINTEXT", mechanism="SCRAM-SHA-256", username=logbroker.USERNAME, password=self._password
        )
        return BrokerAddress(f"{LOOPBACK}:{self._writing_port}", security)

    @property
    def readers_address(self) -> str:
        """``host:port`` of the read-only listener, which needs no log-in. Known after the first ``start``."""
        return f"{LOOPBACK}:{self._port}"

    async def start(self) -> None:
        """Start the broker, on free ports by default, and return when a client can create a topic.

        Raises:
            ServerFailed: the broker died or did not answer in time.
        """
        if not self.running:

            async def start() -> None:
                await self._start_on(self._port or free_port(), self._writing_port or free_port())

            await self._start_with(start, ports_chosen=bool(self._port and self._writing_port))

    async def _start_on(self, port: int, writing_port: int) -> None:
        secret = self._write_secret()
        log = self._data_dir.absolute() / "log"
        ports = ["--reading-port", str(port), "--writing-port", str(writing_port)]
        command = [sys.executable, "-m", logbroker.__name__, str(log), *ports, "--secret", str(secret)]
        # The child must find our packages in every working directory, even if they are not installed.
        root = str(Path(logbroker.__file__).parents[3])
        path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
        self._process.launch(command, env={**inherited_environment(os.environ), "PYTHONPATH": path})

        async def answers() -> bool:
            return await accepts_connections(port) and await accepts_connections(writing_port)

        await self._process.wait_until(answers, seconds=_START_SECONDS)
        self._port, self._writing_port = port, writing_port

    def _write_secret(self) -> Path:
        """Return the file with the platform's password. A wiped file is written again, because clients still use the password."""
        path = self._data_dir.absolute() / _CREDENTIAL_FILE
        if path.exists():
            self._password = path.read_text().strip()
            return path
        self._password = self._password or secrets.token_hex(32)
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".unfinished")
        unfinished.unlink(missing_ok=True)
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(self._password)
        unfinished.replace(path)
        return path
