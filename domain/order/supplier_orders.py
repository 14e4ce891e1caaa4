"""Orders at suppliers: requested once for each supplier, placed once, tried again by hand."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from domain.kernel import next_header
from domain.merchant.events import SupplierProvider
from domain.order.after_sale.sourcing_events import (
    SupplierOrderFailed,
    SupplierOrderLine,
    SupplierOrderPlaced,
    SupplierOrderRequested,
)
from domain.order.after_sale.sourcing_state import SupplierOrder, SupplierOrderStatus
from domain.order.aggregate import Order
from domain.order.events import OrderEvent
from domain.order.sourcing import require_buyable
from domain.order.sourcing_errors import NotToBeBought


def request_supplier_orders(
    order: Order, lines: Mapping[SupplierProvider, Sequence[SupplierOrderLine]], *, by_hand: bool, at: datetime
) -> Sequence[OrderEvent]:
    """Request an order at each supplier that has none yet; by hand also at those that failed.

    Args:
        order: the order.
        lines: what is bought at each supplier.
        by_hand: whether the merchant asks; then nothing to request is refused.
        at: the time of the decision.

    Raises:
        NotToBeBought: the order is held, sent, cancelled or refunded; by hand also if nothing is left to request.
    """
    require_buyable(order)
    events: list[OrderEvent] = []
    for provider, bought in lines.items():
        known = order.after.sourcing.orders.get(provider)
        if known is not None and not (by_hand and known.status is SupplierOrderStatus.FAILED):
            continue
        events.append(
            SupplierOrderRequested(
                **next_header(order, at, 1 + len(events)),
                provider=provider,
                lines=list(bought),
                idempotency_key=_key(order, provider, known),
                attempt=1 if known is None else known.attempt + 1,
            )
        )
    if by_hand and not events:
        why = "they are at the supplier already" if lines else "they are from no supplier"
        raise NotToBeBought(order.number, why)
    return events


def _key(order: Order, provider: SupplierProvider, known: SupplierOrder | None) -> str:
    """Return the idempotency key of the next attempt.

    A supplier that did not answer may have taken the order, so it gets the same key once more. One that refused has none, and
    may repeat its refusal for a key it knows, though the pieces are other ones.
    """
    if known is None:
        return f"supplier-order:{order.id}:{provider}"
    return f"supplier-order:{order.id}:{provider}:{known.attempt + 1}" if known.is_refused else known.key


def record_supplier_order(
    order: Order,
    provider: SupplierProvider,
    *,
    external_id: str | None,
    reason: str,
    at: datetime,
    surplus: int = 0,
    refused: bool = False,
) -> Sequence[OrderEvent]:
    """Record a supplier's answer. No-op if none was asked for, or if the order is placed or failed already.

    Args:
        order: the order.
        provider: the supplier.
        external_id: its id of the order; None if it did not take it.
        reason: why it did not.
        at: the time of the answer.
        surplus: how many pieces more than were left to send its order has.
        refused: whether it surely has no order.
    """
    known = order.after.sourcing.orders.get(provider)
    if known is None or known.status is not SupplierOrderStatus.REQUESTED:
        return ()
    if external_id is None:
        return (
            SupplierOrderFailed(
                **next_header(order, at), provider=provider, reason=reason, attempt=known.attempt, refused=refused
            ),
        )
    return (SupplierOrderPlaced(**next_header(order, at), provider=provider, external_id=external_id, surplus=surplus),)
