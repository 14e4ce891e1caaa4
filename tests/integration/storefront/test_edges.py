"""Hosts, headers, foreign forms and files."""

import re

import httpx
import pytest

from domain.store.events import PageType
from infra.web.server import guarded
from storefront.rendering.stylesheets import shortened
from tests.integration.storefront.shopping import checkout_form, hidden, put_in_cart, session_at, sitemap
from tests.support.platforms.storefront import BRAND, PIXEL, StorefrontPlatform, Variant


async def test_each_host_shows_its_own_store_and_nothing_of_others(
    floor: StorefrontPlatform, browser: httpx.AsyncClient
) -> None:
    fern = await floor.open_store("fern", BRAND)
    other = await floor.open_store("other", BRAND.model_copy(update={"name": "Other Shop"}))
    await floor.stock(fern, "Fern Pot", slug="pot")
    await floor.stock(other, "Other Pot", slug="pot")
    await floor.stock(other, "Secret", slug="secret")
    mine, theirs = await browser.get("/products/pot"), await browser.get("http://other.shops.test/products/pot")
    assert "Fern Pot" in mine.text
    assert "Other Pot" in theirs.text
    assert (await browser.get("/products/secret")).status_code == 404
    assert "Secret" not in await sitemap(browser)


@pytest.mark.parametrize(
    "host", ["nobody.shops.test", "a.fern.shops.test", "elsewhere.test", "bad_host!", "fern.shops.test.evil.test"]
)
async def test_an_unknown_host_gets_a_friendly_404(
    floor: StorefrontPlatform, browser: httpx.AsyncClient, host: str
) -> None:
    await floor.open_store("fern", BRAND)
    for path in ("/", "/products", "/theme.css", "/nowhere"):
        answer = await browser.get(path, headers={"host": host})
        assert answer.status_code == 404
        assert "no shop at this address" in answer.text


async def test_the_platforms_own_address_is_not_a_store(floor: StorefrontPlatform, browser: httpx.AsyncClient) -> None:
    for host in ("shops.test", "localhost:8080", "127.0.0.1:8080", "[::1]:8080"):
        answer = await browser.get("/", headers={"host": host})
        assert answer.status_code == 200
        assert "Shops live at their own addresses" in answer.text
        assert (await browser.get("/products", headers={"host": host})).status_code == 404


async def test_a_paused_store_says_so_in_its_own_colors(floor: StorefrontPlatform, browser: httpx.AsyncClient) -> None:
    store = await floor.open_store("fern", BRAND)
    home = await browser.get("/")
    assert home.status_code == 200
    assert "css/orders.css" not in home.text, "a first view loads no styles of carts and orders"
    assert "css/orders.css" in (await browser.get("/cart")).text
    await floor.pause_store(store)
    closed = await browser.get("/products")
    assert closed.status_code == 503
    assert "Closed for now" in closed.text
    assert (await browser.get("/theme.css")).status_code == 200
    assert (await browser.get("/logo.svg")).status_code == 200


@pytest.mark.parametrize("path", ["/", "/products", "/theme.css", "/logo.svg", "/favicon.ico", "/nowhere"])
async def test_an_unpublished_store_answers_like_an_unknown_host(
    floor: StorefrontPlatform, browser: httpx.AsyncClient, path: str
) -> None:
    unknown = await browser.get(path)
    await floor.open_store("fern", BRAND, published=False)
    answer = await browser.get(path)
    assert (answer.status_code, answer.content, answer.headers) == (404, unknown.content, unknown.headers)


async def test_a_paused_store_is_closed_with_the_next_request(floor: StorefrontPlatform) -> None:
    from storefront.visit.errors import StoreClosed
    from storefront.visit.tenancy import Tenancy

    tenancy = Tenancy(floor.queries, base_domains=("shops.test",), most=1)
    store = await floor.open_store("fern", BRAND)
    known = await tenancy.store_of("fern.shops.test")
    assert await tenancy.store_of("FERN.shops.test:8080") is known
    assert known.store.id == store
    await floor.pause_store(store)
    with pytest.raises(StoreClosed):
        await tenancy.store_of("fern.shops.test")


async def test_every_answer_carries_the_security_headers(floor: StorefrontPlatform, browser: httpx.AsyncClient) -> None:
    await floor.open_store("fern", BRAND)
    for path in ("/", "/nowhere", "/theme.css", "/static/css/store.css", "/-/health"):
        headers = (await browser.get(path)).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "manifest-src 'self'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
    policy = (await browser.get("/")).headers["content-security-policy"]
    assert "form-action 'self' http://payments.test;" in policy
    assert "unsafe" not in policy


