"""Mails about returns: each says what to do next, escaped, and the merchant's has no name."""

import re
from dataclasses import replace

import pytest

from domain.kernel import Transient
from domain.mail.events import MailKind
from domain.order.after_sale.return_events import (
    ReceivedPieces,
    ReplacementSent,
    ReturnApproved,
    ReturnDeclined,
    ReturnedPieces,
    ReturnEvent,
    ReturnReceived,
    ReturnRequested,
)
from domain.order.after_sale.return_state import ReturnKind, ReturnStatus
from projections.sales.views import ReturnView
from tests.support.fakes.mail_desk import NOW, MailDesk


async def with_return(desk: MailDesk) -> ReturnView:
    """Put a return of one lamp into the desk's order."""
    order = await desk.order(desk.store_id, desk.order_id)
    assert order is not None
    view = ReturnView(
        number=1,
        kind=ReturnKind.RETURN,
        withdrawal_number=None,
        status=ReturnStatus.REQUESTED,
        lines=(ReturnedPieces(variant_id=order.lines[0].variant_id, quantity=1),),
        reason="It does not fit",
        note=await desk.personal.seal(desk.shopper_id, "Too <b>big</b>"),
        deadline=None,
        is_late=False,
        instructions="",
        address=None,
        decline_reason=None,
        received=(),
        refund_id=None,
        carrier=None,
        tracking_number=None,
        requested_at=NOW,
        decided_at=None,
        received_at=None,
        replaced_at=None,
    )
    desk.known = replace(order, returns=(view,))
    return view


async def events(desk: MailDesk, view: ReturnView) -> dict[MailKind, ReturnEvent]:
    head = {"originator_id": desk.order_id, "originator_version": 5, "occurred_at": NOW, "number": 1}
    (line,) = view.lines
    asked = ReturnRequested(**head, lines=[line], reason=view.reason, note=view.note, deadline=None)
    dock = await desk.personal.seal(desk.merchant_id, "Dock <4>\nKiel")
    return {
        MailKind.RETURN_REQUESTED: asked,
        MailKind.RETURN_TO_DECIDE: asked,
        MailKind.RETURN_APPROVED: ReturnApproved(**head, instructions="Mind the <glass>.", address=dock),
        MailKind.RETURN_DECLINED: ReturnDeclined(**head, reason="It is <used>."),
        MailKind.RETURN_RECEIVED: ReturnReceived(
            **head, lines=[ReceivedPieces(variant_id=line.variant_id, quantity=1, restock=True)]
        ),
        MailKind.REPLACEMENT_SENT: ReplacementSent(**head, lines=[line], carrier="UPS", tracking_number="1Z 9"),
    }


WORDS = {
    MailKind.RETURN_REQUESTED: ("Reason: It does not fit", "Your words: Too <b>big</b>", "Wait for its answer"),
    MailKind.RETURN_TO_DECIDE: ("The shopper writes: Too <b>big</b>", "Approve return 1"),
    MailKind.RETURN_APPROVED: ("Send them to:\nDock <4>\nKiel\n", "From the shop: Mind the <glass>."),
    MailKind.RETURN_DECLINED: ("The shop's reason: It is <used>.", "Do not send the goods"),
    MailKind.RETURN_RECEIVED: ("The shop has these goods", "You get a mail when it does"),
    MailKind.REPLACEMENT_SENT: ("They cost you nothing", "Carrier: UPS", "tracknum=1Z%209"),
}


@pytest.mark.parametrize("kind", WORDS)
async def test_each_step_of_a_return_leads_to_a_mail(kind: MailKind) -> None:
    desk = MailDesk()
    mail = await desk.writer.write(kind, desk.envelope((await events(desk, await with_return(desk)))[kind]))
    assert mail is not None
    for words in ("1 x Lamp", "ZY-7Q2M4K", *WORDS[kind]):
        assert words in mail.text, mail.text
    assert not re.search(r"<(img|script|b|glass|used|4)\b|url\(", mail.html)
    to_merchant = kind is MailKind.RETURN_TO_DECIDE
    assert mail.recipient == ("hello@neonhaven.example" if to_merchant else "anna@example.com")
    assert ("Anna" in mail.text) is not to_merchant
    assert "\n\n\n" not in mail.text


async def test_a_mail_waits_until_the_read_model_shows_the_return() -> None:
    desk = MailDesk()
    view = await with_return(desk)
    late = (await events(desk, view))[MailKind.RETURN_RECEIVED].model_copy(update={"number": 2})
    with pytest.raises(Transient, match="do not show the return yet"):
        await desk.writer.write(MailKind.RETURN_RECEIVED, desk.envelope(late))


async def test_the_answer_to_a_withdrawal_calls_it_a_withdrawal_and_promises_money_only() -> None:
    desk = MailDesk()
    view = replace(await with_return(desk), kind=ReturnKind.WITHDRAWAL)
    assert desk.known is not None
    desk.known = replace(desk.known, returns=(view,))
    for kind, subject in (
        (MailKind.RETURN_APPROVED, "Your withdrawal from order ZY-7Q2M4K is accepted"),
        (MailKind.RETURN_DECLINED, "Your withdrawal from order ZY-7Q2M4K was declined"),
        (MailKind.RETURN_RECEIVED, "Your returned goods of order ZY-7Q2M4K arrived"),
    ):
        mail = await desk.writer.write(kind, desk.envelope((await events(desk, view))[kind]))
        assert mail is not None
        assert mail.subject == subject
        if kind is MailKind.RETURN_APPROVED:
            assert "once it has them, or once you prove that you sent them." in mail.text
        for form in (mail.text, mail.html):
            assert "new goods" not in form
            assert "our return" not in form.replace("our returned", "")
