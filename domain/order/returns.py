"""Returns of goods that were sent: asked for by the shopper, decided and received by the merchant, then paid back or replaced."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from domain.editing import Parts, fingerprint, refuse_overwriting
from domain.kernel import InvalidInput, NotFound, next_header
from domain.money import Money
from domain.order.after_sale.events import RefundedPieces
from domain.order.after_sale.return_events import (
    ReceivedPieces,
    ReplacementSent,
    ReturnApproved,
    ReturnDeclined,
    ReturnedPieces,
    ReturnReceived,
    ReturnRequested,
)
from domain.order.after_sale.return_state import Return, ReturnKind, ReturnStatus
from domain.order.after_sale.state import RefundStatus
from domain.order.aggregate import Order
from domain.order.errors import variant_not_ordered
from domain.order.events import OrderEvent
from domain.order.refunds import RefundWish, request_refund, shipping_left
from domain.order.return_errors import NothingToReturn, ReturnNotOpen, ReturnWindowOver, WithdrawalStands
from domain.order.returnable import left_to_return
from domain.order.withdrawal import period_end
from domain.privacy import Sealed
from domain.store.return_policy import ReturnPolicy

DECIDABLE = frozenset({ReturnStatus.REQUESTED, ReturnStatus.APPROVED})
PAYABLE = frozenset({ReturnStatus.APPROVED, ReturnStatus.RECEIVED})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnWish:
    """What a shopper wants to return."""

    lines: Sequence[ReturnedPieces]
    reason: str
    note: Sealed | None = None


def return_deadline(order: Order, policy: ReturnPolicy) -> date | None:
    """Return the last day for a return, in the store's time zone; None while the delivery is unknown.

    The policy of the order's day counts, and the present one if it grants more.
    """
    if order.delivered_on is None:
        return None
    return period_end(order.delivered_on, timedelta(days=max(order.return_days, policy.days)))


def returnable_pieces(order: Order) -> Mapping[UUID, int]:
    """Return by variant the pieces that can be returned: sent, not coming back already, and not refunded."""
    after = order.after
    return left_to_return(
        order.quantities,
        sent=(piece for parcel in after.parcels for piece in parcel.lines),
        returns=list(after.returns.values()),
        refunded=(
            line
            for refund in after.refunds.values()
            if refund.status is not RefundStatus.FAILED and refund.return_number is None
            for line in refund.lines
        ),
    )


def request_return(
    order: Order, wish: ReturnWish, *, policy: ReturnPolicy, today: date, at: datetime
) -> Sequence[OrderEvent]:
    """Decide whether a shopper may return goods. The merchant decides next.

    Raises:
        NothingToReturn: nothing was sent, or all of it comes back or was refunded.
        ReturnWindowOver: the last day has passed.
        InvalidInput: names the field.
    """
    left, known = dict(returnable_pieces(order)), order.quantities
    if not left:
        raise NothingToReturn(order.number)
    deadline = return_deadline(order, policy)
    if deadline is not None and today > deadline:
        raise ReturnWindowOver(order.number, deadline)
    if wish.reason not in policy.reasons:
        raise InvalidInput("reason", f"Invalid reason {wish.reason[:60]!r}. Choose one of the store's reasons.")
    if not wish.lines:
        raise InvalidInput("lines", "Choose at least one piece to return.")
    for n, line in enumerate(wish.lines):
        if line.variant_id not in known:
            raise variant_not_ordered(order.number, n, line.variant_id)
        count = left.get(line.variant_id, 0)
        if not 1 <= line.quantity <= count:
            raise InvalidInput(f"lines.{n}.quantity", f"Quantity cannot be {line.quantity}: {count} can be returned.")
        left[line.variant_id] = count - line.quantity
    return (
        ReturnRequested(
            **next_header(order, at),
            number=len(order.after.returns) + 1,
            lines=_merged(wish.lines),
            reason=wish.reason,
            note=wish.note,
            deadline=deadline,
        ),
    )


def return_parts(instructions: str, address: Sealed | None) -> Parts:
    """Return what an editor can correct of an accepted return, as a fingerprint."""
    return {"RETURN_INSTRUCTIONS": fingerprint([instructions, None if address is None else address.ciphertext])}


def approve_return(
    order: Order,
    number: int,
    *,
    instructions: str,
    address: Sealed | None,
    at: datetime,
    seen: str | None = None,
) -> Sequence[OrderEvent]:
    """Accept a return, or replace the instructions of an accepted one.

    Raises:
        ChangedMeanwhile: the instructions or the address are not as the editor saw them.
        NotFound: the order has no return of this number.
        ReturnNotOpen: it is declined, received or replaced.
    """
    known = _return_of(order, number)
    if known.status not in DECIDABLE:
        raise ReturnNotOpen(number, known.status, "approved")
    refuse_overwriting(seen, return_parts(known.instructions, known.address), ["RETURN_INSTRUCTIONS"])
    return (ReturnApproved(**next_header(order, at), number=number, instructions=instructions, address=address),)


def decline_return(order: Order, number: int, *, reason: str, at: datetime) -> Sequence[OrderEvent]:
    """Decline a return. No-op if it is declined.

    Raises:
        NotFound: the order has no return of this number.
        InvalidInput: the reason is empty.
        WithdrawalStands: it is a withdrawal in time.
        ReturnNotOpen: it is approved, received or replaced.
    """
    known = _return_of(order, number)
    if known.status is ReturnStatus.DECLINED:
        return ()
    if not reason:
        raise InvalidInput("reason", "The reason is missing. Tell the shopper why.")
    if known.kind is ReturnKind.WITHDRAWAL and not known.is_late:
        raise WithdrawalStands(number)
    if known.status is not ReturnStatus.REQUESTED:
        raise ReturnNotOpen(number, known.status, "declined")
    return (ReturnDeclined(**next_header(order, at), number=number, reason=reason),)


def receive_return(
    order: Order, number: int, *, lines: Sequence[ReceivedPieces], restock: bool, at: datetime
) -> Sequence[OrderEvent]:
    """Record that returned goods are with the merchant. No-op if they are.

    Args:
        order: the order.
        number: of the return.
        lines: what came back; empty means everything.
        restock: whether everything can be sold again; only without lines.
        at: the time of the decision.

    Raises:
        NotFound: the order has no return of this number.
        ReturnNotOpen: it is not approved, or it is declined or replaced.
        InvalidInput: names the field.
    """
    known = _return_of(order, number)
    if known.status is ReturnStatus.RECEIVED:
        return ()
    if known.status is not ReturnStatus.APPROVED:
        raise ReturnNotOpen(number, known.status, "received. Approve it first")
    if not lines:
        lines = [
            ReceivedPieces(variant_id=line.variant_id, quantity=line.quantity, restock=restock) for line in known.lines
        ]
    left = Counter({line.variant_id: line.quantity for line in known.lines})
    for n, line in enumerate(lines):
        if not 1 <= line.quantity <= left[line.variant_id]:
            raise InvalidInput(
                f"lines.{n}.quantity",
                f"Quantity cannot be {line.quantity}: {left[line.variant_id]} pieces of it are in return {number}.",
            )
        left[line.variant_id] -= line.quantity
    return (ReturnReceived(**next_header(order, at), number=number, lines=list(lines)),)


def refund_return(
    order: Order, number: int, *, refund_id: UUID, shipping: Money | None, reason: str, at: datetime
) -> Sequence[OrderEvent]:
    """Pay a return back: what came back, or what is to come back. No-op if the refund's id is known.

    At most what is left of the payment is paid. The shopper has the rest by an earlier refund of an amount, as for a late parcel.

    Args:
        order: the order.
        number: of the return.
        refund_id: the new refund.
        shipping: how much of the delivery's price; None means all of it for a withdrawal from the whole order, else nothing.
        reason: for the shopper.
        at: the time of the decision.

    Raises:
        NotFound: the order has no return of this number.
        ReturnNotOpen: it is not approved, or it is declined, replaced, refunded or being refunded.
        NothingToRefund, RefundTooLarge, InvalidInput: as for every refund.
    """
    known = _return_of(order, number)
    if refund_id in order.after.refunds:
        return ()
    earlier = None if known.refund_id is None else order.after.refunds[known.refund_id]
    if earlier is not None and earlier.status is not RefundStatus.FAILED:
        status = ReturnStatus.REFUNDED if earlier.status is RefundStatus.SUCCEEDED else "being refunded"
        raise ReturnNotOpen(number, status, "refunded")
    if known.status not in PAYABLE:
        raise ReturnNotOpen(number, known.status, "refunded")
    back: Sequence[ReturnedPieces | ReceivedPieces] = known.received or known.lines
    lines = [
        RefundedPieces(
            variant_id=line.variant_id,
            quantity=line.quantity,
            restock=isinstance(line, ReceivedPieces) and line.restock,
        )
        for line in back
    ]
    is_whole = known.kind is ReturnKind.WITHDRAWAL and sum(line.quantity for line in back) == order.items
    left = None if order.intent_id is None else order.after.left(order.intent_id)
    if is_whole and shipping is None and left is not None:
        # Tax belongs to no line, so only an amount pays all of it back.
        amount, shipping = left, min(shipping_left(order), left, key=lambda money: money.minor)
    else:
        amount = None
    wish = RefundWish(
        refund_id=refund_id,
        lines=lines,
        shipping=shipping,
        amount=amount,
        reason=reason,
        return_number=number,
        are_sent=bool(known.received) or known.kind is ReturnKind.RETURN,
    )
    return request_refund(order, wish, at=at)


def send_replacement(
    order: Order, number: int, *, carrier: str | None, tracking_number: str | None, at: datetime
) -> Sequence[OrderEvent]:
    """Record that a carrier has new goods for returned ones. No-op if it was sent.

    Raises:
        NotFound: the order has no return of this number.
        ReturnNotOpen: it is not approved, or it is declined, refunded or being refunded.
    """
    known = _return_of(order, number)
    if known.status is ReturnStatus.REPLACED:
        return ()
    refund = None if known.refund_id is None else order.after.refunds[known.refund_id]
    if refund is not None and refund.status is not RefundStatus.FAILED:
        raise ReturnNotOpen(number, ReturnStatus.REFUNDED, "replaced")
    if known.status not in PAYABLE:
        raise ReturnNotOpen(number, known.status, "replaced")
    back: Sequence[ReturnedPieces | ReceivedPieces] = known.received or known.lines
    lines = _merged(back)
    return (
        ReplacementSent(
            **next_header(order, at), number=number, lines=lines, carrier=carrier, tracking_number=tracking_number
        ),
    )


def _merged(lines: Sequence[ReturnedPieces | ReceivedPieces]) -> list[ReturnedPieces]:
    """Return the pieces with one line for each variant."""
    pieces: Counter[UUID] = Counter()
    for line in lines:
        pieces[line.variant_id] += line.quantity
    return [ReturnedPieces(variant_id=id, quantity=count) for id, count in pieces.items()]


def _return_of(order: Order, number: int) -> Return:
    known = order.after.returns.get(number)
    if known is None:
        raise NotFound("return", str(number))
    return known
