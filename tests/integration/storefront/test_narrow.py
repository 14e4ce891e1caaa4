"""Every page in a real browser as narrow as a phone: nothing scrolls sideways, and nothing is loaded for a pointer."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.async_api import BrowserContext, Page, Route, ViewportSize
from starlette.applications import Starlette

from domain.store.brand import BrandIdentity, FontPair, HeroKind, Look, Mood
from domain.store.slugs import slugify
from infra.sandbox.app import sandbox_app
from infra.writers.copykit.pages import PAGES
from infra.writers.rules.copy.pages import RulePageWriter
from storefront.rendering.theme import DEFAULT_SECTIONS, theme_of
from tests.integration.storefront.shopping import checkout_form, hidden, notice_of, put_in_cart, session_at, to_payment
from tests.support.browser import a_browser, a_context
from tests.support.builders.samples import identity
from tests.support.fakes.copywriting import facts
from tests.support.platforms.gateway import a_platform
from tests.support.platforms.storefront import BRAND, PIXEL, ImageFile, StorefrontPlatform, Variant

WIDTHS = (320, 390)
HEADER_WIDTHS = (640, 768, 991, 992, 1440)
"""Where the header has all its parts, or nearly so."""
LONG = "Feuchtigkeitsunempfindlichkeitspruefgeraetehalterung"
TWO_IMAGES = tuple(ImageFile("A pot", {"medium": (PIXEL + bytes([n]), 800, 800)}) for n in (1, 2))


def brand(heading: str, *tone: str, background: str = "#fbf8f2", text: str = "#22261f") -> BrandIdentity:
    return BRAND.model_copy(
        update={
            "name": f"{LONG[:22]} {heading}",
            "fonts": FontPair(heading=heading, body="Inter"),
            "palette": BRAND.palette.model_copy(update={"background": background, "text": text}),
            "voice": BRAND.voice.model_copy(update={"tone": list(tone)}),
        }
    )


BRANDS = (
    brand("Fraunces", "calm"),
    brand("Orbitron", "bold", background="#0d0b1a", text="#f1eefc"),
    brand("Inter", "plain"),
)


DRAWN = {
    f"{mood}-{hero}".lower(): BRANDS[0].model_copy(
        update={"look": Look(mood=mood, hero=hero, sections=list(DEFAULT_SECTIONS))}
    )
    for mood in Mood
    for hero in HeroKind
}
"""A brand for each mood and kind of hero."""


@asynccontextmanager
async def a_phone(*clients: httpx.AsyncClient, touch: bool = True) -> AsyncIterator[tuple[BrowserContext, list[str]]]:
    """Open a browser without a pointer (unless ``touch`` is False), whose requests the clients answer by host; return it and what it asked for."""
    asked: list[str] = []
    async with a_browser() as chrome:
        screen: ViewportSize = {"width": 320, "height": 800} if touch else {"width": 1000, "height": 800}
        context = await a_context(chrome, has_touch=touch, is_mobile=touch, viewport=screen)
        await context.route("**/*", _answering(clients, asked))
        yield context, asked


async def too_wide(page: Page, addresses: Iterable[str]) -> list[str]:
    """Return which addresses scroll sideways, at which width, by how much and because of what."""
    found = []
    for address in addresses:
        for width in WIDTHS:
            await page.set_viewport_size({"width": width, "height": 800})
            await page.goto(address)
            over = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            # A mobile browser zooms out instead of scrolling: then the layout is wider than the screen.
            grown = await page.evaluate("Math.round(window.innerWidth)") - width
            if over > 0 or grown > 0:
                culprits = await page.evaluate(
                    """width => [...document.body.querySelectorAll('*')]
                        .filter(one => one.getBoundingClientRect().right > width + 1)
                        .slice(0, 3).map(one => one.outerHTML.slice(0, 90))""",
                    width,
                )
                found.append(f"{address} at {width}: {max(over, grown)} px too wide, {culprits}")
    return found


@pytest.mark.long
async def test_no_page_of_any_look_scrolls_sideways_on_a_phone(floor: StorefrontPlatform) -> None:
    assert {theme_of(each).mood for each in BRANDS} == {Mood.ATELIER, Mood.SIGNAL, Mood.STUDIO}
    transport = httpx.ASGITransport(app=floor.app())
    wide: list[str] = []
    for number, look in enumerate(BRANDS):
        host = f"http://look{number}.shops.test"
        async with httpx.AsyncClient(transport=transport, base_url=host) as client, a_phone(client) as (phone, _):
            page = await phone.new_page()
            addresses = await a_whole_shop(floor, client, f"look{number}", look)
            wide += await too_wide(page, [f"{host}{address}" for address in addresses])
            for width in HEADER_WIDTHS:
                await page.set_viewport_size({"width": width, "height": 800})
                over = await page.evaluate(
                    "document.documentElement.scrollWidth - document.documentElement.clientWidth"
                )
                lines = await page.evaluate(_LINES_OF_A_NAME)
                wide += [f"{host} at {width}: {over} px too wide, {lines} lines of a name"] if over or lines > 1 else []
                links = await page.evaluate(
                    "[...document.querySelectorAll('.nav-more')].filter(one => one.offsetWidth).length"
                )
                wide += (
                    [f"{host} at {width}: {links} links that only a wide header has"] if links and width < 992 else []
                )
    assert not wide, "\n".join(wide)


@pytest.mark.long
async def test_every_mood_and_hero_fits_a_phone_and_is_readable(floor: StorefrontPlatform) -> None:
    app, faults = floor.app(), []
    async with AsyncExitStack() as stack:
        clients = []
        for number, (slug, look) in enumerate(DRAWN.items()):
            # Three heroes and two grounds: each mood and each hero is seen on both.
            palette = BRANDS[number % 2].palette
            store = await floor.open_store(slug, look.model_copy(update={"palette": palette}))
            for n in range(6):
                title = f"{LONG} number {n} with a name of some length"
                await floor.stock(store, title, slug=f"pot-{n}", category=f"{LONG[:30]} {n // 2}", images=TWO_IMAGES)
            clients.append(await stack.enter_async_context(opened(app, f"http://{slug}.shops.test")))
        phone, _ = await stack.enter_async_context(a_phone(*clients))
        page = await phone.new_page()
        for slug in DRAWN:
            host, (mood, _, hero) = f"http://{slug}.shops.test", slug.partition("-")
            shelf = slugify(f"{LONG[:30]} 0")
            faults += await too_wide(page, [f"{host}/c/{shelf}"] if hero == "product" else [])
            faults += await too_wide(page, [f"{host}/"])
            assert await page.locator(f".mood-{mood}").count() == 1
            assert await page.locator(f".hero-{hero}").count() == (0 if _has_own_hero(slug) else 1)
            for width in (320, 390, 1200):
                await page.set_viewport_size({"width": width, "height": 800})
                lines = await page.evaluate(_LINES_OF_A_NAME)
                faults += [f"{slug} at {width}: a name of ten letters takes {lines} lines"] if lines > 1 else []
                faults += [f"{slug} at {width}: {text}" for text in await page.evaluate(_UNREADABLE)]
    assert not faults, "\n".join(faults)


def _has_own_hero(slug: str) -> bool:
    return slug in {"atelier-product", "studio-product", "signal-product"}


_LINES_OF_A_NAME = """() => {
  const name = document.querySelector('.brand-name bdi'), whole = name.textContent, range = document.createRange();
  name.textContent = 'Biscuitpaw';
  range.selectNodeContents(name);
  const lines = range.getClientRects().length;
  name.textContent = whole;
  return lines;
}"""
_UNREADABLE = """() => {
  const rgba = text => { const n = text.match(/[\\d.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n; };
  const light = c => { const [r, g, b] = c.slice(0, 3).map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b; };
  const ground = one => {
    for (; one; one = one.parentElement) {
      const style = getComputedStyle(one), color = rgba(style.backgroundColor);
      const gradient = style.backgroundImage.startsWith('linear-gradient') && one.matches('.hero') ? style.backgroundImage.match(/rgba?\\([^)]*\\)/) : null;
      if (gradient) return rgba(gradient[0]);
      if (color[3] > .9) return color;
    }
    return [255, 255, 255, 1];
  };
  const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const one = walker.currentNode.parentElement, box = one.getBoundingClientRect();
    if (!walker.currentNode.data.trim() || box.width < 2 || box.height < 2 || one.closest('.sr-only, script, [aria-hidden]')) continue;
    if (!one.checkVisibility({checkOpacity: true, checkVisibilityCSS: true}) || getComputedStyle(one).clipPath !== 'none') continue;
    const [a, b] = [light(rgba(getComputedStyle(one).color)), light(ground(one))].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05);
    if (ratio < 4.5) found.push(`${one.className || one.tagName} ${walker.currentNode.data.trim().slice(0, 30)} ${ratio.toFixed(2)}`);
  }
  return [...new Set(found)];
}"""
"""Return the texts whose contrast is below WCAG AA."""


async def a_whole_shop(
    floor: StorefrontPlatform, client: httpx.AsyncClient, slug: str, look: BrandIdentity
) -> list[str]:
    """Open a store with something in every place; return the addresses of all its pages."""
    store = await floor.open_store(slug, look)
    await floor.state_business(slug, identity(name=f"{LONG} GmbH", address_lines=[LONG]))
    sizes = [Variant("Small", 123_400, 3, {"size": "Small"}), Variant(LONG, 999_900, 3, {"size": LONG})]
    for n in range(3):
        await floor.stock(
            store,
            f"{LONG} number {n} with a name of some length",
            slug=f"pot-{n}",
            variants=sizes,
            category=LONG[:30],
            description=f"A pot. {LONG}\n\n| What | How |\n|---|---|\n| {LONG} | {LONG} |\n\n```\n{LONG * 3}\n```\n",
            features=[LONG],
            images=TWO_IMAGES,
        )
    writer = RulePageWriter()
    for kind in PAGES:
        draft = writer.compose(kind, facts(), f"{slug}:1")
        await floor.write_page(store, kind, draft.title, draft.slug, draft.content)
    pot = await floor.stock(store, "Pot", slug="pot", images=TWO_IMAGES)
    await put_in_cart(client, pot)
    paid = session_at(floor, await to_payment(client, await checkout_form(client)))
    await floor.apply_notice(notice_of(floor, paid))
    success = urlsplit(paid.success_url).path
    link = success.rpartition("/")[2]
    form = await client.get(f"/withdraw?order={link}")
    typed = {"csrf": hidden(form, "csrf"), "order": link, "name": LONG, "email": "anna@example.com"}
    confirmation = await client.post("/withdraw", data=typed)
    chosen = dict.fromkeys(re.findall(r'name="(q-[^"]+)"', confirmation.text), "1")
    received = await client.post(f"/withdraw/{link}/confirm", data=typed | chosen)
    assert received.headers["location"] == f"/withdraw/{link}/received"
    assert (await client.get(success)).status_code == 200
    await put_in_cart(client, pot)
    waiting = session_at(floor, await to_payment(client, await checkout_form(client)))
    await put_in_cart(client, pot)
    pages = [f"/pages/{page.slug}" for page in await floor.queries.pages(store)]
    assert len(pages) == len(PAGES)
    shop = [
        "/",
        "/products",
        "/products?q=nothing",
        "/products/pot-0",
        "/cart",
        "/checkout",
        "/orders/find",
        "/imprint",
        "/accessibility",
        "/withdraw",
        f"/withdraw?order={link}",
        f"/withdraw/{link}/received",
        "/nowhere",
    ]
    for legal in ("/imprint", "/accessibility", "/withdraw"):
        assert (await client.get(legal)).status_code == 200
    return [*shop, urlsplit(waiting.cancel_url).path, success, *pages]


async def test_the_platforms_pages_and_the_payment_page_fit_a_phone(
    floor: StorefrontPlatform, other_database: str
) -> None:
    store = await floor.open_store("fern", BRAND)
    pot = await floor.stock(store, LONG, slug="pot")
    async with a_platform(other_database) as platform, opened(floor.app(), "http://fern.shops.test") as shop:
        await put_in_cart(shop, pot)
        paying = await to_payment(shop, await checkout_form(shop))
        sandbox = sandbox_app(floor.payments, webhook_url="http://gateway.localhost/hook")
        supplier = "http://payments.test"
        async with opened(sandbox, supplier) as payments, a_phone(platform.client, shop, payments) as (phone, _):
            listing = (await payments.get("/v1/products", headers={"x-api-key": "sample-supplier-sandbox"})).json()
            addresses = [
                paying,
                f"{supplier}/pay/nothing",
                str(listing["items"][0]["link"]),
                "http://gateway.localhost/",
                "http://gateway.localhost/events",
            ]
            assert await too_wide(await phone.new_page(), addresses) == []


@asynccontextmanager
async def opened(app: Starlette, address: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=address) as client:
        yield client


@pytest.mark.parametrize("pointer", [False, True], ids=["a phone", "a mouse"])
async def test_the_hover_picture_is_loaded_only_with_a_pointer(
    floor: StorefrontPlatform, browser: httpx.AsyncClient, pointer: bool
) -> None:
    store = await floor.open_store("fern", BRAND)
    await floor.stock(store, "Pot", slug="pot", images=TWO_IMAGES)
    keys = [await floor.media.put(PIXEL + bytes([n]), mime_type="image/webp") for n in (1, 2)]
    async with a_phone(browser, touch=not pointer) as (context, asked):
        page = await context.new_page()
        await page.goto("http://fern.shops.test/products")
        card = page.locator(".card").first
        await page.wait_for_function("[...document.querySelectorAll('.card img')].every(one => one.complete)")
        await page.wait_for_load_state("networkidle")
        assert f"/media/{keys[0]}" in asked
        assert (f"/media/{keys[1]}" in asked) is pointer
        if pointer:
            await card.hover()
            under = page.locator(".photo-turned .photo").first
            await page.wait_for_function(
                "one => getComputedStyle(one).opacity === '1'", arg=await under.element_handle()
            )


def _answering(clients: Sequence[httpx.AsyncClient], asked: list[str]) -> Callable[[Route], Awaitable[None]]:
    async def serve(route: Route) -> None:
        url = urlsplit(route.request.url)
        asked.append(url.path)
        client = next(each for each in clients if each.base_url.host == url.hostname)
        answer = await client.get(route.request.url, follow_redirects=True)
        headers = {name: value for name, value in answer.headers.items() if name != "content-encoding"}
        await route.fulfill(status=answer.status_code, headers=headers, body=answer.content)

    return serve
