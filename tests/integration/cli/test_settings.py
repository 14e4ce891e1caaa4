"""A command that is set up wrongly, or whose servers are out of reach, says so in a sentence."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from infra.settings import variables

NOBODY_THERE = "postgresql://somebody:secret@127.0.0.1:1/shop"


def zyenta(data_dir: Path, *arguments: str, **given: str) -> tuple[int, str]:
    """Run a command with nothing configured but what is given; return its exit status and what it told people."""
    kept = {name: value for name, value in os.environ.items() if name not in variables()}
    environment: Mapping[str, str] = {**kept, "ZYENTA_DATA_DIR": str(data_dir), **given}
    done = subprocess.run(
        [sys.executable, "-m", "infra.cli", *arguments], env=environment, capture_output=True, text=True, timeout=60
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize("command", [("up",), ("gateway",), ("doctor",), ("log", "tail"), ("demo", "Lamps")])
def test_every_command_refuses_settings_that_make_no_sense(tmp_path: Path, command: tuple[str, ...]) -> None:
    status, said = zyenta(tmp_path / "data", *command, ZYENTA_GATEWAY_PORT="abc", ZYENTA_LOG_LEVEL="loud")
    assert status == 2, said
    assert said == (
        "zyenta: ZYENTA_LOG_LEVEL is 'loud', but must be one of DEBUG, INFO, WARNING, ERROR. "
        "ZYENTA_GATEWAY_PORT is 'abc', but must be a whole number.\n"
    )
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("inside", ["file", "/proc"])
def test_a_data_directory_that_cannot_be_is_refused_by_name(tmp_path: Path, inside: str) -> None:
    (tmp_path / "file").touch()
    wanted = tmp_path / inside / "data"
    status, said = zyenta(wanted, "up")
    assert (status, said.count("\n")) == (2, 1), said
    assert said.startswith(f"zyenta: ZYENTA_DATA_DIR is '{wanted}', which cannot be used (")


@pytest.fixture
async def silent() -> AsyncIterator[str]:
    """A server that takes connections and says nothing."""

    async def says_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(says_nothing, "127.0.0.1", 0) as server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize("command", [("up",), ("gateway",), ("shoppers", "find", "a@b.example")])
def test_a_configured_database_that_does_not_answer_is_told_by_name(tmp_path: Path, command: tuple[str, ...]) -> None:
    broker = {} if command == ("up",) else {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"}
    status, said = zyenta(tmp_path, *command, DATABASE_URL=NOBODY_THERE, **broker)
    assert (status, said.count("\n")) == (1, 1), said
    assert re.match(r"zyenta: PostgreSQL at 127\.0\.0\.1:1/shop cannot be used \(.*\)\. .* DATABASE_URL\.", said)


async def test_a_configured_broker_that_does_not_answer_keeps_the_platform_from_starting(
    tmp_path: Path, silent: str
) -> None:
    for nobody in ("127.0.0.1:1", silent):
        status, said = await asyncio.to_thread(zyenta, tmp_path, "up", KAFKA_BOOTSTRAP_SERVERS=nobody)
        told = f"zyenta: No Kafka broker answers at {nobody}. Start it, or correct KAFKA_BOOTSTRAP_SERVERS.\n"
        assert (status, said) == (1, told)


@pytest.mark.parametrize("command", [("projections", "list"), ("log", "tail"), ("dlq", "list"), ("log", "verify")])
def test_commands_tell_by_name_which_broker_does_not_answer(
    tmp_path: Path, database: str, command: tuple[str, ...]
) -> None:
    status, said = zyenta(tmp_path, *command, DATABASE_URL=database, KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1")
    assert status == 1, said
    assert said.splitlines()[-1].startswith("zyenta: No Kafka broker answers at 127.0.0.1:1. ")
    assert "Traceback" not in said
