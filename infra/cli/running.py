"""How a command runs: an event loop, signals that stop it in order, and refusals printed for people."""

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import typer
from rich.console import Console

from infra.settings import Settings

T = TypeVar("T")

console = Console(stderr=True, highlight=False)
"""Where people read; standard output is for results."""


def run(
    work: Callable[[asyncio.Event], Coroutine[Any, Any, T]], *refusals: type[Exception], grace: int | None = None
) -> T:
    """Run a coroutine to its end; Ctrl-C and SIGTERM set the event it is given.

    Args:
        work: takes the stop event.
        refusals: errors that are the user's to mend: printed as a sentence, exit status 1, no traceback.
        grace: seconds from such a signal until the kernel ends the process, whatever it is waiting for; None: no bound.
    """

    def asked_to_stop(stop: asyncio.Event) -> None:
        stop.set()
        if grace is not None:
            signal.alarm(grace)  # SIGALRM's default is to end the process: nothing that hangs can prevent it

    # What was imported stays for good, and an event on its way is some forty small objects that make no cycles: looking
    # through them as often as Python does by default costs a tenth to a third of the time.
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)

    async def with_signals() -> T:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, asked_to_stop, stop)
        return await work(stop)

    if sys.platform == "win32":
        runner = asyncio.Runner()
    else:
        import uvloop  # noqa: PLC0415 - not on Windows

        runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    try:
        with runner:
            return runner.run(with_signals())
    except* refusals as group:
        for error in _leaves(group):
            console.print(f"[red]zyenta:[/] {error}", soft_wrap=True)
    raise typer.Exit(1)


def _leaves(group: BaseExceptionGroup[Any]) -> list[BaseException]:
    leaves: list[BaseException] = []
    for error in group.exceptions:
        leaves.extend(_leaves(error) if isinstance(error, BaseExceptionGroup) else [error])
    return leaves


def configure_logging(settings: Settings) -> None:
    """Send log lines to standard error, one per line, with time, level and where from."""
    logging.basicConfig(
        level=settings.log_level.upper(),
        format="%(asctime)s %(levelname)-7s %(name)s: %(message)s",
        stream=sys.stderr,
        force=True,
    )
    for chatty in ("httpx", "httpx2", "httpcore", "aiokafka", "yoyo", "faststream", "openai", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
