"""GraphiQL in a real browser, against a gateway on a port: what its policy forbids would be seen here."""

import json
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Page

from commands.generation import CancelGeneration
from domain.generation.aggregate import generation_of
from tests.support.browser import a_browser, a_context
from tests.support.platforms.gateway import Merchant, Platform
from tests.support.servers.web_server import served

pytestmark = pytest.mark.browser


@pytest.fixture
async def port(platform: Platform) -> AsyncIterator[int]:
    """The gateway's port on this machine."""
    async with served(platform.app) as port:
        yield port


@pytest.fixture
async def page(port: int) -> AsyncIterator[Page]:
    """GraphiQL, loaded in a browser; whatever the browser complains of fails the test."""
    complaints: list[str] = []
    hosts: set[str] = set()
    async with a_browser() as browser:
        page = await (await a_context(browser, viewport={"width": 1280, "height": 800})).new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
        await page.goto(f"http://127.0.0.1:{port}/graphql")
        await page.get_by_role("button", name="Register").wait_for()
        yield page
    assert complaints == []
    assert hosts <= {f"127.0.0.1:{port}", ""}, "the page loads something from elsewhere"


async def shown(page: Page, text: str) -> None:
    """Wait until the answer contains a text."""
    await page.locator(".result-window", has_text=text).wait_for()


async def run(page: Page) -> None:
    await page.get_by_role("button", name="Execute query").click()


async def test_examples_lead_from_registering_to_a_requested_store(platform: Platform, page: Page) -> None:
    await page.get_by_role("button", name="Register").click()
    await run(page)
    await shown(page, "you@example.com")
    assert await page.locator("#token").input_value() != ""
    await page.get_by_role("button", name="Request a store").click()
    await run(page)
    await shown(page, "Cyberpunk home decor")
    await page.get_by_role("button", name="List your stores").click()
    await run(page)
    await shown(page, "totalCount")
    await page.get_by_role("button", name="Review a store").click()
    variables = json.loads(
        await page.evaluate("document.querySelector('.graphiql-editor-tool .CodeMirror').CodeMirror.getValue()")
    )
    assert variables["storeId"], "the id of the store that the last answer named is filled in"


async def test_a_subscription_shows_progress_until_the_generation_ends(
    platform: Platform, owner: Merchant, page: Page
) -> None:
    store_id = await platform.store(owner)
    await page.locator("#token").fill(owner.token)
    await page.get_by_role("button", name="List your stores").click()
    await run(page)
    await shown(page, str(store_id))
    await page.get_by_role("button", name="Watch the agents").click()
    await run(page)
    await shown(page, "PROCESSING")
    await platform.send(CancelGeneration(generation_id=generation_of(store_id), merchant_id=owner.id))
    await shown(page, "CANCELLED")
    await page.get_by_role("button", name="Execute query").wait_for()


async def test_the_documentation_is_that_of_the_schema(page: Page) -> None:
    await page.get_by_role("button", name="Show Documentation Explorer").click()
    await page.get_by_role("link", name="Mutation", exact=True).click()
    await page.get_by_role("link", name="requestStore", exact=True).wait_for()


async def test_a_phone_shows_everything_without_scrolling_sideways(page: Page) -> None:
    await page.set_viewport_size({"width": 390, "height": 800})
    assert await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    await page.get_by_role("button", name="Execute query").wait_for()
