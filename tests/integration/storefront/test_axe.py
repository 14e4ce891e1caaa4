"""axe on the storefront's pages, on a phone, a tablet and two screens: no violation of WCAG 2.2 AA or of best practice."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest
from playwright.async_api import BrowserContext

from commands.ports import Context
from commands.presentation import DescribeCategory, WriteCollection
from commands.taxes import SetTaxes
from domain.store.events import PageType
from domain.store.taxes import TaxMode, TaxRate, TaxSettings
from infra.setup.lighthouse import LIGHTHOUSE
from infra.setup.npm import NpmUnavailable
from tests.integration.storefront.shopping import checkout_form as fill_in
from tests.integration.storefront.shopping import hidden, notice_of, put_in_cart, session_at, to_payment
from tests.integration.storefront.test_back_in_stock import Post, ask, path_in
from tests.support.browser import a_browser, a_context
from tests.support.builders.samples import identity
from tests.support.platforms.storefront import BRAND, Product, StorefrontPlatform, Variant
from tests.support.requirements import missing
from tests.support.servers.web_server import served

HOST = "fern.localhost"
WIDTHS = (320, 390, 768, 1440)
CHECK = """async () => {
    const { violations } = await axe.run(document, {
        runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    });
    return violations.map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 120)).join(" | ")}`);
}"""

pytestmark = [pytest.mark.long, pytest.mark.browser, pytest.mark.timeout(600)]


def axe() -> str:
    """Return axe's script, which comes with Lighthouse."""
    try:
        program = LIGHTHOUSE.ensure()
    except NpmUnavailable as unavailable:
        missing("axe", str(unavailable))
    return next(iter(program.parents[2].glob("axe-core/axe.min.js"))).read_text()


@asynccontextmanager
async def a_shopper_s_browser(cookies: httpx.Cookies, origin: str) -> AsyncIterator[BrowserContext]:
    """Open a browser with a shopper's cookies, whose policy lets the checker's script in."""
    async with a_browser() as chrome:
        context = await a_context(chrome, bypass_csp=True, reduced_motion="reduce")
        await context.add_cookies([{"name": name, "value": value, "url": origin} for name, value in cookies.items()])
        yield context


async def shirts(floor: StorefrontPlatform, store: Any) -> tuple[Product, Product]:
    """Put goods on sale: one with a size that is sold out, one that is sold out altogether, and some more."""
    shirt = await floor.stock(
        store,
        "Linen Shirt",
        slug="shirt",
        variants=(Variant("Small", 4900, 3, {"Size": "S"}), Variant("Large", 5200, 0, {"Size": "L"})),
    )
    hat = await floor.stock(store, "Straw Hat", slug="hat", variants=(Variant("Default", 2900, 0),))
    for number in range(5):
        await floor.stock(store, f"Pot number {number}", slug=f"pot-{number}", category="Planters")
    return shirt, hat


async def pages_of(floor: StorefrontPlatform, shopper: httpx.AsyncClient) -> Sequence[str]:
    """Fill a store and a cart, order, ask for a mail; return the paths of the pages that show it."""
    store = await floor.open_store("fern", BRAND)
    merchant = await floor.state_business("fern", identity())
    shirt, hat = await shirts(floor, store)
    await floor.write_page(store, PageType.PRIVACY_POLICY, "Privacy policy", "privacy", "What we keep.")
    await floor.write_page(store, PageType.FAQ, "Questions", "faq", "## When does it come?\n\nSoon.")
    ids: dict[str, Any] = {"store_id": store, "merchant_id": merchant}
    rates = [TaxRate(country=country, basis_points=points) for country, points in (("US", 825), ("DE", 1900))]
    for command in (
        SetTaxes(**ids, taxes=TaxSettings(mode=TaxMode.INCLUSIVE, rates=rates)),
        WriteCollection(**ids, collection_id=uuid4(), title="Summer", product_ids=[shirt.id, hat.id]),
        DescribeCategory(**ids, category="Planters", title="Planters", text="For balconies."),
    ):
        await floor.dispatch(command, Context(command_id=uuid4(), correlation_id=store))
    await floor.catch_up()
    post = Post(floor)
    post._seen = await floor.log.last_position()
    await ask(shopper, hat, variant=0)
    [mail] = await post.deliver()
    notice = path_in(mail).replace("fern.shops.test", "")
    await put_in_cart(shopper, shirt)
    page = await shopper.get("/cart")
    await shopper.post("/cart/link", data={"csrf": hidden(page, "csrf"), "email": "anna@example.com"})
    [mail] = await post.deliver()
    link = re.findall(r"http://[^/]*(/cart/link/\S+)", mail.text)[0]
    async with httpx.AsyncClient(transport=shopper._transport, base_url=str(shopper.base_url)) as other:
        other.headers = shopper.headers
        await put_in_cart(other, shirt)
        session = session_at(floor, await to_payment(other, await fill_in(other)))
        await floor.apply_notice(notice_of(floor, session))
        await put_in_cart(other, shirt)
        waiting = session_at(floor, await to_payment(other, await fill_in(other)))
    await floor.reprice(shirt.id, 5900)
    page = await shopper.get(notice)
    await shopper.post(f"{notice}/confirm", data={"csrf": hidden(page, "csrf")})
    order = urlsplit(session.success_url).path
    return (
        "/", "/products", "/products?q=shirt", "/products?q=zebra", "/c/planters", "/collections/summer", "/products/shirt",
        "/products/hat", "/cart", "/checkout", "/cookies", "/imprint", "/pages/privacy", "/pages/faq", "/accessibility",
        "/orders/find", "/withdraw", f"/withdraw?order={order.rpartition('/')[2]}", f"/returns/{order.rpartition('/')[2]}",
        notice, f"{notice}/stop", link, order, urlsplit(waiting.success_url).path, urlsplit(waiting.cancel_url).path, "/nowhere",
    )  # fmt: skip


async def test_axe_finds_nothing_on_any_page_at_four_widths(floor: StorefrontPlatform, tmp_path: Path) -> None:
    script = axe()
    transport = httpx.ASGITransport(app=floor.app(), raise_app_exceptions=False)
    faults: list[str] = []
    async with (
        served(floor.app(base_domains=("localhost", "shops.test"))) as port,
        httpx.AsyncClient(transport=transport, base_url="http://fern.shops.test") as shopper,
    ):
        paths = await pages_of(floor, shopper)
        origin = f"http://{HOST}:{port}"
        async with a_shopper_s_browser(shopper.cookies, origin) as context:
            page = await context.new_page()

            async def check(address: str, name: str) -> None:
                """Look for faults at every width, and photograph the page."""
                await page.goto(address)
                await page.evaluate(script)
                for width in WIDTHS:
                    await page.set_viewport_size({"width": width, "height": 900})
                    faults.extend(f"{name} at {width} px: {fault}" for fault in await page.evaluate(CHECK))
                    over = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
                    faults.extend([f"{name} at {width} px: {over} px too wide"] if over > 0 else [])
                    file = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "home"
                    await page.screenshot(path=tmp_path / f"{file}-{width}.png", full_page=True)

            for path in paths:
                await check(origin + path, path)
            await check(f"http://nobody.localhost:{port}/", "unknown host")
            store = await floor.queries.store_by_slug("fern")
            assert store is not None
            await floor.pause_store(store.id)
            await check(f"{origin}/", "paused")
            await check(origin + paths[-4], "paused order")
            await floor.archive_store(store.id)
            await check(f"{origin}/", "archived")
    assert not faults, "\n".join(faults)
