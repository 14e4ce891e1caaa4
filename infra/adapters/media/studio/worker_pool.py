"""The studio: passes photos to worker processes, each with the network in memory.

A worker takes about 110 MB with its network loaded and 230 MB after its first photo, so workers live only around photos:
they start when photos are expected and end after some idle time. They are replaced regularly too, because the memory of
native libraries grows.
A worker has one photo at a time, so a crash or a hang always belongs to a known photo.
"""

import asyncio
import logging
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from domain.kernel import Transient
from domain.media.events import Operation, RejectionReason
from domain.media.ports import StudioResult, UnusableImage
from infra.adapters.media.studio import worker as protocol

RECYCLE_AFTER = 150
"""Photos a worker processes before it is replaced."""
IDLE_SECONDS = 120
"""Idle time after which workers end: longer than a language model takes for the brand that photos wait for."""
START_SECONDS = 60
SECONDS = 60
"""Limit of one photo; the product promises 30 for the median."""
LONGEST_ANSWER = 64 * 1024 * 1024
PASSED_ENVIRONMENT = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "PYTHONPATH", "SYSTEMROOT", "TMPDIR", "VIRTUAL_ENV")
"""The variables that workers get: no keys, no addresses."""

WORKER = (sys.executable, "-m", protocol.__name__)

logger = logging.getLogger(__name__)


class RembgStudio:
    """Implements :class:`domain.media.ports.ImageStudio`."""

    def __init__(
        self,
        model: Path,
        *,
        workers: int = 2,
        seconds: float = SECONDS,
        idle_seconds: float = IDLE_SECONDS,
        command: Sequence[str] = WORKER,
        kind: str = "u2net",
    ) -> None:
        """Name the model. Without :meth:`prepare`, the first photo starts a worker.

        Args:
            model: path of the weights.
            workers: the most processes; each takes about 250 MB while it works.
            seconds: limit of one photo.
            idle_seconds: idle time after which workers end.
            command: the command that starts a worker.
            kind: the weights' network; see ``network.SESSIONS``.
        """
        self._model = model
        self._kind = kind
        self._seconds = seconds
        self._idle_seconds = idle_seconds
        self._command = command
        self._workers = workers
        self._slots = asyncio.Semaphore(workers)
        self._free: list[_Worker] = []
        self._busy = 0
        self._closing: asyncio.TimerHandle | None = None
        self._starting: set[asyncio.Task[None]] = set()

    def prepare(self) -> None:
        """Start the missing workers in the background. Photos wait for them."""
        for _ in range(self._workers - len(self._free) - len(self._starting) - self._busy):
            task = asyncio.get_running_loop().create_task(self._start_worker())
            self._starting.add(task)
            task.add_done_callback(self._starting.discard)
        if not self._busy:
            self._close_later()

    async def _start_worker(self) -> None:
        # The slot makes a photo wait for this worker, where it would start one more.
        async with self._slots:
            try:
                self._free.append(await _Worker.start(self._command, self._model, self._kind))
            except Transient as outage:
                logger.warning("no worker waits for photos: %s %s", outage.who, outage.what)

    async def process(self, photo: bytes, *, operations: Sequence[Operation], ground: str) -> StudioResult:
        task = protocol.Task(photo=photo, operations=list(operations), ground=ground)
        async with self._slots:
            self._busy += 1
            self._keep_open()
            try:
                answer = await self._answer(task)
            finally:
                self._busy -= 1
                if not self._busy:
                    self._close_later()
        if answer.result is None:
            raise UnusableImage(answer.rejection or RejectionReason.CORRUPT, answer.message)
        return answer.result

    def _close_later(self) -> None:
        self._keep_open()
        self._closing = asyncio.get_running_loop().call_later(self._idle_seconds, self.close)

    def _keep_open(self) -> None:
        if self._closing is not None:
            self._closing.cancel()
            self._closing = None

    def close(self) -> None:
        """End the idle workers. The next photo starts new ones."""
        self._keep_open()
        for task in self._starting:
            task.cancel()
        while self._free:
            self._free.pop().kill()

    async def end(self) -> None:
        """End the idle workers and wait until their processes are gone."""
        leaving = list(self._free)
        starting = list(self._starting)
        self.close()
        await asyncio.gather(*starting, return_exceptions=True)
        for worker in leaving:
            await worker.gone()

    @property
    def pids(self) -> Sequence[int]:
        """Process ids of the idle workers."""
        return [worker.pid for worker in self._free]

    async def _answer(self, task: protocol.Task) -> protocol.Answer:
        """Pass the task to a worker. If the worker dies or hangs, try a second one, because the cause may be outside."""
        for _ in range(2):
            worker = self._free.pop() if self._free else await _Worker.start(self._command, self._model, self._kind)
            try:
                async with asyncio.timeout(self._seconds):
                    answer = await worker.ask(task)
            except (OSError, EOFError, TimeoutError, msgspec.DecodeError) as error:
                worker.kill()
                logger.warning("a studio worker was lost over a photo of %d bytes (%r)", len(task.photo), error)
            except BaseException:
                worker.kill()  # or it would answer the next photo with this result
                raise
            else:
                if worker.answers < RECYCLE_AFTER:
                    self._free.append(worker)
                else:
                    worker.kill()
                return answer
        return protocol.Answer(
            rejection=RejectionReason.CORRUPT,
            message="The photo cannot be processed: the studio failed twice.",
        )


class _Worker:
    def __init__(self, process: Process) -> None:
        self._process = process
        self._decoder = protocol.answer_decoder()
        self.answers = 0

    @classmethod
    async def start(cls, command: Sequence[str], model: Path, kind: str) -> "_Worker":
        """Start a worker and wait until it has loaded the model.

        Raises:
            Transient: the worker does not start; the photo is not the cause.
        """
        if not await asyncio.to_thread(model.is_file):
            raise Transient("the studio", f"the model's weights are not at {model}; “make setup” fetches them")
        environment = {name: os.environ[name] for name in PASSED_ENVIRONMENT if name in os.environ} | {
            "OMP_NUM_THREADS": "1"
        }
        process = await asyncio.create_subprocess_exec(
            *command, str(model), str(os.getpid()), kind,
            stdin=PIPE, stdout=PIPE, env=environment, cwd=_ROOT,
        )  # fmt: skip
        worker = cls(process)
        try:
            async with asyncio.timeout(START_SECONDS):
                ready = await worker._receive()
        except (OSError, EOFError, TimeoutError, msgspec.DecodeError) as error:
            worker.kill()
            raise Transient("the studio", f"a worker did not start ({type(error).__name__})") from error
        except BaseException:
            worker.kill()
            raise
        if ready != protocol.READY:
            worker.kill()
            raise Transient("the studio", "a worker did not send its ready message")
        return worker

    @property
    def pid(self) -> int:
        return self._process.pid

    async def ask(self, task: protocol.Task) -> protocol.Answer:
        assert self._process.stdin is not None
        self._process.stdin.write(protocol.frame(task))
        await self._process.stdin.drain()
        answer = await self._receive()
        self.answers += 1
        return answer

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            self._process.kill()

    async def gone(self) -> None:
        await self._process.wait()

    async def _receive(self) -> protocol.Answer:
        assert self._process.stdout is not None
        (length,) = protocol.LENGTH.unpack(await self._process.stdout.readexactly(protocol.LENGTH.size))
        if length > LONGEST_ANSWER:
            raise EOFError(f"an answer of {length} bytes")
        return self._decoder.decode(await self._process.stdout.readexactly(length))


_ROOT = Path(__file__).parents[4]
"""The directory of the packages, for ``python -m``."""
