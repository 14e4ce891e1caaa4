"""A shopper asks to return goods by the order's link, and follows the merchant's answer on the order's page."""

import json
import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx

from commands.order import FulfilOrder, MarkOrderDelivered
from commands.ports import Context
from commands.refunds import RecordRefund
from commands.returns import (
    ApproveReturn,
    DeclineReturn,
    ReceiveReturn,
    RefundReturn,
    ReplaceReturn,
    SetReturnPolicy,
)
from domain.order.after_sale.return_state import ReturnStatus
from domain.order.after_sale.state import RefundStatus
from domain.order.delivery import day_in
from domain.order.refund_ports import RefundAnswer
from domain.store.events import PageType
from domain.store.return_policy import ReturnPolicy
from infra.adapters.payments.sandbox import SandboxSession
from projections.sales.views import OrderView
from storefront.pages.returns import NO_REASON, NOTE_WRONG, NOTHING_CHOSEN
from tests.integration.storefront.shopping import (
    checkout_form,
    hidden,
    notice_of,
    put_in_cart,
    session_at,
    to_payment,
)
from tests.support.platforms.storefront import BRAND, StorefrontPlatform

POLICY = ReturnPolicy(days=30, reasons=["Wrong color", "Too <b>big</b>"], merchant_pays=True)


class Desk:
    """The merchant of one store with one paid order."""

    def __init__(self, floor: StorefrontPlatform, session: SandboxSession) -> None:
        self.floor, self.session = floor, session
        self.link = urlsplit(session.success_url).path.rpartition("/")[2]

    async def do(self, command: type, **fields: Any) -> None:
        store = await self.floor.queries.store_by_slug("fern")
        assert store is not None
        sent = command(order_id=self.session.order_id, merchant_id=store.merchant_id, **fields)
        await self.floor.dispatch(sent, Context(command_id=uuid4(), correlation_id=self.session.order_id))

    async def order(self) -> OrderView:
        order = await self.floor.queries.order(self.session.store_id, self.session.order_id)
        assert order is not None
        return order


async def open_desk(floor: StorefrontPlatform, browser: httpx.AsyncClient) -> Desk:
    store = await floor.open_store("fern", BRAND)
    vase = await floor.stock(store, "Blue Vase", slug="blue-vase", shipping_days=(4, 8))
    view = await floor.queries.store_by_slug("fern")
    assert view is not None
    await floor.dispatch(
        SetReturnPolicy(store_id=view.id, merchant_id=view.merchant_id, policy=POLICY),
        Context(command_id=uuid4(), correlation_id=view.id),
    )
    words = "Send it back within {returns.days}. {returns.cost} Because: {returns.reasons}."
    await floor.write_page(store, PageType.REFUND_POLICY, "Returns", "returns", words)
    await put_in_cart(browser, vase, quantity=2)
    session = session_at(floor, await to_payment(browser, await checkout_form(browser)))
    await floor.apply_notice(notice_of(floor, session))
    return Desk(floor, session)


async def ask(browser: httpx.AsyncClient, desk: Desk, **changes: str) -> httpx.Response:
    page = await browser.get(f"/returns/{desk.link}")
    field = re.search(r'name="(q-[^"]+)"', page.text)
    assert field is not None, page.text
    form = {"csrf": hidden(page, "csrf"), "ticket": hidden(page, "ticket"), field[1]: "1", "reason": "Wrong color"}
    quantity = changes.pop("quantity", "1")
    return await browser.post(f"/returns/{desk.link}", data=form | {field[1]: quantity} | changes)


