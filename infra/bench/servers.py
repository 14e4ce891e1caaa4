"""Servers of one bench: PostgreSQL and Apache Kafka, deleted at the end of the bench."""

import asyncio
import os
import platform
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import psutil

from infra.adapters.postgres.migrations import migrate
from infra.embedded.kafka import ApacheKafka
from infra.embedded.kafka_install import kafka_version
from infra.embedded.postgres import EmbeddedPostgres
from infra.embedded.process import ChildProcess
from infra.settings import Settings, read_settings
from schemas.internal.broker_address import address_variables

POSTGRES_SETTINGS = {
    # Durable as in production, with the memory of a small server.
    "fsync": "on",
    "synchronous_commit": "on",
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
    "min_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    "max_connections": "150",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """The servers of one bench."""

    dsn: str
    """Address of a migrated, empty database; empty if the bench needs no database."""
    bootstrap_servers: str | None
    """Address of an empty broker; None if the bench needs no broker."""
    directory: Path
    """Folder for other files of the bench; deleted at the end."""
    postgres_version: str | None

    @property
    def kafka(self) -> str:
        """The broker's address. Only for benches with a broker."""
        assert self.bootstrap_servers is not None
        return self.bootstrap_servers

    @property
    def settings(self) -> Settings:
        """Settings of a platform on these servers."""
        return read_settings(
            data_dir=self.directory / "data",
            database_url=self.dsn,
            kafka_bootstrap_servers=self.bootstrap_servers,
            kafka_security_protocol="PLAINTEXT",
            kafka_sasl_password=None,
        )

    @property
    def environment(self) -> dict[str, str]:
        """Environment of a service on these servers."""
        return {
            **os.environ,
            "ZYENTA_DATA_DIR": str(self.directory / "data"),
            "DATABASE_URL": self.dsn,
            **({} if self.bootstrap_servers is None else address_variables(self.bootstrap_servers)),
        }

    def machine(self) -> Mapping[str, Any]:
        """Return a description of the machine and the server versions."""
        return {
            "cpu": _cpu_model(),
            "cores": psutil.cpu_count() or 0,
            "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
            "python": platform.python_version(),
            "postgres": self.postgres_version,
            "kafka": kafka_version() if self.bootstrap_servers is not None else None,
        }


@asynccontextmanager
async def open_servers(*, with_kafka: bool, with_postgres: bool = True) -> AsyncIterator[Servers]:
    """Start the servers. Stop them and delete their data at the end.

    Kafka runs with Java's quick compiler. The full compiler is twice as fast, but only after some minutes of load, and takes
    half of the machine until then.

    Raises:
        KafkaUnavailable, PostgresUnavailable: a server cannot run here; the message says what is missing.
        ServerFailed: a server did not start.
    """
    # Passable for other users: under root, PostgreSQL runs as another user, who must reach its data.
    with tempfile.TemporaryDirectory(prefix="zyenta-bench-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        directory.chmod(0o711)  # noqa: ASYNC240  # once, on a local disk
        if not with_postgres:
            yield Servers(dsn="", bootstrap_servers=None, directory=directory, postgres_version=None)
            return
        async with AsyncExitStack() as stack:
            postgres = EmbeddedPostgres(directory / "postgres", settings=POSTGRES_SETTINGS)
            kafka = ApacheKafka(directory / "kafka", jit="quick") if with_kafka else None
            stack.push_async_callback(postgres.kill)
            if kafka is not None:
                stack.push_async_callback(kafka.kill)
            await asyncio.gather(*(server.start() for server in (postgres, kafka) if server is not None))
            await migrate(postgres.dsn)
            yield Servers(
                dsn=postgres.dsn,
                bootstrap_servers=None if kafka is None else kafka.bootstrap_servers,
                directory=directory,
                postgres_version=await _version_of(postgres.dsn),
            )


@asynccontextmanager
async def processes(
    servers: Servers, commands: Mapping[str, Sequence[str]], *, more: Mapping[str, Mapping[str, str]] | None = None
) -> AsyncIterator[None]:
    """Run modules, each in a process of its own, until the context ends.

    Args:
        servers: give the environment and the folder of the logs.
        commands: the module and its arguments, by the name of the process.
        more: further variables of the environment, by the name of the process.
    """
    children = {name: ChildProcess(name, log_file=servers.directory / f"{name}.log") for name in commands}
    try:
        for name, child in children.items():
            environment = {**servers.environment, **(more or {}).get(name, {})}
            child.launch([sys.executable, "-m", *commands[name]], env=environment)
        yield
    finally:
        await asyncio.gather(*(child.stop(signal.SIGTERM, grace=8) for child in children.values()))


async def _version_of(dsn: str) -> str:
    connection = await asyncpg.connect(dsn)
    try:
        version: str = await connection.fetchval("show server_version")
        return version
    finally:
        await connection.close()


def _cpu_model() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass  # not Linux
    return platform.processor() or platform.machine()
