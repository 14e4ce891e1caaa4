"""How a command runs: an event loop, signals that stop it in order, and refusals printed for people."""

import asyncio
import logging
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import typer
from rich.markup import escape

from infra.adapters.reachability import Unreachable
from infra.cli.output import console, reader_left, visible
from infra.event_loop import new_runner
from infra.settings import BadSettings, Settings

T = TypeVar("T")


def run(
    work: Callable[[asyncio.Event], Coroutine[Any, Any, T]], *refusals: type[Exception], grace: int | None = None
) -> T:
    """Run a coroutine to its end; Ctrl-C and SIGTERM set the event it is given.

    Args:
        work: takes the stop event.
        refusals: errors that are the user's to mend: printed as a sentence, exit status 1, no traceback. Settings that make
            no sense (exit status 2) and servers out of reach are among them always.
        grace: seconds from such a signal until the kernel ends the process, whatever it is waiting for; None: no bound.
    """

    def asked_to_stop(stop: asyncio.Event) -> None:
        stop.set()
        if grace is not None:
            signal.alarm(grace)  # SIGALRM's default is to end the process: nothing that hangs can prevent it

    async def with_signals() -> T:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, asked_to_stop, stop)
        return await work(stop)

    told: tuple[type[Exception], ...] = (BadSettings, Unreachable, *refusals)
    try:
        with new_runner() as runner:
            return runner.run(with_signals())
    except* told as group:
        refused = _leaves(group)
        if any(isinstance(error, BrokenPipeError) for error in refused) and reader_left():
            raise typer.Exit from None
        for error in refused:
            console.print(f"[red]zyenta:[/] {escape(sentence_of(error))}", soft_wrap=True)
    raise typer.Exit(2 if any(isinstance(error, BadSettings) for error in refused) else 1)


def sentence_of(error: BaseException) -> str:
    """Return what an error says; those that say nothing have a telling name at least."""
    return str(error) or type(error).__name__


class Interrupted(Exception):
    """Ctrl-C or SIGTERM came before there was anything to tell."""

    def __init__(self) -> None:
        super().__init__("interrupted.")


async def unless_stopped(work: Coroutine[Any, Any, T], stop: asyncio.Event) -> T:
    """Return what the work returns, unless somebody interrupts it; then it is cancelled.

    Raises:
        Interrupted: they did.
    """
    working, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise Interrupted
        return working.result()
    finally:
        for task in (working, stopping):
            task.cancel()
        await asyncio.gather(working, stopping, return_exceptions=True)


def _leaves(group: BaseExceptionGroup[Any]) -> list[BaseException]:
    leaves: list[BaseException] = []
    for error in group.exceptions:
        leaves.extend(_leaves(error) if isinstance(error, BaseExceptionGroup) else [error])
    return leaves


class _VisibleFormatter(logging.Formatter):
    """Shows what would steer the terminal that somebody reads the log on."""

    def format(self, record: logging.LogRecord) -> str:
        return visible(super().format(record))


def configure_logging(settings: Settings) -> None:
    """Send log lines to standard error, one per line, with time, level and where from."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_VisibleFormatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    logging.basicConfig(level=settings.log_level, handlers=[handler], force=True)
    for chatty in ("httpx", "httpx2", "httpcore", "aiokafka", "yoyo", "faststream", "openai", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
