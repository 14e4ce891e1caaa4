"""Mails to shoppers in the look of their store: the right words, escaped, without remote content."""

import re
from dataclasses import replace
from datetime import date
from uuid import uuid4

import pytest

from domain.kernel import Transient
from domain.mail.events import MailKind
from domain.money import Money
from domain.order.after_sale.events import (
    PaidOrderCancelled,
    ParcelShipped,
    Pieces,
    RefundedPieces,
    RefundSucceeded,
)
from domain.order.events import (
    PageVersionRef,
)
from domain.store.events import PageType
from projections.catalog.views import PageVersionView
from projections.sales.views import ParcelView
from storefront.visit.order_links import OrderLinks
from storefront.visit.signing import Signers
from tests.support.fakes.mail_desk import NOW, SECRET, MailDesk


@pytest.fixture
def desk() -> MailDesk:
    return MailDesk()


async def test_a_confirmation_names_goods_sum_address_and_the_way_to_withdraw(desk: MailDesk) -> None:
    mail = await desk.paid(MailKind.ORDER_CONFIRMED)
    assert mail is not None
    assert (mail.recipient, mail.reply_to) == ("anna@example.com", "hello@neonhaven.example")
    assert mail.subject == "Your order ZY-7Q2M4K is confirmed"
    for words in (
        "$34.00",
        "Includes 19 % sales tax",
        "$5.43",
        "5 to 10 December",
        "Main St 1",
        "Portland 97201",
        "United States",
        "Test mode",
    ):
        assert words in mail.text
        assert words in mail.html
    link = OrderLinks(Signers((SECRET,), desk.store_id, desk.clock).order_link).to(desk.order_id, at=NOW)
    assert f"https://neon-haven.shops.example/checkout/success/{link}" in mail.html
    assert f"https://neon-haven.shops.example/withdraw?order={link}" in mail.text


async def test_a_confirmation_holds_the_texts_of_its_contract_in_the_versions_of_the_order(desk: MailDesk) -> None:
    order = await desk.order(desk.store_id, desk.order_id)
    assert order is not None
    pages = []
    for type, text in (
        (PageType.TERMS_OF_SERVICE, "# Terms\n\nYou buy from **us** <b>."),
        (
            PageType.REFUND_POLICY,
            "> Template: check it.\n\n## Returns\n\nYou have {returns.days}.\n\n* Write to {business.email}",
        ),
        (PageType.PRIVACY_POLICY, "We keep your address."),
    ):
        page = PageVersionRef(page_id=uuid4(), type=type, number=3)
        pages.append(page)
        desk.versions[page.page_id, 3] = PageVersionView(
            page_id=page.page_id,
            number=3,
            type=type,
            title="Title",
            content=text,
            written_by="house",
            written_at=NOW,
        )
    desk.known = replace(order, pages=tuple(pages))
    mail = await desk.paid(MailKind.ORDER_CONFIRMED)
    assert mail is not None
    assert "You buy from us <b>." in mail.text
    assert "You buy from us &lt;b&gt;." in mail.html
    for form in (mail.text, mail.html):
        assert "Refund policy, version 3" in form
        assert "You have 14 days." in form
        assert "{" not in form.partition("Terms of service, version 3")[2]
        assert "We keep your address" not in form
        assert not any(line.startswith("#") for line in form.splitlines())


async def test_a_shopper_reads_the_name_that_they_ordered_from_and_a_merchant_the_present_one(desk: MailDesk) -> None:
    order = await desk.order(desk.store_id, desk.order_id)
    assert order is not None
    desk.known = replace(order, store_name="Glow Den")
    confirmed, sold = await desk.paid(MailKind.ORDER_CONFIRMED), await desk.paid(MailKind.ORDER_SOLD)
    assert confirmed is not None
    assert sold is not None
    assert (confirmed.sender_name, sold.sender_name) == ("Glow Den", "Neon Haven")
    assert "Glow Den (now Neon Haven)" in confirmed.text
    assert "<bdi>Glow Den</bdi> is called <bdi>Neon Haven</bdi> now." in confirmed.html
    assert "Glow Den" not in sold.text


async def test_words_of_shoppers_and_suppliers_are_escaped_and_nothing_is_remote(desk: MailDesk) -> None:
    for mail in (await desk.paid(MailKind.ORDER_CONFIRMED), await desk.paid(MailKind.ORDER_SOLD), await desk.shipped()):
        assert mail is not None
        assert not re.search(r"<(img|script|link|iframe|video)|url\(|@import|@font-face|<b>", mail.html)
        assert "Lamp &lt;img" in mail.html
        assert 'Lamp <img src="https://evil.example/x.png">' in mail.text


async def test_a_shipped_mail_has_the_link_to_the_parcel(desk: MailDesk) -> None:
    mail = await desk.shipped()
    assert mail is not None
    assert "https://www.ups.com/track?tracknum=1Z%209" in mail.text


async def test_an_event_leads_to_the_same_message_id_every_time(desk: MailDesk) -> None:
    first, again = await desk.paid(MailKind.ORDER_CONFIRMED), await desk.paid(MailKind.ORDER_CONFIRMED)
    other = await desk.paid(MailKind.ORDER_SOLD)
    assert first is not None
    assert again is not None
    assert other is not None
    assert first.message_id == again.message_id != other.message_id
    assert first.message_id.endswith("@shops.example")


