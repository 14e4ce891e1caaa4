"""Starts the whole platform as one process tree, keeps it running, and ends it cleanly."""

import asyncio
import fcntl
import json
import logging
import os
import secrets
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from infra.adapters.reachability import require_broker, require_database
from infra.embedded.addresses import Addresses
from infra.embedded.broker import EmbeddedBroker
from infra.embedded.postgres import EmbeddedPostgres
from infra.embedded.process import LOOPBACK, ChildProcess, ServerFailed, accepts_connections
from infra.settings import BadSettings, variables
from schemas.broker_address import address_variables

SERVICES: Mapping[str, tuple[str, ...]] = {
    "web": ("gateway", "storefront", "sandbox"),
    "log": ("publisher", "projectors"),
    "agents": ("consumers",),
    "imager": ("imager",),
}
"""Which roles share a process. In production each role is a process of its own; here memory counts."""

ASKING = frozenset({"agents", "imager"})
"""Those who ask the sandbox for photos and listings: they end first, or their last questions would find nobody there."""

READY_SECONDS = 60
WATCH_SECONDS = 0.25
NOT_YET_SECONDS = 1.0
"""How long what could not be started again is left alone: memory, disk or files may be back by then."""

log = logging.getLogger(__name__)


class AlreadyRunning(Exception):
    """Another platform uses the data directory."""

    def __init__(self, data_dir: Path) -> None:
        super().__init__(
            f"Zyenta already runs on {data_dir}. Stop it with Ctrl-C in its terminal, "
            "or choose another directory with ZYENTA_DATA_DIR."
        )


