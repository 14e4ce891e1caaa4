"""The whole platform as a person runs it: real processes, real PostgreSQL, a Kafka-protocol broker, real HTTP."""

import asyncio
import json
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from infra.embedded.supervisor import SERVICES, Supervisor

ZYENTA = [sys.executable, "-m", "infra.cli"]
DEMO_SECONDS = 400
RECOVERY_SECONDS = 60


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="zyenta-e2e-") as directory:
        Path(directory).chmod(0o711)
        yield Path(directory) / "data"


def environment(data_dir: Path) -> dict[str, str]:
    ours = ("DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS", "OPENAI_API_KEY", "S3_BUCKET")
    kept = {name: value for name, value in os.environ.items() if name not in ours and not name.startswith("ZYENTA_")}
    return {**kept, "ZYENTA_DATA_DIR": str(data_dir)}


async def demo(niche: str, data_dir: Path) -> tuple[int, dict[str, Any]]:
    process = await asyncio.create_subprocess_exec(
        *ZYENTA,
        "demo",
        niche,
        "--once",
        "--json",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment(data_dir),
    )
    output, story = await asyncio.wait_for(process.communicate(), DEMO_SECONDS)
    assert process.returncode is not None
    assert output, story.decode()
    return process.returncode, json.loads(output.splitlines()[-1])


def processes_on(data_dir: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            ours = process.environ().get("ZYENTA_DATA_DIR") == str(data_dir)
            if ours or any(str(data_dir) in part for part in process.cmdline()):
                found.append(process)
        except psutil.Error:
            continue
    return [process for process in found if process.pid != os.getpid()]


@pytest.mark.timeout(2 * DEMO_SECONDS)
async def test_a_niche_becomes_a_store_that_takes_an_order_even_after_everything_was_killed(data_dir: Path) -> None:
    # The first run is cut off in the middle of its work, with SIGKILL for the supervisor itself.
    first = await asyncio.create_subprocess_exec(
        *ZYENTA,
        "demo",
        "Desk setup",
        "--once",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        env=environment(data_dir),
    )
    async with asyncio.timeout(60):
        while not (data_dir / "media").exists():
            await asyncio.sleep(0.1)
    first.send_signal(signal.SIGKILL)
    await first.wait()

    status, shown = await demo("Cyberpunk home decor", data_dir)

    assert status == 0, shown
    assert shown["order"]["status"] == "PAID"
    assert shown["log_verified"] is True
    assert shown["candidates"] >= 100
    assert 15 <= shown["products"] <= 20
    assert shown["pages"] == 6
    assert shown["images_processed"] > 0
    assert {"store_id", "name", "storefront_url", "steps", "events", "seconds_total"} <= shown.keys()
    async with asyncio.timeout(10):
        while processes_on(data_dir):
            await asyncio.sleep(0.1)


@pytest.fixture
async def supervisor(data_dir: Path) -> AsyncIterator[Supervisor]:
    supervisor = Supervisor(data_dir, database_url=None, bootstrap_servers=None)
    await supervisor.start()
    yield supervisor
    await supervisor.stop()


async def registers(client: httpx.AsyncClient, supervisor: Supervisor, email: str) -> bool:
    mutation = """
    mutation($input: RegisterInput!) { register(input: $input) { user { email } userErrors { code } } }
    """
    given = {"email": email, "password": "a long enough password", "name": "Someone"}
    try:
        answer = await client.post(
            f"{supervisor.gateway_url}/graphql", json={"query": mutation, "variables": {"input": given}}
        )
        payload = answer.json()["data"]["register"]
    except (httpx.HTTPError, KeyError, TypeError, ValueError):
        return False
    # The user is read back from the read model, so every process but the agents has done its part.
    return payload["user"] is not None or payload["userErrors"] == [{"code": "EMAIL_TAKEN"}]


@pytest.mark.timeout(len(SERVICES) * RECOVERY_SECONDS + 60)
async def test_whichever_process_is_killed_the_platform_comes_back_by_itself(supervisor: Supervisor) -> None:
    async with httpx.AsyncClient(timeout=10) as client:
        assert await registers(client, supervisor, "first@zyenta.example")
        for name, pid in supervisor.pids().items():
            os.kill(pid, signal.SIGKILL)
            async with asyncio.timeout(RECOVERY_SECONDS):
                while supervisor.pids().get(name) in {None, pid} or not await registers(
                    client, supervisor, f"{name}@zyenta.example"
                ):
                    await asyncio.sleep(0.2)
