"""If Apache Kafka cannot be installed, the error names what is missing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.embedded.kafka import KafkaUnavailable, ensure_kafka
from infra.embedded.kafka_install import find_java

JAVA_17 = "echo 'openjdk version \"17.0.15\" 2025-04-15' >&2"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty directory that is the whole PATH."""
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    find_java.cache_clear()
    yield programs
    find_java.cache_clear()


def install(machine: Path, name: str, script: str) -> None:
    """Put a program on the machine."""
    program = machine / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


async def test_the_error_names_missing_java(machine: Path, tmp_path: Path) -> None:
    with pytest.raises(KafkaUnavailable, match="needs Java 17 or newer: no `java` on PATH"):
        await ensure_kafka(tmp_path / "cache")


async def test_the_error_names_a_java_that_is_too_old(machine: Path, tmp_path: Path) -> None:
    install(machine, "java", "echo 'openjdk version \"11.0.2\" 2019-01-15' >&2")
    with pytest.raises(KafkaUnavailable, match=r"needs Java 17 or newer, .*11\.0\.2"):
        await ensure_kafka(tmp_path / "cache")


async def test_the_error_names_missing_maven(machine: Path, tmp_path: Path) -> None:
    install(machine, "java", JAVA_17)
    with pytest.raises(KafkaUnavailable, match="no `mvn` on PATH"):
        await ensure_kafka(tmp_path / "cache")


async def test_a_failed_download_gives_the_reason_and_leaves_no_partial_installation(
    machine: Path, tmp_path: Path
) -> None:
    install(machine, "java", JAVA_17)
    install(machine, "mvn", "echo 'Could not transfer artifact: no route to host'; exit 1")
    with pytest.raises(KafkaUnavailable, match="Could not transfer artifact: no route to host"):
        await ensure_kafka(tmp_path / "cache")
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["kafka.lock"]
