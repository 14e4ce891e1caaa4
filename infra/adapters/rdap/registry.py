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
"""Seconds for one question, however many names are in it: a demo without a network must not wait."""
AT_ONCE = 4
"""Requests in flight."""
QUIET = 60.0
"""Seconds a server is left alone after it could not be reached, or asked for a pause without saying how long."""


class _Unreachable(Exception):
    """No connection could be made: most likely there is no network, so nobody else needs to be asked now."""


class RdapRegistry:
    """Implements :class:`domain.store.ports.DomainRegistry`.

    200 with a domain in it is TAKEN, 404 is FREE, and everything else UNKNOWN: a time-out, an unknown ending, a
    redirect, a page of HTML from something in between. GET is safe to repeat, yet nothing is retried: an unknown answer
    is good enough, a slow one is not.

    Args:
        bootstrap: top-level domain to base URL; the shipped RFC 9224 file if left out.
        budget: seconds for all names of one question.
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
        """Return an answer for every name asked, within the budget; trouble is ``UNKNOWN``, never an exception."""
        answers = dict.fromkeys(domains, Availability.UNKNOWN)
        turn = asyncio.Semaphore(AT_ONCE)

        async def ask(domain: str) -> None:
            async with turn:
                answers[domain] = await self._ask(domain)

        tasks = [asyncio.create_task(ask(domain)) for domain in answers]
        if not tasks:
            return answers
        try:
            # A refused connection is the first exception there can be: the others are not waited for.
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
    """Return the base URL of each top-level domain from the file that comes with this package."""
    text = resources.files("infra.adapters.rdap").joinpath("bootstrap.json").read_text("utf-8")
    return {ending: urls[0] for endings, urls in json.loads(text)["services"] for ending in endings}


def _read(answer: httpx.Response) -> Availability:
    if answer.status_code == 404:
        # RFC 7480 5.3 allows an empty body; HTML is not a registry speaking, but something in between.
        is_page = "html" in answer.headers.get("content-type", "")
        return Availability.UNKNOWN if is_page else Availability.FREE
    if answer.status_code == 200:
        with suppress(ValueError, RecursionError):
            body = answer.json()
            if isinstance(body, dict) and body.get("objectClassName") == "domain":
                return Availability.TAKEN
    return Availability.UNKNOWN


def _pause(answer: httpx.Response) -> float:
    """Return the seconds a server asked to be left alone (RFC 9110 10.2.3: seconds or a date)."""
    asked = answer.headers.get("retry-after", "").strip()
    if asked.isdecimal():
        return float(asked)
    try:
        until = parsedate_to_datetime(asked)
    except ValueError:
        return QUIET
    aware = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())
