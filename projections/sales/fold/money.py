"""How disputes and payouts change the rows of the sales read model."""

from uuid import UUID

from domain.money import within_range
from domain.order.after_sale.dispute_events import (
    DisputeClosed,
    DisputeFundsMoved,
    DisputeOpened,
    DisputeStatusChanged,
)
from domain.payout.aggregate import PayoutStatus
from domain.payout.events import PayoutFailed, PayoutPaid
from projections.engine.tables import Folds
from projections.sales.fold.ledger import post
from projections.sales.tables import DisputeRow, PayoutRow, SalesRows

MONEY_FOLDS: Folds[SalesRows] = Folds()


def _dispute_key(event: DisputeStatusChanged | DisputeClosed, _: UUID) -> tuple[UUID, str]:
    return event.originator_id, event.dispute_id


@MONEY_FOLDS.on(DisputeOpened, orders="originator_id")
def dispute_opened(rows: SalesRows, event: DisputeOpened, tenant: UUID) -> None:
    order = rows.orders[event.originator_id]
    rows.disputes[order.id, event.dispute_id] = DisputeRow(
        order_id=order.id,
        dispute_id=event.dispute_id,
        store_id=tenant,
        intent_id=event.intent_id,
        amount_minor=within_range(event.amount.minor),
        currency=event.amount.currency,
        reason=event.reason,
        status=event.status,
        evidence_due=event.evidence_due,
        opened_at=event.occurred_at,
        closed_at=None,
    )
    order.dispute_count, order.updated_at = order.dispute_count + 1, event.occurred_at


@MONEY_FOLDS.on(DisputeStatusChanged, disputes=_dispute_key)
def dispute_status_changed(rows: SalesRows, event: DisputeStatusChanged, _: UUID) -> None:
    dispute = rows.disputes[event.originator_id, event.dispute_id]
    dispute.status, dispute.evidence_due = event.status, event.evidence_due


@MONEY_FOLDS.on(DisputeClosed, disputes=_dispute_key)
def dispute_closed(rows: SalesRows, event: DisputeClosed, _: UUID) -> None:
    dispute = rows.disputes[event.originator_id, event.dispute_id]
    dispute.status, dispute.closed_at = event.status, event.occurred_at


@MONEY_FOLDS.on(DisputeFundsMoved)
def dispute_funds_moved(rows: SalesRows, event: DisputeFundsMoved, tenant: UUID) -> None:
    post(rows, DisputeFundsMoved, event, tenant)


@MONEY_FOLDS.on(PayoutPaid)
def payout_paid(rows: SalesRows, event: PayoutPaid, tenant: UUID) -> None:
    rows.payouts[event.originator_id] = PayoutRow(
        id=event.originator_id,
        merchant_id=event.merchant_id,
        payout_id=event.payout_id,
        amount_minor=within_range(event.amount.minor),
        currency=event.amount.currency,
        status=PayoutStatus.PAID,
        arrival_on=event.arrival_on,
        reason=None,
        at=event.occurred_at,
    )
    post(rows, PayoutPaid, event, tenant)


@MONEY_FOLDS.on(PayoutFailed, payouts="originator_id")
def payout_failed(rows: SalesRows, event: PayoutFailed, tenant: UUID) -> None:
    if event.originator_id not in rows.payouts:
        rows.payouts[event.originator_id] = PayoutRow(
            id=event.originator_id,
            merchant_id=event.merchant_id,
            payout_id=event.payout_id,
            amount_minor=within_range(event.amount.minor),
            currency=event.amount.currency,
            status=PayoutStatus.FAILED,
            arrival_on=None,
            reason=None,
            at=event.occurred_at,
        )
    payout = rows.payouts[event.originator_id]
    payout.status, payout.reason, payout.at = PayoutStatus.FAILED, event.reason, event.occurred_at
    post(rows, PayoutFailed, event, tenant)
