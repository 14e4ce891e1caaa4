"""The pages for running a store in a browser: axe, a phone's width, an upload, and two tabs with one page."""

import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import expect

from infra.adapters.media.photo_check import check_photo
from infra.adapters.media.uploads import DiskUploads
from tests.integration.gateway.test_dashboard_manage import a_shop, an_order, products_of
from tests.support.browser import a_browser, a_page, serious_violations
from tests.support.fakes.event_log import FixedClock
from tests.support.platforms.dashboard import a_dashboard
from tests.support.platforms.gateway import Platform, a_platform


@pytest.fixture
async def platform(database: str, tmp_path: Path) -> AsyncIterator[Platform]:
    clock = FixedClock()
    uploads = DiskUploads(tmp_path, [b"k" * 32], clock)
    async with a_platform(database, clock=clock, uploads=uploads, check_photo=check_photo) as whole:
        yield whole


@pytest.mark.long
async def test_a_merchant_uploads_a_photo_and_is_warned_in_the_second_tab(platform: Platform) -> None:
    owner = await platform.merchant()
    store_id = await a_shop(platform, owner)
    product, *_ = await products_of(platform, owner, store_id)
    query = "query ($id: ID!) { store(id: $id) { pages { nodes { id } } } }"
    page_id = (await platform.ask(query, {"id": str(store_id)}, by=owner))["pages"]["nodes"][0]["id"]
    await an_order(platform, store_id, product, paid=True)
    file = io.BytesIO()
    Image.effect_noise((1400, 1100), 80).save(file, "PNG")
    base = f"/dashboard/stores/{store_id}"
    one = f"{base}/products/{product['id']}"
    async with a_dashboard(platform, owner) as dashboard, a_browser() as browser, a_page(browser, dashboard) as page:
        await page.goto(one)
        photos = await page.locator(".photo").count()
        async with page.expect_navigation():
            files = [{"name": "lamp.png", "mimeType": "image/png", "buffer": file.getvalue()}]
            await page.locator("#files").set_input_files(files)  # type: ignore[arg-type]
        assert await page.locator(".photo").count() == photos + 1
        text = [{"name": "x.png", "mimeType": "image/png", "buffer": b"<!doctype html>"}]
        await page.locator("#files").set_input_files(text)  # type: ignore[arg-type]
        await page.get_by_text("x.png: The file is a web page. Send a JPEG, a PNG or a WebP.").wait_for()

        editor = f"{base}/pages/{page_id}"
        other = await page.context.new_page()
        for tab in (page, other):
            await tab.goto(editor)
        await page.get_by_label("Text").fill("From the first tab.")
        await page.get_by_role("button", name="Save").click()
        await page.get_by_text("Page saved.").wait_for()
        await other.get_by_label("Text").fill("From the second tab.")
        await other.get_by_role("button", name="Save").click()
        await other.get_by_text("Somebody changed this page").wait_for()
        assert await other.get_by_label("Text").input_value() == "From the second tab."

        await page.goto(f"{base}/brand")
        await page.get_by_label("Your wish").fill("warmer")
        await page.get_by_role("button", name="Make a draft").click()
        drafts = f"**{base}/drafts*"
        notice, made = page.locator("#offline"), page.get_by_text("The draft is being made.").last
        await page.route(drafts, lambda route: route.fulfill(status=503, body="<p>broken</p>"))
        await expect(notice).to_contain_text("could not be renewed")
        await expect(made).to_be_visible()
        await page.unroute(drafts)
        await expect(notice).to_be_hidden()
        await page.goto(f"{base}/brand")
        await page.context.set_offline(True)
        await expect(notice).to_contain_text("You are offline")
        await page.get_by_label("Your wish").fill("shorter")
        await page.get_by_role("button", name="Make a draft").click()
        assert await page.get_by_label("Your wish").input_value() == "shorter", "the browser's error page loses it"
        await page.context.set_offline(False)
        await expect(notice).to_be_hidden()

        await page.set_viewport_size({"width": 360, "height": 800})
        found = {}
        for path in (
            "/dashboard",
            "/dashboard/stores",
            base,
            f"{base}/products",
            one,
            f"{base}/products/new",
            f"{base}/media",
            f"{base}/media/{product['images'][0]['id']}",
            f"{base}/pages",
            editor,
            f"{base}/seo",
            f"{base}/brand",
            f"{base}/timeline",
        ):
            await page.goto(path)
            wide = await page.evaluate("document.documentElement.scrollWidth")
            found[path] = [*await serious_violations(page), *([f"{wide} px wide"] if wide > 360 else [])]
        assert {path: faults for path, faults in found.items() if faults} == {}
