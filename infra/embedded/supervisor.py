"""The supervisor: it starts the platform as one process tree, keeps it running, and stops it in order."""

import asyncio
import fcntl
import json
import os
import secrets
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from infra.adapters.master_keys import MasterKeys
from infra.adapters.reachability import require_broker, require_database
from infra.embedded.addresses import Addresses
from infra.embedded.broker import EmbeddedBroker
from infra.embedded.database_roles import DatabaseUsers, prepare_users
from infra.embedded.fork_server import ForkServer, is_supported
from infra.embedded.postgres import EmbeddedPostgres, data_folder_mode
from infra.embedded.private_files import close_data_directory, open_private, write_private
from infra.embedded.process import LOOPBACK, ChildProcess, ServerFailed, accepts_connections
from infra.embedded.services import (
    SANDBOX_CLIENTS,
    SANDBOX_PURPOSE,
    SERVICES,
    WEB,
    environment_of,
    inherited_environment,
)
from infra.embedded.watching import Service, watch
from infra.settings import BadSettings
from schemas.internal.broker_address import address_variables

READY_SECONDS = 60
BROKER_PORT = "broker (platform)"
"""The name of the port at which the platform's own services reach the embedded broker."""

OWN_NAMES = (
    "postgres",
    "broker",
    "logs",
    "media",
    "handover",
    "lock",
    "ports.json",
    "ports.unfinished",
    "running.json",
    "master.key",
)
"""Names of the platform's files and folders in its data directory."""


