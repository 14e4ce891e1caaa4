"""Domain availability by RDAP (RFC 9082 queries, RFC 9083 answers, RFC 9224 bootstrap): free, keyless, authoritative."""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib import resources
from urllib.parse import urlsplit

import httpx

from domain.store.brand import Availability
from infra.web.http_clients import outside_client

logger = logging.getLogger(__name__)

BUDGET = 3.0
"""Seconds for one call, for any number of names: a demo without a network must not wait."""
AT_ONCE = 4
"""Requests in flight."""
QUIET = 60.0
"""Pause in seconds after a server was unreachable, or asked for a pause without a duration."""


class _Unreachable(Exception):
    """A connection failed. Probably there is no network, so the other servers are not tried."""


class RdapRegistry:
    """Implements :class:`domain.store.ports.DomainRegistry`.

    200 with a domain is TAKEN and 404 is FREE. Everything else is UNKNOWN: a time-out, an unknown top-level domain, a
    redirect, an HTML page of a proxy. Requests are not retried: UNKNOWN is good enough, a slow answer is not.

    Args:
        bootstrap: top-level domain to base URL; the shipped RFC 9224 file if left out.
        budget: seconds for all names of one call.
        clock: a monotonic clock in seconds.
    """

    def __init__(
        self,
        *,
        bootstrap: Mapping[str, str] | None = None,
        budget: float = BUDGET,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._servers = dict(shipped_bootstrap() if bootstrap is None else bootstrap)
        self._budget = budget
        self._clock = clock
        self._not_before: dict[str, float] = {}
        self._client = outside_client(
            timeout=httpx.Timeout(budget, connect=min(1.5, budget)),
            headers={"Accept": "application/rdap+json, application/json;q=0.8"},
            follow_redirects=False,
        )

    async def availability(self, domains: Sequence[str]) -> Mapping[str, Availability]:
        """Return the availability of every name within the budget. A failure gives ``UNKNOWN``, never an exception."""
        answers = dict.fromkeys(domains, Availability.UNKNOWN)
        turn = asyncio.Semaphore(AT_ONCE)

        async def ask(domain: str) -> None:
            async with turn:
                answers[domain] = await self._ask(domain)

        tasks = [asyncio.create_task(ask(domain)) for domain in answers]
        if not tasks:
            return answers
        try:
            # A failed connection is the only exception; the other requests are then cancelled.
            done, _ = await asyncio.wait(tasks, timeout=self._budget, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            if not task.cancelled() and (error := task.exception()) is not None:
                logger.info("Domain availability is unknown for now: %s", error)
        return answers

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _ask(self, domain: str) -> Availability:
        base = self._servers.get(domain.rpartition(".")[2].lower())
        if base is None:
            return Availability.UNKNOWN
        host = urlsplit(base).netloc
        if self._clock() < self._not_before.get(host, 0.0):
            return Availability.UNKNOWN
        try:
            answer = await self._client.get(f"{base.rstrip('/')}/domain/{domain.lower()}")
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
            self._not_before[host] = self._clock() + QUIET
            raise _Unreachable(f"{host} could not be reached") from error
        except httpx.HTTPError as error:
            logger.info("%s gave no answer: %s", host, type(error).__name__)
            return Availability.UNKNOWN
        if answer.status_code in {429, 503}:
            self._not_before[host] = self._clock() + _pause(answer)
            return Availability.UNKNOWN
        return _read(answer)


def shipped_bootstrap() -> dict[str, str]:
    """Return the base URL of each top-level domain from this package's bootstrap file."""
    text = resources.files("infra.adapters.rdap").joinpath("bootstrap.json").read_text("utf-8")
    return {ending: urls[0] for endings, urls in json.loads(text)["services"] for ending in endings}


def _read(answer: httpx.Response) -> Availability:
    if answer.status_code == 404:
        # RFC 7480 5.3 allows an empty body. HTML comes from a proxy, not from a registry.
        is_page = "html" in answer.headers.get("content-type", "")
        return Availability.UNKNOWN if is_page else Availability.FREE
    if answer.status_code == 200:
        with suppress(ValueError, RecursionError):
            body = answer.json()
            if isinstance(body, dict) and body.get("objectClassName") == "domain":
                return Availability.TAKEN
    return Availability.UNKNOWN


def _pause(answer: httpx.Response) -> float:
    """Return the pause in seconds that a server asked for (RFC 9110 10.2.3: seconds or a date)."""
    value = answer.headers.get("retry-after", "").strip()
    if value.isdecimal():
        return float(value)
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return QUIET
    aware = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())
