"""Disputes of an order: what the provider says about them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.kernel import EventHeader, next_header
from domain.money import Money
from domain.order.after_sale.dispute_events import (
    DisputeClosed,
    DisputeEvent,
    DisputeFundsMoved,
    DisputeOpened,
    DisputeStatus,
    DisputeStatusChanged,
)
from domain.order.after_sale.dispute_state import FINAL, evolve_disputes
from domain.order.aggregate import Order
from domain.order.events import OrderEvent

RANK = {status: rank for rank, status in enumerate(DisputeStatus)}


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeReport:
    """What a provider says about a dispute now."""

    dispute_id: str
    intent_id: str
    amount: Money
    reason: str
    status: DisputeStatus
    evidence_due: datetime | None
    movements: int
    """How many movements of money it has made so far."""
    taken: Money
    """What it took from the merchant in all of them; negative if more came back."""
    fee: Money
    """Its fees in all of them."""


def record_dispute(order: Order, report: DisputeReport, *, at: datetime) -> Sequence[OrderEvent]:
    """Record what the provider says about a dispute. No-op if that is known, or older than what is known.

    A dispute of a refunded order is recorded like any other: the money may go out twice, so the merchant must answer.
    """
    disputes, events = dict(order.after.disputes), list[DisputeEvent]()

    def add(event: DisputeEvent) -> None:
        events.append(event)
        disputes.update(evolve_disputes(disputes, event))

    def header() -> EventHeader:
        return next_header(order, at, 1 + len(events))

    id = report.dispute_id
    if id not in disputes:
        # A dispute that is over when it becomes known had a beginning too.
        opened = DisputeStatus.NEEDS_RESPONSE if report.status in FINAL else report.status
        add(
            DisputeOpened(
                **header(),
                dispute_id=id,
                intent_id=report.intent_id,
                amount=report.amount,
                reason=report.reason,
                status=opened,
                evidence_due=report.evidence_due,
            )
        )
    known = disputes[id]
    if report.movements > known.movements:
        before = (known.taken.minor, known.fee.minor) if known.movements else (0, 0)
        add(
            DisputeFundsMoved(
                **header(),
                dispute_id=id,
                intent_id=known.intent_id,
                taken=Money.of(report.taken.minor - before[0], report.taken.currency),
                fee=Money.of(report.fee.minor - before[1], report.fee.currency),
                movements=report.movements,
            )
        )
    if known.status in FINAL:
        return events
    if report.status in FINAL:
        add(DisputeClosed(**header(), dispute_id=id, status=report.status))
    elif RANK[report.status] > RANK[known.status]:
        add(
            DisputeStatusChanged(
                **header(),
                dispute_id=id,
                status=report.status,
                evidence_due=report.evidence_due,
            )
        )
    return events
