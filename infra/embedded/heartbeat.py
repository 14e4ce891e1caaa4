"""Heartbeats: how the supervisor tells a process that hangs from one that waits for a busy machine (ADR 0015).

The event loop of a service writes a byte into a pipe twice a second. Time counts as silence only if the process could
have written: not while it waits for a processor or a disk, and not while the supervisor itself did not run.
"""

import asyncio
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path

VARIABLE = "ZYENTA_HEARTBEAT_FD"
"""Tells a service the number of its end of the pipe."""
EVERY_SECONDS = 0.5
CALM_NAPS = 5
NAP_SECONDS = 0.1
LATE_SECONDS = 0.2
_LONGEST_LOOK_SECONDS = 0.5
_NANOSECONDS = 1_000_000_000


async def beat() -> None:
    """Tell the supervisor that this event loop runs, until cancelled. No-op if the process has no supervisor.

    The first beat waits until the loop is calm: a service imports most of its code while it starts, and how long that
    takes says nothing.
    """
    number = os.environ.pop(VARIABLE, "")
    if not number:
        return
    pipe = int(number)
    os.set_inheritable(pipe, False)
    os.set_blocking(pipe, False)
    await _until_calm()
    while True:
        # A full pipe means that the supervisor is paused; a broken one, that it is gone and we are about to be.
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
    """The supervisor's end: how long a process has been silent although it could have beaten."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        self._silence = Silence()
        self.heard = False
        """Whether it ever beat. Until then it is starting."""

    @contextmanager
    def handed_over(self) -> Iterator[tuple[Sequence[int], Mapping[str, str]]]:
        """Yield what the process inherits: open files and variables. Our copy of its end is closed afterwards."""
        try:
            yield (self._write,), {VARIABLE: str(self._write)}
        finally:
            os.close(self._write)

    def silent_seconds(self, pid: int) -> float:
        """Return the silence since the last beat, or since the beginning. To be asked several times a second."""
        if self._drained():
            self.heard = True
            self._silence = Silence()
        return self._silence.after_look(pid)

    def close(self) -> None:
        """Close our end. Safe to call twice."""
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
    """How long a process that does not beat has been stopped by a signal."""

    heard = True

    def __init__(self) -> None:
        self._silence = Silence()

    def handed_over(self) -> AbstractContextManager[tuple[Sequence[int], Mapping[str, str]]]:
        """Return what the process inherits: nothing."""
        return nullcontext(((), {}))

    def silent_seconds(self, pid: int) -> float:
        """Return the time since it was stopped; 0 while it is not."""
        if not is_stopped(pid):
            self._silence = Silence()
        return self._silence.after_look(pid)

    def close(self) -> None:
        """No-op."""


class Silence:
    """Adds up the time in which a process could have answered, from the first look on."""

    def __init__(self) -> None:
        self._looked_at: float | None = None
        self._queued = 0.0
        self._seconds = 0.0

    def after_look(self, pid: int) -> float:
        """Return the seconds so far."""
        now, queued = time.monotonic(), queued_seconds(pid)
        if self._looked_at is not None and not waits_for_disk(pid):
            # Between two looks that are far apart it was us who did not run.
            passed = min(now - self._looked_at, _LONGEST_LOOK_SECONDS)
            self._seconds += max(0.0, passed - max(0.0, queued - self._queued))
        self._looked_at, self._queued = now, queued
        return self._seconds


def queued_seconds(pid: int) -> float:
    """Return how long the process's first thread has been ready to run without a processor; 0 where nothing tells."""
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
    """Return the letter of the process's state, as in ``ps``; empty where nothing tells."""
    with suppress(OSError, IndexError):
        # The name before it, in brackets, may have any sign in it.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return ""
