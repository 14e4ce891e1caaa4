"""The way of a new merchant in a browser, on a whole platform.

With ``ZYENTA_SCREENSHOTS`` every page is photographed into that folder, to be looked at.
"""

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from infra.demo.shopper import Shopper
from infra.web.http_clients import in_house_client
from tests.support.browser import a_browser, photograph, serious_violations
from tests.support.dashboard_walk import routes, walk
from tests.support.platforms.up import SERVES, SERVES_A_SHOP, SHOPPER, ZYENTA, environment_of, mailed_link, output_of_up

pytestmark = [pytest.mark.long, pytest.mark.browser]
MADE_MS = 240_000
PASSWORD = "seven green umbrellas at noon"


@asynccontextmanager
async def platform_on(data_dir: Path) -> AsyncIterator[str]:
    """Run ``zyenta up``; yield the gateway's address, which it prints first."""
    async with output_of_up(environment_of(data_dir), until=SERVES) as output:
        dashboard = re.search(r"Dashboard\s+(http://\S+)/dashboard", output)
        assert dashboard is not None, output
        assert re.search(r"Log in\s+\S+@zyenta\.example · \S+", output), output
        yield dashboard[1]


async def look(page: Page, name: str) -> None:
    """Check a page with axe, and photograph it if a person wants to look."""
    assert await serious_violations(page) == [], name
    if os.environ.get("ZYENTA_SCREENSHOTS"):
        await photograph(page, Path(os.environ["ZYENTA_SCREENSHOTS"]), name)


SHIFTS = """
window.shifted = 0;
window.moved = [];
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) if (!one.hadRecentInput) {
    window.shifted += one.value;
    window.moved.push(...one.sources.map((each) => (each.node?.outerHTML ?? each.node?.textContent ?? "").slice(0, 90)));
  }
}).observe({ type: "layout-shift", buffered: true });
"""
"""Sums what moves on a page by itself, as browsers measure it."""
SETTLED = """async () => {
  const frame = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  await document.fonts.ready;
  for (let at = 0; at < document.body.scrollHeight; at += innerHeight) { scrollTo(0, at); await frame(); }
  // A picture that is not shown does not load.
  const shown = [...document.images].filter((each) => each.checkVisibility());
  await Promise.all(shown.map((each) => each.decode().catch(() => {})));
  scrollTo(0, 0);
  await frame();
}"""
"""Waits for fonts and pictures, those further down too."""
SHIFT_MOST = 0.01


async def shifted(page: Page) -> float:
    """Return by how much the page's layout shifted since it was opened."""
    return float(await page.evaluate("window.shifted"))


async def what_moves(page: Page) -> list[str]:
    """Let a page settle, and return what moved on it if that is too much."""
    await page.evaluate(SETTLED)
    sum = await shifted(page)
    return [] if sum < SHIFT_MOST else [f"shifts by {sum:.3f}: {await page.evaluate('window.moved')}"]


async def press_until(page: Page, name: str) -> None:
    """Move the focus by the tabulator to the link, button or field of a name, as a keyboard's user does."""
    for _ in range(80):
        await page.keyboard.press("Tab")
        if await page.evaluate(
            "(name) => { const at = document.activeElement; const label = at.labels?.[0] ?? at;"
            " return label.textContent.trim() === name; }",
            name,
        ):
            return
    raise AssertionError(f"the keyboard does not reach {name!r} on {page.url}")


async def buy(storefront: str) -> None:
    """Buy the first product that is in stock."""
    async with in_house_client(timeout=60) as client:
        shopper = Shopper(client, storefront)
        await shopper.visit("/products?stock=in")
        await shopper.follow("/products/")
        await shopper.submit("/cart/add", quantity="1")
        await shopper.visit("/checkout")
        await shopper.submit("/checkout", **SHOPPER)
        await shopper.submit("/pay", decision="pay")
        assert "/checkout/success/" in shopper.url


async def reload_until(page: Page, text: str) -> None:
    """Load a page again until it shows what happens behind it."""
    async with asyncio.timeout(60):
        while text not in await page.inner_text("main"):
            await page.reload()


