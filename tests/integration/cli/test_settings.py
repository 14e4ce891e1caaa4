"""Invalid settings and unreachable servers are reported in one sentence."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.cli.commands import zyenta

UNREACHABLE = "postgresql://somebody:secret@127.0.0.1:1/shop"


@pytest.mark.parametrize("command", [("up",), ("gateway",), ("doctor",), ("log", "tail"), ("demo", "Lamps")])
def test_every_command_rejects_invalid_settings(tmp_path: Path, command: tuple[str, ...]) -> None:
    result = zyenta(tmp_path / "data", *command, ZYENTA_GATEWAY_PORT="abc", ZYENTA_LOG_LEVEL="loud")
    assert result.status == 2, result.stderr
    assert result.stderr == (
        "zyenta: ZYENTA_LOG_LEVEL is 'loud', but must be one of DEBUG, INFO, WARNING, ERROR. "
        "ZYENTA_GATEWAY_PORT is 'abc', but must be a whole number.\n"
    )
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("inside", ["file", "/proc"])
def test_an_unusable_data_directory_is_named_in_the_error(tmp_path: Path, inside: str) -> None:
    (tmp_path / "file").touch()
    directory = tmp_path / inside / "data"
    result = zyenta(directory, "up")
    assert (result.status, result.stderr.count("\n")) == (2, 1), result.stderr
    assert result.stderr.startswith(f"zyenta: ZYENTA_DATA_DIR is '{directory}', which cannot be used (")


@pytest.fixture
async def silent() -> AsyncIterator[str]:
    """A server that accepts connections and never answers."""

    async def never_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(never_answer, "127.0.0.1", 0) as server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize("command", [("up",), ("gateway",), ("shoppers", "find", "a@b.example")])
def test_the_error_names_a_database_that_does_not_answer(tmp_path: Path, command: tuple[str, ...]) -> None:
    broker = {} if command == ("up",) else {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"}
    result = zyenta(tmp_path, *command, DATABASE_URL=UNREACHABLE, **broker)
    assert (result.status, result.stderr.count("\n")) == (1, 1), result.stderr
    assert re.match(
        r"zyenta: PostgreSQL at 127\.0\.0\.1:1/shop cannot be used \(.*\)\. .* DATABASE_URL\.", result.stderr
    )


async def test_the_platform_does_not_start_if_the_configured_broker_does_not_answer(
    tmp_path: Path, silent: str
) -> None:
    for address in ("127.0.0.1:1", silent):
        result = await asyncio.to_thread(zyenta, tmp_path, "up", KAFKA_BOOTSTRAP_SERVERS=address)
        stderr = f"zyenta: No Kafka broker answers at {address}. Start it, or correct KAFKA_BOOTSTRAP_SERVERS.\n"
        assert (result.status, result.stderr) == (1, stderr)


@pytest.mark.parametrize("command", [("projections", "list"), ("log", "tail"), ("dlq", "list"), ("log", "verify")])
def test_commands_name_the_broker_that_does_not_answer(tmp_path: Path, database: str, command: tuple[str, ...]) -> None:
    result = zyenta(tmp_path, *command, DATABASE_URL=database, KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1")
    assert result.status == 1, result.stderr
    assert result.stderr.splitlines()[-1].startswith("zyenta: No Kafka broker answers at 127.0.0.1:1. ")
    assert "Traceback" not in result.stderr
