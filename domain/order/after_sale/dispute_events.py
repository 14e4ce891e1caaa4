"""Events of disputes: a shopper asks the bank to take a payment back."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.kernel import DomainEvent
from domain.money import Money
from domain.privacy import Sealed


class DisputeStatus(StrEnum):
    """The status of a dispute. A later one in this list replaces an earlier one; the last three are final."""

    INQUIRY = "INQUIRY"
    """The bank asks; no money moved yet."""
    INQUIRY_UNDER_REVIEW = "INQUIRY_UNDER_REVIEW"
    NEEDS_RESPONSE = "NEEDS_RESPONSE"
    """The bank took the money. The merchant may answer with evidence until the deadline."""
    UNDER_REVIEW = "UNDER_REVIEW"
    """The bank has the evidence."""
    CLOSED = "CLOSED"
    """An inquiry ended without a dispute."""
    WON = "WON"
    """The money came back to the merchant."""
    LOST = "LOST"
    """The shopper keeps the money."""


class EvidenceStatus(StrEnum):
    """The status of the merchant's evidence."""

    NOT_SUBMITTED = "NOT_SUBMITTED"
    SUBMITTED = "SUBMITTED"
    """The provider is being asked to take it."""
    ACCEPTED = "ACCEPTED"
    """The provider has it and takes no more."""
    REFUSED = "REFUSED"
    """The provider refused it; it can be submitted once more."""


class EvidenceFileKind(StrEnum):
    """What a file proves. Evidence has one file of each kind."""

    RECEIPT = "RECEIPT"
    """A receipt or a confirmation that the shopper got."""
    CUSTOMER_COMMUNICATION = "CUSTOMER_COMMUNICATION"
    """Letters or mails between the shop and the shopper."""
    SHIPPING_DOCUMENTATION = "SHIPPING_DOCUMENTATION"
    """A proof that the goods were sent or delivered, such as a carrier's receipt."""
    CUSTOMER_SIGNATURE = "CUSTOMER_SIGNATURE"
    """A paper that the shopper signed."""
    REFUND_POLICY = "REFUND_POLICY"
    """The refund policy as the shopper saw it."""
    SERVICE_DOCUMENTATION = "SERVICE_DOCUMENTATION"
    """A proof that the shopper got what they paid for."""
    DUPLICATE_CHARGE_DOCUMENTATION = "DUPLICATE_CHARGE_DOCUMENTATION"
    """The papers of the other payment, if the bank takes two payments for one."""
    OTHER = "OTHER"


class DisputeOpened(DomainEvent, wire_name="order.dispute_opened.v1"):
    """A shopper's bank questions a payment of the order."""

    dispute_id: str
    """The provider's id of the dispute."""
    intent_id: str
    """The provider's id of the payment."""
    amount: Money
    """The disputed amount."""
    reason: str
    """In the bank's words, such as ``product_not_received``."""
    status: DisputeStatus
    evidence_due: datetime | None
    """The last moment for evidence; null if none is asked for."""


class DisputeStatusChanged(DomainEvent, wire_name="order.dispute_status_changed.v1"):
    """A dispute went on: an inquiry became a dispute, or the bank reviews the evidence."""

    dispute_id: str
    status: DisputeStatus
    evidence_due: datetime | None


class DisputeFundsMoved(DomainEvent, wire_name="order.dispute_funds_moved.v1"):
    """The provider took disputed money from the merchant's account, or gave it back."""

    dispute_id: str
    intent_id: str
    taken: Money
    """What was taken from the merchant; negative if it came back."""
    fee: Money
    """The provider's fee for the dispute; negative if it came back."""
    movements: int
    """How many movements the provider has made for this dispute so far."""


class DisputeClosed(DomainEvent, wire_name="order.dispute_closed.v1"):
    """The bank decided."""

    dispute_id: str
    status: DisputeStatus
    """``WON``, ``LOST``, or ``CLOSED`` for an inquiry."""


class DisputeEvidenceEdited(DomainEvent, wire_name="order.dispute_evidence_edited.v1"):
    """The merchant wrote parts of the evidence in their own words. It replaces earlier edits."""

    dispute_id: str
    edition: int
    """1 for the first edit."""
    texts: Sealed
    """JSON of the edited fields and their texts, under the shopper's key; an empty text leaves its field out."""


class DisputeEvidenceFileAdded(DomainEvent, wire_name="order.dispute_evidence_file_added.v1"):
    """The merchant added a file to the evidence. Its content is outside the log, under the shopper's key."""

    dispute_id: str
    edition: int
    """Files and texts count together: 1 for the first edit."""
    file_id: UUID
    kind: EvidenceFileKind
    name: Sealed
    """The file's name, under the shopper's key: it often names a person."""
    mime_type: str
    """``application/pdf``, ``image/jpeg`` or ``image/png``, read from the content."""
    size_bytes: int
    pages: int
    """1 for a picture."""
    replaces: UUID | None = None
    """The earlier file of this kind; null if there was none."""


class DisputeEvidenceFileRemoved(DomainEvent, wire_name="order.dispute_evidence_file_removed.v1"):
    """The merchant took a file out of the evidence. Its content is deleted."""

    dispute_id: str
    edition: int
    file_id: UUID


class DisputeEvidenceSubmitted(DomainEvent, wire_name="order.dispute_evidence_submitted.v1"):
    """The merchant submitted evidence. The provider gets it next, with the idempotency key."""

    dispute_id: str
    intent_id: str
    """The provider's id of the payment."""
    attempt: int
    """1, and one more after each refusal of the provider."""
    evidence: Sealed
    """JSON of all fields and their texts, under the shopper's key."""
    idempotency_key: str
    """The provider takes one submission for it, however often it is sent."""
    file_ids: tuple[UUID, ...] = ()
    """The files that are sent with it."""


class DisputeEvidenceAccepted(DomainEvent, wire_name="order.dispute_evidence_accepted.v1"):
    """The provider took the evidence and passes it on to the bank. It takes no more."""

    dispute_id: str
    attempt: int


class DisputeEvidenceRefused(DomainEvent, wire_name="order.dispute_evidence_refused.v1"):
    """The provider refused the evidence. The merchant may correct and submit it once more."""

    dispute_id: str
    attempt: int
    reason: str
    """In the provider's words."""


class DisputeDeadlineNear(DomainEvent, wire_name="order.dispute_deadline_near.v1"):
    """The deadline for evidence is near, and the merchant submitted none. At most once per dispute."""

    dispute_id: str
    amount: Money
    """The disputed amount."""
    reason: str
    """In the bank's words."""
    evidence_due: datetime


EvidenceEvent = (
    DisputeEvidenceEdited
    | DisputeEvidenceFileAdded
    | DisputeEvidenceFileRemoved
    | DisputeEvidenceSubmitted
    | DisputeEvidenceAccepted
    | DisputeEvidenceRefused
    | DisputeDeadlineNear
)
DisputeEvent = DisputeOpened | DisputeStatusChanged | DisputeFundsMoved | DisputeClosed | EvidenceEvent
