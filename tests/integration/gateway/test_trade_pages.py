"""The dashboard's pages of selling over real HTTP: orders first."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from commands.disputes import RecordDispute
from commands.order import RecordPayment, WithdrawFromOrder
from commands.purchasing import RecordSourcing
from commands.refunds import RecordRefund, RefundOrder
from commands.returns import RequestReturn
from domain.money import Money
from domain.order.after_sale.dispute_events import DisputeStatus
from domain.order.after_sale.return_events import ReturnedPieces
from domain.order.after_sale.state import RefundStatus
from domain.order.disputes import DisputeReport
from domain.order.refund_ports import RefundAnswer
from domain.order.refunds import OVERDUE_AFTER
from gateway.dashboard.library import library
from infra.cli.doctor import refunds_without_outcome
from tests.integration.gateway.test_dashboard_shell import failing_documents
from tests.integration.gateway.test_queries import an_order
from tests.support.platforms.dashboard import Dashboard, a_dashboard
from tests.support.platforms.gateway import Merchant, Platform


@dataclass
class Trade:
    """A merchant's dashboard with a store that sold something."""

    dashboard: Dashboard
    platform: Platform
    store_id: UUID
    order_id: UUID

    @property
    def path(self) -> str:
        return f"/dashboard/stores/{self.store_id}"

    @property
    def order(self) -> str:
        return f"{self.path}/orders/{self.order_id}"

    async def unanswered_refunds(self) -> list[str]:
        """Return what operators read of this order's refunds. Other tests leave some too."""
        lines = await refunds_without_outcome(self.platform.deps.reader, self.platform.clock.now())
        return [line for line in lines if f"pi_{self.order_id}" in line]

    async def pay(self) -> None:
        paid, fee = Money(minor=5800), Money(minor=290)
        await self.platform.send(
            RecordPayment(order_id=self.order_id, paid=paid, fee=fee, intent_id=f"pi_{self.order_id}")
        )

    async def dispute(self) -> DisputeReport:
        """Let the shopper's bank question the payment. Return what the provider reported."""
        report = DisputeReport(
            dispute_id="du_1",
            intent_id=f"pi_{self.order_id}",
            amount=Money(minor=5800),
            reason="product_not_received",
            status=DisputeStatus.NEEDS_RESPONSE,
            evidence_due=self.platform.clock.now() + timedelta(days=7),
            movements=1,
            taken=Money(minor=5800),
            fee=Money(minor=1500),
        )
        await self.platform.send(RecordDispute(order_id=self.order_id, report=report))
        return report


@pytest.fixture
async def trade(platform: Platform, owner: Merchant) -> AsyncIterator[Trade]:
    store_id = await platform.stocked_store(owner)
    order_id = await an_order(platform, owner, store_id)
    async with a_dashboard(platform, owner) as dashboard:
        yield Trade(dashboard, platform, store_id, order_id)


def variant_of(page: str) -> str:
    found = re.search(r'name="quantity\.([0-9a-f-]{36})"', page)
    assert found is not None
    return found[1]


