"""Kept pages: never stale, never another shopper's, never another store's."""

import asyncio
import re
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
from jinja2 import DictLoader, Environment

from domain.text import isolated
from tests.integration.storefront.shopping import put_in_cart
from tests.support.fakes.event_log import FixedClock
from tests.support.platforms.storefront import BRAND, StorefrontPlatform, Variant


def browser_of(app: Any, host: str = "fern.shops.test") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=f"http://{host}")


def within_a_day(floor: StorefrontPlatform) -> Any:
    """Return a storefront whose clock stands still: a page names days, so the next day it is another page."""
    return floor.app(clock=FixedClock(floor.clock.now()))


async def test_fifty_shoppers_see_their_own_cart_notice_and_token(floor: StorefrontPlatform) -> None:
    store = await floor.open_store("fern", BRAND)
    pots = [
        await floor.stock(store, f"Pot {n}", slug=f"pot-{n}", variants=[Variant("One", 900, 500)]) for n in range(5)
    ]
    app = floor.app()
    async with AsyncExitStack() as stack:
        shoppers = [await stack.enter_async_context(browser_of(app)) for _ in range(50)]

        async def shop(number: int, browser: httpx.AsyncClient) -> str:
            pot, quantity = pots[number % 5], 1 + number % 17
            await put_in_cart(browser, pot, quantity=quantity)
            first, second = (await browser.get("/products")).text, (await browser.get("/products")).text
            assert f'"cart-count">{quantity}<' in first
            assert f'"cart-count">{quantity}<' in second
            assert (f"“{isolated(f'Pot {number % 5}')}” is in your cart." in first, "is in your cart" in second) == (
                True,
                False,
            )
            page = await browser.get("/products/pot-0")
            return page.text.partition('name="csrf" value="')[2].partition('"')[0]

        tokens = await asyncio.gather(*(shop(number, browser) for number, browser in enumerate(shoppers)))
        form = {"product": str(pots[0].id), "variant": str(pots[0].variants[0]), "quantity": "1"}
        for number, browser in enumerate(shoppers):
            strange = await browser.post("/cart/add", data=form | {"csrf": tokens[number - 1]})
            own = await browser.post("/cart/add", data=form | {"csrf": tokens[number]})
            assert (strange.status_code, own.status_code) == (403, 303)


async def test_equal_addresses_of_two_stores_show_their_own_pages(floor: StorefrontPlatform) -> None:
    for slug, title in (("fern", "Clay Pot"), ("moss", "Stone Bowl")):
        await floor.stock(await floor.open_store(slug, BRAND), title, slug="first")
    app = floor.app()
    async with browser_of(app) as fern, browser_of(app, "moss.shops.test") as moss:
        for _ in range(2):
            for path in ("/", "/products", "/products/first"):
                assert ("Clay Pot" in (await fern.get(path)).text, "Stone Bowl" in (await moss.get(path)).text) == (
                    True,
                    True,
                )
                assert "Stone Bowl" not in (await fern.get(path)).text
        strange = await fern.get("/products/first", headers={"host": "elm.shops.test"})
        assert (strange.status_code, "Clay Pot" in strange.text) == (404, False)


async def test_a_browser_that_has_the_page_gets_304_until_page_or_cart_change(floor: StorefrontPlatform) -> None:
    store = await floor.open_store("fern", BRAND)
    pot = await floor.stock(store, "Clay Pot", slug="pot")
    browser = browser_of(within_a_day(floor))

    async def status(etag: str, path: str = "/products/pot") -> tuple[int, str]:
        answer = await browser.get(path, headers={"if-none-match": etag})
        assert answer.headers["cache-control"] == "private, no-cache"
        assert "cookie" in answer.headers["vary"]
        return answer.status_code, answer.headers["etag"]

    known = (await browser.get("/products/pot")).headers["etag"]
    assert await status(known) == (304, known)
    await floor.reprice(pot.id, 777)
    changed, known = await status(known)
    assert changed == 200
    await put_in_cart(browser, pot)
    await browser.get("/cart")
    changed, known = await status(known)
    assert changed == 200
    assert await status(known) == (304, known)
    browser.cookies.delete("visitor")
    assert (await status(known))[0] == 200
    await browser.aclose()


async def test_a_page_whose_template_fails_is_not_kept(floor: StorefrontPlatform) -> None:
    await floor.stock(await floor.open_store("fern", BRAND), "Clay Pot", slug="pot")
    fails = True

    class Failing(DictLoader):
        def get_source(self, environment: Environment, template: str) -> Any:
            if template == "products.html" and fails:
                raise RuntimeError("a broken template")
            return loader.get_source(environment, template)

    app = floor.app()
    renderer = app.state.renderer
    loader = renderer.templates.loader
    renderer.templates.loader = Failing({})
    async with browser_of(app) as browser:
        assert (await browser.get("/products")).status_code == 500
        assert (await browser.get("/nowhere")).status_code == 404
        assert renderer.cache.size == 0
        fails = False
        assert "Clay Pot" in (await browser.get("/products")).text
        assert renderer.cache.size > 0


async def test_unknown_parameters_and_made_up_variants_take_no_memory(floor: StorefrontPlatform) -> None:
    await floor.stock(await floor.open_store("fern", BRAND), "Clay Pot", slug="pot")
    app = within_a_day(floor)
    async with browser_of(app) as browser:
        for path in ("/", "/products", "/products/pot"):
            await browser.get(path)
        size = app.state.renderer.cache.size
        for number in range(5):
            for path in ("/", "/products", "/products/pot", "/nowhere"):
                await browser.get(f"{path}?utm_campaign={number}&x=1")
            await browser.get(f"/products/pot?variant={UUID(int=number)}")
        assert app.state.renderer.cache.size == size


async def test_the_day_of_a_page_is_the_day_of_its_request(floor: StorefrontPlatform) -> None:
    await floor.stock(await floor.open_store("fern", BRAND), "Clay Pot", slug="pot", shipping_days=(4, 8))

    class Later:
        moved = timedelta(0)

        def now(self) -> Any:
            return floor.clock.now() + self.moved

    clock = Later()
    async with browser_of(floor.app(clock=clock)) as browser:
        before = (await browser.get("/products/pot")).text
        clock.moved = timedelta(days=1)
        after = (await browser.get("/products/pot")).text
    arrival = re.compile("arrives <strong>([^<]+)</strong>")
    assert arrival.findall(before) != arrival.findall(after)
