"""Kept pages before the web framework: the same status, headers and bytes as through the routes."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from domain.store.aggregate import STORE
from domain.store.events import BrandGenerated
from infra.web.server import guarded
from storefront.visit.cookies import MONTH
from tests.integration.storefront.shopping import put_in_cart
from tests.support.fakes.event_log import FixedClock
from tests.support.platforms.storefront import BRAND, StorefrontPlatform, Variant

PAGES = (
    "/",
    "/products",
    "/products?sort=price-low",
    "/c/things",
    "/products/pot",
    "/accessibility",
    "/sitemap.xml",
    "/sitemap-1.xml",
)
LINES: tuple[tuple[tuple[str, str], ...], ...] = (
    (),
    (("accept-encoding", "gzip, deflate, br"),),
    (("accept-encoding", "gzip;q=0, br;q=0"),),
    (("accept-encoding", "identity, " * 40 + "gzip"),),
    (("if-modified-since", "Mon, 30 Nov 2099 08:00:00 GMT"),),
    (("if-none-match", '"another", W/"tag"'),),
    (("if-none-match", "*"),),
    (("range", "bytes=0-9"),),
    (("host", "FERN.shops.test:8080"),),
    (("host", "fern.shops.test."),),
)
TOKEN = re.compile(rb'(name="csrf" value=")[0-9a-f]{128}"')
VISITOR = re.compile(rb"visitor=[\w-]{24}(?=;)")


class Clock:
    """The platform's present, which stands still, and later: cookies and pages are dated."""

    def __init__(self, floor: StorefrontPlatform) -> None:
        self._begun, self.later = floor.clock.now(), timedelta(0)

    def now(self) -> Any:
        return self._begun + self.later


def browser_of(app: Any, host: str = "fern.shops.test") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=guarded(app), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=f"http://{host}", headers={"accept-encoding": "identity"})