@pytest.mark.timeout(900)
async def test_a_stranger_registers_makes_a_shop_by_keyboard_publishes_ships_and_refunds(data_dir: Path) -> None:
    async with platform_on(data_dir) as gateway, a_browser() as browser:
        context = await browser.new_context(base_url=gateway, viewport={"width": 1280, "height": 900})
        await context.add_init_script(SHIFTS)
        page = await context.new_page()
        page.set_default_timeout(60_000)
        expect.set_options(timeout=60_000)
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)

        await page.goto("/")
        await expect(page).to_have_url(re.compile("/dashboard/log-in"))
        await look(page, "log-in")
        await page.click("text=Open an account")
        await page.fill("[name=email]", "new@zyenta.example")
        await page.fill("[name=password]", PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(re.compile("/dashboard/stores/new"))
        await page.goto(await mailed_link(data_dir, "new@zyenta.example", "verify"))
        await look(page, "verify")
        await page.click("main button")
        await expect(page.locator(".notice")).to_contain_text("confirmed")

        # The wizard, by keyboard alone.
        await page.goto("/dashboard/stores/new")
        await look(page, "wizard-niche")
        await expect(page.locator("#f-niche")).to_be_focused()
        await page.keyboard.type("Ceramic planters")
        await press_until(page, "Continue")
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(re.compile("/suppliers"))
        await look(page, "wizard-suppliers")
        await press_until(page, "Continue")
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(re.compile("/payments"))
        await look(page, "wizard-payments")
        await press_until(page, "Continue")
        await page.keyboard.press("Space")
        await expect(page).to_have_url(re.compile("/summary"))
        await look(page, "wizard-summary")
        await press_until(page, "Make my shop")
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(re.compile("/progress"))
        # The page renews itself; no key is pressed until the shop is made.
        await expect(page.locator("text=Review the shop")).to_be_visible(timeout=MADE_MS)
        assert await shifted(page) < SHIFT_MOST, "what arrives pushes away what is read"
        await look(page, "progress")
        await press_until(page, "Review the shop")
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(re.compile("/review"))
        await look(page, "review")

        # A second tab corrects the brand, and the first one goes on.
        other = await context.new_page()
        await other.goto(page.url)
        await other.click("text=names were compared")
        await other.click("text=Use this name >> nth=0")
        await expect(other.locator(".notice")).to_contain_text("is called")
        name = (await other.locator(".brand-name").inner_text()).strip()
        # It also puts the original of a photo in the place of the cut-out.
        store = page.url.removesuffix("/review")
        await other.goto(f"{store}/media?status=PROCESSED&type=IMAGE")
        await other.click("main li a >> nth=0")
        await look(other, "photo")
        await other.click("main button:text-is('Keep the original')")
        await expect(other.locator(".notice")).to_contain_text("the version that you chose")
        await other.close()
        await page.click("main button:text-is('Approve')")
        await expect(page.locator("h1")).to_contain_text(name)
        preview = await page.get_attribute("text=Preview", "href")
        assert preview is not None
        await page.click("main button:text-is('Publish')")
        await expect(page.locator("h1")).to_have_text("Your shop is live")
        await look(page, "live")
        storefront = (await page.locator(".live-address").inner_text()).strip()

        await buy(storefront)
        await page.goto(f"{store}/orders")
        await reload_until(page, "ZY-")
        await look(page, "orders")
        await page.click("main a >> text=/^ZY-/")
        await reload_until(page, "was paid")
        await look(page, "order")
        await page.click("main button:text-is('Ship')")
        await page.fill("#ship-carrier", "DHL")
        await page.click("text=Record the parcel")
        await reload_until(page, "Shipped")
        await page.click("main button:text-is('Refund')")
        await page.click("#refund button.danger")
        await reload_until(page, "Refunded")
        await look(page, "order-refunded")

        # Back in time: the order before it was paid. Nothing can be changed there.
        order = page.url
        await page.goto(f"{store}/timeline?kind=order")
        await page.click(".timeline li:has-text('Order placed') >> nth=0 >> a >> text=/^ZY-/")
        await expect(page.locator(".travel-banner")).to_contain_text("You see the store as it was")
        assert "was paid" not in await page.inner_text("main")
        assert await page.locator("main button:text-is('Refund'):enabled").count() == 0
        await look(page, "order-then")
        await page.click("text=Back to now")
        await expect(page).to_have_url(order)
        assert faults == []


ELSEWHERE = frozenset(
    f"/dashboard/{path}"
    for path in (
        # Pages of visitors who are not logged in, and of links in mails. The tests of accounts look at them.
        "log-in", "register", "forgot", "reset", "verify", "invitation", "sign-in/{provider}/back",
        # Downloads, and ways to and from another company.
        "account/data/export.json", "stores/{store_id:uuid}/statement.csv", "integrations/stripe/refresh",
        "integrations/stripe/return", "integrations/stripe/linked", "stores/{store_id:uuid}/drafts/{id:uuid}/preview",
        # What the demo shop has not: a first publication and a dispute.
        "stores/{store_id:uuid}/live", "stores/{store_id:uuid}/orders/{order_id:uuid}/disputes/{dispute_id}",
    )
)  # fmt: skip
"""Routes that no link of the demo shop's dashboard leads to, or that are not pages."""
GUESTS = tuple(
    f"/dashboard/{path}"
    for path in ("log-in", "register", "forgot", "reset?token=wrong", "verify?token=wrong", "sign-in/github/back")
)
"""Pages without a log-in."""


async def said_by(variables: Mapping[str, str], *arguments: str) -> tuple[str, str]:
    """Run a command; return its answer and what it said as errors."""
    process = await asyncio.create_subprocess_exec(
        *ZYENTA, *arguments, env=variables, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    said, complained = await asyncio.wait_for(process.communicate(), 120)
    return said.decode(), complained.decode()


async def the_doctor_names_what_production_refuses(data_dir: Path) -> None:
    """Run the doctor on a platform for trying: its advice is what a start for real money refuses, whatever the shell has."""
    production = {**environment_of(data_dir), "ZYENTA_PRODUCTION": "true"}
    _, refusal = await said_by(production, "up")
    refused = re.findall(r"^  - (.+)$", refusal, re.MULTILINE)
    assert "Traceback" not in refusal
    assert len(refused) >= 7
    for more in ({}, {"ZYENTA_MASTER_KEYS": "11" * 32, "STRIPE_SECRET_KEY": "sk_live_1"}):
        answer, _ = await said_by(production | more, "doctor", "--json")
        found = json.loads(answer)
        assert found["healthy"]
        assert [_without_port(each) for each in found["not_for_production"]] == [
            _without_port(each) for each in refused
        ]
    shown, _ = await said_by(production, "doctor")
    assert "Before money is real (ZYENTA_PRODUCTION=true):\n  - Payments are the sandbox;" in shown
    assert shown.rstrip().endswith("parts work.")


def _without_port(advice: str) -> str:
    """Return an advice without the port, which a running platform has chosen."""
    return re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1", advice)


@pytest.mark.timeout(900)
async def test_every_page_fits_a_phone_moves_nothing_and_has_no_serious_violation_in_both_color_schemes(
    data_dir: Path,
) -> None:
    async with (
        output_of_up(environment_of(data_dir), "--demo-shop", until=SERVES_A_SHOP) as output,
        a_browser() as browser,
    ):
        await the_doctor_names_what_production_refuses(data_dir)
        found = [re.search(rf"{name}: (\S+)", output) for name in ("Dashboard", "Log-in", "Password", "Store")]
        dashboard, address, password, store = [each[1] for each in found if each is not None]
        base = dashboard.removesuffix("/dashboard")
        context = await browser.new_context(base_url=base)
        await context.add_init_script(SHIFTS)
        page = await context.new_page()
        visited, faults = set[str](), dict[str, list[str]]()

        async def look_at(path: str) -> None:
            """Load a page at each width, and keep what is wrong with it."""
            for scheme, width in (("dark", 360), ("light", 1440)):
                await page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
                await page.set_viewport_size({"width": width, "height": 900})
                await page.goto(path)
                moving = await what_moves(page)
                wide = await page.evaluate("document.documentElement.scrollWidth")
                bad = [*moving, *await serious_violations(page), *([f"{wide} px wide"] if wide > width else [])]
                if bad:
                    faults[f"{path} {scheme} {width}"] = bad

        for path in GUESTS:
            await look_at(path)
        await page.goto("/dashboard/log-in")
        await page.fill("[name=email]", address)
        await page.fill("[name=password]", password)
        async with page.expect_navigation():
            await page.keyboard.press("Enter")

        async def open_page(path: str) -> list[str]:
            answer = await page.goto(path)
            assert answer is not None
            assert answer.status == 200, (path, answer.status)
            addresses: list[str] = await page.evaluate("[...document.querySelectorAll('a[href]')].map((a) => a.href)")
            return [each.removeprefix(base) for each in addresses]

        await page.goto(f"/dashboard/stores/{store}/collections/new")
        await page.fill("[name=title]", "Gifts")
        await page.fill("[name=priceTo]", "50")
        await page.click("main button[value=save]")
        async for stop in walk(open_page, ["/dashboard", f"/dashboard/stores/{store}"], never=ELSEWHERE):
            visited.add(stop.route)
            await look_at(stop.path)
            if os.environ.get("ZYENTA_SCREENSHOTS"):
                await photograph(page, Path(os.environ["ZYENTA_SCREENSHOTS"]), stop.name)
        assert faults == {}
        assert set(routes()) - visited == ELSEWHERE
