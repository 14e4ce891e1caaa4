"""A dispute with its evidence."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.kernel import Value
from domain.money import Money
from domain.order.after_sale.dispute_events import DisputeStatus, EvidenceFileKind, EvidenceStatus
from domain.privacy import Sealed


class EvidenceFileView(Value):
    """A file of a dispute's evidence. Open its name through ``PersonalData``."""

    id: UUID
    kind: EvidenceFileKind
    name: Sealed
    mime_type: str
    size_bytes: int
    pages: int
    added_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeView:
    """A dispute about a payment of an order."""

    dispute_id: str
    """The provider's id."""
    order_id: UUID
    intent_id: str
    amount: Money
    reason: str
    status: DisputeStatus
    evidence_due: datetime | None
    opened_at: datetime
    closed_at: datetime | None
    taken: Money | None
    """What the provider took from the merchant and did not give back; None as long as no money moved."""
    fee: Money | None
    """The provider's fees that it did not give back; None as long as no money moved."""
    evidence_status: EvidenceStatus
    evidence_edition: int
    """How often the merchant edited the evidence."""
    evidence_edits: Sealed | None
    """JSON of the fields that the merchant wrote."""
    evidence: Sealed | None
    """JSON of the fields that were submitted last."""
    evidence_at: datetime | None
    evidence_refusal: str | None
    evidence_files: Sequence[EvidenceFileView]
