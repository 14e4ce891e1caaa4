"""Child processes that end with this process: start, probe, pause, stop and kill."""

import asyncio
import fcntl
import logging
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import IO, Literal, Protocol

import psutil

from infra.embedded import launcher
from infra.embedded.heartbeat import Heartbeat, StoppedTime
from infra.embedded.private_files import PRIVATE_FOLDER, PRIVATE_UMASK, open_private

logger = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
_POLL_SECONDS = 0.02
_KILL_SECONDS = 10
_FREEZE_SECONDS = 5
_FREEZE_POLL_SECONDS = 0.001
_STOPPED = frozenset({psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP, psutil.STATUS_ZOMBIE})
_LOG_TAIL_BYTES = 4_000

User = Literal["same", "namespaced", "unprivileged"]
"""The user that the server runs as; see ``launcher``."""


class ServerFailed(Exception):
    """An embedded server did not start or did not answer in time. The message ends with its last log lines."""


class Running(Protocol):
    """A started process, with the methods of ``subprocess.Popen`` that :class:`ChildProcess` uses."""

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def send_signal(self, number: int, /) -> None: ...


class Forks(Protocol):
    """Starts services as copies of one process; see :class:`infra.embedded.fork_server.ForkServer`."""

    def fork(
        self, arguments: Sequence[str], *, env: Mapping[str, str], log: IO[bytes], pipes: Mapping[str, int]
    ) -> Running: ...


