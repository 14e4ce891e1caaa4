"""Where benches run: a real PostgreSQL and a real Apache Kafka of their own, gone when the bench is over."""

import asyncio
import os
import platform
import tempfile
from collections.abc import AsyncIterator, Mapping
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
from infra.settings import Settings, read_settings
from schemas.internal.broker_address import address_variables

POSTGRES_SETTINGS = {
    # As durable as in production; as much memory as a small server would give it.
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
    """Of a migrated, empty database."""
    bootstrap_servers: str | None
    """Of an empty broker; None where the bench wants none."""
    directory: Path
    """For whatever else the bench leaves; deleted with the rest."""
    postgres_version: str

    @property
    def kafka(self) -> str:
        """The broker's address, where the bench asked for one."""
        assert self.bootstrap_servers is not None
        return self.bootstrap_servers

    @property
    def settings(self) -> Settings:
        """Settings that point a platform at these servers."""
        return read_settings(
            data_dir=self.directory / "data",
            database_url=self.dsn,
            kafka_bootstrap_servers=self.bootstrap_servers,
            kafka_security_protocol="PLAINTEXT",
            kafka_sasl_password=None,
        )

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a service that runs on these servers."""
        return {
            **os.environ,
            "ZYENTA_DATA_DIR": str(self.directory / "data"),
            "DATABASE_URL": self.dsn,
            **address_variables(self.kafka),
        }

    def machine(self) -> Mapping[str, Any]:
        """What the figures were measured on."""
        return {
            "cpu": _cpu_model(),
            "cores": psutil.cpu_count() or 0,
            "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
            "python": platform.python_version(),
            "postgres": self.postgres_version,
            "kafka": kafka_version() if self.bootstrap_servers is not None else None,
        }


@asynccontextmanager
async def open_servers(*, with_kafka: bool) -> AsyncIterator[Servers]:
    """Start the servers; stop them and delete all they held, however the bench ends.

    Java compiles little: its full compiler is twice as fast after some minutes of load, which no bench lasts, and takes
    half of the machine until then.

    Raises:
        KafkaUnavailable, PostgresUnavailable: they cannot run here; the message says what is missing.
        ServerFailed: one did not start.
    """
    # Open to pass through: as root PostgreSQL runs as another user, who must be able to reach its data.
    with tempfile.TemporaryDirectory(prefix="zyenta-bench-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        directory.chmod(0o711)  # noqa: ASYNC240  # once, on a local disk
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
