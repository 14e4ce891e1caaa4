"""Events of returns: a shopper sends goods back."""

from datetime import date
from uuid import UUID

from domain.kernel import DomainEvent, Value
from domain.privacy import Sealed


class ReturnedPieces(Value):
    """Pieces of one line that a shopper returns."""

    variant_id: UUID
    quantity: int


class ReceivedPieces(Value):
    """Returned pieces that reached the merchant."""

    variant_id: UUID
    quantity: int
    restock: bool
    """Whether they can be sold again; the same command puts them into stock."""


class ReturnRequested(DomainEvent, wire_name="order.return_requested.v1"):
    """A shopper asks to return goods that were sent. The merchant approves or declines.

    A withdrawal is ``WithdrawalReceived``. It begins a return of the same kind of life, by the law's own period.
    """

    number: int
    """1 for the order's first return; withdrawals count."""
    lines: list[ReturnedPieces]
    """At least one."""
    reason: str
    """One of the reasons that the store offers."""
    note: Sealed | None
    """The shopper's own words, sealed under the shopper's key; null if there are none."""
    deadline: date | None
    """The last day of the period, in the store's time zone; null while the delivery is unknown."""


class ReturnApproved(DomainEvent, wire_name="order.return_approved.v1"):
    """The merchant accepts a return. A later one of the same return replaces its instructions."""

    number: int
    instructions: str
    """For the shopper; may be empty."""
    address: Sealed | None
    """Where to send the goods, sealed under the merchant's key; null means the address of the business."""


class ReturnDeclined(DomainEvent, wire_name="order.return_declined.v1"):
    """The merchant does not accept a return."""

    number: int
    reason: str
    """For the shopper; never empty."""


class ReturnReceived(DomainEvent, wire_name="order.return_received.v1"):
    """The merchant has returned goods."""

    number: int
    lines: list[ReceivedPieces]
    """What came back; at least one, at most what was to be returned."""


class ReplacementSent(DomainEvent, wire_name="order.replacement_sent.v1"):
    """A carrier has new goods for returned ones. They cost nothing, and the return ends."""

    number: int
    lines: list[ReturnedPieces]
    carrier: str | None
    tracking_number: str | None


ReturnEvent = ReturnRequested | ReturnApproved | ReturnDeclined | ReturnReceived | ReplacementSent
