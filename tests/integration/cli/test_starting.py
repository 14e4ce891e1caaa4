"""A platform that cannot start gives the reason, and an interrupted start leaves nothing running."""

import asyncio
import resource
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.integration.cli.commands import zyenta
from tests.support.platforms.up import ZYENTA, environment_of

SOON = 60.0


@contextmanager
def full_after(size: int) -> Iterator[None]:
    """Limit the size of files written by this process and its children, as if the disk were full."""
    before, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, most))


@pytest.mark.parametrize("command", [("up",), ("demo", "Lamps", "--once")])
def test_a_disk_that_fills_up_during_initdb_is_reported_without_a_traceback(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    with full_after(100_000):
        result = subprocess.run(
            [*ZYENTA, *command], env=environment_of(tmp_path / "data"), capture_output=True, text=True, timeout=SOON
        )
    assert result.returncode == 1, result.stderr
    assert result.stderr.startswith(f"zyenta: initdb failed in {tmp_path / 'data'}"), result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("command", [("up",), ("demo", "Lamps", "--once")])
def test_the_error_names_a_file_that_blocks_the_data_directory(tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "postgres").touch()
    result = zyenta(tmp_path, *command)
    assert (result.status, result.stderr.count("\n")) == (1, 1), result.stderr
    assert result.stderr.startswith(f"zyenta: The platform cannot start in {tmp_path} (")
    assert "postgres" in result.stderr


def test_plans_that_cannot_be_read_are_named_before_anything_starts(tmp_path: Path) -> None:
    result = zyenta(tmp_path / "data", "up", ZYENTA_PLANS=str(tmp_path / "none.toml"))
    assert (result.status, result.stderr.count("\n")) == (2, 1), result.stderr
    assert result.stderr.startswith("zyenta: ZYENTA_PLANS is ")
    assert not (tmp_path / "data" / "postgres").exists()


@pytest.mark.parametrize("command", [("up",), ("gateway",), ("run", "consumers", "imager")])
def test_a_platform_for_real_money_names_every_part_that_is_made_for_trying(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    result = zyenta(tmp_path / "data", *command, ZYENTA_PRODUCTION="true")
    assert result.status == 1, result.stderr
    assert "Payments are the sandbox; set STRIPE_SECRET_KEY to a live key." in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "data" / "postgres").exists()


@pytest.mark.parametrize("command", [("up",), ("demo", "Lamps", "--once")])
async def test_ctrl_c_during_the_start_leaves_nothing_running(tmp_path: Path, command: tuple[str, ...]) -> None:
    data = tmp_path / "data"
    starting = await asyncio.create_subprocess_exec(
        *ZYENTA, *command,
        env=environment_of(data), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    async with asyncio.timeout(SOON):
        while not (data / "lock").exists():
            await asyncio.sleep(0.01)
    starting.send_signal(signal.SIGINT)
    output, _ = await asyncio.wait_for(starting.communicate(), SOON)
    assert (starting.returncode, output.decode()) == (1, "zyenta: interrupted.\n")
    assert {log.name for log in data.glob("logs/*")} <= {"fork-server.log"}, "services were started"
    assert not [process for process in psutil.process_iter(["cmdline"]) if str(data) in str(process.info["cmdline"])]
