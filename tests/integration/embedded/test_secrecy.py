"""Other users of the machine cannot read the data directory, and no service has more rights than it needs."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import psutil
import pytest

from domain.accounts.ports import Account
from infra.adapters.postgres.accounts import PostgresAccounts
from infra.adapters.postgres.deliveries import PostgresDeliveries
from infra.adapters.postgres.event_store import PostgresEventLog
from infra.adapters.postgres.migrations import migrate
from infra.clock import SystemClock
from infra.embedded.database_roles import IMAGER_FORBIDDEN, IMAGER_GRANTS, DatabaseUsers, prepare_users
from infra.embedded.postgres import EmbeddedPostgres
from infra.embedded.private_files import close_data_directory
from infra.embedded.supervisor import Supervisor
from schemas.internal.deliveries import Place
from tests.conftest import opened_pool
from tests.support.platforms.write_side import Platform

ADDRESS = "robin.rare@zyenta.example"


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedPostgres]:
    """A server of an earlier version: the superuser owns everything, a read model included."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("roles") / "data", settings={"fsync": "off"})
    await server.start()
    await migrate(server.dsn)
    async with opened_pool(server.dsn) as pool:
        await pool.execute("create schema shelf; create table shelf.jars (id bigint generated always as identity)")
        await pool.execute("create view shelf.all_jars as select * from shelf.jars")
    yield server
    await server.kill()


@pytest.fixture
async def users(server: EmbeddedPostgres) -> DatabaseUsers:
    return await prepare_users(server.dsn)


def holds(pid: int, secret: bytes) -> bool:
    """Whether a process has these bytes in memory that it can write."""
    areas = [line.split() for line in Path(f"/proc/{pid}/maps").read_text().splitlines()]
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for begin, end in (area[0].split("-") for area in areas if area[1].startswith("rw")):
            memory.seek(int(begin, 16))
            with suppress(OSError):  # an area that has no pages
                if secret in memory.read(int(end, 16) - int(begin, 16)):
                    return True
    return False


def open_to_others(directory: Path) -> list[Path]:
    return [path for path in (directory, *directory.rglob("*")) if path.stat().st_mode & 0o077]


async def test_other_users_cannot_read_anything_in_the_data_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOMEBODYS_TOKEN", "a secret of the shell")
    data = tmp_path / "data"
    (data / "logs").mkdir(parents=True)
    (data / "broker" / "log").mkdir(parents=True)
    for name in ("logs/gateway.log", "broker/log/state.jsonl", "ports.json", "running.json"):
        (data / name).write_text("{}")
        (data / name).chmod(0o644)
    for folder in (data, data / "logs", data / "broker", data / "broker" / "log"):
        folder.chmod(0o755)
    supervisor = Supervisor(data)
    before = os.umask(0o022)
    try:
        await supervisor.start(("sandbox", "imager"))
        assert open_to_others(data) == []
        database = urlsplit(supervisor.environment["DATABASE_URL"])
        of_imager = b"postgresql://zyenta_imager:"
        async with asyncio.timeout(30):  # until it has read its settings
            while not holds(supervisor.pids()["imager"], of_imager):
                await asyncio.sleep(0.1)
        servers = [each.pid for each in psutil.Process().children() if str(data) in " ".join(each.cmdline())]
        environments = [psutil.Process(pid).environ() for pid in (*servers, *supervisor.pids().values())]
        key = (data / "master.key").read_text()
        password = (data / "postgres" / "password").read_text()
        for pid in supervisor.pids().values():
            assert not any(holds(pid, secret.encode()) for secret in (key, password, str(database.password)))
            assert not holds(pid, b"a secret of the shell")
        assert not holds(supervisor.pids()["sandbox"], of_imager)
    finally:
        os.umask(before)
        await supervisor.stop()
    assert open_to_others(data) == []
    for environment in environments:
        assert not any(key in value or password in value for value in environment.values())
        assert "SOMEBODYS_TOKEN" not in environment
    assert database.username == "zyenta_services"


