"""A server that root starts as the unprivileged user can read its files and has no other rights of root."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import asyncpg
import psutil
import pytest

from infra.embedded import postgres
from infra.embedded.launcher import CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, UNPRIVILEGED_ID
from infra.embedded.postgres import EmbeddedPostgres
from infra.embedded.process import tied_to_parent

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can change the user")

ROOT = Path(__file__).parents[3]


@pytest.fixture
def private(tmp_path: Path) -> Path:
    """A folder that only root may enter, like ``/root``."""
    folder = tmp_path / "private"
    folder.mkdir(mode=0o700)
    return folder


def as_unprivileged(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        tied_to_parent(["/bin/sh", "-c", script], user="unprivileged"), capture_output=True, text=True, timeout=20
    )


def capabilities_of(pid: int | str) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("CapEff:")[2].split()[0], 16)


async def test_postgres_runs_as_an_unprivileged_user_in_a_folder_of_root(
    private: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = postgres._binary("postgres").parents[2]
    for part in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(part, private / part.name, symlinks=True)
    program = private / package.name / "pginstall"
    monkeypatch.setattr(postgres, "_server_user", lambda: "unprivileged")
    monkeypatch.setattr(postgres, "_binary", lambda name: program / "bin" / name)
    server = EmbeddedPostgres(private / "data", settings={"fsync": "off"})
    await server.start()
    try:
        connection = await asyncpg.connect(server.dsn)
        assert await connection.fetchval("select 7") == 7
        await connection.close()
        process = psutil.Process(server.pid)
        assert process.uids().effective == process.uids().real == UNPRIVILEGED_ID
        assert Path(process.exe()) == program / "bin" / "postgres"
    finally:
        await server.stop()


def test_an_unprivileged_server_keeps_exactly_one_capability(private: Path) -> None:
    held = as_unprivileged("id -u; id -G; grep CapEff /proc/self/status").stdout.split()
    assert held[:2] == [str(UNPRIVILEGED_ID), str(UNPRIVILEGED_ID)]
    assert int(held[-1], 16) in {1 << CAP_DAC_READ_SEARCH, 1 << CAP_DAC_OVERRIDE}


def test_an_unprivileged_server_may_read_but_not_write(private: Path) -> None:
    (private / "letter").write_text("to be read")
    assert as_unprivileged(f"cat {private}/letter").stdout == "to be read"
    if not capabilities_of("self") >> CAP_DAC_READ_SEARCH & 1:
        return  # a container grants root only the stronger right, which includes writing
    assert as_unprivileged(f"echo changed > {private}/letter").returncode != 0
    assert as_unprivileged(f"rm -f {private}/letter; touch {private}/new; kill -0 {os.getpid()}").returncode != 0
    assert [path.name for path in private.iterdir()] == ["letter"]
    assert (private / "letter").read_text() == "to be read"


def test_an_unprivileged_server_dies_with_its_parent() -> None:
    program = (
        "import subprocess, sys\n"
        "from infra.embedded.process import tied_to_parent\n"
        "child = subprocess.Popen(tied_to_parent(['/bin/sleep', '60'], user='unprivileged'))\n"
        "print(child.pid, flush=True)\n"
        "child.wait()\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=ROOT) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        deadline = time.monotonic() + 20
        while child.name() != "sleep":
            assert time.monotonic() < deadline
            time.sleep(0.01)
        os.kill(parent.pid, signal.SIGKILL)
    while child.is_running() and child.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "the server outlived its parent"
        time.sleep(0.01)
