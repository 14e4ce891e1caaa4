"""Heartbeats, with which the supervisor distinguishes a process that hangs from one on a busy machine (ADR 0015).

The event loop of a service writes a byte into a pipe once a second. Time counts as silence only if the process could
have written. Waits for a processor or a disk do not count, nor does time in which the supervisor itself did not run.
"""

import asyncio
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path

VARIABLE = "ZYENTA_HEARTBEAT_FD"
"""Variable with the service's end of the pipe, a file descriptor."""
EVERY_SECONDS = 1.0
CALM_NAPS = 5
NAP_SECONDS = 0.1
LATE_SECONDS = 0.2
_LONGEST_LOOK_SECONDS = 1.0
_NANOSECONDS = 1_000_000_000


async def beat() -> None:
    """Beat until cancelled, so that the supervisor knows that this event loop runs. No-op if the process has no supervisor.

    The first beat waits until the loop is calm, because a service imports most of its code while it starts.
    """
    number = os.environ.pop(VARIABLE, "")
    if not number:
        return
    pipe = int(number)
    os.set_inheritable(pipe, False)
    os.set_blocking(pipe, False)
    await _until_calm()
    while True:
        # A full pipe: the supervisor is paused. A broken pipe: it is gone, and this process will end too.
        with suppress(BlockingIOError, BrokenPipeError):
            os.write(pipe, b".")
        await asyncio.sleep(EVERY_SECONDS)


async def _until_calm() -> None:
    calm = 0
    while calm < CALM_NAPS:
        began = time.monotonic()
        await asyncio.sleep(NAP_SECONDS)
        calm = calm + 1 if time.monotonic() - began < NAP_SECONDS + LATE_SECONDS else 0


class Heartbeat:
    """The supervisor's end of the pipe: it measures how long a process has been silent although it could have beaten."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        self._silence = Silence()
        self.has_beaten = False
        """Whether the process has beaten yet. Until then it is starting."""

    @contextmanager
    def inheritance(self) -> Iterator[Mapping[str, int]]:
        """Yield the file descriptor for the process by its variable. Close our copy of its end afterwards."""
        try:
            yield {VARIABLE: self._write}
        finally:
            os.close(self._write)

    def silent_seconds(self, pid: int) -> float:
        """Return the seconds of silence since the last beat or the start. Must be called at least once a second."""
        if self._drained():
            self.has_beaten = True
            self._silence = Silence()
            return 0.0
        return self._silence.after_look(pid)

    def close(self) -> None:
        """Close our end of the pipe. No-op if it is closed."""
        if self._read >= 0:
            os.close(self._read)
            self._read = -1

    def _drained(self) -> bool:
        heard = False
        if self._read < 0:
            return heard
        with suppress(BlockingIOError):
            while os.read(self._read, 4096):
                heard = True
        return heard


class StoppedTime:
    """For a process without heartbeats: how long a signal has stopped it."""

    has_beaten = True

    def __init__(self) -> None:
        self._silence = Silence()

    def inheritance(self) -> AbstractContextManager[Mapping[str, int]]:
        """Return no file descriptors."""
        return nullcontext({})

    def silent_seconds(self, pid: int) -> float:
        """Return the seconds since the process was stopped; 0 if it is not stopped."""
        if not is_stopped(pid):
            self._silence = Silence()
        return self._silence.after_look(pid)

    def close(self) -> None:
        """No-op."""


class Silence:
    """The time in which a process could have beaten, from the first look on."""

    def __init__(self) -> None:
        self._looked_at: float | None = None
        self._queued = 0.0
        self._seconds = 0.0

    def after_look(self, pid: int) -> float:
        """Look at the process and return the seconds so far."""
        now, queued = time.monotonic(), queued_seconds(pid)
        if self._looked_at is not None and not waits_for_disk(pid):
            # If two looks are far apart, the supervisor itself did not run.
            passed = min(now - self._looked_at, _LONGEST_LOOK_SECONDS)
            self._seconds += max(0.0, passed - max(0.0, queued - self._queued))
        self._looked_at, self._queued = now, queued
        return self._seconds


def queued_seconds(pid: int) -> float:
    """Return how long the process's first thread has waited for a processor; 0 if the system does not report it."""
    with suppress(OSError, ValueError, IndexError):
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / _NANOSECONDS
    return 0.0


def waits_for_disk(pid: int) -> bool:
    """Whether the process waits for a disk now (swap included)."""
    return state_of(pid) == "D"


def is_stopped(pid: int) -> bool:
    """Whether the process was stopped by a signal (SIGSTOP)."""
    return state_of(pid) == "T"


def state_of(pid: int) -> str:
    """Return the letter of the process's state, as in ``ps``; empty if unknown."""
    with suppress(OSError, IndexError):
        # The name before the state is in brackets and may contain any character.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return ""
