"""``zyenta demo --json`` prints its JSON object also when it fails."""

import asyncio
import fcntl
import json
from pathlib import Path

from tests.support.platforms.up import ZYENTA, environment_of


async def begin(data_dir: Path) -> asyncio.subprocess.Process:
    """Start a demo on a platform of its own."""
    return await asyncio.create_subprocess_exec(
        *(*ZYENTA, "demo", "Desk setup", "--once", "--json"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment_of(data_dir),
    )


async def test_a_failed_demo_prints_its_json(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = await begin(tmp_path)
        stdout, stderr = await process.communicate()
    assert process.returncode == 1
    shown = json.loads(stdout.splitlines()[-1])
    assert shown["error"].startswith(f"Zyenta already runs on {tmp_path}.")
    assert [step["name"] for step in shown["steps"]] == ["start"]
    assert (shown["order"], shown["log_verified"]) == ({}, False)
    assert "Traceback" not in stderr.decode()


async def test_an_interrupted_demo_prints_the_steps_it_reached(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    process = await begin(data_dir)
    async with asyncio.timeout(60):
        while not (data_dir / "running.json").exists():
            await asyncio.sleep(0.05)
    process.terminate()
    stdout, stderr = await process.communicate()
    assert process.returncode == 1, stderr.decode()
    shown = json.loads(stdout.splitlines()[-1])
    assert shown["error"] == "interrupted."
    assert shown["steps"][0]["name"] == "start"
    assert shown["seconds_total"] > 0
