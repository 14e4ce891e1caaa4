"""Events of disputes: a shopper asks the bank to take a payment back."""

from datetime import datetime
from enum import StrEnum

from domain.kernel import DomainEvent
from domain.money import Money


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


DisputeEvent = DisputeOpened | DisputeStatusChanged | DisputeFundsMoved | DisputeClosed