class ChildProcess:
    """One embedded server process.

    It leads its own process group, so Ctrl-C reaches only the parent, which controls the order of the shutdown. When the
    parent dies for any reason, the kernel sends ``death_signal`` to the child (Linux).

    The parent-death signal belongs to the *thread* that started the process. Call ``launch`` on a thread that lives as
    long as the server, normally the event loop's.

    Args:
        name: name for messages.
        log_file: file for its output.
        death_signal: signal that it receives when the parent dies.
        beats: whether it calls :func:`infra.embedded.heartbeat.beat`.
    """

    def __init__(
        self, name: str, *, log_file: Path, death_signal: signal.Signals = signal.SIGKILL, beats: bool = False
    ) -> None:
        self.name = name
        self.log_file = log_file
        self._death_signal = death_signal
        self._beats = beats
        self._pulse: Heartbeat | StoppedTime = StoppedTime()
        self._process: Running | None = None

    @property
    def running(self) -> bool:
        """Whether the process is alive. A paused process is."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process id.

        Raises:
            ServerFailed: the process does not run.
        """
        if self._process is None or not self.running:
            raise ServerFailed(f"{self.name} is not running")
        return self._process.pid

    def launch(
        self,
        command: Sequence[str],
        *,
        user: User = "same",
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        pass_fds: Sequence[int] = (),
    ) -> None:
        """Start the process and append its output to the log file.

        Only the owner may read the log and the files that the process creates.

        Args:
            command: absolute path of the program, then its arguments.
            user: the user to run as.
            env: the environment. None for the parent's.
            cwd: the working directory.
            pass_fds: file descriptors that it inherits.
        """
        with self._inheritance() as (log, pipes):
            self._process = subprocess.Popen(  # noqa: S603  our own command line
                tied_to_parent(command, death_signal=self._death_signal, user=user),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**(os.environ if env is None else env), **{name: str(pipe) for name, pipe in pipes.items()}},
                cwd=cwd,
                pass_fds=(*pass_fds, *pipes.values()),
                umask=PRIVATE_UMASK,
                # Not a new session: the kernel wakes a *stopped* process group that becomes orphaned within its
                # session, so even a paused server receives its death signal.
                process_group=0,
            )

    def launch_fork(self, server: Forks, arguments: Sequence[str], *, env: Mapping[str, str]) -> None:
        """Start the process as a copy of the fork server, which ends it with itself.

        Args:
            server: the fork server.
            arguments: the command line after ``zyenta``.
            env: the whole environment.

        Raises:
            OSError: the fork server is away; retrying may help.
        """
        with self._inheritance() as (log, pipes):
            self._process = server.fork(arguments, env=env, log=log, pipes=pipes)

    @contextmanager
    def _inheritance(self) -> Iterator[tuple[IO[bytes], Mapping[str, int]]]:
        """Yield the opened log, and the pipes that the process inherits by the variables that name them."""
        self.log_file.parent.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
        self._pulse.close()
        self._pulse = pulse = Heartbeat() if self._beats else StoppedTime()
        with open_private(self.log_file, os.O_WRONLY | os.O_APPEND) as log, pulse.inheritance() as pipes:
            yield log, pipes

    def silent_seconds(self) -> float:
        """Return how long the process could have beaten and did not. Must be called at least once a second.

        For a process without heartbeats: how long a signal has stopped it.
        """
        return 0.0 if self._process is None else self._pulse.silent_seconds(self._process.pid)

    @property
    def has_beaten(self) -> bool:
        """Whether the process has beaten at least once. True for a process without heartbeats."""
        return self._pulse.has_beaten

    async def wait_until(self, ready: Callable[[], Awaitable[bool]], *, seconds: float) -> None:
        """Poll ``ready`` until it returns True.

        Args:
            ready: a probe that answers within a fraction of a second.
            seconds: the time limit.

        Raises:
            ServerFailed: the process ended, or the time is over.
        """
        deadline = time.monotonic() + seconds
        while True:
            if not self.running:
                raise ServerFailed(f"{self.name} ended\n{self.log_tail()}")
            # Checked again after the probe: another program on the same port may have answered.
            if await ready() and self.running:
                return
            if time.monotonic() > deadline:
                raise ServerFailed(f"{self.name} did not answer within {seconds:.0f} s\n{self.log_tail()}")
            await asyncio.sleep(_POLL_SECONDS)

    async def stop(self, how: signal.Signals, *, grace: float) -> None:
        """Send the signal ``how`` and wait. Kill the process after ``grace`` seconds."""
        if self._process is None or not self.running:
            self._pulse.close()
            return
        self.resume()
        self._process.send_signal(how)
        try:
            await asyncio.to_thread(self._process.wait, grace)
        except subprocess.TimeoutExpired:
            logger.warning("%s did not stop within %.0f s and is killed now", self.name, grace)
            await self.kill()
        self._pulse.close()

    async def kill(self) -> None:
        """Send SIGKILL to the process and its descendants, and wait until they have ended."""
        if self._process is None or not self.running:
            return
        # Frozen first, so that it cannot fork while its descendants are listed.
        with suppress(psutil.NoSuchProcess):
            _freeze(psutil.Process(self._process.pid))
        family = self._family()
        for member in family:
            with suppress(psutil.NoSuchProcess):
                member.kill()
        await asyncio.to_thread(self._process.wait, _KILL_SECONDS)
        await asyncio.to_thread(_wait_for_end, family)
        self._pulse.close()

    def pause(self) -> None:
        """Send SIGSTOP to the process and its descendants, and wait until they stand still."""
        for member in self._family():
            with suppress(psutil.NoSuchProcess):
                _freeze(member)

    def resume(self) -> None:
        """Send SIGCONT to the process and its descendants."""
        for member in reversed(self._family()):
            with suppress(psutil.NoSuchProcess):
                member.resume()

    def log_tail(self) -> str:
        """Return the last lines of the log, for an error message."""
        with suppress(OSError), self.log_file.open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - _LOG_TAIL_BYTES))
            return log.read().decode(errors="replace").strip()
        return "(no log)"

    def _family(self) -> list[psutil.Process]:
        """Return the process, then its descendants."""
        if self._process is None:
            return []
        try:
            head = psutil.Process(self._process.pid)
            return [head, *head.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []


def _freeze(process: psutil.Process) -> None:
    """Send SIGSTOP and wait until it took effect.

    On a busy machine a process may run on after the signal was sent. It may fork then. And if its parent dies before it
    stopped, the kernel does not see a stopped group to wake, so the process never handles its death signal.

    Raises:
        psutil.NoSuchProcess: the process has ended.
    """
    process.suspend()
    deadline = time.monotonic() + _FREEZE_SECONDS
    while process.status() not in _STOPPED and time.monotonic() < deadline:
        time.sleep(_FREEZE_POLL_SECONDS)


def _wait_for_end(family: Sequence[psutil.Process]) -> None:
    """Wait until killed processes have ended. A zombie that its new parent has not reaped yet counts as ended."""
    deadline = time.monotonic() + _KILL_SECONDS
    for member in family:
        with suppress(psutil.NoSuchProcess):
            while member.is_running() and member.status() != psutil.STATUS_ZOMBIE:
                if time.monotonic() > deadline:
                    raise ServerFailed(f"Process {member.pid} survived SIGKILL.")
                time.sleep(_POLL_SECONDS)


def tied_to_parent(
    command: Sequence[str], *, death_signal: signal.Signals = signal.SIGKILL, user: User = "same"
) -> list[str]:
    """Return ``command`` with a prefix, so that it dies with this process (see ``launcher``)."""
    interpreter = [sys.executable, "-I", "-S", launcher.__file__]
    return [*interpreter, str(os.getpid()), str(int(death_signal)), user, *command]


async def accepts_connections(port: int) -> bool:
    """Whether a program listens on the loopback port."""
    try:
        async with asyncio.timeout(1):
            _, writer = await asyncio.open_connection(LOOPBACK, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True


def free_port() -> int:
    """Return a free loopback port below the ephemeral range, and keep it from this user's other processes.

    A client that reconnects while its server is down may get any ephemeral port as its source. If that were the server's
    port, the client would connect to itself and block the port for the restarting server.

    A server needs seconds from here until it listens. Until then the port looks free, so this process reserves it.
    """
    for _ in range(200):
        # Two runs of a test share the machine, whatever their seed of ``random``.
        port = 20_000 + secrets.randbelow(12_000)
        if claim(port):
            return port
    raise ServerFailed("No port between 20000 and 32000 is free on 127.0.0.1.")


def claim(port: int) -> bool:
    """Keep a free loopback port from this user's other processes until this process ends.

    Returns False if a server listens on it, or if it was claimed.
    """
    return is_free(port) and _reserve(port)


_reserved = set[int]()


def _reserve(port: int) -> bool:
    """Reserve a port until this process ends; return whether it was not reserved."""
    if port in _reserved:
        return False
    file = _reservations()
    if file is not None:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
        except (BlockingIOError, PermissionError):
            return False
    _reserved.add(port)
    return True


@cache
def _reservations() -> int | None:
    """Return an empty file, whose byte ``n`` stands for port ``n``; None if this user can have none."""
    try:
        path = Path(tempfile.gettempdir()) / f"zyenta-ports-{os.getuid()}"
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError:
        return None
    # The owner of the file could withhold every port.
    return file if os.fstat(file).st_uid == os.getuid() else None


def is_free(port: int) -> bool:
    """Whether a server could listen on the loopback port."""
    with socket.socket() as candidate:
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            candidate.bind((LOOPBACK, port))
        except OSError:
            return False
        return True