async def test_pages_have_neither_inline_scripts_nor_inline_styles(
    floor: StorefrontPlatform, browser: httpx.AsyncClient
) -> None:
    store = await floor.open_store("fern", BRAND)
    await floor.stock(store, "Pot", slug="pot")
    await floor.write_page(store, PageType.ABOUT, "About us", "about", "Hello.")
    for path in ("/", "/products", "/products/pot", "/cart", "/pages/about", "/nowhere"):
        text = (await browser.get(path)).text
        assert " style=" not in text
        assert "<style" not in text
        assert "onclick" not in text
        assert text.count("<h1") == 1
        assert '<a class="skip" href="#main">' in text
        assert "http://" not in text.replace("http://fern.shops.test", "").replace("http://www.w3.org", "")


async def test_a_form_without_our_token_changes_nothing(floor: StorefrontPlatform, browser: httpx.AsyncClient) -> None:
    store = await floor.open_store("fern", BRAND)
    pot = await floor.stock(store, "Pot", slug="pot")
    form = {"product": str(pot.id), "variant": str(pot.variants[0])}
    assert (await browser.post("/cart/add", data=form)).status_code == 403
    page = await browser.get("/products/pot")
    token = page.text.partition('name="csrf" value="')[2].partition('"')[0]
    for headers in ({"origin": "http://evil.test"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}):
        answer = await browser.post("/cart/add", data=form | {"csrf": token}, headers=headers)
        assert answer.status_code == 403
        assert "Nothing was changed" in answer.text
    assert (await browser.post("/cart/add", data=form | {"csrf": token[:-1] + "x"})).status_code == 403
    good = await browser.post("/cart/add", data=form | {"csrf": token}, headers={"origin": "http://fern.shops.test"})
    assert good.status_code == 303
    browser.cookies.delete("visitor")
    assert (await browser.post("/cart/add", data=form | {"csrf": token})).status_code == 403


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("fern.shops.test", "http://FERN.Shops.test"),
        ("Fern.Shops.Test", "http://fern.shops.test"),
        ("fern.shops.test.", "http://fern.shops.test"),
        ("fern.shops.test", "http://fern.shops.test."),
        ("fern.shops.test:80", "http://fern.shops.test"),
        ("fern.shops.test:8443", "https://fern.shops.test:8443"),
    ],
)
async def test_a_form_of_our_own_page_is_accepted_however_its_host_is_written(
    floor: StorefrontPlatform, browser: httpx.AsyncClient, host: str, origin: str
) -> None:
    store = await floor.open_store("fern", BRAND)
    pot = await floor.stock(store, "Pot", slug="pot")
    page = await browser.get("/products/pot", headers={"host": host})
    form = {"product": str(pot.id), "variant": str(pot.variants[0]), "csrf": hidden(page, "csrf")}
    answer = await browser.post("/cart/add", data=form, headers={"host": host, "origin": origin})
    assert answer.status_code == 303


@pytest.mark.parametrize(
    "origin",
    [
        "http://fern.shops.test:81",
        "http://other.shops.test",
        "http://fern.shops.test.evil.test",
        "null",
        "",
        "http://[",
    ],
)
async def test_a_form_of_another_page_is_rejected(
    floor: StorefrontPlatform, browser: httpx.AsyncClient, origin: str
) -> None:
    store = await floor.open_store("fern", BRAND)
    pot = await floor.stock(store, "Pot", slug="pot")
    page = await browser.get("/products/pot")
    form = {"product": str(pot.id), "variant": str(pot.variants[0]), "csrf": hidden(page, "csrf")}
    assert (await browser.post("/cart/add", data=form, headers={"origin": origin})).status_code == 403


async def test_two_pages_never_contain_the_same_form_token(
    floor: StorefrontPlatform, browser: httpx.AsyncClient
) -> None:
    store = await floor.open_store("fern", BRAND)
    await floor.stock(store, "Pot", slug="pot")
    tokens = {hidden(await browser.get("/products/pot"), "csrf") for _ in range(3)}
    assert len(tokens) == 3
    assert len({token[-20:] for token in tokens}) == 3


@pytest.mark.parametrize("host", ["fern.shops.test:1", "FERN.SHOPS.TEST", "fern.shops.test."])
async def test_pages_contain_the_stores_own_address_whatever_the_request_names(
    floor: StorefrontPlatform, browser: httpx.AsyncClient, host: str
) -> None:
    store = await floor.open_store("fern", BRAND)
    await floor.stock(store, "Pot", slug="pot")
    own = "http://fern.shops.test"
    for path in (
        "/",
        "/products",
        "/products/pot",
        "/robots.txt",
        "/sitemap.xml",
        "/sitemap-pages.xml",
        "/sitemap-1.xml",
    ):
        text = (await browser.get(path, headers={"host": host})).text
        assert text.count(own) == text.lower().count("fern.shops.test"), path
        assert f"{own}:" not in text
        assert f"{own}." not in text


