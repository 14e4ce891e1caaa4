"""Starts the whole platform as one process tree, keeps it running, and ends it cleanly."""

import asyncio
import fcntl
import json
import os
import secrets
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from infra.adapters.payments.sandbox import DERIVATION
from infra.adapters.postgres.vault import MasterKeys
from infra.adapters.reachability import require_broker, require_database
from infra.embedded.addresses import Addresses
from infra.embedded.broker import EmbeddedBroker
from infra.embedded.database_roles import DatabaseUsers, prepare_users
from infra.embedded.postgres import EmbeddedPostgres, data_folder_mode
from infra.embedded.private_files import close_data_directory, open_private, write_private
from infra.embedded.process import LOOPBACK, ServerFailed, accepts_connections
from infra.embedded.services import ASKING, SERVICES, WEB, environment_of
from infra.embedded.watching import Service, watch
from infra.settings import BadSettings
from schemas.internal.broker_address import address_variables

READY_SECONDS = 60

OWN_NAMES = (
    "postgres",
    "broker",
    "logs",
    "media",
    "lock",
    "ports.json",
    "ports.unfinished",
    "running.json",
    "master.key",
)
"""What the platform keeps in its data directory."""


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
        configured: every other setting that somebody set, by its variable; handed on to the services that need it.
        ports: those that are configured, by the service; the others are chosen once and kept.
        usual_ports: taken at the first start where they are free, by the service.
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
        configured: Mapping[str, str] | None = None,
        ports: Mapping[str, int] | None = None,
        usual_ports: Mapping[str, int] | None = None,
        public: Mapping[str, str] | None = None,
        former_sandboxes: Sequence[str] = (),
        master_keys: Sequence[str] = (),
    ) -> None:
        self.data_dir = data_dir
        self._database_url = database_url
        self._bootstrap_servers = bootstrap_servers
        self._configured = configured or {}
        self._configured_ports = ports or {}
        self.usual_ports = usual_ports or {}
        self._public = public or {}
        self._former_sandboxes = former_sandboxes
        self._master_keys = master_keys
        self._postgres: EmbeddedPostgres | None = None
        self._broker: EmbeddedBroker | None = None
        self._database_users: DatabaseUsers | None = None
        self._services: dict[str, Service] = {}
        self._lock: IO[bytes] | None = None
        self._watchers: list[asyncio.Task[None]] = []
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
            services: which of ``SERVICES`` to start; none starts the servers alone.

        Raises:
            BadSettings: there can be no such data directory.
            AlreadyRunning: the data directory is in use.
            Unreachable: a server that is configured does not answer.
            ServerFailed: a part did not start; the message ends with its log, or says what is wrong with its files.
        """
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True, mode=data_folder_mode())
            self._take_lock()
            close_data_directory(self.data_dir, OWN_NAMES, folder_mode=data_folder_mode())
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
            addresses = Addresses(self.data_dir / "ports.json", self._configured_ports, self.usual_ports)
            await asyncio.gather(self._start_postgres(addresses), self._start_broker(addresses))
            if services:
                self.ports = {name: await addresses.choose(name) for name in WEB}
            self._choose_environment(addresses)
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
        """End everything in order: whoever asks before whoever answers, our services before servers. Nothing is left."""
        for watcher in self._watchers:
            watcher.cancel()
        await asyncio.gather(*self._watchers, return_exceptions=True)
        self._watchers.clear()
        asking = [service for name, service in self._services.items() if name in ASKING]
        answering = [service for name, service in self._services.items() if name not in ASKING]
        for services in (asking, answering):
            await asyncio.gather(*(service.process.stop(signal.SIGTERM, grace=8) for service in services))
        self._services.clear()
        servers = [server for server in (self._broker, self._postgres) if server is not None]
        await asyncio.gather(*(server.stop() for server in servers))
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def pids(self) -> dict[str, int]:
        """The process id of every service that runs."""
        return {name: service.process.pid for name, service in self._services.items() if service.process.running}

    def _take_lock(self) -> None:
        # The kernel lets go of it when this process ends, however it ends.
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
                writing_port=await addresses.usable("broker (platform)"),
            )
            await self._broker.start()
            addresses.remember("broker", self._broker.port)
            addresses.remember("broker (platform)", self._broker.writing_port)
            self._bootstrap_servers = self._broker.bootstrap_servers

    def _choose_environment(self, addresses: Addresses) -> None:
        assert self._database_url is not None
        assert self._bootstrap_servers is not None
        keys = keys_of(self.data_dir, self._master_keys)
        secret = MasterKeys([bytes.fromhex(key) for key in keys]).derive(DERIVATION).hex()
        self.environment = {
            # The sandbox gets this one secret instead of the keys.
            "ZYENTA_SANDBOX_SECRET": secret,
            **self._configured,
            "DATABASE_URL": self._database_url,
            **address_variables(self._bootstrap_servers),
            "ZYENTA_DATA_DIR": str(self.data_dir),
            "ZYENTA_MASTER_KEYS": ",".join(keys),
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
        self._announce()

    def _announce(self) -> None:
        """Leave the settings where other commands find them, readable by the owner only: keys are among them.

        All that are set, also those from our own environment: a command in another shell has another one.
        """
        settings = {name: value for name, value in self.environment.items() if value}
        write_private(self.data_dir / "running.json", json.dumps(settings))

    def _launch(self, name: str) -> None:
        settings = dict(self.environment)
        if self._database_users is not None:
            settings["DATABASE_URL"] = self._database_users.of(name)
        self._services[name] = Service(
            name,
            log_file=self.data_dir / "logs" / f"{name}.log",
            command=[sys.executable, "-m", "infra.cli", "run", *SERVICES[name]],
            env=environment_of(name, settings, os.environ),
        )
        self._services[name].launch()

    async def _until_answers(self, name: str) -> None:
        await self._services[name].process.wait_until(
            lambda: accepts_connections(self.ports[name]), seconds=READY_SECONDS
        )

    def _watch(self) -> None:
        """Start a watcher for each part. None of them waits for another."""
        servers = {"postgres": self._postgres, "broker": self._broker}
        parts = {**self._services, **servers}
        self._watchers = [asyncio.create_task(watch(name, part)) for name, part in parts.items() if part is not None]


def _loopback(port: int) -> str:
    return f"http://{LOOPBACK}:{port}"


def keys_of(data_dir: Path, configured: Sequence[str]) -> list[str]:
    """Return the platform's keys, the current one first.

    A data directory that began without a configured key has one of its own, in a file that its owner alone can read. It
    stays among the keys when another is configured: what it has sealed must be opened.
    """
    path = data_dir / "master.key"
    if not configured and not path.exists():
        write_private(path, secrets.token_hex(32))
    own = [path.read_text().strip()] if path.exists() else []
    return list(dict.fromkeys([*configured, *own]))
