"""Kept pages: never stale, never another shopper's, never another store's."""

import asyncio
import os
import random
import re
import secrets
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
from jinja2 import DictLoader, Environment

from domain.product.aggregate import PRODUCT
from domain.product.events import ProductActivated, ProductDeactivated, ProductRetitled, StockCounted
from domain.store.aggregate import STORE
from domain.store.events import PageType, StorePaused, StorePublished
from domain.text import isolated
from infra.web.server import guarded
from tests.integration.storefront.shopping import put_in_cart
from tests.support.platforms.storefront import BRAND, Product, StorefrontPlatform, Variant

CASES_OF_STORE = 60
"""How many random requests to a store are compared with an uncached render."""
STORES = 20 if os.environ.get("ZYENTA_CHAOS") == "full" else 1
TOKEN = re.compile(r'(name="csrf" value=")[0-9a-f]{128}"')


def browser_of(app: Any, host: str = "fern.shops.test") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=f"http://{host}")


def content(answer: httpx.Response) -> tuple[int, str | None, str]:
    """Return what a browser shows, without the random mask of its token."""
    return answer.status_code, answer.headers.get("location"), TOKEN.sub(r"\1", answer.text)


class Merchant:
    """Changes a store at random."""

    def __init__(self, floor: StorefrontPlatform, store: UUID, dice: random.Random) -> None:
        self._floor, self._store, self._dice = floor, store, dice
        self.products: list[Product] = []
        self._drafts: set[UUID] = set()
        self._is_paused = False
        self._pages = 0

    async def open(self) -> None:
        for _ in range(4):
            await self._add()

    async def _add(self) -> None:
        number = len(self.products)
        variants = [Variant(f"Size {n}", 1_000 + 500 * n, self._dice.randrange(4)) for n in range(1 + number % 3)]
        self.products.append(
            await self._floor.stock(
                self._store,
                f"Pot {number}",
                slug=f"pot-{number}",
                variants=variants,
                category=self._dice.choice(["Pots", "Vases", "Lamps"]),
            )
        )

    async def _change(self, event: type[Any], **fields: Any) -> None:
        product = self._dice.choice(self.products)
        state = await self._floor.log.load(PRODUCT, product.id)
        assert state is not None
        if event is StockCounted:
            fields = {"variant_id": self._dice.choice(product.variants), "on_hand": self._dice.randrange(3)}
        elif event is ProductDeactivated:
            event = ProductActivated if product.id in self._drafts else ProductDeactivated
            self._drafts ^= {product.id}
        changed = event(
            originator_id=product.id,
            originator_version=state.version + 1,
            occurred_at=self._floor.clock.now(),
            **fields,
        )
        await self._floor.record(PRODUCT, self._store, changed)

    async def _pause_or_open(self) -> None:
        state = await self._floor.log.load(STORE, self._store)
        assert state is not None
        event = StorePublished if self._is_paused else StorePaused
        self._is_paused = not self._is_paused
        base = {"originator_id": self._store, "occurred_at": self._floor.clock.now()}
        await self._floor.record(STORE, self._store, event(**base, originator_version=state.version + 1))

    async def _write_page(self) -> None:
        self._pages += 1
        type, slug = self._dice.choice([(PageType.ABOUT, "about"), (PageType.FAQ, "faq")])
        await self._floor.write_page(self._store, type, f"Title {self._pages}", slug, f"Text {self._pages}.")

    async def edit(self) -> None:
        edits: list[Callable[[], Awaitable[None]]] = [
            self._add,
            lambda: self._floor.reprice(self._dice.choice(self.products).id, self._dice.randrange(500, 9_000)),
            lambda: self._change(StockCounted),
            lambda: self._change(ProductDeactivated),
            lambda: self._change(ProductRetitled, title=f"Pot named {self._dice.randrange(99)}"),
            self._write_page,
        ]
        # A paused store opens soon: most of its pages are the same.
        await (self._pause_or_open if self._is_paused or self._dice.random() < 0.05 else self._dice.choice(edits))()

    def address(self) -> str:
        product = self._dice.choice(self.products)
        variant = self._dice.choice(product.variants)
        return self._dice.choice(
            [
                "/",
                "/products",
                "/products?sort=price-low",
                "/products?stock=in&min=15",
                "/products?q=pot&utm_source=letter",
                "/c/pots",
                f"/products/{product.slug}",
                f"/products/{product.slug}?variant={variant}",
                "/pages/about",
                "/accessibility",
                "/sitemap.xml",
                "/nowhere",
            ]
        )


async def test_random_edits_are_on_every_page_of_two_processes_with_the_next_request(floor: StorefrontPlatform) -> None:
    seed = int(os.environ.get("ZYENTA_CHAOS_SEED") or secrets.randbelow(10**9))
    dice = random.Random(seed)
    # Two applications share what two processes share, the database, and neither's memory.
    apps = [guarded(floor.app()) for _ in range(2)]
    for number in range(STORES):
        host = f"fern{number}.shops.test"
        merchant = Merchant(floor, await floor.open_store(f"fern{number}", BRAND), dice)
        await merchant.open()
        async with AsyncExitStack() as stack:
            kept = [await stack.enter_async_context(browser_of(app, host)) for app in apps]
            for browser in kept:
                await put_in_cart(browser, merchant.products[0])
            for case in range(CASES_OF_STORE):
                if dice.random() < 0.4:
                    await merchant.edit()
                address, browser = merchant.address(), dice.choice(kept)
                async with browser_of(guarded(floor.app(page_cache_bytes=0)), host) as fresh:
                    fresh.cookies.update(browser.cookies)
                    expected = content(await fresh.get(address))
                where = f"ZYENTA_CHAOS_SEED={seed}, store {number}, case {case}, {address}"
                assert content(await browser.get(address)) == expected, where


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


async def test_a_browser_that_has_the_page_gets_304_until_page_or_cart_change(
    floor: StorefrontPlatform, browser: httpx.AsyncClient
) -> None:
    store = await floor.open_store("fern", BRAND)
    pot = await floor.stock(store, "Clay Pot", slug="pot")

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
    app = floor.app()
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
