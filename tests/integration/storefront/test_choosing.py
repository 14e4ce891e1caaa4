"""A shopper chooses between variants in a real browser."""

import shutil

import httpx
from playwright.async_api import Route, async_playwright

from tests.fakes.shop_floor import BRAND, ShopFloor, Variant
from tests.requirements import missing


async def test_a_dearer_variant_is_not_called_reduced_by_what_the_cheaper_one_is(
    floor: ShopFloor, browser: httpx.AsyncClient
) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        missing("chromium", "there is no program of that name on the path")
    store = await floor.open_store("fern", BRAND)
    sizes = [Variant("Small", 4900, 3), Variant("Large", 5900, 3)]
    await floor.stock(store, "Blue Vase", slug="blue-vase", variants=sizes, former=5500)

    async def serve(route: Route) -> None:
        answer = await browser.get(route.request.url)
        await route.fulfill(status=answer.status_code, headers=dict(answer.headers), body=answer.content)

    async with async_playwright() as playwright:
        chrome = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = await chrome.new_page()
        await page.route("**/*", serve)
        await page.goto("http://fern.shops.test/products/blue-vase")
        price = page.locator(".product-price")
        basis = "compared with the lowest price of the 30 days before"
        reduced = f"$49.00 lowest price of the 30 days before: $55.00 Save 11% {basis}"
        assert " ".join((await price.inner_text()).split()) == reduced
        await page.get_by_role("radio", name="Large").check()
        dearer = f"$59.00 lowest price of the 30 days before: $65.00 Save 9% {basis}"
        assert " ".join((await price.inner_text()).split()) == dearer
        await page.get_by_role("radio", name="Small").check()
        assert " ".join((await price.inner_text()).split()) == reduced
        await chrome.close()
