"""Lets every request that only reads see one moment of the read models."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from projections.reading.moment import begin_moment


class OneMoment:
    """Begins a moment for GET and HEAD requests. It ends before the response is sent, so a slow client holds nothing.

    Other methods dispatch commands, and read afterwards what these changed.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
            await self._app(scope, receive, send)
            return
        moment = begin_moment()

        async def ending(message: Message) -> None:
            moment.end()
            await send(message)

        try:
            await self._app(scope, receive, ending)
        finally:
            moment.end()
