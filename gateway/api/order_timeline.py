"""What happened to an order, in the words that its merchant reads. The log is the source, so nothing is left out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.kernel import DomainEvent
from domain.mail.events import MailKind
from domain.money import Money
from domain.order.after_sale import dispute_events, return_events, sourcing_events
from domain.order.after_sale import events as after_sale
from domain.order.after_sale.dispute_events import DisputeStatus
from domain.order.dispute_reasons import reason_in_words
from domain.order.events import (
    OrderCancelled,
    OrderDelivered,
    OrderFulfilled,
    OrderPaid,
    OrderPlaced,
    PaymentFailed,
    PaymentSessionOpened,
    PaymentUnmatched,
    ShipmentCorrected,
    WithdrawalReceived,
)
from domain.team.actors import Actor
from gateway.code_names import company_name, mail_name
from projections.sales.views import OrderMailView
from schemas.envelope import Envelope


class MomentKind(StrEnum):
    """What an entry of an order's timeline is about."""

    ORDER = "ORDER"
    PAYMENT = "PAYMENT"
    SUPPLY = "SUPPLY"
    DELIVERY = "DELIVERY"
    RETURN = "RETURN"
    REFUND = "REFUND"
    DISPUTE = "DISPUTE"
    MAIL = "MAIL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One entry of an order's timeline."""

    at: datetime
    kind: MomentKind
    message: str
    """One sentence, without personal data."""
    detail: str | None = None
    """A reason, a number of a parcel, or what a provider said."""
    position: int | None = None
    """Of the event in the log; None for a mail."""
    mail: int = 0
    """The mail's number among those about the order, from 1; 0 for an event."""
    type: str = "mail.mail_sent.v1"
    """The wire name of the event."""
    actor: Actor | None = None
    """The person whose request caused it. None if no person's did."""
    tenant: UUID | None = None
    """The store. None for a mail."""


DISPUTES = {
    DisputeStatus.INQUIRY: "The bank asks a question. It has taken no money.",
    DisputeStatus.INQUIRY_UNDER_REVIEW: "The bank looks at the answer. It has taken no money.",
    DisputeStatus.NEEDS_RESPONSE: "The bank took the money and wants evidence.",
    DisputeStatus.UNDER_REVIEW: "The bank looks at the evidence.",
    DisputeStatus.CLOSED: "The bank closed its question without a dispute.",
    DisputeStatus.WON: "The bank decided for you.",
    DisputeStatus.LOST: "The bank decided for the shopper.",
}
"""What a dispute's new status means."""
TO_THE_OWNER = frozenset(
    {
        MailKind.ORDER_SOLD,
        MailKind.PAYMENT_UNMATCHED,
        MailKind.REFUND_FAILED,
        MailKind.DISPUTE_TO_ANSWER,
        MailKind.DISPUTE_DEADLINE,
        MailKind.DISPUTE_CLOSED,
        MailKind.RETURN_TO_DECIDE,
        MailKind.ORDER_HELD,
        MailKind.SUPPLIER_ORDER_FAILED,
        MailKind.WITHDRAWAL_TO_HANDLE,
    }
)
"""Mails about an order that its merchant gets."""
Words = tuple[MomentKind, str, str | None]
"""Kind, message and detail of an entry."""


def order_timeline(events: Iterable[Envelope], mails: Iterable[OrderMailView]) -> list[Moment]:
    """Return an order's timeline, the earliest entry first.

    Args:
        events: the events of the order.
        mails: the mails about it.
    """
    moments = [
        Moment(
            at=one.event.occurred_at,
            position=one.position,
            kind=kind,
            message=message,
            detail=detail or None,
            type=one.event.wire_name,
            actor=None if one.actor is None else Actor.parse(one.actor),
            tenant=one.tenant,
        )
        for one in events
        for kind, message, detail in (words_of_order(one.event),)
    ]
    moments.extend(_of_mail(mail, number) for number, mail in enumerate(mails, start=1))
    return sorted(moments, key=place_of_moment)


def place_of_moment(moment: Moment) -> tuple[int, int, int]:
    """Return what orders the entries of a timeline."""
    return round(moment.at.timestamp() * 1_000_000), moment.position or 0, moment.mail


def _of_mail(mail: OrderMailView, number: int) -> Moment:
    name, whom = mail_name(mail.kind), "owner" if mail.kind in TO_THE_OWNER else "shopper"
    if mail.refusal is None:
        return Moment(at=mail.at, kind=MomentKind.MAIL, message=f"The {whom} got a mail: {name}.", mail=number)
    message = f"A mail to the {whom} was refused: {name}. Reach the person in another way."
    return Moment(at=mail.at, kind=MomentKind.MAIL, message=message, detail=mail.refusal, mail=number)


