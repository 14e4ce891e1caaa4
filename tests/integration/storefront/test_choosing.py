"""A shopper chooses between variants, walks a page by keyboard and waits for a payment, in a real browser."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.async_api import Locator, Page, Route

from domain.store.brand import BrandIdentity, HeroKind, Look, Mood, Section
from tests.integration.storefront.shopping import checkout_form, notice_of, put_in_cart, session_at, to_payment
from tests.support.browser import a_browser, a_context
from tests.support.platforms.storefront import BRAND, StorefrontPlatform, Variant

STOPS_MOST = 80
SIZES = [Variant("Small", 4900, 3), Variant("Medium", 4900, 3), Variant("Large", 5900, 3), Variant("Huge", 5900, 0)]
MOODS = [mood.lower() for mood in Mood]
in_every_mood = pytest.mark.parametrize(
    "mood", [MOODS[0], *(pytest.param(mood, marks=pytest.mark.long) for mood in MOODS[1:])]
)


def brand(mood: str) -> BrandIdentity:
    look = Look(mood=Mood(mood.upper()), hero=HeroKind.PRODUCT, sections=list(Section))
    return BRAND.model_copy(update={"look": look})


@asynccontextmanager
async def opened(browser: httpx.AsyncClient, path: str) -> AsyncIterator[Page]:
    """Open a page of the storefront in chromium; the cookies are those of ``browser``."""

    async def serve(route: Route) -> None:
        answer = await browser.get(route.request.url)
        await route.fulfill(status=answer.status_code, headers=dict(answer.headers), body=answer.content)

    async with a_browser() as chrome:
        page = await (await a_context(chrome, reduced_motion="reduce")).new_page()
        await page.route("**/*", serve)
        await page.goto(f"http://fern.shops.test{path}")
        yield page


async def settle(page: Page) -> None:
    """Wait until all transitions have ended; they take a moment even with reduced motion."""
    await page.evaluate(
        "Promise.allSettled(document.getAnimations().filter(a => a instanceof CSSTransition).map(a => a.finished))"
    )


async def style_of(face: Locator) -> dict[str, str]:
    """Return the styles that distinguish the faces of variants."""
    await settle(face.page)
    found: dict[str, str] = await face.evaluate(
        "e => { const s = getComputedStyle(e); return Object.fromEntries(['borderTopColor', 'boxShadow', "
        "'backgroundColor', 'outlineStyle', 'outlineWidth'].map(name => [name, s[name]])) }"
    )
    return found


async def test_a_page_that_waits_moves_on_when_the_payment_is_confirmed(
    floor: StorefrontPlatform, browser: httpx.AsyncClient
) -> None:
    store = await floor.open_store("fern", BRAND)
    await put_in_cart(browser, await floor.stock(store, "Blue Vase", slug="blue-vase"))
    session = session_at(floor, await to_payment(browser, await checkout_form(browser)))
    async with opened(browser, urlsplit(session.success_url).path) as page:
        await page.get_by_text("This page then changes by itself.").wait_for()
        async with page.expect_response(lambda answer: "try=2" in answer.url):
            pass
        assert await page.get_by_role("heading", level=1).inner_text() == "Payment is being confirmed"
        await floor.apply_notice(notice_of(floor, session))
        await page.get_by_role("heading", name="Thank you", level=1).wait_for()


async def test_a_variant_does_not_show_the_reduction_of_a_cheaper_one(
    floor: StorefrontPlatform, browser: httpx.AsyncClient
) -> None:
    store = await floor.open_store("fern", BRAND)
    sizes = [Variant("Small", 4900, 3), Variant("Large", 5900, 3)]
    await floor.stock(store, "Blue Vase", slug="blue-vase", variants=sizes, former=5500)
    async with opened(browser, "/products/blue-vase") as page:
        price = page.locator(".product-price")
        basis = "compared with the lowest price of the 30 days before"
        reduced = f"$49.00 lowest price of the 30 days before: $55.00 Save 11% {basis}"
        assert " ".join((await price.inner_text()).split()) == reduced
        await page.get_by_role("radio", name="Large").check()
        dearer = f"$59.00 lowest price of the 30 days before: $65.00 Save 9% {basis}"
        assert " ".join((await price.inner_text()).split()) == dearer
        await page.get_by_role("radio", name="Small").check()
        assert " ".join((await price.inner_text()).split()) == reduced


@in_every_mood
async def test_a_chosen_a_focused_and_another_variant_look_different(
    floor: StorefrontPlatform, browser: httpx.AsyncClient, mood: str
) -> None:
    store = await floor.open_store("fern", brand(mood))
    await floor.stock(store, "Blue Vase", slug="blue-vase", variants=SIZES)
    async with opened(browser, "/products/blue-vase") as page:
        assert mood in (await page.locator("html").get_attribute("class") or "")
        small, medium, large = (page.locator(".variant", has_text=size).locator(".variant-face") for size in
                                ("Small", "Medium", "Large"))  # fmt: skip
        chosen, other = await style_of(small), await style_of(large)
        for name in ("borderTopColor", "boxShadow", "backgroundColor"):
            assert chosen[name] != other[name], name
        assert chosen["outlineStyle"] == other["outlineStyle"] == "none"

        await page.get_by_role("radio", name="Small").focus()
        await page.keyboard.press("ArrowRight")
        assert await page.get_by_role("radio", name="Medium").is_checked()
        assert await style_of(medium) == chosen | {"outlineStyle": "solid", "outlineWidth": "3px"}
        assert await style_of(small) == await style_of(large) == other


@pytest.mark.parametrize(
    ("path", "mood"),
    [
        *(pytest.param("/products/blue-vase", mood, marks=pytest.mark.long) for mood in MOODS),
        pytest.param("/", "signal", marks=pytest.mark.long),
        ("/products", "atelier"),
        ("/cart", "signal"),
    ],
)
async def test_the_keyboard_focus_is_always_visible(
    floor: StorefrontPlatform, browser: httpx.AsyncClient, mood: str, path: str
) -> None:
    store = await floor.open_store("fern", brand(mood))
    vase = await floor.stock(store, "Blue Vase", slug="blue-vase", variants=SIZES)
    await put_in_cart(browser, vase)
    async with opened(browser, path) as page:
        unseen, stops = [], 0
        await page.keyboard.press("Tab")
        await settle(page)
        while (stop := await page.evaluate(_STOP)) is not None and stops < STOPS_MOST:
            stops += 1
            focused = await page.screenshot(clip=stop["around"], animations="disabled")
            await page.evaluate("document.activeElement.blur()")
            await settle(page)
            if await page.screenshot(clip=stop["around"], animations="disabled") == focused:
                unseen.append(stop["what"])
            # Chromium goes on from where the focus was.
            await page.keyboard.press("Tab")
            await settle(page)
        assert unseen == []
        assert 8 < stops < STOPS_MOST


_STOP = """() => {
  const stop = document.activeElement;
  if (stop === null || stop === document.body) return null;
  const box = (stop.closest("label, .card") ?? stop).getBoundingClientRect();
  const left = Math.max(0, box.left - 8), top = Math.max(0, box.top - 8);
  return {
    what: stop.outerHTML.slice(0, 120),
    around: {
      x: left, y: top,
      width: Math.max(1, Math.min(innerWidth, box.right + 8) - left), height: Math.max(1, Math.min(innerHeight, box.bottom + 8) - top),
    },
  };
}"""
