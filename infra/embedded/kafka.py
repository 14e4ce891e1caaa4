"""Apache Kafka with one node, for tests and benchmarks: jars from Maven Central, run on the local Java."""

import asyncio
import base64
import logging
import shutil
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError

from infra.embedded.kafka_install import (
    KafkaInstallation,
    KafkaUnavailable,
    install,
    installation_dir,
    installing,
)
from infra.embedded.process import (
    LOOPBACK,
    ServerFailed,
    accepts_connections,
    free_port,
)
from infra.embedded.server import EmbeddedServer
from infra.program_cache import cache_folder

__all__ = ["ApacheKafka", "KafkaUnavailable", "ensure_kafka"]

logger = logging.getLogger(__name__)

_START_SECONDS = 60

_SMALL_JVM = ("-Xmx512m", "-Xss512k", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-Djava.awt.headless=true")

_BROKER_SETTINGS: Mapping[str, str] = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "listener.security.protocol.map": "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "inter.broker.listener.name": "BROKER",
    "controller.listener.names": "CONTROLLER",
    "auto.create.topics.enable": "false",
    "log.retention.ms": "-1",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    "group.initial.rebalance.delay.ms": "0",
    # Lets a test notice a killed consumer after one second instead of six.
    "group.min.session.timeout.ms": "1000",
    # A killed publisher's transaction is aborted within a second of its time-out instead of ten.
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
    # A killed broker may register again only when its old session has run out: nine seconds by default.
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "400",
    # The default buffer takes a quarter of the heap, for compaction, which we hardly use.
    "log.cleaner.dedupe.buffer.size": "4194304",
}


async def ensure_kafka(cache_dir: Path | None = None) -> Path:
    """Install Apache Kafka, which takes about 30 s. No-op if it is installed for this user.

    Args:
        cache_dir: folder of the installations. None for ``~/.cache/zyenta``.

    Returns:
        The installation's directory.

    Raises:
        KafkaUnavailable: no Java 17, no Maven, or no jars; the message says which.
    """
    return (await _installed(cache_dir)).home


async def _installed(cache_dir: Path | None) -> KafkaInstallation:
    cache = cache_dir or cache_folder()
    if installation_dir(cache).exists():
        installation = await install(cache)
        if installation.archive.exists():
            return installation
    async with installing(cache):
        installation = await install(cache)
        if not installation.archive.exists():
            await _record_archive(installation)
        return installation


