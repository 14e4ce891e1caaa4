"""A server that root starts as nobody reaches what it must, and can do no more than that."""

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
from infra.embedded.launcher import CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, NOBODY
from infra.embedded.postgres import EmbeddedPostgres
from infra.embedded.process import tied_to_parent

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")

ROOT = Path(__file__).parents[3]


@pytest.fixture
def private(tmp_path: Path) -> Path:
    """A folder that root alone may enter, as ``/root`` is."""
    folder = tmp_path / "private"
    folder.mkdir(mode=0o700)
    return folder


def as_nobody(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        tied_to_parent(["/bin/sh", "-c", script], user="nobody"), capture_output=True, text=True, timeout=20
    )


def rights_of(pid: int | str) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("CapEff:")[2].split()[0], 16)


async def test_postgres_runs_as_nobody_where_only_root_may_look(private: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = postgres._binary("postgres").parents[2]
    for part in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(part, private / part.name, symlinks=True)
    program = private / package.name / "pginstall"
    monkeypatch.setattr(postgres, "_server_user", lambda: "nobody")
    monkeypatch.setattr(postgres, "_binary", lambda name: program / "bin" / name)
    server = EmbeddedPostgres(private / "data", settings={"fsync": "off"})
    await server.start()
    try:
        connection = await asyncpg.connect(server.dsn)
        assert await connection.fetchval("select 7") == 7
        await connection.close()
        process = psutil.Process(server.pid)
        assert process.uids().effective == process.uids().real == NOBODY
        assert Path(process.exe()) == program / "bin" / "postgres"
    finally:
        await server.stop()


def test_nobody_keeps_one_right_of_root_and_no_other(private: Path) -> None:
    held = as_nobody("id -u; id -G; grep CapEff /proc/self/status").stdout.split()
    assert held[:2] == [str(NOBODY), str(NOBODY)]
    assert int(held[-1], 16) in {1 << CAP_DAC_READ_SEARCH, 1 << CAP_DAC_OVERRIDE}


def test_nobody_may_look_but_not_touch(private: Path) -> None:
    (private / "letter").write_text("to be read")
    assert as_nobody(f"cat {private}/letter").stdout == "to be read"
    if not rights_of("self") >> CAP_DAC_READ_SEARCH & 1:
        return  # a container that grants root only the stronger right, to touch as well
    assert as_nobody(f"echo changed > {private}/letter").returncode != 0
    assert as_nobody(f"rm -f {private}/letter; touch {private}/new; kill -0 {os.getpid()}").returncode != 0
    assert [path.name for path in private.iterdir()] == ["letter"]
    assert (private / "letter").read_text() == "to be read"


def test_nobody_dies_with_its_parent() -> None:
    program = (
        "import subprocess, sys\n"
        "from infra.embedded.process import tied_to_parent\n"
        "child = subprocess.Popen(tied_to_parent(['/bin/sleep', '60'], user='nobody'))\n"
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
