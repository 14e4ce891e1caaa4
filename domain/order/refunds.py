"""Refunds of an order: what may be paid back, and what the provider says about it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from uuid import UUID

from domain.ids import derived
from domain.kernel import InvalidInput, next_header
from domain.money import Money
from domain.order.after_sale.events import (
    RefundedPieces,
    RefundFailed,
    RefundReported,
    RefundRequested,
    RefundSucceeded,
)
from domain.order.after_sale.state import AfterSale, Payment, Refund, RefundStatus
from domain.order.aggregate import Order
from domain.order.errors import NothingToRefund, RefundTooLarge, variant_not_ordered
from domain.order.events import OrderEvent
from domain.order.fulfillment import pieces_to_send
from domain.order.quote import payment_step
from domain.order.refund_ports import RefundAnswer
from domain.store.taxes import share

OVERDUE_AFTER = timedelta(days=5)
"""How long a provider may take to say how a refund ended, before people look at it. Webhooks are repeated for three days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundWish:
    """What the merchant wants to pay back. Without lines, delivery and amount it is everything that is left."""

    refund_id: UUID
    lines: Sequence[RefundedPieces] = ()
    shipping: Money | None = None
    """How much of the delivery's price; None if lines or an amount are given and delivery is not."""
    amount: Money | None = None
    """Instead of the price of lines and delivery."""
    restock: bool = False
    """Whether all pieces go back into stock; for a refund of everything."""
    reason: str = ""
    intent_id: str | None = None
    """The payment; None means the one that paid the order."""
    return_number: int | None = None
    """The return that is paid back; None if it is for none."""
    are_sent: bool = False
    """Whether the shopper had all of the pieces, so that as many as before are left to send."""


def request_refund(order: Order, wish: RefundWish, *, at: datetime) -> Sequence[OrderEvent]:
    """Decide a refund. No-op if the refund's id is known.

    Raises:
        NothingToRefund: the order has no such payment, or all of it is refunded.
        RefundTooLarge: more than what is left.
        InvalidInput: names the field.
    """
    after = order.after
    if wish.refund_id in after.refunds:
        return ()
    intent_id = wish.intent_id or order.intent_id
    payment = after.payments.get(intent_id or "")
    if intent_id is None or payment is None:
        raise NothingToRefund(order.number)
    left = after.left(intent_id)
    if left.minor == 0:
        raise NothingToRefund(order.number)
    of_order = intent_id == order.intent_id
    if not of_order and (wish.lines or wish.shipping is not None):
        raise InvalidInput("lines", "This payment did not pay the order, so only an amount of it can be refunded.")
    _check_pieces(order, wish.lines)
    shipping = Money.zero(left.currency) if wish.shipping is None else wish.shipping
    everything = not wish.lines and wish.shipping is None and wish.amount is None
    lines = list(wish.lines) if wish.are_sent else _with_unsent(order, wish.lines)
    if everything:
        amount = left
        if of_order:
            lines = pieces_to_refund(order, restock=wish.restock)
            shipping = min(shipping_left(order), left, key=lambda money: money.minor)
    else:
        _check_shipping(order, shipping)
        amount = _amount(order, wish, shipping, left=left)
    _check_amount(amount, shipping, left=left)
    return (
        RefundRequested(
            **next_header(order, at),
            refund_id=wish.refund_id,
            intent_id=intent_id,
            amount=amount,
            fee_refund=_fee_share(after, intent_id, payment, amount),
            lines=lines,
            shipping=shipping,
            reason=wish.reason,
            idempotency_key=f"refund:{wish.refund_id}",
            return_number=wish.return_number,
        ),
    )


def _check_amount(amount: Money, shipping: Money, *, left: Money) -> None:
    if amount.currency != left.currency:
        raise InvalidInput("amount", f"The payment is in {left.currency}, not {amount.currency}.")
    if amount.minor < 1:
        raise InvalidInput("amount", f"A refund of {amount} pays nothing back. Use an amount above zero.")
    if left < amount:
        raise RefundTooLarge(amount, left)
    if amount < shipping:
        raise InvalidInput(
            "shipping", f"Delivery cannot be refunded by {shipping} in a refund of {amount}. Use {amount} or less."
        )


