"""A merchant sees an order come in, sends it and refunds a part, in a browser with the keyboard where it matters."""

from playwright.async_api import expect

from tests.integration.gateway.test_trade_pages import Trade, trade
from tests.support.browser import a_browser, a_page, serious_violations

__all__ = ["trade"]


async def test_an_order_comes_in_is_sent_and_refunded(trade: Trade) -> None:
    async with a_browser() as browser, a_page(browser, trade.dashboard) as page:
        await page.goto(f"{trade.path}/orders")
        await expect(page.get_by_text("Waiting for payment", exact=True).last).to_be_visible()
        await trade.pay()
        await page.reload()
        await expect(page.get_by_role("table").get_by_text("To ship")).to_be_visible()
        assert await serious_violations(page) == []

        await page.get_by_role("link", name="ZY-").first.click()
        await expect(page.get_by_role("heading", name="Order ZY-")).to_be_visible()
        ship = page.get_by_role("button", name="Ship", exact=True)
        await ship.focus()
        await page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog", name="Ship a parcel")
        await expect(dialog).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(dialog).to_be_hidden()
        await expect(ship).to_be_focused()
        await page.keyboard.press("Enter")
        await dialog.get_by_label("Carrier").fill("DHL")
        await dialog.get_by_label("Tracking number").fill("0034")
        assert await serious_violations(page) == []
        await dialog.get_by_role("button", name="Record the parcel").click()
        await expect(page.get_by_role("status").get_by_text("The parcel is recorded.")).to_be_visible()
        await expect(
            page.get_by_text("Parcel 1 was sent").or_(page.get_by_text("A carrier has the whole order"))
        ).to_be_visible()

        await page.get_by_role("button", name="Refund", exact=True).click()
        refund = page.get_by_role("dialog", name="Refund the shopper")
        await expect(refund.get_by_label("Amount (USD)")).to_be_hidden()
        await refund.get_by_label("An amount").check()
        await refund.get_by_label("Amount (USD)").fill("8")
        await refund.get_by_label("Reason").fill("Late parcel")
        await refund.get_by_role("button", name="Refund", exact=True).click()
        await expect(page.get_by_text("A refund of $8.00 was requested.")).to_be_visible()
        assert await serious_violations(page) == []
