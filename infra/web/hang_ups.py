"""Stops work for clients that hang up."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from infra.web.edge import ClientGone

WATCH_SECONDS = 0.1
"""After this long, or twice as long, an operation is stopped when its client hangs up. Shorter ones are not worth a look."""


@dataclass(slots=True, eq=False)
class _Operation:
    """An operation of a client."""

    task: asyncio.Task[Any]
    receive: Receive
    began: float
    watch: asyncio.Task[None] | None = None
    """Waits for the client to hang up. None for an operation that began a moment ago."""
    is_stopped: bool = False
    must_finish: bool = False


_operation: ContextVar[_Operation | None] = ContextVar("_operation", default=None)


def must_finish() -> None:
    """Let the present operation go on without its client. Called before it changes something."""
    if (operation := _operation.get()) is not None:
        operation.must_finish = True


class HangUps:
    """Stops operations whose clients hang up.

    One timer looks at all of them: most operations end before anything is done for them.
    """

    def __init__(self) -> None:
        self._young: dict[_Operation, None] = {}
        """Operations that nothing watches yet, the oldest first."""
        self._timer: asyncio.TimerHandle | None = None

    async def watch(self, work: Callable[[], Awaitable[Any]], receive: Receive) -> Any:
        """Do work, and stop it when the client hangs up, unless it calls :func:`must_finish`.

        Raises:
            ClientGone: the client hung up.
        """
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        assert task is not None
        operation = _Operation(task, receive, loop.time())
        self._young[operation] = None
        if self._timer is None:
            self._timer = loop.call_later(WATCH_SECONDS, self._look)
        outer = _operation.set(operation)
        try:
            return await work()
        except asyncio.CancelledError:
            if operation.is_stopped and task.uncancel() == 0:
                raise ClientGone from None
            raise
        finally:
            _operation.reset(outer)
            self._young.pop(operation, None)
            if operation.watch is not None:
                operation.watch.cancel()

    def _look(self) -> None:
        """Watch the operations that take long."""
        loop = asyncio.get_running_loop()
        since = loop.time() - WATCH_SECONDS
        for operation in [each for each in self._young if each.began <= since]:
            del self._young[operation]
            operation.watch = loop.create_task(_stop(operation))
        self._timer = loop.call_later(WATCH_SECONDS, self._look) if self._young else None


async def _stop(operation: _Operation) -> None:
    """Stop an operation as soon as its client hangs up."""
    # The edge raises instead if nothing of the request was received before.
    with suppress(ClientGone):
        while (await operation.receive())["type"] != "http.disconnect":
            pass
    if not operation.must_finish:
        operation.is_stopped = True
        operation.task.cancel()


class StopAtHangUp:
    """Stops GET and HEAD requests whose clients hang up. The edge ends a stopped request.

    Other methods change something, and a client that hangs up cannot say whether it still wants that. Their body would have
    to be read first, too. A page that changes something, as it renews a session, calls :func:`must_finish`.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app, self._hang_ups = app, HangUps()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
            await self._app(scope, receive, send)
            return
        await self._hang_ups.watch(partial(self._app, scope, receive, send), receive)
