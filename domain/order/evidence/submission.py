"""When evidence may be edited and submitted, and what its answers change."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from domain.editing import Parts, fingerprint, refuse_overwriting
from domain.kernel import NotFound, next_header
from domain.order.after_sale.dispute_events import (
    DisputeDeadlineNear,
    DisputeEvidenceAccepted,
    DisputeEvidenceEdited,
    DisputeEvidenceRefused,
    DisputeEvidenceSubmitted,
    DisputeStatus,
    EvidenceStatus,
)
from domain.order.after_sale.dispute_state import Dispute
from domain.order.aggregate import Order
from domain.order.errors import EvidenceChanged, EvidenceClosed
from domain.order.events import OrderEvent
from domain.privacy import Sealed

OPEN = frozenset({DisputeStatus.INQUIRY, DisputeStatus.NEEDS_RESPONSE})
"""Statuses in which the bank takes evidence."""
WAITING = frozenset({EvidenceStatus.NOT_SUBMITTED, EvidenceStatus.REFUSED})
"""Statuses of evidence in which the merchant may submit."""
REMIND_BEFORE = timedelta(days=3)
"""How long before the deadline the merchant is reminded."""
REMIND_AFTER = timedelta(days=1)
"""The mail about a new dispute names the deadline, so a reminder comes this much later at the earliest."""


def evidence_parts(dispute_id: str, edition: int) -> Parts:
    """Return the one part of a dispute's evidence that editors change: its edits, by their number."""
    return {"EVIDENCE": fingerprint([dispute_id, edition])}


def edit_evidence(
    order: Order, dispute_id: str, texts: Sealed, *, seen: str | None = None, at: datetime
) -> Sequence[OrderEvent]:
    """Keep the merchant's own texts.

    Args:
        order: the disputed order.
        dispute_id: the provider's id of the dispute.
        texts: JSON of fields and texts.
        seen: the revision that the editor saw; None to overwrite any.
        at: the time.

    Raises:
        ChangedMeanwhile: the evidence was edited after the editor saw it.
        NotFound: the order has no such dispute.
        EvidenceClosed: the bank takes no evidence, or has it.
    """
    dispute = open_dispute(order, dispute_id, at)
    refuse_overwriting(seen, evidence_parts(dispute_id, dispute.edition), ["EVIDENCE"])
    header = next_header(order, at)
    return (DisputeEvidenceEdited(**header, dispute_id=dispute_id, edition=dispute.edition + 1, texts=texts),)


def submit_evidence(
    order: Order, dispute_id: str, evidence: Sealed, *, edition: int, at: datetime
) -> Sequence[OrderEvent]:
    """Submit evidence, once.

    Args:
        order: the disputed order.
        dispute_id: the provider's id of the dispute.
        evidence: all fields.
        edition: the edit that the evidence was assembled with; 0 if there was none.
        at: the time.

    Raises:
        NotFound: the order has no such dispute.
        EvidenceClosed: the bank takes no evidence, has it, or the deadline is over.
        EvidenceChanged: the evidence was edited after it was assembled.
    """
    dispute = open_dispute(order, dispute_id, at)
    if dispute.edition != edition:
        raise EvidenceChanged(dispute_id)
    attempt = dispute.attempts + 1
    return (
        DisputeEvidenceSubmitted(
            **next_header(order, at),
            dispute_id=dispute_id,
            intent_id=dispute.intent_id,
            attempt=attempt,
            evidence=evidence,
            idempotency_key=f"evidence:{order.id}:{dispute_id}:{attempt}",
            file_ids=tuple(file.file_id for file in dispute.files.values()),
        ),
    )


def record_evidence_answer(
    order: Order, dispute_id: str, attempt: int, *, refusal: str | None, at: datetime
) -> Sequence[OrderEvent]:
    """Record the provider's answer to a submission. No-op if that attempt has one.

    Raises:
        NotFound: the order has no such dispute.
    """
    dispute = _dispute(order, dispute_id)
    if attempt != dispute.attempts or dispute.evidence is not EvidenceStatus.SUBMITTED:
        return ()
    header = next_header(order, at)
    if refusal is None:
        return (DisputeEvidenceAccepted(**header, dispute_id=dispute_id, attempt=attempt),)
    return (DisputeEvidenceRefused(**header, dispute_id=dispute_id, attempt=attempt, reason=refusal),)


def remind_of_deadline(order: Order, dispute_id: str, *, at: datetime) -> Sequence[OrderEvent]:
    """Remind the merchant of a near deadline. No-op if it is not near, is over, or evidence was submitted.

    Raises:
        NotFound: the order has no such dispute.
    """
    dispute = _dispute(order, dispute_id)
    due = dispute.evidence_due
    is_near = due is not None and due - REMIND_BEFORE <= at < due and at - dispute.opened_at >= REMIND_AFTER
    if due is None or not is_near or dispute.reminded or not _takes_evidence(dispute):
        return ()
    header = next_header(order, at)
    return (
        DisputeDeadlineNear(
            **header, dispute_id=dispute_id, amount=dispute.amount, reason=dispute.reason, evidence_due=due
        ),
    )


def _dispute(order: Order, dispute_id: str) -> Dispute:
    dispute = order.after.disputes.get(dispute_id)
    if dispute is None:
        raise NotFound("dispute", dispute_id)
    return dispute


def _takes_evidence(dispute: Dispute) -> bool:
    return dispute.status in OPEN and dispute.evidence in WAITING


def open_dispute(order: Order, dispute_id: str, at: datetime) -> Dispute:
    """Return a dispute whose evidence may be edited and submitted.

    Raises:
        NotFound: the order has no such dispute.
        EvidenceClosed: the bank takes no evidence, has it, or the deadline is over.
    """
    dispute = _dispute(order, dispute_id)
    if dispute.status not in OPEN:
        raise EvidenceClosed(dispute_id, f"is {dispute.status}, so the bank takes no evidence any more")
    if dispute.evidence not in WAITING:
        raise EvidenceClosed(dispute_id, "has its evidence, and banks take it once")
    if dispute.evidence_due is not None and at >= dispute.evidence_due:
        raise EvidenceClosed(dispute_id, f"took evidence until {dispute.evidence_due:%Y-%m-%d %H:%M} UTC")
    return dispute
