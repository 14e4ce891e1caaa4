"""A whole sale on a running platform: bought in a browser, sent in two parcels, returned by the shopper, paid back.

With ``ZYENTA_SCREENSHOTS`` every page and mail is photographed into that folder, to be looked at.
"""

import asyncio
import email
import email.policy
import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import Page, expect

from infra.cli.platform_settings import settings_from

WIDTHS = (390, 1440)
SECONDS = 60
LOG_IN = "mutation ($input: LogInInput!) { logIn(input: $input) { accessToken userErrors { code } } }"
ORDER = """
query ($id: ID!) {
  store(id: $id) {
    orders(first: 10) {
      nodes {
        id number status refunded hold { reason message } costs { margin } lines { variantId quantity }
        returns { status reason note } refunds { status } mails { kind refusal }
      }
    }
  }
}
"""
SET_TAXES = "mutation ($input: SetTaxesInput!) { setTaxes(input: $input) { userErrors { code message } } }"
INCLUDED = re.compile(r"Includes 8.25 % sales tax:?\s+\$(\d+\.\d\d)")
"""What every page and mail of a paid order says of the tax that its prices include."""
MAILS = {
    "ORDER_CONFIRMED",
    "ORDER_SOLD",
    "ORDER_SHIPPED",
    "RETURN_REQUESTED",
    "RETURN_TO_DECIDE",
    "RETURN_APPROVED",
    "RETURN_RECEIVED",
    "ORDER_REFUNDED",
}
"""The mails of the sale."""