def words_of_order(event: DomainEvent) -> Words:
    """Return the words of an event of an order."""
    for describe in _DESCRIBE:
        words = describe(event)
        if words is not None:
            return words
    raise AssertionError(f"{type(event).__name__} has no words for the timeline")


def _of_order(event: DomainEvent) -> Words | None:
    match event:
        case OrderPlaced(total=total, lines=lines):
            pieces = sum(line.quantity for line in lines)
            return MomentKind.ORDER, f"The order was placed: {_pieces(pieces)} for {total}.", None
        case OrderCancelled(reason=reason):
            return MomentKind.ORDER, "The order was cancelled before it was paid.", reason
        case after_sale.PaidOrderCancelled(reason=reason):
            return MomentKind.ORDER, "The paid order was cancelled.", reason
        case _:
            return None


def _of_payment(event: DomainEvent) -> Words | None:
    match event:
        case PaymentSessionOpened(provider=provider):
            return MomentKind.PAYMENT, f"A payment page was opened at {provider.capitalize()}.", None
        case OrderPaid(amount=amount, platform_fee=fee):
            return (
                MomentKind.PAYMENT,
                f"{amount} was paid. The platform keeps {fee}.",
                event.intent_id,
            )
        case PaymentFailed(reason=reason):
            return MomentKind.PAYMENT, "A payment failed.", reason
        case PaymentUnmatched(amount=amount, reason=reason):
            return (
                MomentKind.PAYMENT,
                f"{amount} arrived that pays for no order ({reason.lower()}).",
                event.intent_id,
            )
        case _:
            return None


def _of_delivery(event: DomainEvent) -> Words | None:
    match event:
        case OrderFulfilled():
            return MomentKind.DELIVERY, "A carrier has the whole order.", _carrier(event.carrier, event.tracking_number)
        case ShipmentCorrected():
            words = _carrier(event.carrier, event.tracking_number)
            return MomentKind.DELIVERY, "Carrier and tracking number were corrected.", words
        case after_sale.ParcelShipped(number=number, lines=pieces):
            message = f"Parcel {number} was sent: {_pieces(sum(line.quantity for line in pieces))}."
            return MomentKind.DELIVERY, message, _carrier(event.carrier, event.tracking_number)
        case after_sale.ParcelCorrected(number=number):
            words = _carrier(event.carrier, event.tracking_number)
            return MomentKind.DELIVERY, f"Carrier and tracking number of parcel {number} were corrected.", words
        case OrderDelivered(delivered_on=day):
            return MomentKind.DELIVERY, f"The shopper got the order on {day:%b} {day.day}, {day.year}.", None
        case _:
            return None


def _of_refund(event: DomainEvent) -> Words | None:
    match event:
        case after_sale.RefundRequested(amount=amount, reason=reason):
            return MomentKind.REFUND, f"A refund of {amount} was requested.", reason
        case after_sale.RefundReported(amount=amount):
            return (
                MomentKind.REFUND,
                f"A refund of {amount} was made at the payment provider.",
                event.external_id,
            )
        case after_sale.RefundSucceeded(amount=amount, fee_refund=fee):
            back = f" {fee} of the platform's fee came back to you." if fee.minor else ""
            return MomentKind.REFUND, f"{amount} went back to the shopper.{back}", event.external_id
        case after_sale.RefundFailed(amount=amount, reason=reason):
            return MomentKind.REFUND, f"A refund of {amount} failed. Refund it again.", reason
        case _:
            return None


def _of_return(event: DomainEvent) -> Words | None:
    match event:
        case WithdrawalReceived(lines=lines, is_late=is_late):
            late = ", after the period" if is_late else ""
            pieces = _pieces(sum(line.quantity for line in lines))
            return MomentKind.RETURN, f"The shopper withdrew from {pieces}{late}.", None
        case return_events.ReturnRequested(lines=lines, reason=reason):
            pieces = _pieces(sum(line.quantity for line in lines))
            return MomentKind.RETURN, f"The shopper asks to return {pieces}.", reason
        case return_events.ReturnApproved(number=number, instructions=instructions):
            return MomentKind.RETURN, f"Return {number} was approved.", instructions
        case return_events.ReturnDeclined(number=number, reason=reason):
            return MomentKind.RETURN, f"Return {number} was declined.", reason
        case return_events.ReturnReceived(number=number, lines=received):
            pieces = _pieces(sum(line.quantity for line in received))
            return MomentKind.RETURN, f"Return {number} is with you: {pieces}.", None
        case return_events.ReplacementSent(number=number):
            words = _carrier(event.carrier, event.tracking_number)
            return MomentKind.RETURN, f"New goods were sent for return {number}.", words
        case _:
            return None


