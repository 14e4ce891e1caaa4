"""Mails about buying an order's goods: why it waits, what the merchant can do, and what the shopper gets instead."""

import re
from uuid import uuid4

import pytest

from domain.mail.events import MailKind
from domain.merchant.events import SupplierProvider
from domain.money import Money
from domain.order.after_sale.sourcing_events import (
    HoldReason,
    LineSubstituted,
    OrderHeld,
    SourcingEvent,
    SupplierOrderFailed,
)
from tests.support.fakes.mail_desk import NOW, MailDesk

WORDS = {
    MailKind.ORDER_HELD: ("It costs <more>.", "buy it anyway", "refund it", "asked again"),
    MailKind.SUPPLIER_ORDER_FAILED: ("the sample supplier", "Sold <out>.", "never buys twice"),
    MailKind.ORDER_SUBSTITUTED: ("2 x Floor <lamp> (Red)", "at no extra cost", "/withdraw?order="),
}


async def event_of(desk: MailDesk, kind: MailKind) -> SourcingEvent:
    desk.known = order = await desk.order(desk.store_id, desk.order_id)
    assert order is not None
    head = {"originator_id": desk.order_id, "originator_version": 4, "occurred_at": NOW}
    if kind is MailKind.ORDER_HELD:
        return OrderHeld(**head, reason=HoldReason.UNREACHABLE, message="It costs <more>.", lines=[], loss=None)
    if kind is MailKind.SUPPLIER_ORDER_FAILED:
        return SupplierOrderFailed(**head, provider=SupplierProvider.SAMPLE, reason="Sold <out>.", attempt=1)
    return LineSubstituted(
        **head,
        variant_id=order.lines[0].variant_id,
        quantity=2,
        product_id=uuid4(),
        substitute_id=uuid4(),
        title="Floor <lamp>",
        variant_title="Red",
        extra_cost=Money(minor=300),
    )


@pytest.mark.parametrize("kind", WORDS)
async def test_each_outcome_at_the_supplier_says_what_can_be_done(kind: MailKind) -> None:
    desk = MailDesk()
    mail = await desk.writer.write(kind, desk.envelope(await event_of(desk, kind)))
    assert mail is not None
    for words in ("ZY-7Q2M4K", *WORDS[kind]):
        assert words in mail.text, mail.text
    assert not re.search(r"<(img|script|lamp|more|out)\b|url\(", mail.html)
    to_shopper = kind is MailKind.ORDER_SUBSTITUTED
    assert mail.recipient == ("anna@example.com" if to_shopper else "hello@neonhaven.example")
    assert ("Anna" in mail.text) is to_shopper