class Sale:
    """One order in a store of a running platform, seen by its shopper and its merchant."""

    def __init__(self, page: Page, client: httpx.AsyncClient, data_dir: Path, storefront: str) -> None:
        running = settings_from(json.loads((data_dir / "running.json").read_text()))
        self.page, self._client, self._data_dir, self.storefront = page, client, data_dir, storefront
        self._graphql = f"{running.gateway_url}/graphql"
        self._mailbox = running.mailbox_dir
        self._shots = os.environ.get("ZYENTA_SCREENSHOTS")
        self._headers: dict[str, str] = {}
        self.store_id = self.number = ""

    async def log_in(self, address: str, password: str, storefront: str) -> None:
        """Log the merchant in, and remember the store at an address."""
        fields = {"email": address, "password": password}
        token = (await self._ask(LOG_IN, {"input": fields}))["logIn"]["accessToken"]
        self._headers = {"authorization": f"Bearer {token}"}
        stores = (await self._ask("{ me { stores(first: 10) { nodes { id url } } } }", {}))["me"]["stores"]["nodes"]
        self.store_id = next(store["id"] for store in stores if store["url"].rstrip("/") == storefront.rstrip("/"))

    async def _ask(self, query: str, variables: Mapping[str, Any]) -> Any:
        body = {"query": query, "variables": variables}
        answer = (await self._client.post(self._graphql, json=body, headers=self._headers)).json()
        assert "errors" not in answer, answer
        return answer["data"]

    async def change(self, name: str, **input: Any) -> None:
        """Carry out a mutation of the order."""
        kind = f"{name[0].upper()}{name[1:]}Input"
        query = (
            f"mutation ($input: {kind}!) {{ {name}(input: $input) {{ order {{ id }} userErrors {{ code message }} }} }}"
        )
        assert (await self._ask(query, {"input": input}))[name]["userErrors"] == []

    async def include_taxes(self) -> None:
        """State that the store's prices include a tax."""
        rates = [{"country": "US", "percent": "8.25"}]
        stated = {"storeId": self.store_id, "mode": "INCLUSIVE", "rates": rates}
        assert (await self._ask(SET_TAXES, {"input": stated}))["setTaxes"]["userErrors"] == []

    def mail(self, subject: str) -> str:
        """Return the text of the mail with a subject."""
        paths = self._mailbox.glob("*.eml")
        messages = (email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in paths)
        found = next(message for message in messages if str(message["subject"]) == subject)
        part = found.get_body(("plain",))
        assert part is not None
        return str(part.get_content())

    async def included_tax(self) -> str:
        """Return the tax that the page says is included."""
        found = INCLUDED.search(await self.page.locator("main").inner_text())
        assert found is not None, await self.page.locator("main").inner_text()
        return found[1]

    async def order(self) -> dict[str, Any]:
        nodes = (await self._ask(ORDER, {"id": self.store_id}))["store"]["orders"]["nodes"]
        found: dict[str, Any] = next(node for node in nodes if node["number"] == self.number)
        return found

    async def until(self, is_so: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Return the order once something is so."""
        async with asyncio.timeout(SECONDS):
            while not is_so(order := await self.order()):
                await asyncio.sleep(0.1)
        return order

    async def look(self, name: str) -> None:
        """Photograph the page at every width, if somebody wants to look at it."""
        if self._shots is None:
            return
        before = self.page.viewport_size
        for width in WIDTHS:
            await self.page.set_viewport_size({"width": width, "height": 900})
            await self.page.screenshot(path=Path(self._shots) / f"{name}-{width}.png", full_page=True)
        if before is not None:
            await self.page.set_viewport_size(before)

    async def look_at_mails(self) -> None:
        """Photograph every mail, if somebody wants to look at them."""
        if self._shots is None:
            return
        for n, path in enumerate(sorted(self._mailbox.glob("*.eml"), key=lambda path: path.stat().st_mtime)):
            message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            part = message.get_body(("html",))
            assert part is not None
            # A blank page has no content policy, so the mail's own styles count.
            await self.page.goto("about:blank")
            await self.page.set_content(part.get_content())
            await self.look(f"mail-{n:02d}-{re.sub('[^a-z]+', '-', str(message['subject']).lower())[:40]}")


async def sell_and_take_back(sale: Sale, shopper: Mapping[str, str]) -> None:
    """Buy two pieces, send them in two parcels, return one, and refund it."""
    page = sale.page
    await sale.include_taxes()
    await page.goto(sale.storefront)
    await sale.look("1-home")
    await page.goto(f"{sale.storefront}/products?stock=in")
    await page.locator("main a[href^='/products/']").first.click()
    await page.locator("#quantity").fill("2")
    await sale.look("2-product")
    await page.get_by_role("button", name="Add to cart").click()
    await page.goto(f"{sale.storefront}/checkout")
    for name, value in shopper.items():
        await page.locator(f"[name={name}]").fill(value)
    await sale.look("3-checkout")
    tax = await sale.included_tax()
    await page.get_by_role("button", name="Buy now and pay").click()
    await sale.look("4-payment")
    await page.get_by_role("button", name="Pay $").click()
    number = page.get_by_text(re.compile("ZY-[2-9A-Z]{6}")).first
    await expect(number).to_be_visible(timeout=30_000)
    await expect(page.get_by_role("heading", name="Thank you")).to_be_visible(timeout=30_000)
    address = page.url
    await sale.look("5-paid")
    assert await sale.included_tax() == tax
    found = re.search("ZY-[2-9A-Z]{6}", await page.locator("main").inner_text())
    assert found is not None
    sale.number = found[0]

    # The supplier was asked again, and the order loses no money.
    order = await sale.until(lambda order: (order["costs"] or order["hold"]) is not None)
    assert order["hold"] is None, order["hold"]
    assert float(order["costs"]["margin"]) > 0
    one = [{"variantId": order["lines"][0]["variantId"], "quantity": 1}]
    for carrier, tracking in (("DHL", "JD0146"), ("UPS", "1Z999")):
        await sale.change("fulfilOrder", orderId=order["id"], lines=one, carrier=carrier, trackingNumber=tracking)
    await page.goto(address)
    await expect(page.get_by_role("heading", name="Your order is on its way")).to_be_visible()
    for parcel in ("JD0146", "1Z999"):
        await expect(page.get_by_text(parcel)).to_be_visible()
    assert await sale.included_tax() == tax
    await sale.look("6-two-parcels")

    await page.get_by_role("link", name="Return goods").click()
    await page.get_by_role("button", name="Ask to return these").click()
    await expect(page.get_by_text("Choose at least one piece")).to_be_visible()
    await sale.look("7-return-refused")
    await page.locator("select[name^='q-']").select_option("1")
    await page.locator("select[name=reason]").select_option("It does not fit")
    await page.locator("textarea[name=note]").fill("It is wider than my shelf.")
    await sale.look("8-return-form")
    await page.get_by_role("button", name="Ask to return these").click()
    await expect(page.get_by_text("Return 1: requested")).to_be_visible()
    await sale.look("9-return-asked")
    asked = await sale.until(lambda order: bool(order["returns"]))
    assert asked["returns"] == [
        {"status": "REQUESTED", "reason": "It does not fit", "note": "It is wider than my shelf."}
    ]
    about = {"orderId": order["id"], "number": 1}
    await sale.change("approveReturn", **about, address="Fern GmbH\nDock 4\n24103 Kiel", instructions="Mind the glass.")
    await page.goto(address)
    await expect(page.get_by_text("Dock 4")).to_be_visible()
    await sale.look("10-return-accepted")
    await sale.change("receiveReturn", **about, restock=True)
    await sale.change("refundReturn", **about, reason="As you asked")
    done = await sale.until(lambda order: order["returns"][0]["status"] == "REFUNDED")
    assert (done["status"], [refund["status"] for refund in done["refunds"]]) == ("FULFILLED", ["SUCCEEDED"])
    await page.goto(address)
    await expect(page.get_by_text("Return 1: refunded")).to_be_visible()
    await expect(page.get_by_role("link", name="Return goods")).to_be_visible()
    await sale.look("11-return-refunded")

    order = await sale.until(lambda order: {mail["kind"] for mail in order["mails"]} >= MAILS)
    assert [mail["refusal"] for mail in order["mails"]] == [None] * (len(MAILS) + 1), "two parcels, two mails"
    confirmed = INCLUDED.search(sale.mail(f"Your order {sale.number} is confirmed"))
    assert confirmed is not None
    assert confirmed[1] == tax
    await sale.look_at_mails()