async def test_an_order_is_found_sent_delivered_and_refunded(trade: Trade, stranger: Merchant) -> None:
    dashboard = trade.dashboard
    listed = await dashboard.get(f"{trade.path}/orders")
    number = re.search(r"(ZY-[0-9A-Z]{6})</a>", listed)
    assert number is not None
    assert "Grace" in listed
    assert "Waiting for payment" in listed
    assert 'value="TOTAL_LOW" selected' in await dashboard.get(f"{trade.path}/orders?sort=TOTAL_LOW")
    await trade.pay()
    found = await dashboard.client.get(f"{trade.path}/orders?q={number[1].lower()}")
    assert found.headers["location"] == trade.order
    by_address = await dashboard.client.get(f"{trade.path}/orders?q=grace@example.com")
    assert by_address.headers["location"] == f"{trade.path}/customers?email=grace%40example.com"

    page = await dashboard.get(trade.order)
    assert "$58.00 was paid" in page
    assert "1 Pier" in page
    variant = variant_of(page)
    wrong = await dashboard.submit(trade.order, f"{trade.order}/ship", {f"quantity.{variant}": "3", "carrier": "DHL"})
    assert wrong.status_code == 422
    assert "2 pieces are left to send" in wrong.text
    part = await dashboard.change(trade.order, f"{trade.order}/ship", {f"quantity.{variant}": "1", "carrier": "DHL"})
    assert "Partly shipped" in part
    assert "Parcel 1 was sent: 1 piece." in part
    slip = await dashboard.get(f"{trade.order}/packing-slip?parcel=1")
    assert "Parcel 1" in slip
    assert "58.00" not in slip
    for printed in (page, slip):
        assert "1 Pier<br>Oslo<br>Norway</address>" in printed
    whole = await dashboard.change(trade.order, f"{trade.order}/ship", {f"quantity.{variant}": "1"})
    assert "Mark as delivered" in whole
    fixed = await dashboard.change(trade.order, f"{trade.order}/parcels/2", {"carrier": "UPS", "tracking": "1Z"})
    assert "UPS" in fixed
    day = f"{trade.platform.clock.now():%Y-%m-%d}"
    assert "Correct the delivery" in await dashboard.change(trade.order, f"{trade.order}/deliver", {"deliveredOn": day})
    no_day = await dashboard.submit(trade.order, f"{trade.order}/deliver", {"deliveredOn": "soon"})
    assert no_day.status_code == 422

    too_much = await dashboard.submit(trade.order, f"{trade.order}/refund", {"what": "AMOUNT", "amount": "58.01"})
    assert "$58.00" in too_much.text
    none = await dashboard.submit(trade.order, f"{trade.order}/refund", {"what": "PIECES"})
    assert "Name at least one piece" in none.text
    refund = {"what": "PIECES", f"quantity.{variant}": "1", "restock": "on", "reason": "<b>Sorry</b>"}
    refunded = await dashboard.change(trade.order, f"{trade.order}/refund", refund)
    assert "A refund of $29.00 was requested." in refunded
    assert "&lt;b&gt;Sorry" in refunded
    assert "<b>Sorry" not in refunded

    async with a_dashboard(trade.platform, stranger) as other:
        await other.get(trade.order, status=404)
        own = await trade.platform.store(stranger)
        await other.get(f"/dashboard/stores/{own}/orders/{trade.order_id}", status=404)


async def test_an_unpaid_order_is_cancelled(trade: Trade) -> None:
    page = await trade.dashboard.change(trade.order, f"{trade.order}/cancel", {"reason": "Sold out"})
    assert "The order is cancelled." in page
    assert "Sold out" in page
    assert "Ship a parcel" not in page


async def test_a_return_is_approved_received_and_refunded(trade: Trade) -> None:
    await trade.pay()
    dashboard = trade.dashboard
    variant = variant_of(await dashboard.get(trade.order))
    await dashboard.change(trade.order, f"{trade.order}/ship", {f"quantity.{variant}": "2"})
    await trade.platform.send(
        RequestReturn(
            order_id=trade.order_id,
            store_id=trade.store_id,
            lines=[ReturnedPieces(variant_id=UUID(variant), quantity=1)],
            reason="I changed my mind",
            note=None,
        )
    )
    assert "Needs a decision" in await dashboard.get(f"{trade.path}/orders?view=decide")
    back = f"{trade.order}/returns/1"
    assert ">Delivered</span>" in await dashboard.get(trade.order), "Who asks for a return has the goods."
    empty = await dashboard.submit(trade.order, f"{back}/decline", {"reason": ""})
    assert empty.status_code == 422
    assert "is approved" in await dashboard.change(trade.order, f"{back}/approve", {"address": "1 Pier\nOslo"})
    received = await dashboard.change(trade.order, f"{back}/receive", {f"quantity.{variant}": "1", "restock": "on"})
    assert "(back in stock)" in received
    refunded = await dashboard.change(trade.order, f"{back}/refund", {"shipping": ""})
    assert "A refund of $29.00 was requested." in refunded
    assert "Its refund of $29.00 is on its way." in refunded
    assert f'action="{back}/refund"' not in refunded
    async with failing_documents(trade.platform) as documents:
        documents.fails = library()["orders/detail"], ("order", "refunds")
        without = await dashboard.get(trade.order)
    assert "The refunds could not be loaded" in without
    assert "How its refund stands could not be loaded." in without
    assert "(back in stock)" in without, "the return is there"
    assert f'action="{back}/refund"' not in without, "it may be on its way"


