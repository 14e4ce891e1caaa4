"""A command that is set up wrongly, or whose servers are out of reach, says so in a sentence."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.cli.commands import zyenta

NOBODY_THERE = "postgresql://somebody:secret@127.0.0.1:1/shop"


@pytest.mark.parametrize("command", [("up",), ("gateway",), ("doctor",), ("log", "tail"), ("demo", "Lamps")])
def test_every_command_refuses_settings_that_make_no_sense(tmp_path: Path, command: tuple[str, ...]) -> None:
    done = zyenta(tmp_path / "data", *command, ZYENTA_GATEWAY_PORT="abc", ZYENTA_LOG_LEVEL="loud")
    assert done.status == 2, done.told
    assert done.told == (
        "zyenta: ZYENTA_LOG_LEVEL is 'loud', but must be one of DEBUG, INFO, WARNING, ERROR. "
        "ZYENTA_GATEWAY_PORT is 'abc', but must be a whole number.\n"
    )
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("inside", ["file", "/proc"])
def test_a_data_directory_that_cannot_be_is_refused_by_name(tmp_path: Path, inside: str) -> None:
    (tmp_path / "file").touch()
    wanted = tmp_path / inside / "data"
    done = zyenta(wanted, "up")
    assert (done.status, done.told.count("\n")) == (2, 1), done.told
    assert done.told.startswith(f"zyenta: ZYENTA_DATA_DIR is '{wanted}', which cannot be used (")


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
    done = zyenta(tmp_path, *command, DATABASE_URL=NOBODY_THERE, **broker)
    assert (done.status, done.told.count("\n")) == (1, 1), done.told
    assert re.match(r"zyenta: PostgreSQL at 127\.0\.0\.1:1/shop cannot be used \(.*\)\. .* DATABASE_URL\.", done.told)


async def test_a_configured_broker_that_does_not_answer_keeps_the_platform_from_starting(
    tmp_path: Path, silent: str
) -> None:
    for nobody in ("127.0.0.1:1", silent):
        done = await asyncio.to_thread(zyenta, tmp_path, "up", KAFKA_BOOTSTRAP_SERVERS=nobody)
        told = f"zyenta: No Kafka broker answers at {nobody}. Start it, or correct KAFKA_BOOTSTRAP_SERVERS.\n"
        assert (done.status, done.told) == (1, told)


@pytest.mark.parametrize("command", [("projections", "list"), ("log", "tail"), ("dlq", "list"), ("log", "verify")])
def test_commands_tell_by_name_which_broker_does_not_answer(
    tmp_path: Path, database: str, command: tuple[str, ...]
) -> None:
    done = zyenta(tmp_path, *command, DATABASE_URL=database, KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1")
    assert done.status == 1, done.told
    assert done.told.splitlines()[-1].startswith("zyenta: No Kafka broker answers at 127.0.0.1:1. ")
    assert "Traceback" not in done.told
