"""Random edits against random requests to two web processes: every answer is that of an uncached render."""

import os
import re
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from infra.clock import SystemClock
from projections.catalog.views import StoreView
from projections.reading.moment import MomentReader, present
from projections.reading.revisions import Revision
from storefront.read_models import ReadModelQueries
from tests.integration.storefront.random_merchant import RandomMerchant
from tests.integration.storefront.shopping import put_in_cart
from tests.support.chance import dice_of
from tests.support.platforms.storefront import BRAND, Product, StorefrontPlatform
from tests.support.servers.storefronts import storefront_processes

CASES_OF_STORE = 60
"""How many random requests to a store are compared."""
SHOWING = ("/", "/imprint", "/pages/about")
"""Pages that show every kind of edit but those of ``NOT_KEPT``."""
NOT_KEPT = frozenset({"change discount"})
"""Edits that only pages show which are rendered for each request: cart and checkout."""
FROM_ERRORS = frozenset({"open again", "connect domain", "connect another domain"})
"""Edits that pages show which were errors before: errors are not kept."""
TRIES = 30
"""How often an edit is made until a page shows it: a random one may change nothing that shoppers see."""
STORES = 20 if os.environ.get("ZYENTA_CHAOS") == "full" else 1
CURRENCIES = ("USD", "JPY", "EUR")
CACHES = {"first": 64_000_000, "second": 64_000_000, "uncached": 0}
DOMAIN = "shops.test"
LIMITS = httpx.Limits(keepalive_expiry=1)
"""A server closes a connection that is idle for a few seconds, also while the next request is on its way."""
TOKEN = re.compile(r'(name="csrf" value=")[0-9a-f]{128}"')
TICKET = re.compile(r'(name="ticket" value=")[^"]+"')


@pytest.fixture
async def floor(floor: StorefrontPlatform, pool: asyncpg.Pool, tmp_path: Path) -> StorefrontPlatform:
    """A storefront that shows the present of the processes beside it."""
    return await StorefrontPlatform.build(pool, floor.readers, tmp_path / "media", clock=SystemClock())


def content(answer: httpx.Response) -> tuple[int, str | None, str]:
    """Return what a browser shows, without the random mask of its token and the number of its checkout."""
    text = TICKET.sub(r"\1", TOKEN.sub(r"\1", answer.text))
    return answer.status_code, answer.headers.get("location"), text


@dataclass
class Browser:
    """A shopper's cookies, and the pages that the browser keeps."""

    cookies: httpx.Cookies
    kept: dict[tuple[str, str], tuple[str, tuple[int, str | None, str]]] = field(default_factory=dict)
    """The tag and the content of the last answer, by host and address."""

    async def fills_cart(self, client: httpx.AsyncClient, host: str, product: Product) -> None:
        """Put a product into the cart, if it can be bought."""
        client.cookies, client.headers["host"] = self.cookies, host
        if 'name="csrf"' in (await client.get(f"/products/{product.slug}")).text:
            await put_in_cart(client, product)
        self.cookies = httpx.Cookies(client.cookies)

    async def shows(
        self, client: httpx.AsyncClient, host: str, path: str, *, encoding: str
    ) -> tuple[int, str | None, str]:
        """Return what the browser shows of an address, from its own memory if the server says that it may."""
        tag, known = self.kept.get((host, path), ("", None))
        headers = {"host": host, "accept-encoding": encoding} | ({"if-none-match": tag} if tag else {})
        client.cookies = self.cookies
        answer = await client.get(path, headers=headers)
        self.cookies = httpx.Cookies(client.cookies)
        if answer.status_code == 304:
            assert known is not None
            assert answer.headers["etag"] == tag
            return known
        if "etag" in answer.headers:
            self.kept[host, path] = answer.headers["etag"], content(answer)
        return content(answer)


class KeepsNothing(ReadModelQueries):
    """Queries whose answers no storefront finds again, because each revision is a new one."""

    @property
    def present(self) -> ReadModelQueries:
        return KeepsNothing(present(self._db))

    async def revision(self, store: StoreView) -> Revision:
        return (uuid4(),)


