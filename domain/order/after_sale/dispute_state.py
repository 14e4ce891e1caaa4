"""The state of a dispute, and how events change it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from domain.money import Money
from domain.order.after_sale.dispute_events import (
    DisputeClosed,
    DisputeDeadlineNear,
    DisputeEvent,
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
    EvidenceFileKind,
    EvidenceStatus,
)

FINAL = frozenset({DisputeStatus.CLOSED, DisputeStatus.WON, DisputeStatus.LOST})


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceFile:
    """A file that the merchant added to the evidence."""

    file_id: UUID
    mime_type: str
    size_bytes: int
    pages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """A dispute about a payment of an order."""

    intent_id: str
    amount: Money
    reason: str
    status: DisputeStatus
    evidence_due: datetime | None
    movements: int = 0
    taken: Money
    """What the provider took from the merchant and did not give back."""
    fee: Money
    opened_at: datetime
    edition: int = 0
    """How often the merchant edited the evidence, its files included."""
    files: Mapping[EvidenceFileKind, EvidenceFile] = field(default_factory=dict)
    evidence: EvidenceStatus = EvidenceStatus.NOT_SUBMITTED
    attempts: int = 0
    """How often evidence was submitted."""
    reminded: bool = False
    """Whether the merchant was reminded of the deadline."""


def evolve_disputes(disputes: Mapping[str, Dispute], event: DisputeEvent) -> Mapping[str, Dispute]:
    """Return the disputes after an event.

    Raises:
        KeyError: no such dispute was opened.
    """
    if isinstance(event, DisputeOpened):
        zero = Money.zero(event.amount.currency)
        dispute = Dispute(
            intent_id=event.intent_id,
            amount=event.amount,
            reason=event.reason,
            status=event.status,
            evidence_due=event.evidence_due,
            taken=zero,
            fee=zero,
            opened_at=event.occurred_at,
        )
    elif isinstance(event, EvidenceEvent):
        dispute = _with_evidence(disputes[event.dispute_id], event)
    else:
        dispute = _changed(disputes[event.dispute_id], event)
    return {**disputes, event.dispute_id: dispute}


def _changed(
    dispute: Dispute,
    event: DisputeStatusChanged | DisputeFundsMoved | DisputeClosed,
) -> Dispute:
    match event:
        case DisputeStatusChanged():
            changed = replace(dispute, status=event.status, evidence_due=event.evidence_due)
            if event.status is not DisputeStatus.NEEDS_RESPONSE:
                return changed
            # An inquiry became a dispute: the bank asks for evidence again.
            return replace(changed, evidence=EvidenceStatus.NOT_SUBMITTED, reminded=False)
        case DisputeFundsMoved():
            # The first movement says in which currency the provider keeps the account.
            first = dispute.movements == 0
            taken = event.taken if first else dispute.taken + event.taken
            fee = event.fee if first else dispute.fee + event.fee
            return replace(dispute, movements=event.movements, taken=taken, fee=fee)
        case DisputeClosed():
            return replace(dispute, status=event.status)


def _with_evidence(dispute: Dispute, event: EvidenceEvent) -> Dispute:
    match event:
        case DisputeEvidenceEdited():
            return replace(dispute, edition=event.edition)
        case DisputeEvidenceFileAdded():
            added = EvidenceFile(
                file_id=event.file_id, mime_type=event.mime_type, size_bytes=event.size_bytes, pages=event.pages
            )
            return replace(dispute, edition=event.edition, files={**dispute.files, event.kind: added})
        case DisputeEvidenceFileRemoved():
            left = {kind: file for kind, file in dispute.files.items() if file.file_id != event.file_id}
            return replace(dispute, edition=event.edition, files=left)
        case DisputeEvidenceSubmitted():
            return replace(dispute, evidence=EvidenceStatus.SUBMITTED, attempts=event.attempt)
        case DisputeEvidenceAccepted():
            return replace(dispute, evidence=EvidenceStatus.ACCEPTED)
        case DisputeEvidenceRefused():
            return replace(dispute, evidence=EvidenceStatus.REFUSED)
        case DisputeDeadlineNear():
            return replace(dispute, reminded=True)