class Supervisor:
    """One running platform: PostgreSQL and a broker unless real ones are configured, and our services.

    Args:
        data_dir: everything it keeps, the ports it answers on included.
        database_url: a PostgreSQL that runs already.
        bootstrap_servers: a broker that runs already.
        ports: those that are configured, by the role in the group ``web``; the others are chosen once and kept.
        public: under which address others reach such a role, where that is configured; the storefront has a domain.
        former_sandboxes: where photos were imported from before this data directory had an address of its own for them.
        master_keys: those that are configured, the current one first; none: one is made in the data directory.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        database_url: str | None = None,
        bootstrap_servers: str | None = None,
        ports: Mapping[str, int] | None = None,
        public: Mapping[str, str] | None = None,
        former_sandboxes: Sequence[str] = (),
        master_keys: Sequence[str] = (),
    ) -> None:
        self.data_dir = data_dir
        self._database_url = database_url
        self._bootstrap_servers = bootstrap_servers
        self._configured_ports = ports or {}
        self._public = public or {}
        self._former_sandboxes = former_sandboxes
        self._master_keys = master_keys
        self._postgres: EmbeddedPostgres | None = None
        self._broker: EmbeddedBroker | None = None
        self._children: dict[str, ChildProcess] = {}
        self._lock: IO[str] | None = None
        self._watcher: asyncio.Task[None] | None = None
        self.ports: dict[str, int] = {}
        self.environment: dict[str, str] = {}

    @property
    def has_begun(self) -> bool:
        """Whether there is anything in the data directory: a server's data, or a platform that runs."""
        return any((self.data_dir / name).exists() for name in ("postgres", "broker", "running.json"))

    @property
    def readers_address(self) -> str:
        """Where analysts read the log: the embedded broker's listener without a log-in, or the configured broker."""
        return self._broker.readers_address if self._broker is not None else str(self._bootstrap_servers)

    @property
    def gateway_url(self) -> str:
        """The gateway's address on this machine."""
        return _loopback(self.ports["gateway"])

    async def start(self, services: Sequence[str] = tuple(SERVICES)) -> None:
        """Return once every part answers.

        Args:
            services: which groups of ``SERVICES`` to start; none starts the servers alone.

        Raises:
            BadSettings: there can be no such data directory.
            AlreadyRunning: the data directory is in use.
            Unreachable: a server that is configured does not answer.
            ServerFailed: a part did not start; the message ends with its log, or says what is wrong with its files.
        """
        try:
            # Open to pass through, for PostgreSQL under another user; what is secret in it is closed by itself.
            self.data_dir.mkdir(parents=True, exist_ok=True, mode=0o711)
            self._take_lock()
        except OSError as error:
            raise BadSettings(
                f"ZYENTA_DATA_DIR is {str(self.data_dir)!r}, which cannot be used ({error.strerror}). "
                "Name a directory that is there or can be made, and written to."
            ) from error
        try:
            if self._database_url is not None:
                await require_database(self._database_url)
            if self._bootstrap_servers is not None:
                await require_broker(self._bootstrap_servers)
            addresses = Addresses(self.data_dir / "ports.json", self._configured_ports)
            await asyncio.gather(self._start_postgres(addresses), self._start_broker(addresses))
            self.ports = {role: await addresses.choose(role) for role in SERVICES["web"] if "web" in services}
            self._choose_environment(addresses)
            for name in services:
                self._launch(name)
            if "web" in services:
                await self._until_ready()
        except OSError as error:
            await self.stop()
            raise ServerFailed(f"The platform cannot start in {self.data_dir} ({error}).") from error
        except BaseException:
            await self.stop()
            raise
        self._watcher = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """End everything in order: whoever asks before whoever answers, our services before servers. Nothing is left."""
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.gather(self._watcher, return_exceptions=True)
            self._watcher = None
        asking = [child for name, child in self._children.items() if name in ASKING]
        answering = [child for name, child in self._children.items() if name not in ASKING]
        for children in (asking, answering):
            await asyncio.gather(*(child.stop(signal.SIGTERM, grace=8) for child in children))
        self._children.clear()
        servers = [server for server in (self._broker, self._postgres) if server is not None]
        await asyncio.gather(*(server.stop() for server in servers))
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def pids(self) -> dict[str, int]:
        """The process id of every service that runs."""
        return {name: child.pid for name, child in self._children.items() if child.running}

    def _take_lock(self) -> None:
        # The kernel lets go of it when this process ends, however it ends.
        self._lock = (self.data_dir / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            self._lock = None
            raise AlreadyRunning(self.data_dir) from None

    async def _start_postgres(self, addresses: Addresses) -> None:
        if self._database_url is None:
            self._postgres = EmbeddedPostgres(self.data_dir / "postgres", port=await addresses.usable("PostgreSQL"))
            await self._postgres.start()
            addresses.remember("PostgreSQL", self._postgres.port)
            self._database_url = self._postgres.dsn

    async def _start_broker(self, addresses: Addresses) -> None:
        if self._bootstrap_servers is None:
            self._broker = EmbeddedBroker(
                self.data_dir / "broker",
                port=await addresses.usable("broker"),
                writing_port=await addresses.usable("broker (platform)"),
            )
            await self._broker.start()
            addresses.remember("broker", self._broker.port)
            addresses.remember("broker (platform)", self._broker.writing_port)
            self._bootstrap_servers = self._broker.bootstrap_servers

    def _choose_environment(self, addresses: Addresses) -> None:
        assert self._database_url is not None
        assert self._bootstrap_servers is not None
        self.environment = {
            **os.environ,
            "DATABASE_URL": self._database_url,
            **address_variables(self._bootstrap_servers),
            "ZYENTA_DATA_DIR": str(self.data_dir),
        }
        # Where the port of a configured address is somebody else's, that address does not lead here.
        public = {role: address for role, address in self._public.items() if role not in addresses.moved}
        for role, port in self.ports.items():
            self.environment[f"ZYENTA_{role.upper()}_PORT"] = str(port)
        if self.ports:
            sandbox = public.get("sandbox", _loopback(self.ports["sandbox"]))
            formers = [*self._former_sandboxes, *(_loopback(port) for port in addresses.known("sandbox"))]
            self.environment |= {
                "ZYENTA_GATEWAY_URL": public.get("gateway", self.gateway_url),
                "ZYENTA_STOREFRONT_DOMAIN": public.get("storefront", f"localhost:{self.ports['storefront']}"),
                "ZYENTA_SANDBOX_URL": sandbox,
                "ZYENTA_SANDBOX_FORMER_URLS": ",".join(dict.fromkeys(url for url in formers if url != sandbox)),
            }
        self.environment["ZYENTA_MASTER_KEYS"] = ",".join(keys_of(self.data_dir, self._master_keys))
        self._announce()

    def _announce(self) -> None:
        """Leave the settings where other commands find them, readable by the owner only: keys are among them.

        All that are set, also those from our own environment: a command in another shell has another one.
        """
        names = variables()
        ours = {name: value for name, value in self.environment.items() if name in names and value}
        path = self.data_dir / "running.json"
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(ours, file)

    def _launch(self, name: str) -> None:
        # Killed outright if we die: every service is made to bear that, and none could end well without its servers.
        child = self._children.get(name) or ChildProcess(name, log_file=self.data_dir / "logs" / f"{name}.log")
        self._children[name] = child
        # Services start several times faster from compiled modules, so a setting against keeping those is not handed on.
        self.environment.pop("PYTHONDONTWRITEBYTECODE", None)
        child.launch([sys.executable, "-m", "infra.cli", "run", *SERVICES[name]], env=self.environment)

    async def _until_ready(self) -> None:
        async def all_answer() -> bool:
            return all([await accepts_connections(port) for port in self.ports.values()])

        await self._children["web"].wait_until(all_answer, seconds=READY_SECONDS)

    async def _watch(self) -> None:
        """Start again whatever died. A part that keeps dying is started less and less often."""
        pauses: dict[str, float] = {}
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            for name, server in (("postgres", self._postgres), ("broker", self._broker)):
                if server is not None and not server.running:
                    log.warning("%s died and is started again", name)
                    try:
                        await server.start()
                    except (ServerFailed, OSError) as error:
                        await self._not_yet(name, error)
            for name, child in self._children.items():
                if not child.running:
                    pause = pauses.get(name, 0.0)
                    log.warning("%s died and is started again in %.1f s", name, pause)
                    await asyncio.sleep(pause)
                    pauses[name] = min(5.0, pause * 2 or 0.2)
                    try:
                        self._launch(name)
                    except OSError as error:
                        await self._not_yet(name, error)

    async def _not_yet(self, name: str, error: Exception) -> None:
        log.warning("%s cannot be started again yet: %s", name, error)
        await asyncio.sleep(NOT_YET_SECONDS)


def _loopback(port: int) -> str:
    return f"http://{LOOPBACK}:{port}"


def keys_of(data_dir: Path, configured: Sequence[str]) -> list[str]:
    """Return the platform's keys, the current one first.

    A data directory that began without a configured key has one of its own, in a file that its owner alone can read. It
    stays among the keys when another is configured: what it has sealed must be opened.
    """
    path = data_dir / "master.key"
    if not configured and not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
    own = [path.read_text().strip()] if path.exists() else []
    return list(dict.fromkeys([*configured, *own]))
