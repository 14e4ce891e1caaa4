"""A platform that cannot start says why in words, and one that nobody waits for any longer does not go on starting."""

import asyncio
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.integration.cli.commands import environment_of, zyenta

SOON = 20.0


@contextmanager
def full_after(size: int) -> Iterator[None]:
    """Let us, and whom we start, write files up to this size only, as if the disk were full then."""
    before, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, most))


@pytest.mark.parametrize("command", [("up",), ("demo", "Lamps", "--once")])
def test_a_disk_that_is_full_before_there_is_a_database_is_told_without_a_traceback(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    with full_after(100_000):
        done = zyenta(tmp_path / "data", *command)
    assert done.status == 1, done.told
    assert done.told.startswith(f"zyenta: initdb failed in {tmp_path / 'data'}"), done.told
    assert "Traceback" not in done.told


@pytest.mark.parametrize("command", [("up",), ("demo", "Lamps", "--once")])
def test_what_is_in_the_way_in_the_data_directory_is_told_by_name(tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "postgres").touch()
    done = zyenta(tmp_path, *command)
    assert (done.status, done.told.count("\n")) == (1, 1), done.told
    assert done.told.startswith(f"zyenta: The platform cannot start in {tmp_path} (")
    assert "postgres" in done.told


@pytest.mark.parametrize("command", [("up",), ("demo", "Lamps", "--once")])
async def test_ctrl_c_while_a_platform_starts_ends_the_start_and_leaves_nothing_running(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    data = tmp_path / "data"
    starting = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "infra.cli", *command,
        env=environment_of(data), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    async with asyncio.timeout(SOON):
        while not (data / "lock").exists():
            await asyncio.sleep(0.01)
    starting.send_signal(signal.SIGINT)
    told, _ = await asyncio.wait_for(starting.communicate(), SOON)
    assert (starting.returncode, told.decode()) == (1, "zyenta: interrupted.\n")
    assert not (data / "logs").exists(), "services were started after all"
    assert not [process for process in psutil.process_iter(["cmdline"]) if str(data) in str(process.info["cmdline"])]
