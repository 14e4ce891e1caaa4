"""Commands for refunds: the merchant's decision, and what the provider says about it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from commands.access import order_of_merchant
from commands.ports import UnboundHandlers, Work
from commands.restocking import put_back
from domain.kernel import Clock
from domain.money import Money
from domain.order.after_sale.events import RefundedPieces, RefundRequested
from domain.order.aggregate import ORDER, Order
from domain.order.events import OrderEvent
from domain.order.refund_ports import RefundAnswer
from domain.order.refunds import RefundWish, record_refund, request_refund


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundOrder:
    """Pay an order back, or a part of it. Without lines, delivery and amount: everything that is left."""

    order_id: UUID
    merchant_id: UUID
    refund_id: UUID
    lines: list[RefundedPieces] = field(default_factory=list)
    shipping: Money | None = None
    amount: Money | None = None
    restock: bool = False
    """Whether all pieces go back into stock; for a refund of everything."""
    reason: str = ""
    intent_id: str | None = None
    """The payment; None means the one that paid the order."""


async def refund_order(command: RefundOrder, work: Work, *, clock: Clock) -> None:
    """Append ``RefundRequested``, and ``StockReturned`` for pieces that are restocked and not in stock already.

    No-op if the refund's id is known. A policy asks the provider next.

    Raises:
        NotFound: no order has the id, or it is another merchant's.
        NothingToRefund, RefundTooLarge, InvalidInput: refused; retrying cannot help.
        ConcurrencyConflict: another refund was first; the bus reloads and retries.
    """
    at = clock.now()
    order = await order_of_merchant(work, command.order_id, command.merchant_id)
    wish = RefundWish(
        refund_id=command.refund_id,
        lines=command.lines,
        shipping=command.shipping,
        amount=command.amount,
        restock=command.restock,
        reason=command.reason,
        intent_id=command.intent_id,
    )
    events = request_refund(order, wish, at=at)
    work.append(ORDER, order.id, events, tenant=order.store_id)
    await restock(work, order, events, at=at)


async def restock(work: Work, order: Order, events: Iterable[OrderEvent], *, at: datetime) -> None:
    """Append ``StockReturned`` for the pieces that a refund puts back into stock.

    Args:
        work: takes the events.
        order: the order before the refund.
        events: those of the refund.
        at: the time of the refund.
    """
    lines = [line for event in events if isinstance(event, RefundRequested) for line in event.lines]
    await put_back(work, order, order.after.to_restock(lines), at=at)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRefund:
    """Record what the provider says about a refund."""

    order_id: UUID
    answer: RefundAnswer


async def record_refund_answer(command: RecordRefund, work: Work, *, clock: Clock) -> None:
    """Append ``RefundSucceeded`` or ``RefundFailed``, after ``RefundReported`` if it was not requested here.

    No-op if nothing in it is new.

    Raises:
        NotFound: no order has the id.
    """
    order = await work.get(ORDER, command.order_id)
    events = record_refund(order, command.answer, at=clock.now())
    work.append(ORDER, order.id, events, tenant=order.store_id)


HANDLERS: UnboundHandlers = {RefundOrder: refund_order, RecordRefund: record_refund_answer}
"""Each command and its handler."""
