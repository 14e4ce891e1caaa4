"""Mails to merchants about their stores: what happened, what to do, and the page where it is done."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from domain.kernel import Transient
from domain.mail.events import MailKind
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
    RefundFailed,
)
from domain.order.events import (
    PaymentUnmatched,
    UnmatchedReason,
)
from domain.store.domain_events import DomainFailed, DomainProblem, DomainProofLost
from domain.store.domains import proof_value, token_of
from projections.sales.views import DisputeView
from tests.support.fakes.mail_desk import NOW, MailDesk


@pytest.fixture
def desk() -> MailDesk:
    return MailDesk()


@pytest.mark.parametrize(
    ("fee", "is_owed", "words"),
    [
        (170, False, "is paid with $34.00, of which the platform keeps $1.70."),
        (170, True, "is paid with $34.00. The platform bills you its fee of $1.70 apart."),
        (0, False, "is paid with $34.00."),
    ],
)
async def test_a_sale_says_how_the_platform_gets_its_fee(desk: MailDesk, fee: int, is_owed: bool, words: str) -> None:
    order = await desk.order(desk.store_id, desk.order_id)
    assert order is not None
    desk.known = replace(order, platform_fee=Money(minor=fee))
    mail = await desk.paid(MailKind.ORDER_SOLD, fee=fee, fee_is_owed=is_owed)
    assert mail is not None
    assert words in mail.text
    assert words in re.sub(r"</?strong[^>]*>", "", mail.html)


async def test_the_merchant_gets_no_personal_data_by_mail(desk: MailDesk) -> None:
    mail = await desk.paid(MailKind.ORDER_SOLD)
    assert mail is not None
    assert mail.recipient == "hello@neonhaven.example"
    assert "$1.70" in mail.text
    assert not re.search("Anna|anna@|Main St|Portland", mail.text + mail.html + mail.subject)


async def test_a_dispute_names_the_deadline_and_warns_of_a_second_refund(desk: MailDesk) -> None:
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
    desk: MailDesk, external_id: str | None, after_success: bool, said: str
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


async def test_the_merchant_hears_of_a_dispute_and_of_its_deadline(desk: MailDesk) -> None:
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


def a_dispute(desk: MailDesk) -> DisputeView:
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


async def test_an_inquiry_that_becomes_a_dispute_is_a_mail_with_amount_and_deadline(desk: MailDesk) -> None:
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


async def test_the_merchant_hears_of_a_lost_proof_and_of_a_domain_that_failed(desk: MailDesk) -> None:
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
    desk: MailDesk, kind: MailKind, about: str
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
    desk: MailDesk, status: str, taken: int | None, fee: int | None, words: tuple[str, ...]
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
async def test_a_payment_that_pays_for_no_order_is_a_mail_to_the_merchant(
    desk: MailDesk, reason: str, words: str
) -> None:
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
