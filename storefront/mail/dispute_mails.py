"""Mails to the merchant about disputes."""

from domain.kernel import Transient
from domain.mail.events import MailKind
from domain.order.after_sale.dispute_events import (
    DisputeClosed,
    DisputeDeadlineNear,
    DisputeEvent,
    DisputeOpened,
    DisputeStatus,
    DisputeStatusChanged,
)
from projections.sales.views import DisputeView, OrderView
from storefront.mail.addressing import Content, StoreMails
from storefront.rendering import formatting

ABOUT_DISPUTES = frozenset({MailKind.DISPUTE_TO_ANSWER, MailKind.DISPUTE_DEADLINE, MailKind.DISPUTE_CLOSED})
INQUIRIES = frozenset({DisputeStatus.INQUIRY, DisputeStatus.INQUIRY_UNDER_REVIEW})


async def dispute_mail(event: DisputeEvent, order: OrderView, mails: StoreMails) -> Content | None:
    """Return the mail to the merchant about a dispute; None if it is not worth one any more."""
    match event:
        case DisputeOpened() | DisputeStatusChanged():
            return await _disputed(event, order, mails)
        case DisputeDeadlineNear():
            subject = f"Answer the dispute of order {order.number} by {formatting.moment_words(event.evidence_due)}"
            return await mails.to_merchant(subject, order=order, dispute=event)
        case DisputeClosed():
            return await _decided(event, order, mails)
        case _:
            return None


async def _disputed(event: DisputeOpened | DisputeStatusChanged, order: OrderView, mails: StoreMails) -> Content | None:
    dispute: DisputeOpened | DisputeView
    if isinstance(event, DisputeOpened):
        dispute = event
    else:
        view = await mails.sources.queries.dispute(order.id, event.dispute_id)
        if view is None or view.status in INQUIRIES:
            raise Transient("the sales", "do not show the dispute yet")
        if view.status is not event.status:
            # It was answered or decided before this mail could go out.
            return None
        dispute = view
    does = "asks about" if dispute.status in INQUIRIES else "disputes"
    subject = f"A bank {does} {formatting.money(dispute.amount)} of order {order.number}"
    return await mails.to_merchant(subject, order=order, dispute=dispute)


async def _decided(event: DisputeClosed, order: OrderView, mails: StoreMails) -> Content | None:
    dispute = await mails.sources.queries.dispute(order.id, event.dispute_id)
    if dispute is None or dispute.closed_at is None:
        raise Transient("the sales", "do not show the decision yet")
    amount = formatting.money(dispute.amount)
    subject = {
        DisputeStatus.WON: f"You won the dispute of {amount} of order {order.number}",
        DisputeStatus.LOST: f"You lost the dispute of {amount} of order {order.number}",
    }.get(event.status, f"The bank's question about order {order.number} is closed")
    return await mails.to_merchant(subject, order=order, dispute=dispute)
