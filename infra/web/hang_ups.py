"""Stops work for clients that hang up."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from infra.web.edge import ClientGone

WATCH_SECONDS = 0.1
"""After this long, or twice as long, an operation is stopped when its client hangs up. Shorter ones are not worth a look."""


class HangUps:
    """Stops operations whose clients hang up.

    One timer looks at all of them: most operations end before anything is done for them.
    """

    def __init__(self) -> None:
        self._running: dict[asyncio.Task[Any], tuple[float, Receive]] = {}
        """When operations began, and their requests. Those that are watched already are left out."""
        self._timer: asyncio.TimerHandle | None = None
        self._watching: dict[asyncio.Task[Any], asyncio.Task[None]] = {}
        self._gone: set[asyncio.Task[Any]] = set()

    async def watch(self, work: Callable[[], Awaitable[Any]], receive: Receive) -> Any:
        """Do work, and stop it when the client hangs up.

        Raises:
            ClientGone: the client hung up.
        """
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        assert task is not None
        self._running[task] = loop.time(), receive
        if self._timer is None:
            self._timer = loop.call_later(WATCH_SECONDS, self._look)
        try:
            return await work()
        except asyncio.CancelledError:
            if task in self._gone and task.uncancel() == 0:
                raise ClientGone from None
            raise
        finally:
            if self._running.pop(task, None) is None:
                self._watching.pop(task).cancel()
                self._gone.discard(task)

    def _look(self) -> None:
        """Watch the operations that take long."""
        loop = asyncio.get_running_loop()
        since = loop.time() - WATCH_SECONDS
        for task, (began, receive) in list(self._running.items()):
            if began <= since:
                del self._running[task]
                self._watching[task] = loop.create_task(self._stop(task, receive))
        self._timer = loop.call_later(WATCH_SECONDS, self._look) if self._running else None

    async def _stop(self, task: asyncio.Task[Any], receive: Receive) -> None:
        """Stop an operation as soon as its client hangs up."""
        # The edge raises instead if nothing of the request was received before.
        with suppress(ClientGone):
            while (await receive())["type"] != "http.disconnect":
                pass
        self._gone.add(task)
        task.cancel()


class StopAtHangUp:
    """Stops GET and HEAD requests whose clients hang up. The edge ends a stopped request.

    Other methods change something, and a client that hangs up cannot say whether it still wants that. Their body would have
    to be read first, too.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app, self._hang_ups = app, HangUps()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
            await self._app(scope, receive, send)
            return
        await self._hang_ups.watch(partial(self._app, scope, receive, send), receive)
