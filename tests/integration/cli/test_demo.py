"""What ``zyenta demo`` prints is for programs too, and above all when it fails."""

import asyncio
import fcntl
import json
import sys
from pathlib import Path

from tests.integration.cli.commands import environment_of


async def begin(data_dir: Path) -> asyncio.subprocess.Process:
    """Start a demonstration on a platform of its own."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "infra.cli", "demo", "Desk setup", "--once", "--json"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment_of(data_dir),
    )


async def test_a_demonstration_that_fails_prints_its_json_all_the_same(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = await begin(tmp_path)
        output, told = await process.communicate()
    assert process.returncode == 1
    shown = json.loads(output.splitlines()[-1])
    assert shown["error"].startswith(f"Zyenta already runs on {tmp_path}.")
    assert [step["name"] for step in shown["steps"]] == ["start"]
    assert (shown["order"], shown["log_verified"]) == ({}, False)
    assert "Traceback" not in told.decode()


async def test_a_demonstration_that_is_interrupted_tells_how_far_it_came(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    process = await begin(data_dir)
    async with asyncio.timeout(60):
        while not (data_dir / "running.json").exists():
            await asyncio.sleep(0.05)
    process.terminate()
    output, told = await process.communicate()
    assert process.returncode == 1, told.decode()
    shown = json.loads(output.splitlines()[-1])
    assert shown["error"] == "interrupted."
    assert shown["steps"][0]["name"] == "start"
    assert shown["seconds_total"] > 0
