"""Mails in the look of their store: the right words, escaped, without remote content."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from domain.kernel import DomainEvent, Transient
from domain.mail.events import MailKind
from domain.mail.ports import Mail
from domain.money import Money
from domain.order.after_sale.dispute_events import (
    DisputeClosed,
    DisputeDeadlineNear,
    DisputeOpened,
    DisputeStatus,
    DisputeStatusChanged,
    EvidenceStatus,
)
from domain.order.after_sale.events import (
    PaidOrderCancelled,
    ParcelShipped,
    Pieces,
    RefundedPieces,
    RefundFailed,
    RefundSucceeded,
)
from domain.order.after_sale.state import RefundStatus
from domain.order.delivery import ArrivalWindow
from domain.order.events import (
    OrderFulfilled,
    OrderPaid,
    OrderStatus,
    PageVersionRef,
    PaymentUnmatched,
    UnmatchedReason,
    WithdrawalReceived,
    WithdrawnLine,
)
from domain.store.domain_events import DomainFailed, DomainProblem, DomainProofLost
from domain.store.domains import proof_value, token_of
from domain.store.events import PageType, Preferences, StoreStatus
from domain.store.taxes import OrderTax, TaxKind
from projections.catalog.views import BrandResult, PageVersionView, ProductView, StoreView, VariantView
from projections.merchants.views import BusinessIdentityView, MerchantView
from projections.sales.views import DisputeView, OrderLineView, OrderView, ParcelView, RefundView, StockNoticeView
from schemas.envelope import Envelope
from storefront.mail.sources import MailSources
from storefront.mail.writer import StoreMailWriter
from storefront.visit.order_links import OrderLinks
from storefront.visit.signing import Signers
from tests.support.builders.samples import brand
from tests.support.fakes.event_log import FixedClock
from tests.support.fakes.vault import MemoryPersonalData

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SECRET = b"s" * 32


class Desk:
    """One store with one order, and its mail writer."""

    def __init__(self) -> None:
        self.store_id, self.order_id, self.merchant_id, self.shopper_id = uuid4(), uuid4(), uuid4(), uuid4()
        self.personal = MemoryPersonalData()
        self.clock = FixedClock(NOW)
        self.shows_order = True
        self.known: OrderView | None = None
        self.disputed: DisputeView | None = None
        self.versions: dict[tuple[UUID, int], PageVersionView] = {}
        self.writer = StoreMailWriter(
            MailSources(
                queries=self,
                personal=self.personal,
                clock=self.clock,
                secrets=(SECRET,),
                scheme="https",
                public_domain="shops.example",
                dashboard_url="https://zyenta.example/dashboard",
                mail_domain="shops.example",
                sandbox=True,
            )
        )

    async def store(self, store_id: UUID) -> StoreView | None:
        return StoreView(
            id=self.store_id,
            merchant_id=self.merchant_id,
            name="Neon Haven",
            slug="neon-haven",
            description=None,
            niche="Neon lamps",
            status=StoreStatus.ACTIVE,
            approved=True,
            preferences=Preferences(),
            brand=BrandResult(
                identity=brand(),
                options=[],
                reason="",
                written_by="house",
                generation_id=uuid4(),
                attempt=1,
            ),
            scouting=None,
            custom_domain=None,
            created_at=NOW,
            updated_at=NOW,
            published_at=NOW,
            currency="USD",
            contact_email="hello@neonhaven.example",
        )

    async def stock_notice(self, store_id: UUID, notice_id: UUID) -> StockNoticeView | None:
        return None

    async def products_by_ids(self, store_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, ProductView]:
        return {}

    async def variants(self, store_id: UUID, product_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[VariantView]]:
        return {}

    async def order(self, store_id: UUID, order_id: UUID) -> OrderView | None:
        if not self.shows_order:
            return None
        if self.known is not None:
            return self.known
        address = json.dumps({"line1": "Main St 1", "city": "Portland", "postcode": "97201", "country": "US"})
        line = OrderLineView(
            product_id=uuid4(),
            variant_id=uuid4(),
            title='Lamp <img src="https://evil.example/x.png">',
            variant_title="Violet",
            quantity=2,
            unit_price=Money(minor=1700),
        )
        return OrderView(
            id=self.order_id,
            store_id=self.store_id,
            number="ZY-7Q2M4K",
            status=OrderStatus.PAID,
            lines=(line,),
            subtotal=Money(minor=3400),
            shipping=Money(minor=0),
            tax=Money(minor=0),
            taxes=OrderTax(kind=TaxKind.INCLUDED, basis_points=1900, amount=Money(minor=543)),
            total=Money(minor=3400),
            items=2,
            shopper_id=self.shopper_id,
            shopper_name=await self.personal.seal(self.shopper_id, "Anna <b>Prüfer</b>"),
            shopper_email=await self.personal.seal(self.shopper_id, "anna@example.com"),
            shipping_address=await self.personal.seal(self.shopper_id, address),
            payment_provider="sandbox",
            session_id=None,
            page_account_id=None,
            intent_id="pi_1",
            paid=Money(minor=3400),
            platform_fee=Money(minor=170),
            payment_failure=None,
            unmatched_payments=(),
            cancel_reason=None,
            carrier=None,
            tracking_number=None,
            arrival=ArrivalWindow(earliest=date(2026, 12, 5), latest=date(2026, 12, 10)),
            pages=(),
            placed_at=NOW,
            paid_at=NOW,
            fulfilled_at=None,
            cancelled_at=None,
            updated_at=NOW,
        )

    async def dispute(self, order_id: UUID, dispute_id: str) -> DisputeView | None:
        return self.disputed

    async def merchant(self, merchant_id: UUID) -> MerchantView | None:
        return None

    async def page_version(self, store_id: UUID, page_id: UUID, number: int) -> PageVersionView | None:
        return self.versions.get((page_id, number))

    async def business_identity(self, store: StoreView) -> BusinessIdentityView | None:
        return None

    def envelope(self, event: DomainEvent) -> Envelope:
        return Envelope(
            id=UUID(int=7),
            position=1,
            tenant=self.store_id,
            correlation_id=uuid4(),
            causation_id=None,
            recorded_at=NOW,
            traceparent=None,
            event=event,
            hash=bytes(32),
        )

    async def paid(self, kind: MailKind, *, fee: int = 170, fee_is_owed: bool = False) -> Mail | None:
        event = OrderPaid(
            originator_id=self.order_id,
            originator_version=2,
            occurred_at=NOW,
            intent_id="pi_1",
            amount=Money(minor=3400),
            platform_fee=Money(minor=fee),
            fee_is_owed=fee_is_owed,
        )
        return await self.writer.write(kind, self.envelope(event))

    async def withdrawn(self, kind: MailKind, deadline: date | None = None) -> Mail | None:
        self.known = order = await self.order(self.store_id, self.order_id)
        assert order is not None
        event = WithdrawalReceived(
            originator_id=self.order_id,
            originator_version=4,
            occurred_at=NOW,
            number=1,
            lines=[WithdrawnLine(variant_id=order.lines[0].variant_id, quantity=1)],
            name=await self.personal.seal(self.shopper_id, "Anna <b>Prüfer</b>"),
            email=await self.personal.seal(self.shopper_id, "other@example.com"),
            deadline=deadline,
            is_late=deadline is not None,
        )
        return await self.writer.write(kind, self.envelope(event))

    async def shipped(self) -> Mail | None:
        event = OrderFulfilled(
            originator_id=self.order_id, originator_version=3, occurred_at=NOW, carrier="UPS", tracking_number="1Z 9"
        )
        return await self.writer.write(MailKind.ORDER_SHIPPED, self.envelope(event))

    async def refunded(self, *, reason: str = "", lines: tuple[RefundedPieces, ...] = ()) -> Mail | None:
        """Return the mail about a refund of ten dollars."""
        refund = RefundView(
            id=uuid4(),
            intent_id="pi_1",
            external_id="re_1",
            amount=Money(minor=1000),
            fee_refund=Money(minor=50),
            status=RefundStatus.SUCCEEDED,
            lines=lines,
            shipping=Money(minor=300),
            reason=reason,
            failure=None,
            requested_here=True,
            requested_at=NOW,
            succeeded_at=NOW,
            failed_at=None,
        )
        order = await self.order(self.store_id, self.order_id)
        assert order is not None
        self.known = replace(order, refunds=(refund,))
        event = RefundSucceeded(
            originator_id=self.order_id,
            originator_version=4,
            occurred_at=NOW,
            refund_id=refund.id,
            external_id="re_1",
            intent_id="pi_1",
            amount=refund.amount,
            fee_refund=refund.fee_refund,
        )
        return await self.writer.write(MailKind.ORDER_REFUNDED, self.envelope(event))


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_a_confirmation_names_goods_sum_address_and_the_way_to_withdraw(desk: Desk) -> None:
    mail = await desk.paid(MailKind.ORDER_CONFIRMED)
    assert mail is not None
    assert (mail.recipient, mail.reply_to) == ("anna@example.com", "hello@neonhaven.example")
    assert mail.subject == "Your order ZY-7Q2M4K is confirmed"
    for words in (
        "$34.00",
        "Includes 19 % tax",
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


async def test_a_confirmation_holds_the_texts_of_its_contract_in_the_versions_of_the_order(desk: Desk) -> None:
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


@pytest.mark.parametrize(
    ("fee", "is_owed", "words"),
    [
        (170, False, "is paid with $34.00, of which the platform keeps $1.70."),
        (170, True, "is paid with $34.00. The platform bills you its fee of $1.70 apart."),
        (0, False, "is paid with $34.00."),
    ],
)
async def test_a_sale_says_how_the_platform_gets_its_fee(desk: Desk, fee: int, is_owed: bool, words: str) -> None:
    order = await desk.order(desk.store_id, desk.order_id)
    assert order is not None
    desk.known = replace(order, platform_fee=Money(minor=fee))
    mail = await desk.paid(MailKind.ORDER_SOLD, fee=fee, fee_is_owed=is_owed)
    assert mail is not None
    assert words in mail.text
    assert words in re.sub(r"</?strong[^>]*>", "", mail.html)


async def test_a_shopper_reads_the_name_that_they_ordered_from_and_a_merchant_the_present_one(desk: Desk) -> None:
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


async def test_words_of_shoppers_and_suppliers_are_escaped_and_nothing_is_remote(desk: Desk) -> None:
    for mail in (await desk.paid(MailKind.ORDER_CONFIRMED), await desk.paid(MailKind.ORDER_SOLD), await desk.shipped()):
        assert mail is not None
        assert not re.search(r"<(img|script|link|iframe|video)|url\(|@import|@font-face|<b>", mail.html)
        assert "Lamp &lt;img" in mail.html
        assert 'Lamp <img src="https://evil.example/x.png">' in mail.text


async def test_the_merchant_gets_no_personal_data_by_mail(desk: Desk) -> None:
    mail = await desk.paid(MailKind.ORDER_SOLD)
    assert mail is not None
    assert mail.recipient == "hello@neonhaven.example"
    assert "$1.70" in mail.text
    assert not re.search("Anna|anna@|Main St|Portland", mail.text + mail.html + mail.subject)


async def test_a_shipped_mail_has_the_link_to_the_parcel(desk: Desk) -> None:
    mail = await desk.shipped()
    assert mail is not None
    assert "https://www.ups.com/track?tracknum=1Z%209" in mail.text


async def test_an_event_leads_to_the_same_message_id_every_time(desk: Desk) -> None:
    first, again = await desk.paid(MailKind.ORDER_CONFIRMED), await desk.paid(MailKind.ORDER_CONFIRMED)
    other = await desk.paid(MailKind.ORDER_SOLD)
    assert first is not None
    assert again is not None
    assert other is not None
    assert first.message_id == again.message_id != other.message_id
    assert first.message_id.endswith("@shops.example")


async def test_a_forgotten_shopper_gets_no_mail_but_the_merchant_does(desk: Desk) -> None:
    order = await desk.order(desk.store_id, desk.order_id)
    assert order is not None

    desk.known = order
    await desk.personal.forget(desk.shopper_id)
    assert await desk.paid(MailKind.ORDER_CONFIRMED) is None
    assert await desk.paid(MailKind.ORDER_SOLD) is not None


async def test_a_read_model_that_lags_is_waited_for(desk: Desk) -> None:
    desk.shows_order = False
    with pytest.raises(Transient, match="do not show the order yet"):
        await desk.paid(MailKind.ORDER_CONFIRMED)


async def test_the_receipt_of_a_withdrawal_has_its_words_date_and_time(desk: Desk) -> None:
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


async def test_a_refund_names_amount_reason_goods_and_delivery(desk: Desk) -> None:
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


async def test_a_refund_that_sales_do_not_show_yet_waits(desk: Desk) -> None:
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


async def test_a_parcel_names_its_number_and_only_its_own_goods(desk: Desk) -> None:
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


async def test_a_cancellation_says_why_and_that_the_payment_goes_back(desk: Desk) -> None:
    event = PaidOrderCancelled(
        originator_id=desk.order_id, originator_version=4, occurred_at=NOW, reason="<i>Sold out</i>"
    )
    mail = await desk.writer.write(MailKind.ORDER_CANCELLED, desk.envelope(event))
    assert mail is not None
    assert mail.subject == "Your order ZY-7Q2M4K was cancelled"
    assert "Reason: <i>Sold out</i>" in mail.text
    assert "&lt;i&gt;Sold out" in mail.html
    assert "Your payment goes back" in mail.text


async def test_a_dispute_names_the_deadline_and_warns_of_a_second_refund(desk: Desk) -> None:
    order = await desk.order(desk.store_id, desk.order_id)
    assert order is not None
    desk.known = replace(order, refunded=Money(minor=1000))
    event = DisputeOpened(
        originator_id=desk.order_id,
        originator_version=4,
        occurred_at=NOW,
        dispute_id="du_1",
        intent_id="pi_1",
        amount=Money(minor=3400),
        reason="product_not_received",
        status=DisputeStatus.NEEDS_RESPONSE,
        evidence_due=datetime(2026, 12, 7, 12, 0, tzinfo=UTC),
    )
    mail = await desk.writer.write(MailKind.DISPUTE_TO_ANSWER, desk.envelope(event))
    assert mail is not None
    assert mail.recipient == "hello@neonhaven.example"
    assert mail.subject == "A bank disputes $34.00 of order ZY-7Q2M4K"
    assert "the goods did not come" in mail.text
    assert "by 7 December 2026" in mail.text
    assert "$10.00 of this order are refunded already" in mail.text
    assert "7 December 2026" in mail.html
    inquiry = desk.envelope(event.model_copy(update={"status": DisputeStatus.INQUIRY}))
    mail = await desk.writer.write(MailKind.DISPUTE_TO_ANSWER, inquiry)
    assert mail is not None
    assert mail.subject == "A bank asks about $34.00 of order ZY-7Q2M4K"
    assert mail.text.startswith(mail.subject)
    assert "A bank disputes" not in mail.html


@pytest.mark.parametrize(
    ("external_id", "after_success", "said"),
    [
        (None, False, "Look first in the dashboard of your payment provider."),
        ("re_1", False, "Refund it again."),
        ("re_1", True, "The money is with you again"),
    ],
)
async def test_a_failed_refund_tells_the_merchant_why_and_what_to_do(
    desk: Desk, external_id: str | None, after_success: bool, said: str
) -> None:
    event = RefundFailed(
        originator_id=desk.order_id,
        originator_version=4,
        occurred_at=NOW,
        refund_id=uuid4(),
        external_id=external_id,
        intent_id="pi_1",
        amount=Money(minor=1000),
        fee_refund=Money(minor=50),
        reason="expired <card>.",
        after_success=after_success,
    )
    mail = await desk.writer.write(MailKind.REFUND_FAILED, desk.envelope(event))
    assert mail is not None
    assert (mail.recipient, mail.reply_to) == ("hello@neonhaven.example", None)
    assert mail.subject == "The refund of $10.00 of order ZY-7Q2M4K failed"
    assert "The reason: expired <card>.\n" in mail.text
    assert "expired &lt;card&gt;</bdi>." in mail.html
    assert said in mail.text
    assert said in mail.html


async def test_the_merchant_hears_of_a_dispute_and_of_its_deadline(desk: Desk) -> None:
    about = {"originator_id": desk.order_id, "occurred_at": NOW, "dispute_id": "du_1", "amount": Money(minor=3400)}
    due = NOW + timedelta(days=3)
    reason = "product_not_received"
    opened = DisputeOpened(
        **about,
        originator_version=3,
        intent_id="pi_1",
        reason=reason,
        status=DisputeStatus.NEEDS_RESPONSE,
        evidence_due=due,
    )
    near = DisputeDeadlineNear(**about, originator_version=4, reason=reason, evidence_due=due)
    first = await desk.writer.write(MailKind.DISPUTE_TO_ANSWER, desk.envelope(opened))
    last = await desk.writer.write(MailKind.DISPUTE_DEADLINE, desk.envelope(near))
    assert first is not None
    assert last is not None
    assert last.subject == "Answer the dispute of order ZY-7Q2M4K by 26 November 2026, 12:00 UTC"
    for mail in (first, last):
        assert mail.recipient == "hello@neonhaven.example"
        for words in ("26 November 2026, 12:00", "the goods did not come", "assembled already", "du_1"):
            assert words in mail.text
            assert words in mail.html
        assert not re.search("Anna|anna@|Main St", mail.text + mail.html)
    assert "No parcel is recorded" in last.text


def a_dispute(desk: Desk) -> DisputeView:
    return DisputeView(
        dispute_id="du_1",
        order_id=desk.order_id,
        intent_id="pi_1",
        amount=Money(minor=3400),
        reason="fraudulent",
        status=DisputeStatus.NEEDS_RESPONSE,
        evidence_due=NOW + timedelta(days=3),
        opened_at=NOW,
        closed_at=None,
        taken=None,
        fee=None,
        evidence_status=EvidenceStatus.NOT_SUBMITTED,
        evidence_edition=0,
        evidence_edits=None,
        evidence=None,
        evidence_at=None,
        evidence_refusal=None,
        evidence_files=(),
    )


async def test_an_inquiry_that_becomes_a_dispute_is_a_mail_with_amount_and_deadline(desk: Desk) -> None:
    changed = DisputeStatusChanged(
        originator_id=desk.order_id,
        originator_version=5,
        occurred_at=NOW,
        dispute_id="du_1",
        status=DisputeStatus.NEEDS_RESPONSE,
        evidence_due=NOW + timedelta(days=3),
    )
    with pytest.raises(Transient, match="do not show the dispute yet"):
        await desk.writer.write(MailKind.DISPUTE_TO_ANSWER, desk.envelope(changed))
    desk.disputed = a_dispute(desk)
    mail = await desk.writer.write(MailKind.DISPUTE_TO_ANSWER, desk.envelope(changed))
    assert mail is not None
    for words in ("$34.00", "the shopper says that they did not pay", "26 November 2026, 12:00"):
        assert words in mail.text
    desk.disputed = replace(desk.disputed, status=DisputeStatus.LOST)
    assert await desk.writer.write(MailKind.DISPUTE_TO_ANSWER, desk.envelope(changed)) is None


async def test_the_merchant_hears_of_a_lost_proof_and_of_a_domain_that_failed(desk: Desk) -> None:
    about = {"originator_id": desk.store_id, "occurred_at": NOW, "name": "xn--bcher-kva.example"}
    off_at = NOW + timedelta(days=3)
    lost = DomainProofLost(**about, originator_version=5, problem=DomainProblem.NO_RECORD, off_at=off_at)
    failed = DomainFailed(**about, originator_version=6, problem=DomainProblem.DNS_ERROR)
    taken = DomainFailed(**about, originator_version=6, problem=DomainProblem.TAKEN)
    warned = await desk.writer.write(MailKind.DOMAIN_WARNED, desk.envelope(lost))
    off = await desk.writer.write(MailKind.DOMAIN_FAILED, desk.envelope(failed))
    late = await desk.writer.write(MailKind.DOMAIN_FAILED, desk.envelope(taken))
    assert warned is not None
    assert off is not None
    assert late is not None
    assert warned.subject == "Publish the TXT record of bücher.example again"
    for part in (warned.text, warned.html):
        assert "26 November 2026, 12:00" in part
        assert proof_value(token_of(desk.store_id, "xn--bcher-kva.example")) in part
        assert "_zyenta.xn--bcher-kva.example" in part
    for part in (off.text, off.html):
        assert "name servers of the domain give no usable answer" in part
        assert "https://neon-haven.shops.example" in part
        assert "connect the domain again" in part
    assert "Another shop proved it first." in late.text
    assert "TXT" not in late.text
    assert {mail.recipient for mail in (warned, off, late)} == {"hello@neonhaven.example"}


@pytest.mark.parametrize(
    ("kind", "about"), [(MailKind.ORDER_SOLD, ""), (MailKind.DISPUTE_TO_ANSWER, "/disputes/du%2F1%3F")]
)
async def test_a_mail_to_the_merchant_links_to_its_page_of_the_dashboard(
    desk: Desk, kind: MailKind, about: str
) -> None:
    opened = DisputeOpened(
        originator_id=desk.order_id,
        originator_version=3,
        occurred_at=NOW,
        dispute_id="du/1?",
        intent_id="pi_1",
        amount=Money(minor=3400),
        reason="fraudulent",
        status=DisputeStatus.NEEDS_RESPONSE,
        evidence_due=NOW,
    )
    is_sale = kind is MailKind.ORDER_SOLD
    mail = await (desk.paid(kind) if is_sale else desk.writer.write(kind, desk.envelope(opened)))
    assert mail is not None
    page = f"https://zyenta.example/dashboard/stores/{desk.store_id}/orders/{desk.order_id}{about}"
    assert f"\n\nOpen in the dashboard: {page}\n\n-- \n" in mail.text
    assert f'href="{page}"' in mail.html


@pytest.mark.parametrize(
    ("status", "taken", "fee", "words"),
    [
        ("WON", 0, 0, ("You won the dispute", "The money is back in your account.")),
        ("WON", 3400, 1500, ("goes back to your account", "fee for the dispute was $15.00")),
        (
            "LOST",
            3400,
            1500,
            ("You lost the dispute", "The $34.00 that your payment provider took", "was $15.00", "final"),
        ),
        ("CLOSED", None, None, ("closed the question without a dispute", "No money was taken")),
    ],
)
async def test_a_decided_dispute_is_a_mail_that_says_what_happened_to_the_money(
    desk: Desk, status: str, taken: int | None, fee: int | None, words: tuple[str, ...]
) -> None:
    closed = DisputeClosed(
        originator_id=desk.order_id,
        originator_version=6,
        occurred_at=NOW,
        dispute_id="du_1",
        status=DisputeStatus(status),
    )
    desk.disputed = a_dispute(desk)
    with pytest.raises(Transient, match="do not show the decision yet"):
        await desk.writer.write(MailKind.DISPUTE_CLOSED, desk.envelope(closed))
    desk.disputed = replace(
        desk.disputed,
        status=DisputeStatus(status),
        closed_at=NOW,
        taken=None if taken is None else Money(minor=taken),
        fee=None if fee is None else Money(minor=fee),
    )
    mail = await desk.writer.write(MailKind.DISPUTE_CLOSED, desk.envelope(closed))
    assert mail is not None
    for each in words:
        assert each in mail.text
        assert each in mail.html
    assert "/disputes/du_1" in mail.text
    assert not re.search("Anna|anna@|Main St", mail.text + mail.html)


@pytest.mark.parametrize(
    ("reason", "words"),
    [("MISMATCH", "$34.00 was due"), ("LATE", "was cancelled before the payment arrived"), ("DUPLICATE", "paid twice")],
)
async def test_a_payment_that_pays_for_no_order_is_a_mail_to_the_merchant(desk: Desk, reason: str, words: str) -> None:
    unmatched = PaymentUnmatched(
        originator_id=desk.order_id,
        originator_version=3,
        occurred_at=NOW,
        intent_id="pi_2",
        amount=Money(minor=1200),
        platform_fee=Money(minor=60),
        reason=UnmatchedReason(reason),
    )
    mail = await desk.writer.write(MailKind.PAYMENT_UNMATCHED, desk.envelope(unmatched))
    assert mail is not None
    assert mail.subject == "$12.00 arrived that pays for no order"
    for each in (words, "pi_2", "Refund it, or settle it with the shopper."):
        assert each in mail.text
    assert "pi_2" in mail.html
    assert not re.search("Anna|anna@|Main St", mail.text + mail.html)
