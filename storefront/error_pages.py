"""Pages for what goes wrong: unknown hosts, closed stores, missing pages, foreign forms, outages, faults."""

import logging
from collections.abc import Awaitable, Callable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from projections.reading.availability import RETRY_SECONDS
from storefront.rendering.renderer import PageRenderer
from storefront.visit.errors import (
    ForeignForm,
    OrderLinkExpired,
    OtherAddress,
    PageMissing,
    PageMoved,
    StoreClosed,
    UnknownHost,
    is_outage,
)
from storefront.visit.tenancy import bare_host
from storefront.visit.visit import Visits

logger = logging.getLogger(__name__)


class ErrorPages:
    """The page for each kind of error."""

    def __init__(self, visits: Visits, renderer: PageRenderer, *, domain: str) -> None:
        self._visits, self._renderer, self._domain = visits, renderer, domain

    def handlers(self) -> dict[type[Exception], Callable[[Request, Exception], Awaitable[Response]]]:
        """Return the handler of each kind of error."""
        return {
            UnknownHost: self.unknown_host,
            OtherAddress: self.other_address,
            StoreClosed: self.closed,
            PageMissing: self.missing,
            PageMoved: self.moved,
            ForeignForm: self.foreign,
            OrderLinkExpired: self.expired_link,
            HTTPException: self.http,
            Exception: self.broken,
        }

    async def unknown_host(self, request: Request, _: Exception) -> Response:
        host = bare_host(request.headers.get("host", ""))
        if not self._visits.tenancy.is_platform(host):
            return self._renderer.platform_page("platform/unknown.html", status=404, title="No shop here", host=host)
        if request.url.path == "/":
            return self._renderer.platform_page("platform/index.html", title="Zyenta storefronts", domain=self._domain)
        return self._renderer.platform_page("platform/missing.html", status=404, title="Nothing here")

    async def other_address(self, request: Request, error: Exception) -> Response:  # noqa: ARG002 - every handler takes a request
        assert isinstance(error, OtherAddress)
        # Permanent for search engines. Browsers ask again soon, because a merchant may change the primary domain.
        return RedirectResponse(error.address, status_code=301, headers={"cache-control": "public, max-age=300"})

    async def closed(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, StoreClosed)
        visit = await self._visits.to(error.store, request)
        if visit.is_gone:
            return self._renderer.page(visit, "closed.html", status=410, robots="noindex")
        response = self._renderer.page(visit, "closed.html", status=503, robots="noindex")
        response.headers["retry-after"] = "3600"
        return response

    async def missing(self, request: Request, _: Exception) -> Response:
        return await self._themed(request, "missing.html", 404)

    async def moved(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, PageMoved)
        query = request.url.query
        address = error.path + (f"?{query}" if query else "")
        return RedirectResponse(address, status_code=301, headers={"cache-control": "public, max-age=3600"})

    async def foreign(self, request: Request, _: Exception) -> Response:
        return await self._themed(request, "foreign.html", 403)

    async def expired_link(self, request: Request, _: Exception) -> Response:
        visit = await self._visits.to_public_store(request)
        visit.say("This link is too old. Find your order by its number and your e-mail address.")
        return self._renderer.redirect(visit, "/orders/find")

    async def http(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code not in {404, 405}:
            return PlainTextResponse(str(error.detail), status_code=error.status_code, headers=error.headers)
        response = await self._themed(request, "missing.html", error.status_code)
        response.headers.update(error.headers or {})
        return response

    async def broken(self, request: Request, error: Exception) -> Response:
        logger.error("page failed: %s %s", request.method, request.url.path, exc_info=error)
        return self._renderer.platform_page("platform/broken.html", status=500, title="Something broke")

    def away(self, request: Request) -> Response:
        """Return the page of an outage, in the store's theme if this process has seen the store before."""
        visit = self._visits.during_outage(request)
        if visit is None:
            response = self._renderer.platform_page("platform/away.html", status=503, title="Back in a moment")
        else:
            response = self._renderer.page(visit, "away.html", status=503, robots="noindex")
        response.headers["retry-after"] = str(RETRY_SECONDS)
        response.headers["cache-control"] = "no-store"
        return response

    async def _themed(self, request: Request, template: str, status: int) -> Response:
        try:
            visit = await self._visits.to_open_store(request)
        except UnknownHost as error:
            return await self.unknown_host(request, error)
        except OtherAddress as error:
            return await self.other_address(request, error)
        except StoreClosed as error:
            return await self.closed(request, error)
        return self._renderer.page(visit, template, status=status, robots="noindex")


class Outages:
    """Answers 503 if a page failed because the database or another part is away for a moment.

    An exception handler cannot do this: Starlette raises an exception again after the handler of ``Exception``.
    """

    def __init__(self, app: ASGIApp, *, answer: Callable[[Request], Response]) -> None:
        self._app = app
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def note_start(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, note_start)
        except Exception as error:
            if started or scope["type"] != "http" or not is_outage(error):
                raise
            logger.warning("page failed during an outage: %s %s (%r)", scope["method"], scope["path"], error)
            await self._answer(Request(scope))(scope, receive, send)
