"""The embedded PostgreSQL starts anywhere, keeps commits, and leaves no processes behind."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from infra.embedded.postgres import EmbeddedPostgres
from infra.embedded.process import ServerFailed
from tests.integration.embedded.clients import until

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
async def any_postgres(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedPostgres]:
    """One server for all tests of this file."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("embedded") / "data", settings={"fsync": "off"})
    yield server
    await server.kill()


@pytest.fixture
async def postgres(any_postgres: EmbeddedPostgres) -> EmbeddedPostgres:
    """A running server; restarted if the previous test stopped it."""
    if any_postgres.running:
        any_postgres.resume()
    await any_postgres.start()
    return any_postgres


async def ask(server: EmbeddedPostgres, query: str) -> object:
    """Return the first value of the last statement."""
    connection = await asyncpg.connect(server.dsn, timeout=60)
    try:
        *commands, last = query.split(";")
        for command in commands:
            await connection.execute(command)
        return await connection.fetchval(last)
    finally:
        connection.terminate()


async def test_new_server_is_postgres_18_in_utf8_and_utc(postgres: EmbeddedPostgres) -> None:
    assert int(str(await ask(postgres, "show server_version_num"))) >= 180_000
    assert await ask(postgres, "show server_encoding") == "UTF8"
    assert await ask(postgres, "show timezone") == "UTC"


async def test_settings_replace_the_defaults(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "data", settings={"shared_buffers": "16MB", "work_mem": "9MB"})
    await server.start()
    try:
        assert await ask(server, "show shared_buffers") == "16MB"
        assert await ask(server, "show work_mem") == "9MB"
        assert await ask(server, "show fsync") == "on"
    finally:
        await server.stop()


async def test_client_without_the_password_is_rejected(postgres: EmbeddedPostgres) -> None:
    password = postgres.dsn.split(":")[2].split("@")[0]
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(postgres.dsn.replace(password, "guess"))


async def test_database_of_another_name_is_reached_by_its_dsn(postgres: EmbeddedPostgres) -> None:
    await ask(postgres, "create database shop")
    connection = await asyncpg.connect(postgres.dsn_of("shop"))
    assert await connection.fetchval("select current_database()") == "shop"
    await connection.close()


@pytest.mark.parametrize("ending", ["stop", "kill", "kill postmaster only"])
async def test_restart_keeps_commits_and_address(postgres: EmbeddedPostgres, ending: str) -> None:
    dsn = postgres.dsn
    await ask(postgres, "drop table if exists kept; create table kept as select 1 as one")
    busy = await asyncpg.connect(dsn)
    if ending == "stop":
        await postgres.stop()
    elif ending == "kill":
        await postgres.kill()
    else:
        os.kill(postgres.pid, signal.SIGKILL)

        async def is_gone() -> bool:
            return not postgres.running

        await until(is_gone)
    await postgres.start()
    assert postgres.dsn == dsn
    assert await ask(postgres, "select one from kept") == 1
    busy.terminate()


async def test_stale_pid_of_another_program_does_not_stop_the_start(postgres: EmbeddedPostgres) -> None:
    lock = postgres._cluster / "postmaster.pid"
    content = lock.read_text()
    pid = str(postgres.pid)
    await postgres.kill()
    lock.write_text(content.replace(pid, str(os.getppid()), 1))
    await postgres.start()
    assert await ask(postgres, "select 1") == 1


async def test_second_server_on_the_same_data_is_rejected(
    postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.embedded.postgres._LEFTOVER_SECONDS", 0.2)
    second = EmbeddedPostgres(postgres._data_dir)
    with pytest.raises(ServerFailed, match=f"Another PostgreSQL .*{postgres.pid}"):
        await second.start()
    assert await ask(postgres, "select 1") == 1


async def test_frozen_server_answers_no_client_until_it_wakes(postgres: EmbeddedPostgres) -> None:
    connection = await asyncpg.connect(postgres.dsn)
    postgres.pause()
    asking = asyncio.create_task(connection.fetchval("select 7"))
    done, _ = await asyncio.wait([asking], timeout=0.3)
    assert not done
    postgres.resume()
    assert await asyncio.wait_for(asking, 10) == 7
    await connection.close()


async def test_wiped_server_is_empty_on_the_same_port(postgres: EmbeddedPostgres) -> None:
    port = postgres.dsn.rpartition(":")[2]
    await ask(postgres, "create table gone as select 1 as one")
    await postgres.wipe()
    await postgres.start()
    assert postgres.dsn.rpartition(":")[2] == port
    assert await ask(postgres, "select to_regclass('gone')") is None


async def test_failed_start_gives_the_reason(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "data", port=1, settings={"shared_buffers": "no size"})
    with pytest.raises(ServerFailed, match='invalid value for parameter "shared_buffers"'):
        await server.start()
    assert not server.running


@pytest.mark.parametrize("frozen", [False, True])
def test_server_and_backends_die_with_their_parent(tmp_path: Path, *, frozen: bool) -> None:
    program = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from infra.embedded.postgres import EmbeddedPostgres\n"
        "async def main():\n"
        "    server = EmbeddedPostgres(Path(sys.argv[1]))\n"
        "    await server.start()\n"
        "    print(server.pid, flush=True)\n"
        "    if sys.stdin.readline() == 'freeze\\n':\n"
        "        server.pause()\n"
        "    print('ready', flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "data")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    ) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        server = psutil.Process(int(parent.stdout.readline()))
        family = [server, *server.children(recursive=True)]
        parent.stdin.write(b"freeze\n" if frozen else b"go on\n")
        parent.stdin.flush()
        assert parent.stdout.readline() == b"ready\n"
        os.kill(parent.pid, signal.SIGKILL)
    # The server kills frozen backends after its own limit of five seconds.
    deadline = time.monotonic() + 60
    for member in family:
        while member.is_running() and member.status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() < deadline, f"{member} survived"
            time.sleep(0.01)
