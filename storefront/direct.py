"""Answers requests for kept pages before the layers of the web framework.

Only a GET or HEAD of a page that is kept for its store's present rows is answered here. Everything else goes on unchanged.
Both ways share the kept pages, the revisions, and the function that makes a response of a page and a shopper.
"""

from dataclasses import replace

from starlette.types import ASGIApp, Receive, Scope, Send

from domain.kernel import Clock
from domain.order.delivery import day_in
from storefront.rendering.page_cache import PageCache
from storefront.rendering.shared_answer import RawHeaders, shared_answer
from storefront.visit.cookies import Cookies
from storefront.visit.form_tokens import FormTokens
from storefront.visit.parts import Part
from storefront.visit.parts_reader import PartsReader
from storefront.visit.visit import Visits

_READ = {b"host", b"cookie", b"if-none-match", b"accept-encoding"}
"""Headers that decide about the response."""


class DirectPages:
    """Answers requests for kept pages, and passes all other requests on.

    Args:
        app: the next application.
        visits: finds stores.
        cache: the kept pages.
        clock: says which day it is.
    """

    def __init__(self, app: ASGIApp, *, visits: Visits, cache: PageCache, clock: Clock) -> None:
        self._app, self._visits, self._cache, self._clock = app, visits, cache, clock
        self._parts = PartsReader()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = None
        if scope["type"] == "http" and scope["method"] in {"GET", "HEAD"}:
            answer = await self._answer(scope)
        if answer is None:
            await self._app(scope, receive, send)
            return
        status, headers, body = answer
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope) -> tuple[int, RawHeaders, bytes] | None:
        """Return status, headers and body; None if the request goes on."""
        sent = _headers_of(scope)
        if sent is None:
            return None
        host = sent[b"host"].decode("latin-1")
        seen = self._visits.tenancy.seen(host)
        if seen is None or not self._visits.tenancy.is_canonical(seen.store, host):
            return None
        now, store = self._clock.now(), seen.store
        address = (scope["path"], scope["query_string"], day_in(store.time_zone, now))
        if not self._cache.has_address(store.id, address):
            return None
        signers = self._visits.signers_of(store.id)
        parts = self._parts.of(sent.get(b"cookie", b""), store.id, signers, now=now)
        if parts is None:
            return None
        revision = await self._visits.tenancy.revision_of(store)
        page = self._cache.at(store.id, revision, address) if revision == seen.revision else None
        if page is None:
            return None
        cookies = Cookies({})
        if Part.TOKEN in page.parts and parts.fingerprint is None:
            parts = replace(parts, fingerprint=FormTokens(cookies, signers.csrf).identify())
        status, headers, body = shared_answer(
            page,
            parts,
            if_none_match="" if cookies.has_changes else sent.get(b"if-none-match", b"").decode("latin-1"),
            accept_encoding=sent.get(b"accept-encoding", b"").decode("latin-1"),
        )
        if cookies.has_changes:
            headers += cookies.headers(secure=scope["scheme"] == "https")
        return status, headers, body


def _headers_of(scope: Scope) -> dict[bytes, bytes] | None:
    """Return the headers that matter; None if one of them comes twice, or if there is no host."""
    sent: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in _READ:
            if name in sent:
                return None
            sent[name] = value
    return sent if b"host" in sent else None
