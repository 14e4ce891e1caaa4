"""Returns of orders that a scoped query returned."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from pydantic import TypeAdapter

from domain.order.after_sale.return_events import ReceivedPieces, ReturnedPieces
from domain.order.after_sale.return_state import ReturnKind, ReturnStatus
from domain.order.after_sale.state import RefundStatus
from domain.privacy import Sealed
from projections.reading.paging import Reader
from projections.sales.views import RefundView, ReturnView

_LINES = TypeAdapter(tuple[ReturnedPieces, ...])
_RECEIVED = TypeAdapter(tuple[ReceivedPieces, ...])


async def returns_of_orders(db: Reader, order_ids: Collection[UUID]) -> Mapping[UUID, tuple[ReturnView, ...]]:
    """Return orders' returns by number; the caller has checked that the orders may be seen."""
    found: dict[UUID, tuple[ReturnView, ...]] = {}
    if not order_ids:
        return found
    for record in await db.fetch(
        "select t.order_id, t.number, t.kind, t.withdrawal_number, t.status, t.lines, t.reason, t.note, t.deadline, "
        "t.is_late, t.instructions, t.address, t.decline_reason, t.received, t.refund_id, t.carrier, t.tracking_number, "
        "t.requested_at, t.decided_at, t.received_at, t.replaced_at from returns t "
        "where t.order_id = any($1) order by t.order_id, t.number",
        list(order_ids),
    ):
        view = ReturnView(
            number=record["number"],
            kind=ReturnKind(record["kind"]),
            withdrawal_number=record["withdrawal_number"],
            status=ReturnStatus(record["status"]),
            lines=_LINES.validate_json(record["lines"]),
            reason=record["reason"],
            note=None if record["note"] is None else Sealed.model_validate_json(record["note"]),
            deadline=record["deadline"],
            is_late=record["is_late"],
            instructions=record["instructions"],
            address=None if record["address"] is None else Sealed.model_validate_json(record["address"]),
            decline_reason=record["decline_reason"],
            received=() if record["received"] is None else _RECEIVED.validate_json(record["received"]),
            refund_id=record["refund_id"],
            carrier=record["carrier"],
            tracking_number=record["tracking_number"],
            requested_at=record["requested_at"],
            decided_at=record["decided_at"],
            received_at=record["received_at"],
            replaced_at=record["replaced_at"],
        )
        found[record["order_id"]] = (*found.get(record["order_id"], ()), view)
    return found


def returns_with_refunds(returns: Sequence[ReturnView], refunds: Sequence[RefundView]) -> tuple[ReturnView, ...]:
    """Return an order's returns; one whose refund succeeded is refunded."""
    paid = {refund.id for refund in refunds if refund.status is RefundStatus.SUCCEEDED}
    return tuple(replace(each, status=ReturnStatus.REFUNDED) if each.refund_id in paid else each for each in returns)
