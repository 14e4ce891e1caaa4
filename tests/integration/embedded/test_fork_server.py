"""Services are copies of one process; each has its own life, and its watcher starts it again when the fork server ends."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from infra.embedded.fork_server import ForkServer, is_supported
from infra.embedded.process import ChildProcess, ServerFailed
from infra.embedded.services import inherited_environment
from infra.embedded.watching import Service, watch

pytestmark = pytest.mark.skipif(not is_supported(), reason="forks are followed on Linux only")


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ForkServer]:
    log_file = tmp_path_factory.mktemp("forks") / "fork-server.log"
    server = ForkServer(log_file=log_file, env=inherited_environment(os.environ))
    await server.start()
    yield server
    await server.stop()


def launched(server: ForkServer, process: ChildProcess, *arguments: str) -> None:
    process.launch_fork(server, arguments, env={"ZYENTA_ENV_FILE": "", "ZYENTA_MASTER_KEYS": "00" * 32})


async def test_a_copy_runs_its_own_command_with_its_own_settings_and_log(server: ForkServer, tmp_path: Path) -> None:
    process = ChildProcess("publisher", log_file=tmp_path / "publisher.log")
    launched(server, process, "run", "publisher")
    assert psutil.Process(process.pid).ppid() == server.process.pid
    async with asyncio.timeout(30):
        while process.running:
            await asyncio.sleep(0.05)
    assert "DATABASE_URL is not set" in process.log_tail()
    with pytest.raises(ServerFailed, match="publisher ended"):
        await process.wait_until(asyncio.Event().wait, seconds=1)
    assert server.process.log_tail() == ""


async def test_the_fork_server_has_one_thread_and_no_secret_to_leave(server: ForkServer) -> None:
    process = psutil.Process(server.process.pid)
    assert process.num_threads() == 1
    assert not {name for name in process.environ() if "KEY" in name or "SECRET" in name or name.endswith("_URL")}


async def test_copies_end_with_the_fork_server_and_their_watchers_start_them_again(
    server: ForkServer, tmp_path: Path
) -> None:
    service = Service(
        "sandbox", log_file=tmp_path / "log", launch=lambda process: launched(server, process, "bench", "--json")
    )
    launched(server, service.process, "run", "sandbox")
    service.process.pause()
    first = server.process.pid
    os.kill(first, signal.SIGKILL)
    async with asyncio.timeout(10):
        while service.process.running:
            await asyncio.sleep(0.02)
    watching = [asyncio.create_task(watch(name, part)) for name, part in (("sandbox", service), ("forks", server))]
    try:
        async with asyncio.timeout(60):
            while "latency" not in service.process.log_tail():
                await asyncio.sleep(0.05)
    finally:
        for each in watching:
            each.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
        await service.process.kill()
    assert server.process.pid != first