def answer_of(response: httpx.Response) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Return the whole response, its random parts aside."""
    headers = sorted((name, VISITOR.sub(b"visitor=", value)) for name, value in response.headers.raw)
    # The framework lists the methods of a route in the order of a set, which differs between two applications.
    headers = [(name, b", ".join(sorted(value.split(b", "))) if name == b"allow" else value) for name, value in headers]
    if "visitor" in response.cookies:
        # A browser without a visitor cookie gets a new one, which is in the tag of a page with a form.
        headers = [header for header in headers if header[0] != b"etag"]
    return response.status_code, headers, TOKEN.sub(rb"\1", response.content)


class Pair:
    """Two browsers with the same cookies: one of the usual application, one of an application without ``DirectPages``."""

    def __init__(self, floor: StorefrontPlatform, **changes: Any) -> None:
        self.app = floor.app(**changes)
        self.usual, self.routed = browser_of(self.app), browser_of(floor.app(direct=False, **changes))

    def keep_only_direct(self) -> None:
        """Take the routes from the usual application: from now on it can show kept pages and nothing else."""
        self.app.router.routes.clear()

    async def answers(self, path: str, *lines: tuple[str, str], method: str = "GET") -> tuple[Any, Any]:
        """Return the answers of both to a request with some header lines."""
        self.routed.cookies = httpx.Cookies(self.usual.cookies)
        first, second = [
            await browser.request(method, path, headers=list(lines)) for browser in (self.usual, self.routed)
        ]
        return answer_of(first), answer_of(second)


@pytest.fixture
async def pair(floor: StorefrontPlatform) -> Pair:
    store = await floor.open_store("fern", BRAND)
    pot = await floor.stock(store, "Clay Pot", slug="pot", variants=[Variant("One", 900, 50)])
    await floor.stock(store, "Clay Bowl", slug="bowl")
    # Cookies are dated: a second must not pass between the two answers.
    pair = Pair(floor, clock=FixedClock(floor.clock.now()))
    await put_in_cart(pair.usual, pot, quantity=3)
    for path in ("/cart", *PAGES):
        await pair.usual.get(path)
    return pair


async def test_direct_answers_are_those_of_the_routes(pair: Pair) -> None:
    pair.keep_only_direct()
    for path in PAGES:
        _, (_, headers, _) = await pair.answers(path)
        etag = dict(headers)[b"etag"].decode()
        for lines in (*LINES, (("if-none-match", etag),), (("if-none-match", f'"x", {etag}'),)):
            for method in ("GET", "HEAD"):
                usual, routed = await pair.answers(path, *lines, method=method)
                assert usual == routed, (method, path, lines)
                assert usual[0] == (304 if etag in str(lines) or "*" in str(lines) else 200)
                assert b"content-security-policy" in dict(usual[1])


async def test_headers_in_two_lines_are_one_list(pair: Pair) -> None:
    _, (_, headers, _) = await pair.answers("/products")
    etag = dict(headers)[b"etag"].decode()
    usual, routed = await pair.answers("/products", ("if-none-match", etag), ("if-none-match", '"another"'))
    assert usual == routed
    assert usual[0] == 304


async def test_a_host_that_a_store_left_shows_no_page_of_it(floor: StorefrontPlatform, pair: Pair) -> None:
    store = await floor.queries.store_by_slug("fern")
    assert store is not None
    state = await floor.log.load(STORE, store.id)
    assert state is not None
    moved = BrandGenerated(
        originator_id=store.id,
        originator_version=state.version + 1,
        occurred_at=floor.clock.now(),
        generation_id=uuid4(),
        attempt=1,
        brand=BRAND,
        options=[],
        reason="It fits better.",
        slug="moss",
        written_by="house",
    )
    await floor.record(STORE, store.id, moved)
    for _ in range(2):
        assert (await pair.usual.get("/products", headers={"host": "moss.shops.test"})).status_code == 200
    usual, routed = await pair.answers("/products")
    assert usual == routed
    assert usual[0] == 404


@pytest.mark.parametrize(
    "cookies",
    [{}, {"visitor": "short"}, {"cart": "forged.text.here"}, {"cart": "", "visitor": "v" * 24}, {"a": "x" * 3_000}],
)
async def test_absent_and_bad_cookies_show_an_empty_cart(pair: Pair, cookies: dict[str, str]) -> None:
    pair.keep_only_direct()
    pair.usual.cookies = httpx.Cookies(cookies)
    for path in PAGES:
        usual, routed = await pair.answers(path)
        assert usual == routed, (path, cookies)
        assert b'cart-count-none">0<' in usual[2] or path.startswith("/sitemap")


async def test_a_cart_is_shown_until_it_is_too_old(floor: StorefrontPlatform) -> None:
    pot = await floor.stock(await floor.open_store("fern", BRAND), "Clay Pot", slug="pot")
    clock = Clock(floor)
    pair = Pair(floor, clock=clock)
    await put_in_cart(pair.usual, pot)
    await pair.usual.get("/cart")
    # A browser that keeps a cookie for too long.
    for cookie in pair.usual.cookies.jar:
        cookie.expires, cookie.discard = None, True
    for clock.later in (timedelta(0), MONTH - timedelta(minutes=1), MONTH + timedelta(minutes=1)):
        for _ in range(2):
            usual, routed = await pair.answers("/products")
            assert usual == routed
            assert (b'"cart-count">1<' in usual[2]) == (clock.later < MONTH)


async def test_other_requests_go_through_the_routes(floor: StorefrontPlatform, pair: Pair) -> None:
    for path, *lines in (
        ("/nowhere",),
        ("/products/",),
        ("/products?utm_source=letter",),
        ("/products?after=gone",),
        ("/products/%00pot",),
        ("//products",),
        ("/products", ("host", "elm.shops.test")),
        ("/products", ("host", "shops.test")),
        ("/products", ("host", "a b")),
        ("/products", ("accept-encoding", "br")),
        ("/theme.css",),
        ("/cart",),
    ):
        for method in ("GET", "HEAD", "POST", "OPTIONS"):
            usual, routed = await pair.answers(path, *lines, method=method)
            assert usual == routed, (method, path, lines)


async def test_a_paused_store_closes_at_once(floor: StorefrontPlatform, pair: Pair) -> None:
    store = await floor.queries.store_by_slug("fern")
    assert store is not None
    await floor.pause_store(store.id)
    for path in PAGES:
        usual, routed = await pair.answers(path)
        assert usual == routed
        assert usual[0] == (200 if path == "/accessibility" else 503)


async def test_a_notice_is_shown_once_and_a_new_visitor_gets_a_cookie(pair: Pair) -> None:
    page = await pair.usual.get("/products/pot")
    form = dict(re.findall(r'name="(csrf|product|variant)" value="([^"]+)"', page.text))
    added = await pair.usual.post("/cart/add", data=form | {"quantity": "1"})
    assert added.status_code == 303
    pages = [(await pair.usual.get("/products")).text for _ in range(2)]
    assert ["is in your cart" in text for text in pages] == [True, False]
    assert ['"cart-count">4<' in text for text in pages] == [True, True]
    pair.usual.cookies.clear()
    first = await pair.usual.get("/products/pot")
    assert "visitor" in first.cookies
    form = dict(re.findall(r'name="(csrf|product|variant)" value="([^"]+)"', first.text))
    assert (await pair.usual.post("/cart/add", data=form | {"quantity": "1"})).status_code == 303
