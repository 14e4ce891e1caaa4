"""Never at a loss, never what is not there: whether a paid order is bought, held, or goes on in another way."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.kernel import InvalidInput, next_header
from domain.money import Money
from domain.order.after_sale.sourcing_events import (
    HoldDecision,
    HoldReason,
    LineSubstituted,
    OrderHeld,
    OrderReleased,
    SourcedLine,
    SourcingChecked,
    SourcingCheckRequested,
)
from domain.order.aggregate import Order, evolve
from domain.order.cancellation import cancel_by_merchant
from domain.order.errors import OrderNotOpen
from domain.order.events import OrderEvent
from domain.order.fulfillment import OPEN, pieces_to_send
from domain.order.goods import unsent_goods
from domain.order.refunds import RefundWish, pieces_to_refund, request_refund
from domain.order.sourcing_errors import NotToBeBought, OrderNotHeld


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Goods of the store that can be sent for a line."""

    product_id: UUID
    variant_id: UUID
    title: str
    variant_title: str
    price: Money


def income_of(order: Order) -> Money:
    """Return what the payment leaves for buying: goods less discount, and delivery, less the fee and what was refunded.

    Tax is not the merchant's, so it does not count. The payment provider's own fee is unknown here.
    """
    goods = sum(line.total.minor - order.discounts.get(line.variant_id, 0) for line in order.lines)
    payment = None if order.intent_id is None else order.after.payments[order.intent_id]
    fee = 0 if payment is None else payment.fee.minor
    back = 0
    for refund in order.after.refunds_of(order.intent_id or ""):
        back += refund.amount.minor - refund.fee_refund.minor
    return Money.of(max(0, goods + order.shipping.minor - fee - back), order.total.currency)


def cost_of(lines: Sequence[SourcedLine], currency: str) -> Money | None:
    """Return what all lines cost with freight and duty; None if a part is in another currency or unknown."""
    total = 0
    for line in lines:
        for part in (line.cost, line.freight, line.duty):
            if part is None or part.currency != currency:
                return None
            total += part.minor * line.quantity
    return Money.of(total, currency)


def agreed_cost(order: Order, lines: Sequence[SourcedLine]) -> Money:
    """Return how much more than the payment the merchant agreed to spend: what substitutes cost above the price of their lines."""
    total = 0
    for line in lines:
        other = order.after.sourcing.substitutes.get(line.variant_id)
        if other is not None:
            total += max(0, other.extra_cost.minor) * line.quantity // other.quantity
    return Money.of(total, order.total.currency)


def record_answer(order: Order, lines: Sequence[SourcedLine], *, at: datetime) -> Sequence[OrderEvent]:
    """Decide what a supplier's answer means. No-op if the order is decided, sent, cancelled or refunded.

    Args:
        order: the order.
        lines: of the pieces that are left to send.
        at: the time of the decision.
    """
    if not _waits(order) or not lines:
        return ()
    short = [line for line in lines if line.cost is None or (line.stock is not None and line.stock < line.quantity)]
    if short:
        return _hold(order, HoldReason.UNAVAILABLE, _missing(order, short), lines, at=at)
    income = income_of(order)
    cost = cost_of(lines, income.currency)
    if cost is None:
        message = f"The supplier's costs are not all in {income.currency}, so they cannot be compared with the payment."
        return _hold(order, HoldReason.UNCLEAR, message, lines, at=at)
    agreed = agreed_cost(order, lines)
    if income + agreed < cost:
        loss = cost - income
        message = f"The goods cost {cost} with freight and duty, and the payment leaves {income}: a loss of {loss}."
        if agreed.minor:
            message += f" You agreed to {agreed} when you chose other goods."
        return _hold(order, HoldReason.LOSS, message, lines, at=at, loss=loss)
    return (SourcingChecked(**next_header(order, at), lines=list(lines), cost=cost, income=income),)


def record_silence(order: Order, *, reason: str, at: datetime) -> Sequence[OrderEvent]:
    """Hold an order whose supplier did not answer. No-op if the order is decided, sent, cancelled or refunded."""
    if not _waits(order):
        return ()
    return _hold(order, HoldReason.UNREACHABLE, reason, (), at=at)


def request_check(order: Order, *, at: datetime) -> Sequence[OrderEvent]:
    """Have the supplier asked once more about a held order.

    Raises:
        OrderNotHeld: the order waits for no decision.
    """
    _require_held(order)
    return (SourcingCheckRequested(**next_header(order, at)),)


def buy_anyway(order: Order, *, at: datetime) -> Sequence[OrderEvent]:
    """Let a held order be bought.

    Raises:
        OrderNotHeld: the order waits for no decision.
    """
    _require_held(order)
    return (OrderReleased(**next_header(order, at), decision=HoldDecision.BUY_ANYWAY),)