def _amount(order: Order, wish: RefundWish, shipping: Money, *, left: Money) -> Money:
    """Return what a refund of an amount, or of lines and delivery, pays back."""
    step = payment_step(left.currency)
    if wish.amount is None:
        amount = order.price_of(wish.lines) + shipping
        if wish.return_number is not None and left < amount:
            # An earlier refund of an amount, as for a late parcel, is part of what the goods pay back.
            return left
        # A failed refund lets the parts of a line be rounded differently, by a step at most.
        return left if 0 < amount.minor - left.minor <= step else amount
    if wish.amount.minor % step and wish.amount != left:
        known = Money(minor=step, currency=left.currency)
        raise InvalidInput("amount", f"Cards do not know the amount {wish.amount}. Use a multiple of {known}.")
    return wish.amount


def record_refund(order: Order, answer: RefundAnswer, *, at: datetime) -> Sequence[OrderEvent]:
    """Record what the provider says about a refund. No-op if that is known, or older than what is known.

    What a provider says comes in any order and more than once: a status never goes back in the order of
    :class:`RefundStatus`. A failure without an id of the provider's says least, and any answer with an id replaces it.

    A refund can be reported before its payment. How much of it is fee and tax follows from the payment, so its outcome is
    recorded once the payment is known; see :meth:`AfterSale.has_open_reports`.
    """
    refund_id, events = _refund_of(order, answer), list[OrderEvent]()
    known = order.after.refunds.get(refund_id)
    if known is None:
        reported = RefundReported(
            **next_header(order, at),
            refund_id=refund_id,
            external_id=answer.external_id or "",
            intent_id=answer.intent_id,
            amount=answer.amount,
        )
        events.append(reported)
        known = order.after.with_refund(reported).refunds[refund_id]
    if known.intent_id not in order.after.payments:
        return events
    event = _progress(order, refund_id, known, answer, at=at, offset=1 + len(events))
    return events if event is None else [*events, event]


def _progress(
    order: Order, refund_id: UUID, known: Refund, answer: RefundAnswer, *, at: datetime, offset: int
) -> OrderEvent | None:
    header = next_header(order, at, offset)
    payment = order.after.payments.get(known.intent_id)
    is_owed = payment is not None and payment.fee_is_owed
    is_open = known.status is RefundStatus.REQUESTED or (known.is_unconfirmed and answer.external_id is not None)
    came_back = known.status is RefundStatus.SUCCEEDED and answer.external_id is not None
    if answer.status is RefundStatus.FAILED and (is_open or came_back):
        return RefundFailed(
            **header,
            refund_id=refund_id,
            external_id=answer.external_id,
            intent_id=known.intent_id,
            amount=known.amount,
            fee_refund=known.fee_refund,
            fee_is_owed=is_owed,
            tax=known.tax,
            reason=answer.reason,
            after_success=known.status is RefundStatus.SUCCEEDED,
            unmatched=known.intent_id in order.unmatched_intents,
            unsent=_unsent_by(order, refund_id, known) if known.status is RefundStatus.SUCCEEDED else 0,
        )
    if answer.status is RefundStatus.SUCCEEDED and is_open:
        return RefundSucceeded(
            **header,
            refund_id=refund_id,
            external_id=answer.external_id or "",
            intent_id=known.intent_id,
            amount=known.amount,
            fee_refund=_returned_fee(order.after, known, answer),
            fee_is_owed=is_owed,
            tax=_tax_share(order.after, known, payment),
            unmatched=known.intent_id in order.unmatched_intents,
            unsent=_unsent_by(order, refund_id, known),
        )
    return None


def _tax_share(after: AfterSale, refund: Refund, payment: Payment | None) -> Money | None:
    """Return the tax within a refund; None if the payment's is unknown. A full refund has all of it."""
    if payment is None or payment.tax is None:
        return None
    earlier = [each for each in after.refunds_of(refund.intent_id) if each.status is RefundStatus.SUCCEEDED]
    refunded = refund.amount.minor + sum(each.amount.minor for each in earlier)
    known = sum(each.tax.minor for each in earlier if each.tax is not None)
    return share(payment.tax, refunded, payment.amount.minor) - Money.of(known, payment.tax.currency)


def _returned_fee(after: AfterSale, refund: Refund, answer: RefundAnswer) -> Money:
    """Return the share of the fee that went back with a refund: what the provider says, and our own share if it says nothing.

    The provider reports the sum of all refunds of a payment. What earlier refunds have of it is known.
    """
    if answer.fee_refunded is None:
        return refund.fee_refund
    known = sum(
        each.fee_refund.minor for each in after.refunds_of(refund.intent_id) if each.status is RefundStatus.SUCCEEDED
    )
    return Money(minor=max(0, answer.fee_refunded.minor - known), currency=answer.fee_refunded.currency)