async def test_the_payment_page_leads_back_to_the_stores_own_address(
    floor: StorefrontPlatform, browser: httpx.AsyncClient
) -> None:
    store = await floor.open_store("fern", BRAND)
    await put_in_cart(browser, await floor.stock(store, "Pot", slug="pot"))
    form = await checkout_form(browser)
    answer = await browser.post("/checkout", data=form, headers={"host": "FERN.shops.test.:1"})
    session = session_at(floor, answer.headers["location"])
    for address in (session.success_url, session.cancel_url):
        assert address.startswith("http://fern.shops.test/checkout/")


async def test_a_store_has_the_port_and_the_domain_of_the_settings(floor: StorefrontPlatform) -> None:
    await floor.open_store("fern", BRAND)
    transport = httpx.ASGITransport(app=floor.app(public_domain="shops.test:8080"))
    async with httpx.AsyncClient(transport=transport, base_url="http://fern.shops.test") as browser:
        assert '<link rel="canonical" href="http://fern.shops.test:8080/">' in (await browser.get("/")).text


async def test_scripts_and_other_sites_cannot_read_cookies(
    floor: StorefrontPlatform, browser: httpx.AsyncClient
) -> None:
    store = await floor.open_store("fern", BRAND)
    await floor.stock(store, "Pot", slug="pot")
    assert "set-cookie" not in (await browser.get("/")).headers
    cookie = (await browser.get("/products/pot")).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secure" not in cookie


