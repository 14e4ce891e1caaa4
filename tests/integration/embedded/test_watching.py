"""A process that hangs is replaced; one that waits on a busy machine is not."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from infra.embedded.broker import EmbeddedBroker
from infra.embedded.heartbeat import Silence, queued_seconds
from infra.embedded.postgres import EmbeddedPostgres
from infra.embedded.watching import PATIENCE_SECONDS, Service, watch

ROOT = Path(__file__).parents[3]
PATIENCE = 60.0
"""Time limit for steps that take seconds on a quiet machine."""

BEATING = """
import asyncio, signal, sys, time
from infra.embedded.heartbeat import beat

async def main():
    async def wedge():
        while True:
            pass
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, lambda: asyncio.create_task(wedge()))
    loop.add_signal_handler(signal.SIGUSR2, lambda: time.sleep(600))
    print("ready", flush=True)
    await beat()

asyncio.run(main())
"""


@asynccontextmanager
async def watched(tmp_path: Path) -> AsyncIterator[Service]:
    """Run a watched service with heartbeats, from its first beat on."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", BEATING]
    service = Service(
        "gateway", log_file=tmp_path / "gateway.log", launch=lambda process: process.launch(command, env=environment)
    )
    service.launch()
    watching = asyncio.create_task(watch(service.name, service))
    try:
        async with asyncio.timeout(PATIENCE):
            while not service.process.has_beaten:
                await asyncio.sleep(0.05)
        yield service
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await service.process.kill()


async def replaced(service: Service, pid: int) -> float:
    """Return the seconds until another process beats."""
    began = time.monotonic()
    async with asyncio.timeout(PATIENCE):
        while not (service.process.running and service.process.pid != pid and service.process.has_beaten):
            await asyncio.sleep(0.05)
    return time.monotonic() - began


@pytest.mark.parametrize("how", [signal.SIGSTOP, signal.SIGUSR1, signal.SIGUSR2], ids=["stopped", "busy", "blocked"])
async def test_a_process_whose_event_loop_hangs_is_replaced(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, how: signal.Signals
) -> None:
    async with watched(tmp_path) as service:
        pid = service.process.pid
        os.kill(pid, how)
        await replaced(service, pid)
        assert not psutil.pid_exists(pid)
    assert any(message.startswith("gateway hangs: it has been silent") for message in caplog.messages)


async def test_a_killed_process_is_restarted(tmp_path: Path) -> None:
    async with watched(tmp_path) as service:
        pid = service.process.pid
        os.kill(pid, signal.SIGKILL)
        await replaced(service, pid)


@pytest.mark.parametrize("kind", [EmbeddedBroker, EmbeddedPostgres])
async def test_a_server_stopped_by_a_signal_is_replaced(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, kind: type[EmbeddedBroker | EmbeddedPostgres]
) -> None:
    server = kind(tmp_path / "server")
    await server.start()
    watching = asyncio.create_task(watch("server", server))
    try:
        pid = server.pid
        async with asyncio.timeout(PATIENCE):
            while not server.process.has_beaten:
                await asyncio.sleep(0.05)
        os.kill(pid, signal.SIGSTOP)
        async with asyncio.timeout(PATIENCE):
            while not (server.running and server.pid != pid):
                await asyncio.sleep(0.05)
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await server.kill()
    assert any(message.startswith("server hangs: it has been silent") for message in caplog.messages)


def test_waits_for_a_processor_do_not_count_as_silence() -> None:
    cpu = min(os.sched_getaffinity(0))
    spin = [sys.executable, "-c", f"import os; os.sched_setaffinity(0, {{{cpu}}})\nwhile True: pass"]
    # Six processes on one processor: each waits most of the time.
    crowd = [subprocess.Popen(spin) for _ in range(6)]
    try:
        pid, silence, deadline = crowd[0].pid, Silence(), time.monotonic() + PATIENCE
        while not all(psutil.Process(each.pid).cpu_affinity() == [cpu] for each in crowd):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        silent, began, queued = silence.after_look(pid), time.monotonic(), queued_seconds(pid)
        while queued_seconds(pid) < queued + 2:
            assert time.monotonic() < deadline
            time.sleep(0.1)
            silent = silence.after_look(pid)
        assert silent < (time.monotonic() - began) / 2
    finally:
        for each in crowd:
            each.kill()
            each.wait()


def test_all_time_of_a_stopped_process_counts_as_silence() -> None:
    sleeping = subprocess.Popen(["/bin/sleep", "60"])
    try:
        sleeping.send_signal(signal.SIGSTOP)
        silence, deadline = Silence(), time.monotonic() + PATIENCE
        while silence.after_look(sleeping.pid) < 1:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    finally:
        sleeping.kill()
        sleeping.wait()


def test_a_hanging_process_is_noticed_within_ten_seconds() -> None:
    assert PATIENCE_SECONDS <= 8, "beats and looks add a second, and ten is the promise"