async def test_a_wholly_withdrawn_order_is_not_called_paid_anywhere(trade: Trade) -> None:
    await trade.pay()
    customer = f"{trade.path}/customers?email=grace%40example.com"
    for path in (trade.order, f"{trade.path}/orders", customer):
        assert ">To ship</span>" in await trade.dashboard.get(path)
    to_ship, number = f"{trade.path}/orders?view=ship", f"/orders/{trade.order_id}"
    assert number in await trade.dashboard.get(to_ship)
    assert "1 paid order waits to be shipped." in await trade.dashboard.get(trade.path)
    personal = trade.platform.deps.personal
    await trade.platform.send(
        WithdrawFromOrder(
            order_id=trade.order_id,
            store_id=trade.store_id,
            lines=[],
            name=await personal.seal(UUID(int=1), "Grace"),
            email=await personal.seal(UUID(int=1), "grace@example.com"),
        )
    )
    for path in (trade.order, f"{trade.path}/orders", customer):
        page = await trade.dashboard.get(path)
        assert ">Withdrawn, to refund</span>" in page
        assert "Ship a parcel" not in page
        assert ">To ship</span>" not in page
    assert "No order is in this view." in await trade.dashboard.get(to_ship)
    overview = await trade.dashboard.get(trade.path)
    assert "waits to be shipped" not in overview
    assert "1 order waits to be refunded." in overview
    owed = f"{trade.path}/orders?view=owed"
    for page in (owed, trade.order):
        assert "Refund due by" in await trade.dashboard.get(page)
    refunded = await trade.dashboard.change(trade.order, f"{trade.order}/refund", {"what": "ALL"})
    assert ">Refund on its way</span>" in refunded
    assert "No order is in this view." in await trade.dashboard.get(owed)


async def test_a_refund_without_an_answer_is_shown_to_merchant_and_operators_until_it_has_one(trade: Trade) -> None:
    dashboard, platform, listed = trade.dashboard, trade.platform, f"{trade.path}/orders?view=refunds"
    answer = RefundAnswer(
        refund_id=None,
        external_id="re_1",
        intent_id=f"pi_{trade.order_id}",
        amount=Money(minor=5800),
        status=RefundStatus.SUCCEEDED,
    )
    # The provider reported a refund of a payment that it never reported.
    platform.clock.advance(-OVERDUE_AFTER)
    await platform.send(RecordRefund(order_id=trade.order_id, answer=answer))
    platform.clock.advance(OVERDUE_AFTER)
    assert "No order is in this view." in await dashboard.get(listed)
    assert await trade.unanswered_refunds() == []
    platform.clock.advance(timedelta(seconds=1))
    assert f"/orders/{trade.order_id}" in await dashboard.get(listed)
    assert "1 order has a refund without an answer for five days." in await dashboard.get(trade.path)
    assert f"and never the payment pi_{trade.order_id}, so neither is in your books." in await dashboard.get(
        trade.order
    )
    (line,) = await trade.unanswered_refunds()
    assert line.endswith(f"payment pi_{trade.order_id}, which the log does not have")
    # The payment comes at last, so the provider is asked about its refunds once more.
    await trade.pay()
    await platform.send(RecordRefund(order_id=trade.order_id, answer=answer))
    assert "No order is in this view." in await dashboard.get(listed)
    assert "refund without an answer" not in await dashboard.get(trade.path)
    assert await trade.unanswered_refunds() == []


async def test_a_refund_that_was_requested_here_and_has_no_answer_says_where_to_look(trade: Trade) -> None:
    await trade.pay()
    asked = RefundOrder(order_id=trade.order_id, merchant_id=trade.dashboard.merchant.id, refund_id=uuid4())
    trade.platform.clock.advance(-OVERDUE_AFTER - timedelta(seconds=1))
    await trade.platform.send(asked)
    trade.platform.clock.advance(OVERDUE_AFTER)
    assert "The payment provider has not said yet how this refund ended." in await trade.dashboard.get(trade.order)
    trade.platform.clock.advance(timedelta(seconds=1))
    assert "The payment provider has not said how this refund ended." in await trade.dashboard.get(trade.order)
    (line,) = await trade.unanswered_refunds()
    assert line.endswith(f"payment pi_{trade.order_id}")


