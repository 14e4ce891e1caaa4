"""The command line in a process that has imported it: to import it takes longer than most commands.

A copy of the process runs each command, with an environment, input and output of its own, as ``python -m infra.cli`` does.
"""

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from tempfile import TemporaryFile

COMMAND_SECONDS = 60
MODULES = (
    "rich.markdown",
    "typer.rich_utils",
    "infra.bootstrap.consumers",
    "infra.bootstrap.platform",
    "infra.cli.analysis",
    "infra.cli.dlq",
    "infra.cli.log",
    "infra.cli.projections",
    "infra.cli.schemas",
    "infra.cli.services",
)
"""Modules of most commands, with what they import."""
MESSAGE_BYTES = 1 << 17
_PROGRAM = """
import gc, json, os, socket, sys, traceback
from importlib import import_module

requests, size = socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2])
for name in sys.argv[3:]:
    import_module(name)
gc.freeze()
while True:
    message, descriptors, _, _ = socket.recv_fds(requests, size, 3)
    if not message:
        os._exit(0)
    copy = os.fork()
    if copy == 0:
        break
    for descriptor in descriptors:
        os.close(descriptor)
    requests.send(str(os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1])).encode())
requests.close()
command = json.loads(message)
os.environ.clear()
os.environ.update(command["environment"])
for number, descriptor in enumerate(descriptors):
    os.dup2(descriptor, number)
    os.close(descriptor)
encoding = os.environ.get("PYTHONIOENCODING", "utf-8")
sys.stdin = open(0, encoding=encoding, closefd=False)
sys.stdout = open(1, "w", encoding=encoding, closefd=False)
sys.stderr = open(2, "w", encoding=encoding, errors="backslashreplace", closefd=False)
sys.argv = ["zyenta", *command["arguments"]]
status = 0
try:
    import_module("infra.cli").main()
except SystemExit as ended:
    status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    if isinstance(ended.code, str):
        sys.stderr.write(ended.code)
except BaseException:
    traceback.print_exc()
    status = 1
sys.stdout.flush()
sys.stderr.flush()
# To free what was imported, object by object, takes longer than most commands.
os._exit(status)
"""


@dataclass(frozen=True, slots=True)
class CommandResult:
    """Exit status and output of a command."""

    status: int
    stdout: str
    """The answer."""
    stderr: str
    """Progress, notes and errors."""


def run_command(arguments: Sequence[str], *, environment: Mapping[str, str], answer: str = "") -> CommandResult:
    """Run ``zyenta`` with these arguments.

    Args:
        arguments: the command.
        environment: its whole environment.
        answer: its standard input.
    """
    with TemporaryFile() as input, TemporaryFile() as output, TemporaryFile() as errors:
        input.write(answer.encode())
        input.seek(0)
        request = json.dumps({"arguments": list(arguments), "environment": dict(environment)}).encode()
        requests, process = _server()
        socket.send_fds(requests, [request], [input.fileno(), output.fileno(), errors.fileno()])
        try:
            status = int(requests.recv(MESSAGE_BYTES))
        except (TimeoutError, ValueError):
            # The next command gets another process; the one that does not end goes with this one.
            os.killpg(process.pid, signal.SIGKILL)
            _server.cache_clear()
            raise
        output.seek(0)
        errors.seek(0)
        return CommandResult(status, output.read().decode(), errors.read().decode())


@cache
def _server() -> tuple[socket.socket, subprocess.Popen[bytes]]:
    """Start the process of this worker; it ends when the socket is closed."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.settimeout(COMMAND_SECONDS)
    with theirs:
        command = [sys.executable, "-c", _PROGRAM, str(theirs.fileno()), str(MESSAGE_BYTES), *MODULES]
        process = subprocess.Popen(command, pass_fds=(theirs.fileno(),), start_new_session=True)

    def stop() -> None:
        ours.close()
        process.wait()

    atexit.register(stop)
    return ours, process
