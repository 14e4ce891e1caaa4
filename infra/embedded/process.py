"""A server process that belongs to this one: started, watched, frozen, ended and never left behind."""

import asyncio
import logging
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal

import psutil

from infra.embedded import launcher as leash
from infra.embedded.heartbeat import Heartbeat, StoppedTime
from infra.embedded.private_files import PRIVATE_FOLDER, PRIVATE_UMASK, open_private

logger = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
_POLL_SECONDS = 0.02
_KILL_SECONDS = 10
_LOG_TAIL_BYTES = 4_000

User = Literal["same", "namespaced", "nobody"]
"""Whom the server runs as; see ``leash``."""


class ServerFailed(Exception):
    """An embedded server did not start or did not answer in time; the message ends with its last log lines."""


class ChildProcess:
    """One embedded server process.

    It leads a process group of its own, so that Ctrl-C reaches us and not the server, and the order of
    the shutdown stays ours. When we die by any cause, the kernel sends it ``death_signal`` (Linux).

    The parent-death signal follows the *thread* that started the process: call ``launch`` on a thread
    that lives as long as the server should, normally the event loop's.

    Args:
        name: for messages.
        log_file: where its output goes.
        death_signal: what it receives when we die.
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
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """Whether the process is alive; a paused one is."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process id.

        Raises:
            ServerFailed: it does not run.
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
    ) -> None:
        """Start the process; its output is appended to the log file.

        What it writes, and its log, only its owner may read.

        Args:
            command: absolute path of the program, then its arguments.
            user: whom to run as.
            env: replaces our environment when given.
            cwd: the working directory.
        """
        self.log_file.parent.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
        self._pulse.close()
        self._pulse = pulse = Heartbeat() if self._beats else StoppedTime()
        with open_private(self.log_file, os.O_WRONLY | os.O_APPEND) as log, pulse.handed_over() as (pipes, variables):
            self._process = subprocess.Popen(  # noqa: S603  our own command line
                leashed(command, death_signal=self._death_signal, user=user),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**(os.environ if env is None else env), **variables},
                cwd=cwd,
                pass_fds=pipes,
                umask=PRIVATE_UMASK,
                # Not a session of its own: a *stopped* process group that becomes orphaned within
                # its session is woken by the kernel, so even a paused server meets its death signal.
                process_group=0,
            )

    def silent_seconds(self) -> float:
        """Return for how long the process could have beaten and did not. To be asked several times a second.

        For a process that does not beat: for how long a signal has stopped it.
        """
        return 0.0 if self._process is None else self._pulse.silent_seconds(self._process.pid)

    @property
    def has_beaten(self) -> bool:
        """Whether the process has said that its event loop runs. One that does not beat is taken at its word."""
        return self._pulse.heard

    async def wait_until(self, ready: Callable[[], Awaitable[bool]], *, seconds: float) -> None:
        """Poll ``ready`` until it says yes.

        Args:
            ready: a probe that answers within a fraction of a second.
            seconds: how long to try.

        Raises:
            ServerFailed: the process ended, or the time did.
        """
        deadline = time.monotonic() + seconds
        while True:
            if not self.running:
                code = None if self._process is None else self._process.returncode
                raise ServerFailed(f"{self.name} ended with status {code}\n{self.log_tail()}")
            # Asked again after the probe: a stranger on the same port may have answered for a dead server.
            if await ready() and self.running:
                return
            if time.monotonic() > deadline:
                raise ServerFailed(f"{self.name} did not answer within {seconds:.0f} s\n{self.log_tail()}")
            await asyncio.sleep(_POLL_SECONDS)

    async def stop(self, how: signal.Signals, *, grace: float) -> None:
        """Ask the process to end; after ``grace`` seconds SIGKILL does it."""
        if self._process is None or not self.running:
            self._pulse.close()
            return
        self.resume()
        self._process.send_signal(how)
        try:
            await asyncio.to_thread(self._process.wait, grace)
        except subprocess.TimeoutExpired:
            logger.warning("%s did not stop within %.0f s and is killed", self.name, grace)
            await self.kill()
        self._pulse.close()

    async def kill(self) -> None:
        """SIGKILL the process and all it started, and see them gone."""
        if self._process is None or not self.running:
            return
        # Frozen first, so that it cannot fork while its children are counted.
        self._process.send_signal(signal.SIGSTOP)
        family = self._family()
        for member in family:
            with suppress(psutil.NoSuchProcess):
                member.kill()
        await asyncio.to_thread(self._process.wait, _KILL_SECONDS)
        await asyncio.to_thread(_wait_for_end, family)
        self._pulse.close()

    def pause(self) -> None:
        """SIGSTOP the process and all it started."""
        for member in self._family():
            with suppress(psutil.NoSuchProcess):
                member.suspend()

    def resume(self) -> None:
        """SIGCONT the process and all it started."""
        for member in reversed(self._family()):
            with suppress(psutil.NoSuchProcess):
                member.resume()

    def log_tail(self) -> str:
        """The last lines the server wrote, for an error message."""
        with suppress(OSError), self.log_file.open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - _LOG_TAIL_BYTES))
            return log.read().decode(errors="replace").strip()
        return "(no log)"

    def _family(self) -> list[psutil.Process]:
        """The process, then its descendants."""
        if self._process is None:
            return []
        try:
            head = psutil.Process(self._process.pid)
            return [head, *head.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []


def _wait_for_end(family: Sequence[psutil.Process]) -> None:
    """Wait for killed processes; a zombie whose new parent is slow to bury it has ended all the same."""
    deadline = time.monotonic() + _KILL_SECONDS
    for member in family:
        with suppress(psutil.NoSuchProcess):
            while member.is_running() and member.status() != psutil.STATUS_ZOMBIE:
                if time.monotonic() > deadline:
                    raise ServerFailed(f"process {member.pid} survived SIGKILL")
                time.sleep(_POLL_SECONDS)


def leashed(command: Sequence[str], *, death_signal: signal.Signals = signal.SIGKILL, user: User = "same") -> list[str]:
    """Prefix ``command`` so that it dies with this process (``leash`` has the details)."""
    interpreter = [sys.executable, "-I", "-S", leash.__file__]
    return [*interpreter, str(os.getpid()), str(int(death_signal)), user, *command]


async def accepts_connections(port: int) -> bool:
    """Whether something listens on the loopback port."""
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
    """A loopback port nobody listens on.

    It lies below the ephemeral range. From inside that range, a client that reconnects while its
    server is down is sooner or later given the server's own port as its source, connects to itself and keeps
    the port from the restarting server.
    """
    for _ in range(200):
        port = random.randrange(20_000, 32_000)  # noqa: S311  no secret
        if is_free(port):
            return port
    raise ServerFailed("no free port between 20000 and 32000 on 127.0.0.1")


def is_free(port: int) -> bool:
    """Whether a server could listen on the loopback port."""
    with socket.socket() as candidate:
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            candidate.bind((LOOPBACK, port))
        except OSError:
            return False
        return True
