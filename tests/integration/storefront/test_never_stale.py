"""Random edits against random requests to two web processes: every answer is that of an uncached render."""

import os
import random
import re
import secrets
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx

from domain.money import Money
from domain.product.aggregate import PRODUCT
from domain.product.events import PriceChanged, ProductActivated, ProductDeactivated, ProductRetitled, StockCounted
from domain.store.aggregate import STORE
from domain.store.events import BrandGenerated, PageType, StorePaused, StorePublished
from domain.store.settings import promise_delivery
from tests.integration.storefront.shopping import put_in_cart
from tests.support.platforms.storefront import BRAND, Product, StorefrontPlatform, Variant
from tests.support.servers.storefronts import storefront_processes

CASES_OF_STORE = 120
"""How many random requests to a store are compared."""
STORES = 20 if os.environ.get("ZYENTA_CHAOS") == "full" else 1
CURRENCIES = ("USD", "JPY", "EUR")
CACHES = {"first": 64_000_000, "second": 64_000_000, "uncached": 0}
TOKEN = re.compile(r'(name="csrf" value=")[0-9a-f]{128}"')


def content(answer: httpx.Response) -> tuple[int, str | None, str]:
    """Return what a browser shows, without the random mask of its token."""
    return answer.status_code, answer.headers.get("location"), TOKEN.sub(r"\1", answer.text)


@dataclass
class Browser:
    """A shopper's cookies, and the pages that the browser keeps."""

    cookies: httpx.Cookies
    kept: dict[str, tuple[str, tuple[int, str | None, str]]] = field(default_factory=dict)
    """The tag and the content of the last answer, by address."""

    async def fills_cart(self, client: httpx.AsyncClient, product: Product) -> None:
        """Put a product into the cart, if it can be bought."""
        client.cookies = self.cookies
        if 'name="csrf"' in (await client.get(f"/products/{product.slug}")).text:
            await put_in_cart(client, product)
        self.cookies = httpx.Cookies(client.cookies)

    async def shows(self, client: httpx.AsyncClient, address: str, *, encoding: str) -> tuple[int, str | None, str]:
        """Return what the browser shows of an address, from its own memory if the server says that it may."""
        tag, known = self.kept.get(address, ("", None))
        headers = {"accept-encoding": encoding} | ({"if-none-match": tag} if tag else {})
        client.cookies = self.cookies
        answer = await client.get(address, headers=headers)
        self.cookies = httpx.Cookies(client.cookies)
        if answer.status_code == 304:
            assert known is not None
            assert answer.headers["etag"] == tag
            return known
        if "etag" in answer.headers:
            self.kept[address] = answer.headers["etag"], content(answer)
        return content(answer)


class Merchant:
    """Changes a store at random."""

    def __init__(
        self, floor: StorefrontPlatform, store: UUID, dice: random.Random, *, slug: str, currency: str
    ) -> None:
        self._floor, self._store, self._dice, self._slug, self._currency = floor, store, dice, slug, currency
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
                currency=self._currency,
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

    async def _reprice(self) -> None:
        price = Money(minor=self._dice.randrange(500, 9_000), currency=self._currency)
        await self._change(PriceChanged, price=price, compare_at=None)

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

    async def _state_delivery(self) -> None:
        state = await self._floor.log.load(STORE, self._store)
        assert state is not None
        zone = self._dice.choice(["UTC", "Asia/Tokyo", "America/New_York"])
        days, now = self._dice.randrange(5, 40), self._floor.clock.now()
        events = promise_delivery(state.state, days, time_zone=zone, at=now)
        if events:
            await self._floor.record(STORE, self._store, *events)

    async def _rename_brand(self) -> None:
        state = await self._floor.log.load(STORE, self._store)
        assert state is not None
        voice = BRAND.voice.model_copy(update={"tagline": f"Pots since {self._dice.randrange(1900, 2000)}"})
        renamed = BrandGenerated(
            originator_id=self._store,
            originator_version=state.version + 1,
            occurred_at=self._floor.clock.now(),
            generation_id=uuid4(),
            attempt=1,
            brand=BRAND.model_copy(update={"voice": voice}),
            options=[],
            reason="It fits better.",
            slug=self._slug,
            written_by="house",
        )
        await self._floor.record(STORE, self._store, renamed)

    async def edit(self) -> None:
        edits: list[Callable[[], Awaitable[None]]] = [
            self._add,
            self._reprice,
            lambda: self._change(StockCounted),
            lambda: self._change(ProductDeactivated),
            lambda: self._change(ProductRetitled, title=f"Pot named {self._dice.randrange(99)}"),
            self._write_page,
            self._state_delivery,
            self._rename_brand,
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
                "/products?sort=title&max=40",
                "/products?category=vases",
                "/products?stock=in&min=15",
                "/products?q=pot&utm_source=letter",
                "/c/pots",
                "/c/lamps?sort=newest",
                f"/products/{product.slug}",
                f"/products/{product.slug}?variant={variant}",
                "/pages/about",
                "/accessibility",
                "/sitemap.xml",
                "/cart",
                "/nowhere",
            ]
        )


async def test_random_edits_are_on_every_page_of_two_processes_with_the_next_request(
    floor: StorefrontPlatform, database: str, tmp_path: Path
) -> None:
    seed = int(os.environ.get("ZYENTA_CHAOS_SEED") or secrets.randbelow(10**9))
    dice = random.Random(seed)
    async with storefront_processes(database, tmp_path, domain="shops.test", cache_bytes=CACHES) as ports:
        for number in range(STORES):
            slug, currency = f"fern{number}", CURRENCIES[(seed + number) % len(CURRENCIES)]
            store = await floor.open_store(slug, BRAND)
            await floor.choose_currency(store, currency)
            merchant = Merchant(floor, store, dice, slug=slug, currency=currency)
            await merchant.open()
            async with AsyncExitStack() as stack:
                clients = {
                    name: await stack.enter_async_context(
                        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers={"host": f"{slug}.shops.test"})
                    )
                    for name, port in ports.items()
                }
                browsers = [Browser(httpx.Cookies()) for _ in range(4)]
                for case in range(CASES_OF_STORE):
                    if dice.random() < 0.3:
                        await merchant.edit()
                    address, browser = merchant.address(), dice.choice(browsers)
                    if dice.random() < 0.1:
                        await browser.fills_cart(clients["second"], dice.choice(merchant.products))
                    name = dice.choice(["first", "second"])
                    uncached = clients["uncached"]
                    uncached.cookies = browser.cookies
                    expected = content(await uncached.get(address))
                    shown = await browser.shows(clients[name], address, encoding=dice.choice(["gzip, br", "identity"]))
                    where = f"ZYENTA_CHAOS_SEED={seed}, store {number}, case {case}, {name}, {address}"
                    assert shown == expected, where
