"""Mails about returns and withdrawals."""

from dataclasses import replace
from typing import Any

from domain.kernel import Transient
from domain.mail.events import MailKind
from domain.order.after_sale.return_events import ReplacementSent, ReturnApproved, ReturnEvent, ReturnReceived
from domain.order.after_sale.return_state import ReturnKind
from domain.order.events import WithdrawalReceived
from domain.order.withdrawal import PERIOD
from projections.sales.views import OrderView
from storefront.mail.addressing import Content, StoreMails
from storefront.rendering.order_status import tracking_url
from storefront.rendering.returns import business_address, return_address

RETURN_SUBJECTS = {
    MailKind.RETURN_REQUESTED: "Your request to return goods of order {} arrived",
    MailKind.RETURN_APPROVED: "Your return of order {} is accepted",
    MailKind.RETURN_DECLINED: "Your return of order {} was declined",
    MailKind.RETURN_RECEIVED: "Your returned goods of order {} arrived",
    MailKind.REPLACEMENT_SENT: "New goods for order {} are on their way",
}

WITHDRAWAL_SUBJECTS = {
    MailKind.RETURN_APPROVED: "Your withdrawal from order {} is accepted",
    MailKind.RETURN_DECLINED: "Your withdrawal from order {} was declined",
}


async def return_mail(kind: MailKind, event: ReturnEvent, order: OrderView, mails: StoreMails) -> Content | None:
    """Return a mail about a return, to the shopper or to the merchant."""
    facts = await _facts(event, order, mails)
    if kind is MailKind.RETURN_TO_DECIDE:
        subject = f"A shopper asks to return goods of order {order.number}"
        return await mails.to_merchant(subject, order=order, **facts)
    subjects = RETURN_SUBJECTS
    if facts["asked"].kind is ReturnKind.WITHDRAWAL:
        subjects = RETURN_SUBJECTS | WITHDRAWAL_SUBJECTS
    return await mails.to_shopper(order, subjects[kind].format(order.number), **facts)


async def withdrawal_mail(
    kind: MailKind, event: WithdrawalReceived, order: OrderView, mails: StoreMails
) -> Content | None:
    """Return a mail about a withdrawal, to the shopper or to the merchant."""
    lines = {line.variant_id: line for line in order.lines}
    facts: dict[str, Any] = {
        "order": order,
        "withdrawal": event,
        "goods": [(lines[line.variant_id], line.quantity) for line in event.lines],
        "send_to": business_address(mails.shop),
        "pay_by": (event.occurred_at + PERIOD).date(),
    }
    if kind is MailKind.WITHDRAWAL_TO_HANDLE:
        return await mails.to_merchant(f"Withdrawal from order {order.number}", **facts)
    name, email = await mails.sources.personal.open_many([event.name, event.email])
    if name is None or email is None:
        return None
    subject = f"We received your withdrawal from order {order.number}"
    return Content(recipient=email, subject=subject, facts={**facts, "name": name, "email": email})


async def _facts(event: ReturnEvent, order: OrderView, mails: StoreMails) -> dict[str, Any]:
    asked = next((each for each in order.returns if each.number == event.number), None)
    if asked is None:
        raise Transient("the sales", "do not show the return yet")
    pieces = event.lines if isinstance(event, ReturnReceived) else asked.lines
    lines = {line.variant_id: line for line in order.lines}
    facts: dict[str, Any] = {
        "asked": asked,
        "event": event,
        "goods": [(lines[line.variant_id], line.quantity) for line in pieces],
        "note": None if asked.note is None else await mails.sources.personal.open(asked.note),
        "send_to": [],
        "tracking": None,
    }
    if isinstance(event, ReturnApproved):
        approved = replace(asked, address=event.address)
        facts["send_to"] = await return_address(approved, mails.shop, mails.sources.personal)
    elif isinstance(event, ReplacementSent):
        facts["tracking"] = tracking_url(event.carrier, event.tracking_number)
    return facts
