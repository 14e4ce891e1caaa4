"""Events of an order after its payment."""

from uuid import UUID

from domain.kernel import DomainEvent, Value
from domain.money import Money
from domain.order.after_sale.dispute_events import DisputeEvent
from domain.order.after_sale.return_events import ReturnEvent
from domain.order.after_sale.sourcing_events import SourcingEvent


class Pieces(Value):
    """Some pieces of one line of an order."""

    variant_id: UUID
    quantity: int


class RefundedPieces(Value):
    """Pieces of one line that are paid back."""

    variant_id: UUID
    quantity: int
    restock: bool
    """Whether the pieces can be sold again; the same command puts them into stock, unless a failed refund did."""
    unsent: int = 0
    """How many of the pieces no carrier has; they will not be sent."""


class RefundRequested(DomainEvent, wire_name="order.refund_requested.v1"):
    """The merchant decided to pay money back. The provider is asked next, with the idempotency key."""

    refund_id: UUID
    intent_id: str
    """The provider's id of the payment that is refunded."""
    amount: Money
    fee_refund: Money
    """The share of the platform's fee that goes back to the merchant, in proportion to ``amount``."""
    lines: list[RefundedPieces]
    """What the refund is for; empty if it is for an amount only."""
    shipping: Money
    """The part of ``amount`` that pays delivery back."""
    reason: str
    """For the shopper and the merchant's books; may be empty."""
    idempotency_key: str
    """The provider carries out one refund for it, however often it is asked."""
    return_number: int | None = None
    """The return that it pays back; null if it is for none, and in older events."""


class RefundReported(DomainEvent, wire_name="order.refund_reported.v1"):
    """The provider reported a refund that was not requested here, such as one made in its dashboard.

    The provider keeps the platform's fee in that case.
    """

    refund_id: UUID
    external_id: str
    """The provider's id of the refund."""
    intent_id: str
    """The provider's id of the payment that is refunded."""
    amount: Money


class RefundSucceeded(DomainEvent, wire_name="order.refund_succeeded.v1"):
    """The provider sent the money back. Banks take some days to show it."""

    refund_id: UUID
    external_id: str
    """The provider's id of the refund."""
    intent_id: str
    amount: Money
    fee_refund: Money
    """The share of the platform's fee that went back to the merchant."""
    fee_is_owed: bool = False
    """Whether the merchant is billed for the fee apart, so that no money moved for ``fee_refund``."""
    tax: Money | None = None
    """The tax within ``amount``, in proportion to the payment's; null if it is unknown, and in older events."""
    unmatched: bool = False
    """Whether the payment paid for no order; false in older events."""
    unsent: int | None = None
    """How many more pieces are refunded instead of sent; null in older events: all that the refund marks as unsent."""


class RefundFailed(DomainEvent, wire_name="order.refund_failed.v1"):
    """The money did not go back. The amount can be refunded again.

    A bank can return a refund days after it succeeded.
    """

    refund_id: UUID
    external_id: str | None
    """The provider's id of the refund; null if it refused to begin one. Such a refund can succeed or fail once more:
    an earlier try, of which the answer was lost, may have begun it."""
    intent_id: str
    amount: Money
    fee_refund: Money
    reason: str
    """In the provider's words."""
    after_success: bool
    """Whether it had succeeded before, so that money came back to the merchant."""
    fee_is_owed: bool = False
    """Whether the merchant is billed for the fee apart, so that no money moved for ``fee_refund``."""
    tax: Money | None = None
    """The tax within ``amount``, in proportion to the payment's; null if it is unknown, and in older events."""
    unmatched: bool = False
    """Whether the payment paid for no order; false in older events."""
    unsent: int | None = None
    """How many fewer pieces are refunded instead of sent; null in older events: all that the refund marks as unsent."""


class PaidOrderCancelled(DomainEvent, wire_name="order.paid_order_cancelled.v1"):
    """The merchant cancelled a paid order before anything of it was sent. Its refund and its stock follow at once."""

    reason: str
    """For the shopper; may be empty."""


class ParcelShipped(DomainEvent, wire_name="order.parcel_shipped.v1"):
    """A carrier has a part of the order, or what was left of it."""

    number: int
    """1 for the order's first parcel."""
    lines: list[Pieces]
    """The pieces in the parcel; at least one."""
    carrier: str | None
    tracking_number: str | None


class ParcelCorrected(DomainEvent, wire_name="order.parcel_corrected.v1"):
    """The carrier or tracking number of a parcel was wrong or missing; these replace both."""

    number: int
    carrier: str | None
    tracking_number: str | None


RefundEvent = RefundRequested | RefundReported | RefundSucceeded | RefundFailed
ParcelEvent = ParcelShipped | ParcelCorrected
AfterSaleEvent = RefundEvent | ParcelEvent | PaidOrderCancelled | DisputeEvent | ReturnEvent | SourcingEvent