class AlreadyRunning(Exception):
    """Another platform runs on the data directory."""

    def __init__(self, data_dir: Path) -> None:
        super().__init__(
            f"Zyenta already runs on {data_dir}. Stop it with Ctrl-C in its terminal, "
            "or choose another directory with ZYENTA_DATA_DIR."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """The configured parts of a platform. By default every part is embedded and chooses its own address."""

    database_url: str | None = None
    """A PostgreSQL server to use instead of the embedded one."""
    bootstrap_servers: str | None = None
    """A broker to use instead of the embedded one."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """All other configured settings by variable, passed to the services that need them."""
    ports: Mapping[str, int] = field(default_factory=dict)
    """Configured ports by service. The supervisor chooses the others once and remembers them."""
    usual_ports: Mapping[str, int] = field(default_factory=dict)
    """Ports by service, taken at the first start if they are free."""
    public_addresses: Mapping[str, str] = field(default_factory=dict)
    """Configured addresses by service, as clients use them. The storefront has a domain."""
    former_sandboxes: Sequence[str] = ()
    """Addresses from which photos were imported before this data directory had its own sandbox address."""
    master_keys: Sequence[str] = ()
    """Configured keys, the current one first. If empty, the data directory has its own key."""


class Supervisor:
    """One running platform: PostgreSQL and a broker, unless configured ones are used, and the services.

    Args:
        data_dir: the platform's data, including the ports that it uses.
        configuration: the configured parts.
    """

    def __init__(self, data_dir: Path, configuration: Configuration | None = None) -> None:
        self.data_dir = data_dir
        self.configuration = configuration or Configuration()
        self._database_url = self.configuration.database_url
        self._bootstrap_servers = self.configuration.bootstrap_servers
        self._postgres: EmbeddedPostgres | None = None
        self._broker: EmbeddedBroker | None = None
        self._fork_server: ForkServer | None = None
        self._database_users: DatabaseUsers | None = None
        self._services: dict[str, Service] = {}
        self._lock: IO[bytes] | None = None
        self._watchers: list[asyncio.Task[None]] = []
        self.ports: dict[str, int] = {}
        self.environment: dict[str, str] = {}

    @property
    def has_begun(self) -> bool:
        """Whether the data directory has a server's data or a running platform."""
        return any((self.data_dir / name).exists() for name in ("postgres", "broker", "running.json"))

    @property
    def readers_address(self) -> str:
        """Address for readers of the log: the embedded broker's read-only listener, or the configured broker."""
        return self._broker.readers_address if self._broker is not None else str(self._bootstrap_servers)

    @property
    def gateway_url(self) -> str:
        """The gateway's address on this machine."""
        return _loopback(self.ports["gateway"])

    async def start(
        self, services: Sequence[str] = tuple(SERVICES), *, before_services: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        """Start all parts and return when every part answers.

        Args:
            services: names in ``SERVICES``. If empty, only the servers are started.
            before_services: runs when the servers answer and :attr:`environment` is known.

        Raises:
            BadSettings: the data directory cannot be used.
            AlreadyRunning: another platform runs on the data directory.
            Unreachable: a configured server does not answer.
            ServerFailed: a part did not start. The message ends with its log or names the unusable file.
        """
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True, mode=data_folder_mode())
            self._take_lock()
            close_data_directory(self.data_dir, OWN_NAMES, folder_mode=data_folder_mode())
        except OSError as error:
            raise BadSettings(
                f"ZYENTA_DATA_DIR is {str(self.data_dir)!r}, which cannot be used ({error.strerror}). "
                "Use a directory that can be created or written to."
            ) from error
        try:
            if self._database_url is not None:
                await require_database(self._database_url)
            if self._bootstrap_servers is not None:
                await require_broker(self._bootstrap_servers)
            addresses = Addresses(
                self.data_dir / "ports.json", self.configuration.ports, self.configuration.usual_ports
            )
            await asyncio.gather(
                self._start_postgres(addresses), self._start_broker(addresses), self._start_fork_server(services)
            )
            if services:
                self.ports = {name: await addresses.choose(name) for name in WEB}
            self._choose_environment(addresses)
            if before_services is not None:
                await before_services()
            for name in services:
                self._launch(name)
            await asyncio.gather(*(self._until_answers(name) for name in services if name in WEB))
        except OSError as error:
            await self.stop()
            raise ServerFailed(f"The platform cannot start in {self.data_dir} ({error}).") from error
        except BaseException:
            await self.stop()
            raise
        self._watch()

    async def stop(self) -> None:
        """Stop all processes in order: clients of the sandbox, other services, then the servers."""
        for watcher in self._watchers:
            watcher.cancel()
        await asyncio.gather(*self._watchers, return_exceptions=True)
        self._watchers.clear()
        clients = [service for name, service in self._services.items() if name in SANDBOX_CLIENTS]
        others = [service for name, service in self._services.items() if name not in SANDBOX_CLIENTS]
        for services in (clients, others):
            await asyncio.gather(*(service.process.stop(signal.SIGTERM, grace=8) for service in services))
        self._services.clear()
        if self._fork_server is not None:
            await self._fork_server.stop()
        servers = [server for server in (self._broker, self._postgres) if server is not None]
        await asyncio.gather(*(server.stop() for server in servers))
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def pids(self) -> dict[str, int]:
        """Process ids of the running services, by name."""
        return {name: service.process.pid for name, service in self._services.items() if service.process.running}

    def _take_lock(self) -> None:
        # The kernel releases the lock when this process ends for any reason.
        self._lock = open_private(self.data_dir / "lock", os.O_WRONLY)
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
            self._database_users = await prepare_users(self._postgres.dsn)
            self._database_url = self._database_users.services

    async def _start_broker(self, addresses: Addresses) -> None:
        if self._bootstrap_servers is None:
            self._broker = EmbeddedBroker(
                self.data_dir / "broker",
                port=await addresses.usable("broker"),
                writing_port=await addresses.usable(BROKER_PORT),
            )
            await self._broker.start()
            addresses.remember("broker", self._broker.port)
            addresses.remember(BROKER_PORT, self._broker.writing_port)
            self._bootstrap_servers = self._broker.bootstrap_servers

    async def _start_fork_server(self, services: Sequence[str]) -> None:
        if services and is_supported():
            # All its copies show this environment, so the directory tells which platform a process belongs to.
            environment = {**inherited_environment(os.environ), "ZYENTA_DATA_DIR": str(self.data_dir)}
            self._fork_server = ForkServer(log_file=self.data_dir / "logs" / "fork-server.log", env=environment)
            await self._fork_server.start()

    def _choose_environment(self, addresses: Addresses) -> None:
        assert self._database_url is not None
        assert self._bootstrap_servers is not None
        keys = master_keys_of(self.data_dir, self.configuration.master_keys)
        secret = MasterKeys([bytes.fromhex(key) for key in keys]).derive(SANDBOX_PURPOSE).hex()
        self.environment = {
            # The sandbox gets this secret instead of the master keys.
            "ZYENTA_SANDBOX_SECRET": secret,
            **self.configuration.settings,
            "DATABASE_URL": self._database_url,
            **address_variables(self._bootstrap_servers),
            "ZYENTA_DATA_DIR": str(self.data_dir),
            "ZYENTA_MASTER_KEYS": ",".join(keys),
        }
        # If another program has the port of a configured address, that address does not lead to this platform.
        configured = self.configuration.public_addresses
        public = {role: address for role, address in configured.items() if role not in addresses.moved}
        for role, port in self.ports.items():
            self.environment[f"ZYENTA_{role.upper()}_PORT"] = str(port)
        if self.ports:
            sandbox = public.get("sandbox", _loopback(self.ports["sandbox"]))
            former = [*self.configuration.former_sandboxes, *(_loopback(port) for port in addresses.known("sandbox"))]
            self.environment |= {
                "ZYENTA_GATEWAY_URL": public.get("gateway", self.gateway_url),
                "ZYENTA_STOREFRONT_DOMAIN": public.get("storefront", f"localhost:{self.ports['storefront']}"),
                "ZYENTA_SANDBOX_URL": sandbox,
                "ZYENTA_SANDBOX_FORMER_URLS": ",".join(dict.fromkeys(url for url in former if url != sandbox)),
            }
        self._write_running_settings()

    def _write_running_settings(self) -> None:
        """Write all settings to a file for other commands. Only the owner can read it, because it contains keys.

        The file includes settings from the supervisor's environment, because other shells may lack them.
        """
        settings = {name: value for name, value in self.environment.items() if value}
        write_private(self.data_dir / "running.json", json.dumps(settings))

    def _launch(self, name: str) -> None:
        settings = dict(self.environment)
        if self._database_users is not None:
            settings["DATABASE_URL"] = self._database_users.of(name)
        environment, arguments = environment_of(name, settings, os.environ), ["run", *SERVICES[name]]

        def launch(process: ChildProcess) -> None:
            if self._fork_server is None:
                process.launch([sys.executable, "-m", "infra.cli", *arguments], env=environment)
            else:
                process.launch_fork(self._fork_server, arguments, env=environment)

        self._services[name] = Service(name, log_file=self.data_dir / "logs" / f"{name}.log", launch=launch)
        self._services[name].launch()

    async def _until_answers(self, name: str) -> None:
        await self._services[name].process.wait_until(
            lambda: accepts_connections(self.ports[name]), seconds=READY_SECONDS
        )

    def _watch(self) -> None:
        """Start one watcher per part, so that no part waits for another."""
        servers = {"postgres": self._postgres, "broker": self._broker, "fork server": self._fork_server}
        parts = {**self._services, **servers}
        self._watchers = [asyncio.create_task(watch(name, part)) for name, part in parts.items() if part is not None]


def _loopback(port: int) -> str:
    return f"http://{LOOPBACK}:{port}"


def own_parts(data_dir: Path) -> dict[str, str]:
    """Return what the platform of a data directory made itself, by the variable that would configure it."""
    key, ports = data_dir / "master.key", data_dir / "ports.json"
    made = {}
    if key.exists():
        made["ZYENTA_MASTER_KEYS"] = key.read_text().strip()
    if ports.exists() and (port := Addresses(ports, {}).known(BROKER_PORT)[:1]):
        made["KAFKA_BOOTSTRAP_SERVERS"] = f"{LOOPBACK}:{port[0]}"
    return made


def master_keys_of(data_dir: Path, configured: Sequence[str]) -> list[str]:
    """Return the platform's master keys, the current one first.

    A data directory that was created without a configured key has its own key, in a file that only the owner can read. It
    stays in the list when another key is configured, because it must still open what it sealed.
    """
    path = data_dir / "master.key"
    if not configured and not path.exists():
        write_private(path, secrets.token_hex(32))
    own = [path.read_text().strip()] if path.exists() else []
    return list(dict.fromkeys([*configured, *own]))