async def test_a_held_order_is_not_sent_before_the_merchant_decides(trade: Trade) -> None:
    await trade.pay()
    dashboard = trade.dashboard
    shipping = await dashboard.get(trade.order)
    await trade.platform.send(RecordSourcing(order_id=trade.order_id, silence="The supplier does not answer."))
    held = await dashboard.get(trade.order)
    assert "Held: nothing is bought until you decide" in held
    assert "The supplier does not answer." in held
    assert "Ship a parcel" not in held
    old = re.search(r'name="csrf" value="([^"]+)"', shipping)
    assert old is not None
    form = {"csrf": old[1], f"quantity.{variant_of(shipping)}": "1"}
    refused = await dashboard.client.post(f"{trade.order}/ship", data=form)
    assert refused.status_code == 422
    assert "is held. Decide first" in refused.text
    nothing = await dashboard.submit(trade.order, f"{trade.order}/substitute", {})
    assert "Choose other goods" in nothing.text
    bought = await dashboard.change(trade.order, f"{trade.order}/supply/buy")
    assert "The goods are bought anyway." in bought
    assert "Ship a parcel" in bought


async def test_evidence_is_edited_and_submitted(trade: Trade) -> None:
    await trade.pay()
    dashboard = trade.dashboard
    report = await trade.dispute()
    questioned = await dashboard.get(trade.order)
    assert "du_1" in questioned
    assert "The bank has $58.00 of yours until it decides." in questioned
    refund = questioned.partition(f'action="{trade.order}/refund"')[2].partition("</form>")[0]
    assert "The bank took $58.00 of this payment for the shopper." in refund
    assert "Needs response" in questioned
    assert "Answer by" in questioned
    listed = await dashboard.get(f"{trade.path}/disputes")
    assert "The goods did not come" in listed
    assert re.search(r'/disputes/du_1">ZY-[0-9A-Z]{6}</a>', listed), "A merchant knows an order by its number."
    at = f"{trade.order}/disputes/du_1"
    page = await dashboard.get(at)
    assert "What would help" in page
    assert "Grace" in page
    edited = await dashboard.change(
        at, f"{at}/evidence", {"text.SHIPPING_CARRIER": "DHL & Co", "known.SHIPPING_CARRIER": ""}
    )
    assert "DHL &amp; Co" in edited
    assert "Your words" in edited
    token = re.search(r'data-token="([^"]+)"', edited)
    assert token is not None
    asked = {"csrf": token[1], "do": "request", "mimeType": "image/png", "size": "10"}
    no_files = await dashboard.client.post(f"{at}/uploads", data=asked)
    assert (no_files.status_code, "takes no files" in no_files.text) == (422, True)
    # A second edit keeps the words of the first.
    own = {"text.SHIPPING_CARRIER": "DHL & Co", "known.SHIPPING_CARRIER": "DHL & Co", "own": "SHIPPING_CARRIER"}
    tracked = {"text.SHIPPING_TRACKING_NUMBER": "1Z", "known.SHIPPING_TRACKING_NUMBER": ""}
    edited = await dashboard.change(at, f"{at}/evidence", {**own, **tracked})
    assert 'name="own" value="SHIPPING_CARRIER"' in edited
    assert 'name="own" value="SHIPPING_TRACKING_NUMBER"' in edited
    submitted = await dashboard.change(at, f"{at}/submit")
    assert "The provider is being asked to take it." in submitted
    assert 'name="text.RECORD"' not in submitted
    for path in (at, trade.order, f"{trade.path}/disputes"):
        answered = await dashboard.get(path)
        assert ("Answered</span>" in " ".join(answered.split()), "Needs response" in answered) == (True, False), path
    assert "Answer by" not in await dashboard.get(trade.order)
    await dashboard.get(f"{trade.order}/disputes/du_2", status=404)
    lost = replace(report, status=DisputeStatus.LOST)
    await trade.platform.send(RecordDispute(order_id=trade.order_id, report=lost))
    assert "What you still send is not paid." in await dashboard.get(trade.order)
    decided = await dashboard.get(at)
    day = trade.platform.clock.now()
    said = f'<p class="warning" role="status">The bank decided for the shopper on {day:%b} {day.day}, {day.year}.'
    assert said in decided
    assert "$58.00 of yours stays with the shopper. The provider’s fee was $15.00." in decided