async def test_a_forgotten_shopper_gets_no_mail_but_the_merchant_does(desk: MailDesk) -> None:
    order = await desk.order(desk.store_id, desk.order_id)
    assert order is not None

    desk.known = order
    await desk.personal.forget(desk.shopper_id)
    assert await desk.paid(MailKind.ORDER_CONFIRMED) is None
    assert await desk.paid(MailKind.ORDER_SOLD) is not None


async def test_a_read_model_that_lags_is_waited_for(desk: MailDesk) -> None:
    desk.shows_order = False
    with pytest.raises(Transient, match="do not show the order yet"):
        await desk.paid(MailKind.ORDER_CONFIRMED)


async def test_the_receipt_of_a_withdrawal_has_its_words_date_and_time(desk: MailDesk) -> None:
    mail = await desk.withdrawn(MailKind.WITHDRAWAL_RECEIVED)
    assert mail is not None
    assert mail.recipient == "other@example.com"
    for words in (
        "23 November 2026, 12:00",
        "I withdraw from the contract",
        "ZY-7Q2M4K",
        "other@example.com",
        "14 days",
    ):
        assert words in mail.text
        assert words in mail.html
    assert "1 x Lamp" in mail.text
    assert "<b>" not in mail.html
    late = await desk.withdrawn(MailKind.WITHDRAWAL_RECEIVED, date(2026, 11, 20))
    assert late is not None
    assert "after the last day for a withdrawal, 20 November 2026" in late.text
    assert "We tell you where to." in mail.text
    assert "within 14 days" not in late.text
    merchant = await desk.withdrawn(MailKind.WITHDRAWAL_TO_HANDLE)
    assert merchant is not None
    assert not re.search("Anna|other@", merchant.text + merchant.html)
    assert "Pay back by 7 December 2026." in merchant.text


async def test_a_refund_names_amount_reason_goods_and_delivery(desk: MailDesk) -> None:
    order = await desk.order(desk.store_id, desk.order_id)
    assert order is not None
    desk.known = order
    (line,) = order.lines
    pieces = RefundedPieces(variant_id=line.variant_id, quantity=1, restock=True)
    mail = await desk.refunded(reason="Broken <b>glass</b>", lines=(pieces,))
    assert mail is not None
    assert mail.recipient == "anna@example.com"
    assert mail.subject == "$10.00 of order ZY-7Q2M4K is on its way back to you"
    assert "1 x Lamp" in mail.text
    assert "Delivery: $3.00" in mail.text
    assert "Reason: Broken <b>glass</b>" in mail.text
    assert "Broken &lt;b&gt;glass&lt;/b&gt;" in mail.html
    assert "ten days" in mail.html


async def test_a_refund_that_sales_do_not_show_yet_waits(desk: MailDesk) -> None:
    event = RefundSucceeded(
        originator_id=desk.order_id,
        originator_version=4,
        occurred_at=NOW,
        refund_id=uuid4(),
        external_id="re_1",
        intent_id="pi_1",
        amount=Money(minor=1),
        fee_refund=Money(minor=0),
    )
    with pytest.raises(Transient):
        await desk.writer.write(MailKind.ORDER_REFUNDED, desk.envelope(event))


async def test_a_parcel_names_its_number_and_only_its_own_goods(desk: MailDesk) -> None:
    order = await desk.order(desk.store_id, desk.order_id)
    assert order is not None
    (line,) = order.lines
    pieces = (Pieces(variant_id=line.variant_id, quantity=1),)
    parcel = ParcelView(number=1, lines=pieces, carrier="UPS", tracking_number="1Z", shipped_at=NOW)
    event = ParcelShipped(
        originator_id=desk.order_id,
        originator_version=4,
        occurred_at=NOW,
        number=1,
        lines=list(pieces),
        carrier="UPS",
        tracking_number="1Z",
    )
    with pytest.raises(Transient):
        await desk.writer.write(MailKind.ORDER_SHIPPED, desk.envelope(event))
    desk.known = replace(order, parcels=(parcel,))
    mail = await desk.writer.write(MailKind.ORDER_SHIPPED, desk.envelope(event))
    assert mail is not None
    assert mail.subject == "Parcel 1 of your order ZY-7Q2M4K is on its way"
    assert "1 x Lamp" in mail.text
    assert "2 x Lamp" not in mail.text
    assert "tracknum=1Z" in mail.html


async def test_a_cancellation_says_why_and_that_the_payment_goes_back(desk: MailDesk) -> None:
    event = PaidOrderCancelled(
        originator_id=desk.order_id, originator_version=4, occurred_at=NOW, reason="<i>Sold out</i>"
    )
    mail = await desk.writer.write(MailKind.ORDER_CANCELLED, desk.envelope(event))
    assert mail is not None
    assert mail.subject == "Your order ZY-7Q2M4K was cancelled"
    assert "Reason: <i>Sold out</i>" in mail.text
    assert "&lt;i&gt;Sold out" in mail.html
    assert "Your payment goes back" in mail.text
