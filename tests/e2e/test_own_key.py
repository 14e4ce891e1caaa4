"""A merchant who gives a key of an own account at Stripe sells, on a whole platform and in a browser."""

import asyncio
import json
import re
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Page, Route, expect

from infra.clock import SystemClock
from tests.support.browser import a_browser, serious_violations
from tests.support.platforms.up import NO_PROXY_THERE, SERVES, SHOPPER, environment_of, mailed_link, output_of_up
from tests.support.screenshots.studio import press, register, send, until
from tests.support.servers.stripe import SECRET, StripeServer
from tests.support.servers.web_server import served

pytestmark = [pytest.mark.long, pytest.mark.browser]
KEY, ADDRESS, MADE_MS = "rk_test_of_the_merchant", "keeper@zyenta.example", 240_000
BUSINESS = {
    "name": "Fern GmbH",
    "legalForm": "GmbH",
    "addressLines": "Dock 4",
    "postalCode": "24103",
    "city": "Kiel",
    "country": "DE",
    "phone": "+49 431 5550199",
    "email": "hello@fern.example",
    "vatId": "DE136695976",
}


async def hosted(route: Route) -> None:
    """Stand in for a page of Stripe's own."""
    await route.fulfill(body="<title>Stripe</title>", content_type="text/html")


async def a_published_shop(page: Page, data_dir: Path) -> tuple[str, str]:
    """Give the key, make a shop and publish it; return the paths of the shop's pages and its address."""
    await register(page, "Kim Keeper", ADDRESS)
    await page.goto(await mailed_link(data_dir, ADDRESS, "verify"))
    await press(page, "Confirm the address")
    await page.goto("/dashboard/integrations")
    await page.get_by_role("button", name="Use a key").click()
    await page.get_by_role("textbox", name="Restricted key").fill(KEY)
    async with page.expect_navigation():
        await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_contain_text("You can be paid")
    assert KEY not in await page.content()
    await page.goto("/dashboard/stores/new/summary?niche=Dog+toys")
    await press(page, "Make my shop")
    store = page.url.partition("?")[0].removesuffix("/progress")
    await expect(page.locator("text=Review the shop")).to_be_visible(timeout=MADE_MS)
    await page.goto(f"{store}/legal")
    await send(page, "/legal", BUSINESS)
    await page.goto(f"{store}/review")
    await press(page, "Approve")
    await press(page, "Publish")
    await expect(page.locator("h1")).to_have_text("Your shop is live")
    return store, (await page.locator(".live-address").inner_text()).strip().rstrip("/")


async def order_in(page: Page, shop: str) -> str:
    """Order the first product as a shopper, up to Stripe's payment page; return the order's page."""
    await page.goto(f"{shop}/products?stock=in")
    await page.locator("main a[href^='/products/']").first.click()
    await page.get_by_role("button", name="Add to cart").click()
    await expect(page.get_by_text("is in your cart").or_(page.locator("text=Go to checkout")).first).to_be_visible()
    await page.goto(f"{shop}/checkout")
    for name, value in SHOPPER.items():
        await page.fill(f"[name={name}]", value)
    await page.get_by_role("button", name="Buy now and pay").click()
    await page.wait_for_url("https://checkout.stripe.com/**")
    return page.url


async def report(stripe: StripeServer, type: str, object: dict[str, object]) -> None:
    """Deliver a webhook to the endpoint that the platform registered with the merchant's key."""
    ((endpoint, address),) = stripe.endpoints.items()
    webhook = {"id": f"evt_{type}", "object": "event", "type": type, "livemode": False, "data": {"object": object}}
    body = json.dumps(webhook | {"created": 1, "api_version": "2026-10-28.endive"}).encode()
    headers = {"stripe-signature": stripe.sign(body, f"whsec_of_{endpoint}")}
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(address, content=body, headers=headers)
        forged = await client.post(address, content=body, headers={"stripe-signature": stripe.sign(body)})
    assert (answer.status_code, forged.status_code) == (200, 400), answer.text


@pytest.mark.timeout(600)
async def test_a_merchant_with_an_own_key_is_paid_ships_refunds_and_owes_the_fee(data_dir: Path) -> None:
    """The tests' Stripe has no payment page, and no network leads to the real one.

    The browser goes as far as the address of that page. The payment is then reported as Stripe does, by a signed webhook
    to the endpoint that was registered with the key, and the browser comes back to the address that the request named.
    """
    expect.set_options(timeout=60_000)
    stripe = StripeServer(SystemClock())
    stripe.accounts["acct_own"] = {"id": "acct_own", "object": "account", "charges_enabled": True, "payouts_enabled": True, "details_submitted": True}  # fmt: skip
    stripe.keys[KEY] = ("acct_own", frozenset())
    async with served(stripe.app()) as port, a_browser() as browser:
        companies = {"STRIPE_SECRET_KEY": "sk_test_1", "STRIPE_WEBHOOK_SECRET": SECRET, "STRIPE_API_BASE": f"http://127.0.0.1:{port}"}  # fmt: skip
        # This Stripe is on this machine, so calls to it take no proxy.
        environment = environment_of(data_dir, **companies, **dict.fromkeys(NO_PROXY_THERE, ""))
        async with output_of_up(environment, until=SERVES):
            gateway = f"http://127.0.0.1:{environment['ZYENTA_GATEWAY_PORT']}"
            merchant = await (await browser.new_context(base_url=gateway)).new_page()
            merchant.set_default_timeout(60_000)
            store, shop = await a_published_shop(merchant, data_dir)
            visitor = await browser.new_context()
            await visitor.route("https://checkout.stripe.com/**", hosted)
            shopper = await visitor.new_page()
            payment_page = await order_in(shopper, shop)

            session = stripe.sessions[payment_page.rpartition("/")[2]]
            assert session["account"] == "acct_own", "the session is made with the merchant's key"
            assert session["fee"] is None, "Stripe takes no fee for the platform from a merchant's own account"
            (asked,) = (form for method, path, form in stripe.requests if (method, path) == ("POST", "checkout/sessions") and form)  # fmt: skip
            await report(stripe, "checkout.session.completed", stripe.paid(session["id"]))
            await shopper.goto(asked["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"]))
            await expect(shopper.get_by_role("heading", name="Thank you")).to_be_visible()
            await until(shopper, "Payment is confirmed")
            assert await serious_violations(shopper) == []
            number = re.findall("ZY-[2-9A-Z]{6}", await shopper.inner_text("main"))[0]

            await merchant.goto(f"{store}/orders")
            await until(merchant, number)
            await merchant.click(f"main a:has-text('{number}')")
            await send(merchant, "/ship", {"carrier": "DHL", "tracking": "JD0146"})
            await until(merchant, "Shipped")
            await send(merchant, "/refund", {"what": "AMOUNT", "amount": "1.00", "reason": "It came late."})
            async with asyncio.timeout(60):
                while not stripe.refunds:
                    await asyncio.sleep(0.1)
            ((refund,),) = [list(stripe.refunds.values())]
            assert (refund["amount"], refund["fee"]) == (100, 0)
            await merchant.goto("/dashboard/integrations")
            await until(merchant, "Platform fees to pay")
            assert await serious_violations(merchant) == []