def _unsent_by(order: Order, refund_id: UUID, refund: Refund) -> int:
    """Return how many of the pieces that are refunded instead of sent are so by this refund alone."""

    def count(status: RefundStatus) -> int:
        refunds = {**order.after.refunds, refund_id: replace(refund, status=status)}
        return replace(order.after, refunds=refunds).unsent_items(order.quantities)

    return count(RefundStatus.SUCCEEDED) - count(RefundStatus.FAILED)


def _refund_of(order: Order, answer: RefundAnswer) -> UUID:
    """Return which refund an answer is about.

    The provider returns the id that was sent along. A merchant can edit it in the dashboard, so payment and amount must fit.
    """
    if answer.refund_id is not None and (known := order.after.refunds.get(answer.refund_id)) is not None:
        is_the_same = None in {known.external_id, answer.external_id} or known.external_id == answer.external_id
        if is_the_same and (known.intent_id, known.amount) == (answer.intent_id, answer.amount):
            return answer.refund_id
    external_id = answer.external_id or ""
    return order.after.find(external_id) or derived(order.id, "refund", external_id)


def pieces_to_refund(order: Order, *, restock: bool) -> list[RefundedPieces]:
    """Return the pieces that no refund names yet."""
    gone = order.after.refunded_pieces()
    left = [(line.variant_id, line.quantity - gone.get(line.variant_id, 0)) for line in order.lines]
    lines = [RefundedPieces(variant_id=id, quantity=count, restock=restock) for id, count in left if count > 0]
    return _with_unsent(order, lines)


def _with_unsent(order: Order, lines: Sequence[RefundedPieces]) -> list[RefundedPieces]:
    """Return the lines with how many of their pieces are still here; those are paid back first."""
    left, marked = dict(pieces_to_send(order)), list[RefundedPieces]()
    for line in lines:
        unsent = min(line.quantity, left.get(line.variant_id, 0))
        left[line.variant_id] = left.get(line.variant_id, 0) - unsent
        marked.append(line.model_copy(update={"unsent": unsent}))
    return marked


def _check_pieces(order: Order, lines: Sequence[RefundedPieces]) -> None:
    left = {line.variant_id: line.quantity for line in pieces_to_refund(order, restock=False)}
    known = {line.variant_id for line in order.lines}
    for n, line in enumerate(lines):
        if line.variant_id not in known:
            raise variant_not_ordered(order.number, n, line.variant_id)
        if line.quantity < 1:
            raise InvalidInput(f"lines.{n}.quantity", f"Quantity cannot be {line.quantity}; 1 is the least.")
        count = left.get(line.variant_id, 0)
        if line.quantity > count:
            raise InvalidInput(
                f"lines.{n}.quantity",
                f"{line.quantity} pieces are more than the {count} that are not refunded yet. Use {count} or fewer.",
            )
        left[line.variant_id] = count - line.quantity


def shipping_left(order: Order) -> Money:
    """Return how much of the delivery's price no refund names yet."""
    return Money(minor=max(0, order.shipping.minor - order.after.refunded_shipping()), currency=order.shipping.currency)


def _check_shipping(order: Order, shipping: Money) -> None:
    left = shipping_left(order)
    if shipping.minor < 0 or (shipping.minor and (shipping.currency != left.currency or left < shipping)):
        raise InvalidInput("shipping", f"Delivery cannot be refunded by {shipping}: {left} of it is left.")


def _fee_share(after: AfterSale, intent_id: str, payment: Payment, amount: Money) -> Money:
    """Return the fee that goes back with a refund.

    It is the share of all refunds that were requested here, less what earlier ones returned, so that rounding never adds up
    and a full refund returns the whole fee.
    """
    earlier = [refund for refund in after.refunds_of(intent_id) if refund.requested_here]
    refunded = amount.minor + sum(refund.amount.minor for refund in earlier)
    share = Fraction(payment.fee.minor * refunded, payment.amount.minor)
    whole = int(share + Fraction(1, 2))
    returned = sum(refund.fee_refund.minor for refund in earlier)
    minor = max(0, min(whole, payment.fee.minor) - returned)
    return Money(minor=minor, currency=payment.fee.currency)
