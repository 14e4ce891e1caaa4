"""What every scene of the dashboard works with: a platform, a browser that is logged in, its forms, and a shopper."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser, Page

from infra.demo.shopper import Shopper
from infra.web.http_clients import in_house_client
from tests.support.platforms.up import SHOPPER, mailed_link
from tests.support.screenshots.camera import Camera

PASSWORD = "seven green umbrellas at noon"


@dataclass(slots=True)
class Studio:
    """A running platform, a browser in front of it, and the camera."""

    browser: Browser
    camera: Camera
    data_dir: Path
    gateway: str
    email: str
    password: str
    store: str
    storefront: str

    @asynccontextmanager
    async def visitor(self, who: tuple[str, str] | None = None) -> AsyncIterator[Page]:
        """Open a browser's page; log in with an address and a password if there are any."""
        context = await self.browser.new_context(base_url=self.gateway, reduced_motion="reduce")
        page = await context.new_page()
        page.set_default_timeout(20_000)
        try:
            if who is not None:
                await log_in(page, *who)
            yield page
        finally:
            await context.close()

    def merchant(self) -> tuple[str, str]:
        """Return the log-in of the demo shop's owner."""
        return self.email, self.password

    async def shoot(self, page: Page, path: str, name: str) -> None:
        """Open a page and photograph it."""
        await page.goto(path)
        await self.camera.take(page, name)

    async def link(self, address: str, part: str) -> str:
        """Return the newest link with a part of its path in the mails to an address."""
        return await mailed_link(self.data_dir, address, part)


async def log_in(page: Page, address: str, password: str) -> None:
    await page.goto("/dashboard/log-in")
    await page.fill("[name=email]", address)
    await page.fill("[name=password]", password)
    async with page.expect_navigation():
        await page.keyboard.press("Enter")


async def register(page: Page, name: str, address: str) -> None:
    """Open an account."""
    await page.goto("/dashboard/register")
    await page.fill("[name=name]", name)
    await page.fill("[name=email]", address)
    await page.fill("[name=password]", PASSWORD)
    await press(page, "Open the account")


async def press(page: Page, name: str) -> None:
    """Press a button of the page's content, and wait for the next page."""
    async with page.expect_navigation():
        await page.locator(f"main button:text-is('{name}'):visible").first.click()


async def send(page: Page, action: str, fields: Mapping[str, str] | None = None) -> None:
    """Fill in the form that posts to a path, in whatever dialog it is, and send it without the browser's checks."""
    async with page.expect_navigation():
        await page.evaluate(
            """([action, fields]) => {
              const form = [...document.querySelectorAll("form")].find((one) => one.method === "post" && new URL(one.action).pathname.endsWith(action));
              if (!form) throw new Error("no form for " + action);
              let button = null;
              for (const [name, value] of Object.entries(fields)) {
                const of = [...form.elements].filter((one) => one.name === name);
                const pressed = of.find((one) => one.tagName === "BUTTON" && one.value === value);
                if (pressed) { button = pressed; continue; }
                for (const one of of) {
                  if (one.type === "radio" || one.type === "checkbox") one.checked = one.value === value;
                  else one.value = value;
                }
              }
              form.noValidate = true;
              form.requestSubmit(button ?? undefined);
            }""",
            [action, dict(fields or {})],
        )


async def until(page: Page, text: str, seconds: float = 60) -> None:
    """Load a page again until its content has a text."""
    async with asyncio.timeout(seconds):
        while text not in await page.inner_text("main"):
            await asyncio.sleep(0.5)
            await page.reload()


async def buy(
    studio: Studio, *, product: str = "/products/", pay: bool = True, shopper: Mapping[str, str] = SHOPPER
) -> tuple[str, str]:
    """Buy a product of the demo shop; return the order's number and the address of its payment page."""
    async with in_house_client(timeout=60) as client:
        visitor = Shopper(client, studio.storefront)
        if product == "/products/":
            await visitor.visit("/products?stock=in")
            await visitor.follow(product)
        else:
            await visitor.visit(product)
        await visitor.submit("/cart/add", quantity="1")
        await visitor.visit("/checkout")
        # Not the button that only applies a code.
        await visitor.submit("/checkout", **shopper, action="")
        pay_page = visitor.url
        number = re.search("ZY-[2-9A-Z]{6}", visitor.text)
        assert number is not None, (pay_page, visitor.text)
        if pay:
            await visitor.submit("/pay", decision="pay")
        return number[0], pay_page


async def decide(pay_page: str, decision: str, **more: str) -> None:
    """Press a button of a payment page."""
    async with in_house_client(timeout=60) as client:
        answer = await client.post(pay_page, data={"decision": decision, **more}, follow_redirects=False)
        assert answer.status_code == 303, answer.text