async def check_each_event(
    floor: StorefrontPlatform, merchant: RandomMerchant, keeping: httpx.AsyncClient, where: str
) -> None:
    """Make each kind of edit once, and compare the pages that show it after each of its events.

    A process has kept the pages before the event, which is applied alone: the next event of the same edit would hide that a page is
    stale. Random edits seldom meet: most pages are dropped by another edit before they are asked for again. Before an event moves
    its revisions, the same comparison must find a stale page for each kind of edit: so it would find an event that moves none.
    """
    # A process without kept pages keeps facts of a store by revision, so it may be stale like the others.
    queries = KeepsNothing(MomentReader(floor.readers))
    transport = httpx.ASGITransport(floor.app(queries=queries, base_domains=(DOMAIN,), sandbox=True))
    pages = [*((merchant.own_host, path) for path in SHOWING), *((domain, "/") for domain in merchant.domains)]
    known: dict[tuple[str, str], Any] = {}
    stale: list[str] = []
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.test") as forgetful:

        async def compare(event: str, *, is_moved: bool = True) -> None:
            for host, path in pages:
                forgetful.cookies, keeping.cookies = httpx.Cookies(), httpx.Cookies()
                expected, shown = [
                    content(await client.get(path, headers={"host": host})) for client in (forgetful, keeping)
                ]
                if not is_moved:
                    if shown != expected:
                        stale.append(event)
                    continue
                if shown != expected:
                    # A day may have ended between the two.
                    expected = content(await forgetful.get(path, headers={"host": host}))
                assert shown == expected, f"{where}, {host}{path} after {event}"
                # 404 is a domain that is not connected, and 503 a paused store.
                assert shown[0] in {200, 301, 404, 503}, (f"{where}, {host}{path} after {event}", shown)
                known[host, path] = shown

        async def compare_around(event: str, move: Callable[[], Awaitable[None]]) -> None:
            await compare(event, is_moved=False)
            await move()
            await compare(event)

        await compare("nothing")
        floor.after_each = compare_around
        for name, edit in merchant.edits.items():
            stale.clear()
            for _ in range(TRIES):
                before = dict(known)
                await edit()
                if known != before or name in NOT_KEPT:
                    break
            else:
                raise AssertionError(f"{where}: no page shows: {name}")
            assert stale or name in NOT_KEPT | FROM_ERRORS, f"{where}: no kept page shows: {name}"
        floor.after_each = None


async def test_random_edits_are_on_every_page_of_two_processes_with_the_next_request(
    floor: StorefrontPlatform, database: str, tmp_path: Path
) -> None:
    dice = dice_of(__name__)
    first_currency = dice.randrange(len(CURRENCIES))
    async with storefront_processes(database, tmp_path, domain=DOMAIN, cache_bytes=CACHES) as ports:
        for number in range(STORES):
            slug, currency = f"fern{number}", CURRENCIES[(first_currency + number) % len(CURRENCIES)]
            store = await floor.open_store(slug, BRAND)
            await floor.choose_currency(store, currency)
            merchant = RandomMerchant(floor, store, dice, slug=slug, domain=DOMAIN, currency=currency)
            await merchant.open()
            async with AsyncExitStack() as stack:
                clients = {
                    name: await stack.enter_async_context(
                        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60, limits=LIMITS)
                    )
                    for name, port in ports.items()
                }
                await check_each_event(floor, merchant, clients["first"], f"store {number}")
                browsers, visited = [Browser(httpx.Cookies()) for _ in range(4)], deque[tuple[str, str]](maxlen=4)
                for case in range(CASES_OF_STORE):
                    if dice.random() < 0.4:
                        await merchant.edit()
                    # A page that was shown before an edit is the one that may be stale.
                    if dice.random() < 0.4 or not visited:
                        visited.append(await merchant.address())
                    (host, path), browser = dice.choice(visited), dice.choice(browsers)
                    if dice.random() < 0.1:
                        await browser.fills_cart(clients["second"], host, dice.choice(merchant.products))
                    name = dice.choice(["first", "second"])
                    uncached = clients["uncached"]
                    uncached.cookies = browser.cookies
                    expected = content(await uncached.get(path, headers={"host": host}))
                    encoding = dice.choice(["gzip, br", "identity"])
                    shown = await browser.shows(clients[name], host, path, encoding=encoding)
                    where = f"store {number}, case {case}, {name}, {host}{path}"
                    if shown != expected:
                        # A day may have ended between the two.
                        expected = content(await uncached.get(path, headers={"host": host}))
                    assert shown == expected, where
