"""Running a command: the event loop, the stop signals, and expected errors printed as sentences."""

import asyncio
import logging
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from infra.adapters.reachability import Unreachable
from infra.cli.streams import reader_left, visible
from infra.event_loop import new_runner
from infra.settings import BadSettings, Settings

T = TypeVar("T")


def run(
    work: Callable[[asyncio.Event], Coroutine[Any, Any, T]], *refusals: type[Exception], grace: int | None = None
) -> T:
    """Run a coroutine to its end. Ctrl-C and SIGTERM set its stop event.

    Args:
        work: takes the stop event.
        refusals: errors that the user can fix. Each is printed as a sentence without a traceback; exit status 1. Invalid
            settings (exit status 2) and unreachable servers always count.
        grace: seconds from such a signal until the kernel ends the process. None if there is no bound.
    """

    def request_stop(stop: asyncio.Event) -> None:
        stop.set()
        # Servers and their clients end at nearly the same time. What a client says of a lost server is not news then.
        logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
        if grace is not None:
            signal.alarm(grace)  # SIGALRM ends the process by default, so a hanging call cannot prevent it

    async def with_signals() -> T:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, request_stop, stop)
        return await work(stop)

    expected: tuple[type[Exception], ...] = (BadSettings, Unreachable, *refusals)
    try:
        with new_runner() as runner:
            return runner.run(with_signals())
    except* expected as group:
        refused = _leaves(group)
        if any(isinstance(error, BrokenPipeError) for error in refused) and reader_left():
            raise SystemExit(0) from None
        # Imported for an error only: a service does not need the terminal's library.
        from infra.cli.output import print_refusal  # noqa: PLC0415

        for error in refused:
            print_refusal(sentence_of(error))
    raise SystemExit(2 if any(isinstance(error, BadSettings) for error in refused) else 1)


def sentence_of(error: BaseException) -> str:
    """Return an error's message, or its class name if it has none."""
    return str(error) or type(error).__name__


class Interrupted(Exception):
    """Ctrl-C or SIGTERM came before the command had a result."""

    def __init__(self) -> None:
        super().__init__("interrupted.")


async def unless_stopped(work: Coroutine[Any, Any, T], stop: asyncio.Event) -> T:
    """Return the result of the work, or cancel it when the stop event is set.

    Raises:
        Interrupted: the stop event was set first.
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
    """Escapes control characters, so that a log line cannot control the reader's terminal."""

    def format(self, record: logging.LogRecord) -> str:
        return visible(super().format(record))


def configure_logging(settings: Settings) -> None:
    """Send log lines to standard error, each with time, level and logger."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_VisibleFormatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    logging.basicConfig(level=settings.log_level, handlers=[handler], force=True)
    for chatty in ("httpx", "httpx2", "httpcore", "aiokafka", "yoyo", "faststream", "openai", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