async def test_behind_a_tls_proxy_everything_is_https(floor: StorefrontPlatform) -> None:
    store = await floor.open_store("fern", BRAND)
    await floor.stock(store, "Pot", slug="pot")
    transport = httpx.ASGITransport(app=guarded(floor.app(scheme="https")), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://fern.shops.test") as proxy:
        page = await proxy.get("/products/pot")
        assert "secure" in page.headers["set-cookie"].lower()
        assert page.headers["strict-transport-security"] == "max-age=31536000"
        assert '<link rel="canonical" href="https://fern.shops.test/products/pot">' in page.text
        assert "<loc>https://fern.shops.test/products/pot</loc>" in await sitemap(proxy)
        assert (await proxy.get("/cart/")).headers["location"] == "/cart"


async def test_a_form_that_is_too_large_is_rejected(floor: StorefrontPlatform, browser: httpx.AsyncClient) -> None:
    await floor.open_store("fern", BRAND)
    posts = [route for route in floor.app().routes if "POST" in (getattr(route, "methods", None) or ())]
    assert len(posts) > 8
    for route in posts:
        path = re.sub(r"\{\w+(:\w+)?\}", "pot", route.path)  # type: ignore[attr-defined]
        answer = await browser.post(path, data={"name": "x" * 1_000_000})
        assert answer.status_code == 413, path


async def test_pictures_are_cached_permanently_by_their_content(
    floor: StorefrontPlatform, browser: httpx.AsyncClient
) -> None:
    await floor.open_store("fern", BRAND)
    key = await floor.media.put(PIXEL, mime_type="image/webp")
    answer = await browser.get(f"/media/{key}")
    assert answer.content == PIXEL
    assert answer.headers["content-type"] == "image/webp"
    assert "immutable" in answer.headers["cache-control"]
    again = await browser.get(f"/media/{key}", headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304
    for wrong in ("nothing", "../../etc/passwd", "sha256/aa/" + "a" * 64 + ".webp", "%2e%2e/%2e%2e/etc/passwd"):
        assert (await browser.get(f"/media/{wrong}")).status_code == 404


async def test_static_files_are_cached_by_version_and_nothing_else_is_served(
    floor: StorefrontPlatform, browser: httpx.AsyncClient
) -> None:
    await floor.open_store("fern", BRAND)
    home = (await browser.get("/")).text
    address = home.partition('rel="stylesheet" href="')[2].partition('"')[0]
    fixed = await browser.get(address)
    assert "immutable" in fixed.headers["cache-control"]
    single = [(await browser.get(f"/static/css/{name}.css")).content for name in ("store", "pieces", "home", "atelier")]
    shared = b"".join(shortened(each) for each in single)
    assert fixed.content.endswith(shared)
    assert b"--heading-weight" in fixed.content.removesuffix(shared)
    assert home.count('rel="stylesheet"') == 1
    assert (await browser.get("/theme.css")).headers["cache-control"] == "no-cache"
    assert (await browser.get("/static/css/store.css")).headers["cache-control"] == "no-cache"
    for wrong in ("../app.py", "css/../../app.py", "fonts/lato/LICENSE.txt", "", "%2e%2e/app.py"):
        assert (await browser.get(f"/static/{wrong}")).status_code == 404


@pytest.mark.parametrize("tags", ["{tag}", "W/{tag}", '"other", {tag}', 'W/"other" , W/{tag}', "*"])
@pytest.mark.parametrize("encoding", ["identity", "gzip", "br"])
async def test_a_browser_that_has_a_file_gets_304_for_every_form_of_its_tag(
    floor: StorefrontPlatform, browser: httpx.AsyncClient, tags: str, encoding: str
) -> None:
    await floor.open_store("fern", BRAND)
    key = await floor.media.put(PIXEL, mime_type="image/webp")
    for path in (f"/media/{key}", "/static/css/store.css"):
        sent = {"accept-encoding": encoding}
        tag = (await browser.get(path, headers=sent)).headers["etag"]
        again = await browser.get(path, headers=sent | {"if-none-match": tags.format(tag=tag)})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
        assert (await browser.get(path, headers=sent | {"if-none-match": tag[:-2] + '"'})).status_code == 200


@pytest.mark.parametrize("wanted", ["bytes=5-1", "bytes=0-3", "bytes=99999999-", "nonsense"])
async def test_a_range_of_a_style_is_the_whole_style(
    floor: StorefrontPlatform, browser: httpx.AsyncClient, wanted: str
) -> None:
    await floor.open_store("fern", BRAND)
    whole = await browser.get("/static/css/store.css")
    part = await browser.get("/static/css/store.css", headers={"range": wanted})
    assert (part.status_code, part.content) == (200, whole.content)


async def test_styles_are_sent_compressed_and_each_form_has_its_tag(
    floor: StorefrontPlatform, browser: httpx.AsyncClient
) -> None:
    await floor.open_store("fern", BRAND)
    tags = set()
    for encoding in ("identity", "gzip", "br"):
        async with browser.stream("GET", "/static/css/store.css", headers={"accept-encoding": encoding}) as answer:
            body = b"".join([part async for part in answer.aiter_raw()])
        assert answer.headers.get("content-encoding", "identity") == encoding
        assert answer.headers["vary"] == "accept-encoding"
        assert encoding == "identity" or len(body) < 4_000
        tags.add(answer.headers["etag"])
    assert len(tags) == 3
    font = await browser.get("/static/fonts/lato/400.woff2")
    assert "content-encoding" not in font.headers


async def test_head_requests_and_other_methods_are_answered(
    floor: StorefrontPlatform, browser: httpx.AsyncClient
) -> None:
    await floor.open_store("fern", BRAND)
    head = await browser.head("/")
    assert (head.status_code, head.content) == (200, b"")
    assert (await browser.delete("/cart")).status_code == 405
    assert (await browser.get("/cart/add")).status_code == 405


async def test_search_engines_find_products_and_no_carts(floor: StorefrontPlatform, browser: httpx.AsyncClient) -> None:
    store = await floor.open_store("fern", BRAND)
    await floor.stock(store, "Pot", slug="pot", former=5900)
    assert "Disallow: /checkout" in (await browser.get("/robots.txt")).text
    assert "<loc>http://fern.shops.test/products/pot</loc>" in await sitemap(browser)
    page = (await browser.get("/products/pot")).text
    assert '<link rel="canonical" href="http://fern.shops.test/products/pot">' in page
    assert '"@type": "Product"' in page
    assert '"price": "49.00"' in page
    structured = page[page.index("application/ld+json") :].partition("</script>")[0]
    assert "59.00" not in structured, "search engines see the present price only"
    assert 'property="og:image" content="http://fern.shops.test/social/sha256/' in page
    assert 'width="800" height="800"' in page
    assert '<meta name="robots" content="noindex">' in (await browser.get("/cart")).text


async def test_only_a_former_price_of_the_store_is_struck_through(
    floor: StorefrontPlatform, browser: httpx.AsyncClient
) -> None:
    store = await floor.open_store("fern", BRAND)
    sizes = [Variant("Small", 3495, 5), Variant("Large", 3795, 5)]
    await floor.stock(store, "Pot", slug="pot", variants=sizes, claimed=3799)
    for address in ("/", "/products", "/products/pot"):
        page = (await browser.get(address)).text
        assert "$34.95" in page
        assert "<s " not in page
        assert "Save" not in page
        assert "37.99" not in page
    await floor.stock(store, "Bowl", slug="bowl", former=5900)
    bowl = (await browser.get("/products/bowl")).text
    assert "$59.00</s>" in bowl
    assert "lowest price of the 30 days before" in bowl


async def test_a_failure_shows_a_page_and_no_traceback(floor: StorefrontPlatform) -> None:
    class Broken:
        @property
        def present(self) -> "Broken":
            return self

        async def store_by_slug(self, slug: str) -> None:
            raise RuntimeError("the database is on fire")

    transport = httpx.ASGITransport(app=floor.app(queries=Broken()), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://fern.shops.test") as browser:
        answer = await browser.get("/")
    assert answer.status_code == 500
    assert "Something broke on our side" in answer.text
    assert "fire" not in answer.text
