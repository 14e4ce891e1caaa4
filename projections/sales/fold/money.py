"""How disputes, payouts and payments of fees change the rows of the sales read model."""

import json
from uuid import UUID

from domain.fee_payment.events import OwedFeesPaid
from domain.money import within_range
from domain.order.after_sale.dispute_events import (
    DisputeClosed,
    DisputeDeadlineNear,
    DisputeEvidenceAccepted,
    DisputeEvidenceEdited,
    DisputeEvidenceFileAdded,
    DisputeEvidenceFileRemoved,
    DisputeEvidenceRefused,
    DisputeEvidenceSubmitted,
    DisputeFundsMoved,
    DisputeOpened,
    DisputeStatus,
    DisputeStatusChanged,
    EvidenceEvent,
    EvidenceStatus,
)
from domain.payout.aggregate import PayoutStatus
from domain.payout.events import PayoutFailed, PayoutPaid
from projections.engine.tables import Folds, as_json
from projections.sales.fold.ledger import balances_of, post
from projections.sales.rows import SalesRows
from projections.sales.tables.money import DisputeRow, PayoutRow

MONEY_FOLDS: Folds[SalesRows] = Folds()


def _dispute_key(
    event: DisputeStatusChanged | DisputeFundsMoved | DisputeClosed | EvidenceEvent, _: UUID
) -> tuple[UUID, str]:
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
        paid_at=order.paid_at,
        opened_at=event.occurred_at,
        closed_at=None,
        taken_minor=0,
        fee_minor=0,
        money_currency=None,
        evidence_status=EvidenceStatus.NOT_SUBMITTED,
        evidence_edition=0,
        evidence_edits=None,
        evidence=None,
        evidence_at=None,
        evidence_refusal=None,
        evidence_files=as_json([]),
        reminded_at=None,
    )
    order.dispute_count, order.updated_at = order.dispute_count + 1, event.occurred_at


@MONEY_FOLDS.on(DisputeStatusChanged, disputes=_dispute_key)
def dispute_status_changed(rows: SalesRows, event: DisputeStatusChanged, _: UUID) -> None:
    dispute = rows.disputes[event.originator_id, event.dispute_id]
    dispute.status, dispute.evidence_due = event.status, event.evidence_due
    if event.status == DisputeStatus.NEEDS_RESPONSE:
        # An inquiry became a dispute: the bank asks for evidence again.
        dispute.evidence_status, dispute.reminded_at = EvidenceStatus.NOT_SUBMITTED, None


@MONEY_FOLDS.on(DisputeClosed, disputes=_dispute_key)
def dispute_closed(rows: SalesRows, event: DisputeClosed, _: UUID) -> None:
    dispute = rows.disputes[event.originator_id, event.dispute_id]
    dispute.status, dispute.closed_at = event.status, event.occurred_at


@MONEY_FOLDS.on(DisputeEvidenceEdited, disputes=_dispute_key)
def dispute_evidence_edited(rows: SalesRows, event: DisputeEvidenceEdited, _: UUID) -> None:
    dispute = rows.disputes[event.originator_id, event.dispute_id]
    dispute.evidence_edits, dispute.evidence_edition = as_json(event.texts), event.edition


@MONEY_FOLDS.on(DisputeEvidenceFileAdded, disputes=_dispute_key)
def dispute_evidence_file_added(rows: SalesRows, event: DisputeEvidenceFileAdded, _: UUID) -> None:
    dispute = rows.disputes[event.originator_id, event.dispute_id]
    others = [file for file in json.loads(dispute.evidence_files) if file["kind"] != event.kind]
    added = {
        "id": event.file_id,
        "kind": event.kind,
        "name": event.name,
        "mime_type": event.mime_type,
        "size_bytes": event.size_bytes,
        "pages": event.pages,
        "added_at": event.occurred_at,
    }
    dispute.evidence_files, dispute.evidence_edition = as_json([*others, added]), event.edition


@MONEY_FOLDS.on(DisputeEvidenceFileRemoved, disputes=_dispute_key)
def dispute_evidence_file_removed(rows: SalesRows, event: DisputeEvidenceFileRemoved, _: UUID) -> None:
    dispute = rows.disputes[event.originator_id, event.dispute_id]
    left = [file for file in json.loads(dispute.evidence_files) if file["id"] != str(event.file_id)]
    dispute.evidence_files, dispute.evidence_edition = as_json(left), event.edition


@MONEY_FOLDS.on(DisputeEvidenceSubmitted, disputes=_dispute_key)
def dispute_evidence_submitted(rows: SalesRows, event: DisputeEvidenceSubmitted, _: UUID) -> None:
    dispute = rows.disputes[event.originator_id, event.dispute_id]
    dispute.evidence, dispute.evidence_at = as_json(event.evidence), event.occurred_at
    dispute.evidence_status, dispute.evidence_refusal = EvidenceStatus.SUBMITTED, None


@MONEY_FOLDS.on(DisputeEvidenceAccepted, disputes=_dispute_key)
def dispute_evidence_accepted(rows: SalesRows, event: DisputeEvidenceAccepted, _: UUID) -> None:
    rows.disputes[event.originator_id, event.dispute_id].evidence_status = EvidenceStatus.ACCEPTED


@MONEY_FOLDS.on(DisputeEvidenceRefused, disputes=_dispute_key)
def dispute_evidence_refused(rows: SalesRows, event: DisputeEvidenceRefused, _: UUID) -> None:
    dispute = rows.disputes[event.originator_id, event.dispute_id]
    dispute.evidence_status, dispute.evidence_refusal = EvidenceStatus.REFUSED, event.reason


@MONEY_FOLDS.on(DisputeDeadlineNear, disputes=_dispute_key)
def dispute_deadline_near(rows: SalesRows, event: DisputeDeadlineNear, _: UUID) -> None:
    rows.disputes[event.originator_id, event.dispute_id].reminded_at = event.occurred_at


@MONEY_FOLDS.on(DisputeFundsMoved, disputes=_dispute_key, ledger_balances=balances_of(DisputeFundsMoved))
def dispute_funds_moved(rows: SalesRows, event: DisputeFundsMoved, tenant: UUID) -> None:
    dispute = rows.disputes[event.originator_id, event.dispute_id]
    dispute.taken_minor = within_range(dispute.taken_minor + event.taken.minor)
    dispute.fee_minor = within_range(dispute.fee_minor + event.fee.minor)
    dispute.money_currency = event.taken.currency
    post(rows, DisputeFundsMoved, event, tenant)


@MONEY_FOLDS.on(PayoutPaid, ledger_balances=balances_of(PayoutPaid))
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


@MONEY_FOLDS.on(PayoutFailed, payouts="originator_id", ledger_balances=balances_of(PayoutFailed))
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


@MONEY_FOLDS.on(OwedFeesPaid, ledger_balances=balances_of(OwedFeesPaid))
def owed_fees_paid(rows: SalesRows, event: OwedFeesPaid, tenant: UUID) -> None:
    post(rows, OwedFeesPaid, event, tenant)
