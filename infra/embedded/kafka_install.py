"""Installation of Apache Kafka from Maven Central into a cache that all checkouts of a user share."""

import asyncio
import fcntl
import functools
import hashlib
import logging
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

logger = logging.getLogger(__name__)

POM = Path(__file__).parent / "kafka" / "pom.xml"
LOGGING = Path(__file__).parent / "kafka" / "log4j2.properties"

_JAVA_MINIMUM = 17
_MAVEN_SECONDS = 400
_JAVA_SECONDS = 60


class KafkaUnavailable(Exception):
    """Apache Kafka cannot be installed on this machine; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class KafkaInstallation:
    """The files of one Kafka version."""

    home: Path
    java: Path
    java_version: str

    @property
    def jars(self) -> Path:
        """The jars of the broker and its dependencies."""
        return self.home / "libs"

    @property
    def template(self) -> Path:
        """A formatted, empty storage directory to copy."""
        return self.home / "template"

    @property
    def archive(self) -> Path:
        """Class-data archive for a faster start. Optional; valid for one build of Java."""
        return self.home / f"classes-{hashlib.sha256(self.java_version.encode()).hexdigest()[:12]}.jsa"

    @property
    def class_path(self) -> str:
        """All jars by name, because Java ignores a class-data archive if the class path has wildcards."""
        return os.pathsep.join(str(jar) for jar in sorted(self.jars.glob("*.jar")))

    def java_command(self, *flags: str) -> list[str]:
        """Return the start of a command line for a main class of Kafka."""
        logging_flag = f"-Dlog4j2.configurationFile={LOGGING.as_uri()}"
        return [str(self.java), *flags, "-cp", self.class_path, logging_flag]


def kafka_version() -> str:
    """Return the version that the pom pins."""
    found = re.search(r"<kafka\.version>([^<]+)</kafka\.version>", POM.read_text())
    if found is None:
        raise KafkaUnavailable(f"{POM} names no kafka.version")
    return found[1]


async def install(cache_dir: Path) -> KafkaInstallation:
    """Install Kafka's jars and a formatted template into the cache.

    The installation gets its final name only when it is complete. Callers in several processes must hold ``installing``.

    Raises:
        KafkaUnavailable: no Java 17, no Maven, or Maven could not fetch the jars. Retrying helps only
            after the cause in the message is removed.
    """
    java, version = await asyncio.to_thread(find_java)
    installation = KafkaInstallation(installation_dir(cache_dir), java, version)
    if not installation.home.exists():
        await asyncio.to_thread(_install, installation)
    return installation


def installation_dir(cache_dir: Path) -> Path:
    """Return the folder of the pinned version. Its name contains the pom's digest, so a change of the pom installs again."""
    digest = hashlib.sha256(POM.read_bytes()).hexdigest()[:8]
    return cache_dir / f"kafka-{kafka_version()}-{digest}"


@asynccontextmanager
async def installing(cache_dir: Path) -> AsyncIterator[None]:
    """Hold the installation lock of this user. Other processes wait and then find the result."""
    lock = await asyncio.to_thread(_locked, cache_dir / "kafka.lock")
    try:
        yield
    finally:
        lock.close()


@functools.cache
def find_java() -> tuple[Path, str]:
    """Find a Java that can run Kafka 4, and return its path and version output.

    Raises:
        KafkaUnavailable: Java is missing or too old.
    """
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=str(Path(home) / "bin") if home else None)
    if found is None:
        raise KafkaUnavailable("Apache Kafka needs Java 17 or newer: no `java` on PATH or in JAVA_HOME")
    said = _run([found, "-version"], seconds=_JAVA_SECONDS)
    major = re.search(r'version "(\d+)', said)
    if major is None or int(major[1]) < _JAVA_MINIMUM:
        raise KafkaUnavailable(f"Apache Kafka needs Java 17 or newer, {found} is: {said.strip()}")
    return Path(found), said


def _locked(path: Path) -> TextIO:
    """Wait for the lock and return its file. Closing the file, or the end of the process, releases it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def _install(installation: KafkaInstallation) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise KafkaUnavailable("Apache Kafka is fetched by Maven: no `mvn` on PATH")
    logger.info("installing Apache Kafka %s into %s", kafka_version(), installation.home)
    home = installation.home
    with tempfile.TemporaryDirectory(dir=home.parent, prefix="installing-") as scratch:
        unfinished = KafkaInstallation(Path(scratch) / home.name, installation.java, installation.java_version)
        unfinished.home.mkdir()
        fetch = ["dependency:copy-dependencies", "-DincludeScope=runtime"]
        into = f"-DoutputDirectory={unfinished.jars}"
        _run([maven, "-q", "-B", "-f", str(POM), *fetch, into], seconds=_MAVEN_SECONDS)
        _format_template(unfinished)
        unfinished.home.rename(home)


def _format_template(installation: KafkaInstallation) -> None:
    """Format a storage directory once. Copying it is a second faster than formatting for each new broker."""
    properties = installation.home / "format.properties"
    properties.write_text(
        "process.roles=broker,controller\n"
        "node.id=1\n"
        "controller.quorum.voters=1@127.0.0.1:9093\n"
        "listeners=BROKER://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093\n"
        "listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT\n"
        "inter.broker.listener.name=BROKER\n"
        "controller.listener.names=CONTROLLER\n"
        f"log.dirs={installation.template}\n"
    )
    command = installation.java_command("-XX:TieredStopAtLevel=1")
    identify = ["-t", "MkU3OEVBNTcwNTJENDM2Qg", "-c", str(properties)]
    _run([*command, "kafka.tools.StorageTool", "format", *identify], seconds=_JAVA_SECONDS)


def _run(command: list[str], *, seconds: float) -> str:
    """Run a command and return its standard output and error."""
    try:
        done = subprocess.run(  # noqa: S603  fixed commands
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise KafkaUnavailable(f"{command[0]} could not be run: {error}") from error
    if done.returncode != 0:
        raise KafkaUnavailable(f"{' '.join(command[:6])} ... failed:\n{done.stdout[-2_000:]}")
    return done.stdout
