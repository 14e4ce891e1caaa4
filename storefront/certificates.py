"""Which names a TLS proxy may get certificates for. Caddy asks before it gets one on demand."""

import time
from collections import OrderedDict
from collections.abc import Callable
from enum import Enum

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from storefront.visit.tenancy import Tenancy, bare_host

LOOKUPS_PER_SECOND = 20.0
LOOKUPS_AT_ONCE = 100
"""Names that are looked up in the database: anybody can name any host in a TLS handshake."""
YES_FOR = 600.0
NO_FOR = 30.0
"""Seconds that an answer is remembered. A domain that was verified a moment ago must not wait long."""
REMEMBERED = 10_000
"""Answers in memory. The oldest go first."""


class Answer(Enum):
    """May a certificate be made for a name?"""

    YES = 200
    NO = 404
    LATER = 429
    """Too many unknown names were asked for; the proxy asks again at the next handshake."""


class CertificateGate:
    """Answers with yes only for verified domains, for stores below the platform's domain, and for that domain.

    Args:
        tenancy: finds stores by host.
        seconds: a monotonic clock.
        per_second: look-ups that come free in a second.
        at_once: look-ups that are free after a pause.
    """

    def __init__(
        self,
        tenancy: Tenancy,
        *,
        seconds: Callable[[], float] = time.monotonic,
        per_second: float = LOOKUPS_PER_SECOND,
        at_once: int = LOOKUPS_AT_ONCE,
    ) -> None:
        self._tenancy, self._seconds = tenancy, seconds
        self._per_second, self._at_once = per_second, at_once
        self._free, self._counted_at = float(at_once), seconds()
        self._known: OrderedDict[str, tuple[Answer, float]] = OrderedDict()

    async def ask(self, request: Request) -> Response:
        """Answer a proxy: 200 for yes, 404 for no, 429 for later. Only the status counts."""
        if "x-forwarded-for" in request.headers:
            # The question came through the proxy from outside.
            return PlainTextResponse(status_code=Answer.NO.value)
        answer = await self.answer(request.query_params.get("domain", ""))
        return PlainTextResponse(answer.name.lower(), status_code=answer.value, headers={"cache-control": "no-store"})

    async def answer(self, name: str) -> Answer:
        """Return the answer for a name.

        Raises:
            Exception: the database is away; then the proxy gets an error, which means no.
        """
        host = bare_host(name)
        if not host or "." not in host or ":" in name or not self._tenancy.may_be_store(host):
            return Answer.YES if host and self._tenancy.is_public_platform(host) else Answer.NO
        now = self._seconds()
        known = self._known.get(host)
        if known is not None and now < known[1]:
            return known[0]
        if not self._take(now):
            return Answer.LATER
        answer = Answer.YES if await self._tenancy.is_store(host) else Answer.NO
        self._known.pop(host, None)
        self._known[host] = answer, now + (YES_FOR if answer is Answer.YES else NO_FOR)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return answer

    def _take(self, now: float) -> bool:
        """Take one look-up, if there is one."""
        self._free = min(self._at_once, self._free + (now - self._counted_at) * self._per_second)
        self._counted_at = now
        if self._free < 1:
            return False
        self._free -= 1
        return True
