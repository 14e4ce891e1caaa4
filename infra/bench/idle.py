"""What a platform costs at rest, as ``zyenta up`` runs it: processor time and memory of all its processes.

The memory is the proportional set size: pages that processes share are counted once. The processor time includes processes
that ended during the measurement, such as PostgreSQL's maintenance. Both need Linux.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Iterator

import psutil

from infra.bench.figures import Bench, Figures, ReportPhase, Sizes, Target
from infra.bench.memory import memory_mb
from infra.bench.servers import Servers
from infra.embedded.process import ChildProcess
from infra.embedded.services import SERVICES, inherited_environment

START_SECONDS = 120.0
PARTS = (*SERVICES, "postgres", "broker", "fork_server", "supervisor")
"""The parts of a platform. The supervisor's figures include everything else that it starts."""


async def measure(servers: Servers, sizes: Sizes, _seed: int, report: ReportPhase) -> Figures:
    """Start a platform, wait until it rests, and watch it. The seed has no effect: nothing is generated."""
    supervisor = ChildProcess("up", log_file=servers.directory / "up.log")
    directory = {"ZYENTA_DATA_DIR": str(servers.directory / "data"), "ZYENTA_ENV_FILE": ""}
    report("starting the platform")
    supervisor.launch([sys.executable, "-m", "infra.cli", "up"], env=inherited_environment(os.environ) | directory)
    try:
        await supervisor.wait_until(lambda: _is_running(supervisor), seconds=START_SECONDS)
        report("waiting until it rests")
        await asyncio.sleep(sizes["calm"])
        report(f"watching it for {sizes['seconds']} s")
        before, began = _cpu_seconds(supervisor.pid), time.perf_counter()
        await asyncio.sleep(sizes["seconds"])
        after, seconds = _cpu_seconds(supervisor.pid), time.perf_counter() - began
        memory = _memory_mb(supervisor.pid)
    finally:
        await supervisor.stop(signal.SIGTERM, grace=30)
    cpu = {part: 100 * (after[part] - before[part]) / seconds for part in PARTS}
    return {
        "cpu_percent": sum(cpu.values()),
        "memory_mb": sum(memory.values()),
        **{f"cpu_{part}_percent": cpu[part] for part in PARTS},
        **{f"memory_{part}_mb": memory[part] for part in PARTS},
    }


async def _is_running(supervisor: ChildProcess) -> bool:
    return "Zyenta is running" in supervisor.log_tail()


def _cpu_seconds(supervisor: int) -> dict[str, float]:
    """Return the processor seconds of each part so far, including its processes that have ended."""
    spent = dict.fromkeys(PARTS, 0.0)
    for part, process in _processes(supervisor):
        times = process.cpu_times()
        spent[part] += times.user + times.system + times.children_user + times.children_system
    return spent


def _memory_mb(supervisor: int) -> dict[str, float]:
    taken = dict.fromkeys(PARTS, 0.0)
    for part, process in _processes(supervisor):
        taken[part] += memory_mb(process)
    return taken


def _processes(supervisor: int) -> Iterator[tuple[str, psutil.Process]]:
    """Yield all processes of the platform, each with its part."""
    head = psutil.Process(supervisor)
    yield "supervisor", head
    for child in head.children():
        part = _part_of(child)
        yield part, child
        # The fork server's children are services.
        for each in child.children():
            own = _part_of(each) if part == "fork_server" else part
            yield own, each
            for descendant in each.children(recursive=True):
                yield own, descendant


def _part_of(process: psutil.Process) -> str:
    """Return the part that a process begins; the supervisor's for any other."""
    command = [word for word in process.cmdline() if word]
    roles = tuple(command[command.index("run") + 1 :]) if "run" in command else ()
    for name, own in SERVICES.items():
        if own == roles:
            return name
    marks = {"postgres": "postgres", "logbroker": "broker", "fork_server": "fork_server"}
    return next((part for mark, part in marks.items() if any(mark in word for word in command)), "supervisor")


BENCH = Bench(
    name="idle",
    about="Processor time and memory of a platform at rest",
    measure=measure,
    full={"calm": 30, "seconds": 60},
    quick={"calm": 5, "seconds": 10},
    targets=(
        Target(figure="cpu_percent", most=3),
        Target(figure="memory_mb", most=500),
        *(Target(figure=f"cpu_{part}_percent") for part in PARTS),
        *(Target(figure=f"memory_{part}_mb") for part in PARTS),
    ),
    with_kafka=False,
    with_postgres=False,
)