async def test_goods_come_back_from_the_form_to_the_refund(
    floor: StorefrontPlatform, browser: httpx.AsyncClient
) -> None:
    desk = await open_desk(floor, browser)
    shown = f"/checkout/success/{desk.link}"
    # Published: in the policy's text, and for search engines.
    policy = (await browser.get("/pages/returns")).text
    assert "Send it back within 30 days" in policy
    assert "we pay the cost of sending" in policy
    assert "Too &lt;b&gt;big" in policy
    data = re.search(
        r'<script type="application/ld\+json">(.*?)</script>', (await browser.get("/products/blue-vase")).text
    )
    assert data is not None
    published = json.loads(data[1])["offers"]["hasMerchantReturnPolicy"]
    assert (published["merchantReturnDays"], published["returnFees"]) == (30, "https://schema.org/FreeReturn")
    # Nothing was sent, so nothing comes back.
    assert "Nothing of order" in (await browser.get(f"/returns/{desk.link}")).text
    assert "Return goods" not in (await browser.get(shown)).text
    await desk.do(FulfilOrder, carrier="DHL", tracking_number="77")
    assert f'href="/returns/{desk.link}"' in (await browser.get(shown)).text
    form = (await browser.get(f"/returns/{desk.link}")).text
    assert "You have 30 days." in (await browser.get("/products/blue-vase")).text
    assert "within <strong>30 days</strong>" in form
    assert "Too &lt;b&gt;big&lt;/b&gt;" in form

    # Bad input appends nothing.
    for changes, problem in (
        ({"quantity": "0"}, NOTHING_CHOSEN),
        ({"quantity": "-3"}, NOTHING_CHOSEN),
        ({"reason": "Because"}, NO_REASON),
        ({"note": "x" * 1001}, NOTE_WRONG),
        ({"note": "a\u202eb"}, NOTE_WRONG),
        ({"quantity": "3"}, "can be returned"),
    ):
        answer = await ask(browser, desk, **changes)
        assert answer.status_code in {409, 422}, changes
        assert problem in answer.text
    assert (await browser.get("/returns/forged")).status_code == 404
    assert (await desk.order()).returns == ()

    # Asked once, however often the form is sent.
    page = await browser.get(f"/returns/{desk.link}")
    field = re.search(r'name="(q-[^"]+)"', page.text)
    assert field is not None
    body = {"csrf": hidden(page, "csrf"), "ticket": hidden(page, "ticket"), field[1]: "1", "reason": "Wrong color"}
    for _ in range(2):
        assert (await browser.post(f"/returns/{desk.link}", data=body | {"note": "It is green."})).status_code == 303
    (asked,) = (await desk.order()).returns
    assert asked.note is not None
    assert await floor.personal.open(asked.note) == "It is green."
    page = await browser.get(shown)
    assert "Return 1: requested" in page.text
    assert "Your order has arrived" in page.text, "who returns a part has it"

    await desk.do(
        ApproveReturn,
        number=1,
        instructions="Use the old box.",
        address=await floor.personal.seal(uuid4(), "Dock 4\nKiel"),
    )
    text = (await browser.get(shown)).text
    for said in ("Return 1: accepted", "<bdi>Dock 4</bdi><br><bdi>Kiel</bdi>", "Use the old box."):
        assert said in text
    await desk.do(ReceiveReturn, number=1, restock=True)
    text = (await browser.get(shown)).text
    assert "Return 1: received by the shop" in text
    assert "A part of your order is back at the shop" in text
    assert "on its way" not in text.lower()
    await desk.do(RefundReturn, number=1, refund_id=uuid4())
    (refund,) = (await desk.order()).refunds
    paid = RefundAnswer(
        refund_id=refund.id,
        external_id="re_1",
        intent_id=refund.intent_id,
        amount=refund.amount,
        status=RefundStatus.SUCCEEDED,
    )
    await floor.dispatch(
        RecordRefund(order_id=desk.session.order_id, answer=paid),
        Context(command_id=uuid4(), correlation_id=uuid4()),
    )
    assert "Return 1: refunded" in (await browser.get(shown)).text
    order = await desk.order()
    assert (order.returns[0].status, order.status, order.refunded) == (
        ReturnStatus.REFUNDED,
        "FULFILLED",
        order.lines[0].unit_price,
    )

    # The other piece: declined, asked for again, replaced; then nothing is left.
    assert (await ask(browser, desk)).status_code == 303
    await desk.do(DeclineReturn, number=2, reason="It is <used>.")
    assert "It is &lt;used&gt;." in (await browser.get(shown)).text
    assert (await ask(browser, desk)).status_code == 303
    await desk.do(ApproveReturn, number=3)
    await desk.do(ReplaceReturn, number=3, carrier="UPS", tracking_number="1Z")
    assert "Return 3: replacement sent" in (await browser.get(shown)).text
    # The last day passes.
    today = day_in("UTC", floor.clock.now())
    await desk.do(MarkOrderDelivered, delivered_on=today - timedelta(days=365))
    assert "The last day to return something" in (await browser.get(f"/returns/{desk.link}")).text
    late = await browser.post(f"/returns/{desk.link}", data=body | {"ticket": str(uuid4())})
    assert late.status_code == 409
    assert len((await desk.order()).returns) == 3
