"""Refunds of orders that a scoped query returned."""

from collections.abc import Collection, Mapping
from uuid import UUID

from pydantic import TypeAdapter

from domain.money import Money
from domain.order.after_sale.events import RefundedPieces
from domain.order.after_sale.state import RefundStatus
from projections.reading.paging import Reader
from projections.sales.views import RefundView

_LINES = TypeAdapter(tuple[RefundedPieces, ...])


async def refunds_of_orders(db: Reader, order_ids: Collection[UUID]) -> Mapping[UUID, tuple[RefundView, ...]]:
    """Return orders' refunds, the earliest first; the caller has checked that the orders may be seen."""
    found: dict[UUID, tuple[RefundView, ...]] = {}
    if not order_ids:
        return found
    for record in await db.fetch(
        "select r.order_id, r.refund_id, r.intent_id, r.external_id, r.amount_minor, r.fee_minor, r.currency, r.status, "
        "r.lines, r.shipping_minor, r.reason, r.failure, r.requested_here, r.requested_at, r.succeeded_at, r.failed_at "
        "from refunds r where r.order_id = any($1) order by r.order_id, r.requested_at, r.refund_id",
        list(order_ids),
    ):
        currency = record["currency"]
        view = RefundView(
            id=record["refund_id"],
            intent_id=record["intent_id"],
            external_id=record["external_id"],
            amount=Money(minor=record["amount_minor"], currency=currency),
            fee_refund=Money(minor=record["fee_minor"], currency=currency),
            status=RefundStatus(record["status"]),
            lines=_LINES.validate_json(record["lines"]),
            shipping=Money(minor=record["shipping_minor"], currency=currency),
            reason=record["reason"],
            failure=record["failure"],
            requested_here=record["requested_here"],
            requested_at=record["requested_at"],
            succeeded_at=record["succeeded_at"],
            failed_at=record["failed_at"],
        )
        found[record["order_id"]] = (*found.get(record["order_id"], ()), view)
    return found