def substitute(order: Order, offers: Mapping[UUID, Offer], *, at: datetime) -> Sequence[OrderEvent]:
    """Send other goods for lines of a held order. Suppliers are asked about them before anything is bought.

    Args:
        order: the order.
        offers: the goods by the line's variant.
        at: the time of the decision.

    Raises:
        OrderNotHeld: the order waits for no decision.
        InvalidInput: names the line.
    """
    _require_held(order)
    if not offers:
        raise InvalidInput("lines", "Name at least one line to substitute.")
    left = pieces_to_send(order)
    prices = {line.variant_id: line.unit_price for line in order.lines}
    events: list[OrderEvent] = []
    for n, (variant_id, offer) in enumerate(offers.items()):
        quantity = left.get(variant_id, 0)
        if quantity == 0:
            raise InvalidInput(f"lines.{n}.variant_id", f"Nothing of variant {variant_id} is left to send.")
        if offer.variant_id == variant_id:
            raise InvalidInput(f"lines.{n}.substitute_id", "A line cannot substitute itself. Choose other goods.")
        price = prices[variant_id]
        if offer.price.currency != price.currency:
            raise InvalidInput(f"lines.{n}.substitute_id", f"Choose goods that are priced in {price.currency}.")
        events.append(
            LineSubstituted(
                **next_header(order, at, 1 + len(events)),
                variant_id=variant_id,
                quantity=quantity,
                product_id=offer.product_id,
                substitute_id=offer.variant_id,
                title=offer.title,
                variant_title=offer.variant_title,
                extra_cost=(offer.price - price) * quantity,
            )
        )
    events.append(OrderReleased(**next_header(order, at, 1 + len(events)), decision=HoldDecision.SUBSTITUTE))
    events.append(SourcingCheckRequested(**next_header(order, at, 1 + len(events))))
    return events


def refund_held(order: Order, *, refund_id: UUID, reason: str, at: datetime) -> Sequence[OrderEvent]:
    """Pay a held order back: cancel it, or refund what was not sent. Its pieces go into stock only if they can be had.

    Raises:
        OrderNotHeld: the order waits for no decision.
        OrderNotOpen: it is cancelled or refunded.
        NothingToRefund: all of its payment is refunded.
    """
    hold = _require_held(order)
    released = OrderReleased(**next_header(order, at), decision=HoldDecision.REFUND)
    after = evolve(order, released)
    restock = hold is HoldReason.LOSS
    if not order.after.parcels:
        return (released, *cancel_by_merchant(after, refund_id=refund_id, reason=reason, restock=restock, at=at))
    unsent, refundable = pieces_to_send(after), pieces_to_refund(after, restock=restock)
    lines = [
        line.model_copy(update={"quantity": min(line.quantity, unsent[line.variant_id])})
        for line in refundable
        if line.variant_id in unsent
    ]
    if not lines:
        raise OrderNotOpen(order.id, order.status, "refunded")
    wish = RefundWish(refund_id=refund_id, lines=lines, reason=reason)
    return (released, *request_refund(after, wish, at=at))


def _hold(
    order: Order,
    reason: HoldReason,
    message: str,
    lines: Sequence[SourcedLine],
    *,
    at: datetime,
    loss: Money | None = None,
) -> Sequence[OrderEvent]:
    return (OrderHeld(**next_header(order, at), reason=reason, message=message, lines=list(lines), loss=loss),)


def _missing(order: Order, short: Collection[SourcedLine]) -> str:
    titles = {goods.line.variant_id: goods.title for goods in unsent_goods(order)}
    parts = [
        f"{line.quantity} × “{titles[line.variant_id]}” ({'gone' if line.cost is None else f'{line.stock} left'})"
        for line in short
    ]
    return f"The supplier does not have {', '.join(parts)}."


def _waits(order: Order) -> bool:
    """Whether a supplier's answer still decides about the order."""
    sourcing = order.after.sourcing
    return order.status in OPEN and bool(pieces_to_send(order)) and not sourcing.is_checked and not sourcing.released


def _require_held(order: Order) -> HoldReason:
    held = order.after.sourcing.held
    if held is None or order.status not in OPEN:
        raise OrderNotHeld(order.number)
    return held


def require_buyable(order: Order) -> None:
    """Refuse to buy an order that is held, unchecked, sent, cancelled or refunded.

    Raises:
        NotToBeBought: says why.
    """
    if order.status not in OPEN or not pieces_to_send(order):
        raise NotToBeBought(order.number, f"it is {order.status}")
    if order.after.sourcing.held is not None:
        raise NotToBeBought(order.number, "it is held. Decide first")
    if not order.after.sourcing.may_buy:
        raise NotToBeBought(order.number, "the supplier was not asked yet. Wait a moment")