def test_a_shared_directory_keeps_its_mode_and_other_files(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    tmp_path.chmod(0o755)
    for name in ("theirs.txt", "master.key"):
        (tmp_path / name).touch(mode=0o644)
    (tmp_path / "logs").symlink_to(tmp_path / "theirs.txt")
    close_data_directory(tmp_path, ("master.key", "logs"))
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path, *tmp_path.iterdir())}
    assert modes == {tmp_path.name: 0o755, "theirs.txt": 0o644, "logs": 0o644, "master.key": 0o600}
    assert f"{tmp_path} also contains theirs.txt" in caplog.text


async def test_the_services_role_owns_everything_and_is_not_a_superuser(
    server: EmbeddedPostgres, users: DatabaseUsers
) -> None:
    assert await prepare_users(server.dsn) == users, "a second start changes nothing"
    async with opened_pool(users.services) as pool:
        assert not await pool.fetchval("select rolsuper from pg_roles where rolname = current_user")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.execute("copy events to program 'cat'")
        strangers = await pool.fetch(
            "select relname from pg_class where relnamespace::regnamespace::text in ('public', 'shelf')"
            " and relkind in ('r', 'S', 'v') and relowner <> current_user::regrole"
        )
        assert strangers == []
        await pool.execute("alter schema shelf rename to shelf_before; alter schema shelf_before rename to shelf")
        await pool.execute("create schema shelf_build; create table shelf_build.jars (id bigint)")
        await pool.execute("drop schema shelf_build cascade")


async def test_every_table_is_either_granted_or_forbidden_to_the_imager(
    server: EmbeddedPostgres, users: DatabaseUsers
) -> None:
    async with opened_pool(server.dsn) as pool:
        tables = {row[0] for row in await pool.fetch("select tablename from pg_tables where schemaname = 'public'")}
    assert tables <= set(IMAGER_GRANTS) | IMAGER_FORBIDDEN
    assert not set(IMAGER_GRANTS) & IMAGER_FORBIDDEN
    async with opened_pool(users.imager) as pool:
        for table in tables & IMAGER_FORBIDDEN:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await pool.fetch(f"select * from {table}")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.fetch("select * from shelf.jars")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.execute("update events set data = ''")


async def test_the_imager_can_do_its_work(users: DatabaseUsers) -> None:
    await migrate(users.imager)
    async with opened_pool(users.imager) as pool:
        maker = Platform()
        maker.bus._log = PostgresEventLog(pool, SystemClock())
        await maker.request()
        place = Place(group="imager", event_id=uuid4(), topic="t", partition=0, offset=1)
        ledger = PostgresDeliveries(pool)
        await ledger.begin(place)
        await ledger.failed(place, "why")
        await ledger.done(place)


async def test_a_second_account_for_an_address_leaves_no_address_in_the_server_s_log(
    server: EmbeddedPostgres, users: DatabaseUsers
) -> None:
    def account() -> Account:
        return Account(
            merchant_id=uuid4(),
            email=ADDRESS,
            password_hash="$argon2id$x",
            name="Robin Rare",
            opened=True,
            claimed=False,
        )

    async with opened_pool(users.services) as pool:
        accounts = PostgresAccounts(pool)
        first, second = [await accounts.add(account(), at=datetime.now(UTC)) for _ in range(2)]
        assert await accounts.claim(first.merchant_id, ADDRESS, at=datetime.now(UTC))
        assert not await accounts.claim(second.merchant_id, ADDRESS, at=datetime.now(UTC))
        log = server.log_file.read_text()
        assert "duplicate key" not in log
        # Other errors are logged without the row.
        with pytest.raises(asyncpg.UniqueViolationError):
            await pool.execute(
                "insert into accounts (merchant_id, email, email_key, password_hash, name, opened, claimed, created_at, updated_at)"
                f" values ('{uuid4()}', 'x', '{ADDRESS}', 'x', 'x', true, true, now(), now())"
            )
    log = server.log_file.read_text()
    assert "duplicate key" in log
    assert ADDRESS not in log
