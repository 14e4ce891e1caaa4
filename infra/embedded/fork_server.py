"""The fork server's client: it starts services as copies of one process that has imported what they share (ADR 0081).

Pages that no copy writes exist once in memory. A service's settings go to the copy through a file in memory, so the fork
server never holds a secret that it could leave to another service.
"""

import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from infra.embedded.process import ChildProcess

ANSWER_SECONDS = 5.0
READY_SECONDS = 60.0
PROGRAM = "infra.cli.fork_server"
SETTINGS, LOG, PIPES = 0, 1, 2
"""Positions of a request's file descriptors. Those of pipes come last."""
_MESSAGE_BYTES = 4096


def is_supported() -> bool:
    """Whether this system can tell a process apart from a later one with the same id (Linux 5.3 or newer)."""
    if not sys.platform.startswith("linux"):
        return False
    with suppress(OSError):
        os.close(os.pidfd_open(os.getpid()))
        return True
    return False


class ForkServer:
    """One process that forks services. Its end ends all of them, and their watchers start them again.

    Args:
        log_file: file for its output.
        env: its whole environment, without secrets.
    """

    def __init__(self, *, log_file: Path, env: Mapping[str, str]) -> None:
        self.process = ChildProcess("fork server", log_file=log_file)
        self._env = env
        self._requests: socket.socket | None = None

    async def start(self) -> None:
        """Start the process and return when it has imported everything.

        Raises:
            OSError: the process cannot be started; retrying may help.
            ServerFailed: it ended, or imports took too long.
        """
        await self.stop()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            command = [sys.executable, "-m", PROGRAM, str(theirs.fileno())]
            self.process.launch(command, env=self._env, pass_fds=(theirs.fileno(),))
        self._requests = ours

        async def is_ready() -> bool:
            return bool(select.select([ours], [], [], 0)[0])

        await self.process.wait_until(is_ready, seconds=READY_SECONDS)
        ours.recv(_MESSAGE_BYTES)
        ours.settimeout(ANSWER_SECONDS)

    async def stop(self) -> None:
        """End the process. Services that still run end with it."""
        await self.process.stop(signal.SIGTERM, grace=2)
        if self._requests is not None:
            self._requests.close()
            self._requests = None

    def fork(
        self, arguments: Sequence[str], *, env: Mapping[str, str], log: IO[bytes], pipes: Mapping[str, int]
    ) -> "ForkedProcess":
        """Start a copy that runs ``zyenta`` with these arguments.

        Args:
            arguments: the command line after ``zyenta``.
            env: the copy's whole environment.
            log: where its output goes.
            pipes: file descriptors that the copy inherits, by the variables that shall name them.

        Raises:
            OSError: the fork server is away; retrying may help.
        """
        if self._requests is None or not self.process.running:
            raise OSError("the fork server does not run")
        settings = os.memfd_create("settings")
        try:
            with os.fdopen(os.dup(settings), "w") as file:
                json.dump(dict(env), file)
            request = json.dumps({"arguments": list(arguments), "pipes": list(pipes)}).encode()
            socket.send_fds(self._requests, [request], [settings, log.fileno(), *pipes.values()])
            answer, descriptors, _, _ = socket.recv_fds(self._requests, _MESSAGE_BYTES, 1)
        finally:
            os.close(settings)
        if not descriptors:
            raise OSError("the fork server started no process")
        return ForkedProcess(int(answer), descriptors[0])


class ForkedProcess:
    """A process that the fork server started. Implements :class:`infra.embedded.process.Running`.

    Only its parent learns a process's exit status, so the status here is always 0.
    """

    def __init__(self, pid: int, descriptor: int) -> None:
        self.pid = pid
        self._descriptor = descriptor
        self._has_ended = False

    def __del__(self) -> None:
        """Close the descriptor."""
        os.close(self._descriptor)

    def poll(self) -> int | None:
        """Return None as long as the process runs."""
        self._has_ended = self._has_ended or bool(select.select([self._descriptor], [], [], 0)[0])
        return 0 if self._has_ended else None

    def wait(self, timeout: float | None = None) -> int:
        """Wait until the process has ended.

        Raises:
            subprocess.TimeoutExpired: it still runs after ``timeout`` seconds.
        """
        if not select.select([self._descriptor], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired("zyenta", timeout or 0)
        self._has_ended = True
        return 0

    def send_signal(self, number: int) -> None:
        """Send a signal. No-op if the process has ended."""
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._descriptor, number)