def _of_supply(event: DomainEvent) -> Words | None:
    match event:
        case sourcing_events.SourcingChecked(cost=cost, income=income):
            return (
                MomentKind.SUPPLY,
                f"The supplier asks {cost} for the goods. {income} of the payment is left for them.",
                None,
            )
        case sourcing_events.OrderHeld(message=message):
            return MomentKind.SUPPLY, "The order is held until you decide.", message
        case sourcing_events.SourcingCheckRequested():
            return MomentKind.SUPPLY, "The supplier is asked once more.", None
        case sourcing_events.LineSubstituted(title=title, quantity=quantity):
            return MomentKind.SUPPLY, f"{_pieces(quantity)} of other goods will be sent.", title
        case sourcing_events.OrderReleased(decision=decision):
            ways = {
                sourcing_events.HoldDecision.BUY_ANYWAY: "The goods are bought anyway.",
                sourcing_events.HoldDecision.SUBSTITUTE: "Other goods are sent.",
                sourcing_events.HoldDecision.REFUND: "The held order is refunded.",
            }
            return MomentKind.SUPPLY, ways[decision], None
        case sourcing_events.SupplierOrderRequested(provider=provider, attempt=attempt):
            return MomentKind.SUPPLY, f"The goods were ordered at {_supplier(provider)}, attempt {attempt}.", None
        case sourcing_events.SupplierOrderPlaced(provider=provider, surplus=surplus):
            took = f"{_supplier(provider)} took the order."
            if surplus:
                took = f"{_supplier(provider)} took the order, with {_pieces(surplus)} too many. Cancel them there."
            return MomentKind.SUPPLY, took, event.external_id
        case sourcing_events.SupplierOrderFailed(provider=provider, reason=reason):
            return MomentKind.SUPPLY, f"{_supplier(provider)} did not take the order. Place it again.", reason
        case _:
            return None


def _of_dispute(event: DomainEvent) -> Words | None:
    match event:
        case dispute_events.DisputeOpened(amount=amount, reason=reason):
            return MomentKind.DISPUTE, f"The shopper's bank questions {amount}: {reason_in_words(reason)}.", None
        case dispute_events.DisputeStatusChanged(status=status):
            return MomentKind.DISPUTE, DISPUTES[status], None
        case dispute_events.DisputeFundsMoved(taken=taken, fee=fee):
            if taken.minor < 0:
                return (
                    MomentKind.DISPUTE,
                    f"{Money(minor=-taken.minor, currency=taken.currency)} came back from the bank.",
                    None,
                )
            charged = f", and the payment provider a fee of {fee}" if fee.minor else ""
            return MomentKind.DISPUTE, f"The bank took {taken}{charged}.", None
        case dispute_events.DisputeClosed(status=status):
            return MomentKind.DISPUTE, DISPUTES[status], None
        case _:
            return None


def _of_evidence(event: DomainEvent) -> Words | None:
    match event:
        case dispute_events.DisputeEvidenceEdited():
            return MomentKind.DISPUTE, "The evidence was edited.", None
        case dispute_events.DisputeEvidenceFileAdded():
            return MomentKind.DISPUTE, "A file was added to the evidence.", None
        case dispute_events.DisputeEvidenceFileRemoved():
            return MomentKind.DISPUTE, "A file was removed from the evidence.", None
        case dispute_events.DisputeEvidenceSubmitted():
            return MomentKind.DISPUTE, "Evidence was submitted.", None
        case dispute_events.DisputeEvidenceAccepted():
            return MomentKind.DISPUTE, "The provider took the evidence.", None
        case dispute_events.DisputeEvidenceRefused(reason=reason):
            return MomentKind.DISPUTE, "The provider refused the evidence. Correct it, then submit it again.", reason
        case dispute_events.DisputeDeadlineNear():
            return MomentKind.DISPUTE, "The deadline for evidence is near, and none was submitted.", None
        case _:
            return None


def _pieces(number: int) -> str:
    return "1 piece" if number == 1 else f"{number} pieces"


def _supplier(provider: str) -> str:
    return "The sample supplier" if provider == "SAMPLE" else company_name(provider)


def _carrier(carrier: str | None, tracking_number: str | None) -> str | None:
    return " ".join(filter(None, (carrier, tracking_number))) or None


_DESCRIBE = (
    _of_order,
    _of_payment,
    _of_delivery,
    _of_refund,
    _of_return,
    _of_supply,
    _of_dispute,
    _of_evidence,
)