class ApacheKafka(EmbeddedServer):
    """One Kafka node, broker and controller, on free loopback ports.

    Args:
        data_dir: storage, configuration and log of this broker alone.
        port: the clients' port. 0: choose a free one at the first start and keep it.
        settings: broker properties that replace or extend the defaults.
        listeners: ports of more listeners by name; ``settings`` configures them.
        jit: ``quick`` compiles little and starts sooner; ``full`` is twice as fast under load, for benchmarks.
        cache_dir: folder of the installations; see ``ensure_kafka``.
    """

    name = "Apache Kafka"
    _log_name = "server.log"
    _stop_seconds = 20

    def __init__(
        self,
        data_dir: Path,
        *,
        port: int = 0,
        settings: Mapping[str, str] | None = None,
        listeners: Mapping[str, int] | None = None,
        jit: Literal["quick", "full"] = "quick",
        cache_dir: Path | None = None,
    ) -> None:
        super().__init__(data_dir, port=port)
        self._controller_port = 0
        self._settings = dict(settings or {})
        self._listeners = dict(listeners or {})
        self._jvm = (*_SMALL_JVM, *(("-XX:TieredStopAtLevel=1",) if jit == "quick" else ()))
        self._cache_dir = cache_dir

    @property
    def bootstrap_servers(self) -> str:
        """``host:port`` for clients. Known after the first ``start``."""
        return f"{LOOPBACK}:{self._port}"

    async def start(self) -> None:
        """Start Kafka, on a free port by default, and return when a client can create a topic.

        Raises:
            KafkaUnavailable: Kafka cannot be installed here.
            ServerFailed: Kafka died or did not answer in time.
        """
        if not self.running:
            installation = await _installed(self._cache_dir)
            archive = f"-XX:SharedArchiveFile={installation.archive}"
            await self.start_from(installation, archive if installation.archive.exists() else "-Xshare:auto")

    async def start_from(self, installation: KafkaInstallation, *flags: str) -> None:
        """Start a given installation with more Java flags; other callers use ``start``.

        Raises:
            ServerFailed: Kafka died or did not answer in time.
        """
        cluster = await asyncio.to_thread(self._prepare_storage, installation)
        java = installation.java_command(*self._jvm, *flags)

        async def start() -> None:
            await self._start_on(self._port or free_port(), self._controller_port or free_port(), java, cluster)

        await self._start_with(start, ports_chosen=bool(self._port and self._controller_port))

    async def _start_on(self, port: int, controller_port: int, java: Sequence[str], cluster: str) -> None:
        properties = self._data_dir / "server.properties"
        advertised = ",".join(
            f"{name}://{LOOPBACK}:{number}" for name, number in {"BROKER": port, **self._listeners}.items()
        )
        settings = {
            **_BROKER_SETTINGS,
            "listeners": f"{advertised},CONTROLLER://{LOOPBACK}:{controller_port}",
            "advertised.listeners": advertised,
            "controller.quorum.voters": f"1@{LOOPBACK}:{controller_port}",
            "log.dirs": str(self._storage),
            **self._settings,
        }
        properties.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        self._process.launch([*java, "kafka.Kafka", str(properties)])

        async def answers() -> bool:
            return await accepts_connections(port) and await _serves(f"{LOOPBACK}:{port}", cluster)

        await self._process.wait_until(answers, seconds=_START_SECONDS)
        self._port, self._controller_port = port, controller_port

    @property
    def _storage(self) -> Path:
        return self._data_dir / "storage"

    def _prepare_storage(self, installation: KafkaInstallation) -> str:
        """Format the storage if necessary, and return the cluster's id."""
        meta = self._storage / "meta.properties"
        if not meta.exists():
            shutil.rmtree(self._storage, ignore_errors=True)
            shutil.copytree(installation.template, self._storage)
            meta.write_text(f"version=1\nnode.id=1\ncluster.id={_kafka_uuid()}\ndirectory.id={_kafka_uuid()}\n")
        return dict(line.split("=", 1) for line in meta.read_text().split() if "=" in line)["cluster.id"]


def _kafka_uuid() -> str:
    """Return a random id in Kafka's form: 22 characters of URL-safe base64."""
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()


async def _serves(bootstrap_servers: str, cluster: str) -> bool:
    """Whether the broker of this cluster is registered and answers."""
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers, request_timeout_ms=2_000)
    try:
        await client.start()
        described = await client.describe_cluster()
    except KafkaError:
        return False
    else:
        return bool(described["brokers"]) and described["cluster_id"] == cluster
    finally:
        await client.close()


async def _record_archive(installation: KafkaInstallation) -> None:
    """Record the classes that a broker loads, for a faster start. The archive is optional."""
    with TemporaryDirectory() as scratch:
        recorded = Path(scratch) / "classes.jsa"
        broker = ApacheKafka(Path(scratch) / "broker")
        try:
            await broker.start_from(installation, f"-XX:ArchiveClassesAtExit={recorded}")
            await _exercise(broker.bootstrap_servers)
            await broker.stop()
            shutil.copy(recorded, installation.archive.with_suffix(".part"))
            installation.archive.with_suffix(".part").rename(installation.archive)
        except (OSError, ServerFailed, KafkaError) as error:
            logger.warning("Kafka will start slowly, because its classes could not be recorded: %s", error)
        finally:
            await broker.kill()


async def _exercise(bootstrap_servers: str) -> None:
    """Use topics, transactions and groups, so that their classes are in the archive."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    await admin.create_topics([NewTopic("exercise", 1, 1)])
    await admin.close()
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap_servers, transactional_id="exercise")
    await producer.start()
    async with producer.transaction():
        await producer.send_and_wait("exercise", b"value", key=b"key", headers=[("name", b"value")])
    await producer.stop()
    consumer = AIOKafkaConsumer(
        "exercise",
        bootstrap_servers=bootstrap_servers,
        group_id="exercise",
        auto_offset_reset="earliest",
        isolation_level="read_committed",
    )
    await consumer.start()
    await asyncio.wait_for(consumer.getone(), 30)
    await consumer.stop()
