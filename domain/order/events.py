"""What can happen to an order."""

from enum import StrEnum
from uuid import UUID

from domain.kernel import DomainEvent, Value
from domain.money import Money
from domain.privacy import Sealed


class OrderStatus(StrEnum):
    """Where an order stands."""

    PENDING = "PENDING"
    """Placed, not paid."""
    PAID = "PAID"
    FULFILLED = "FULFILLED"
    CANCELLED = "CANCELLED"
    REFUNDED = "REFUNDED"


class OrderLine(Value):
    """One thing in an order, at the price it had when the order was placed."""

    product_id: UUID
    variant_id: UUID
    title: str
    """The product's, as the shopper saw it."""
    variant_title: str
    quantity: int
    unit_price: Money
    """For one."""

    @property
    def total(self) -> Money:
        return self.unit_price * self.quantity


class OrderPlaced(DomainEvent, wire_name="order.order_placed.v1"):
    """A shopper ordered; stock is kept for them, payment is awaited.

    The shopper's name, e-mail and address are sealed under the shopper's own key.
    """

    store_id: UUID
    number: str
    """What people call it: ``ZY-7Q2M4K``."""
    lines: list[OrderLine]
    subtotal: Money
    """All lines together."""
    shipping: Money
    tax: Money
    """On top of the lines and shipping."""
    total: Money
    """What is to be paid: subtotal, shipping and tax."""
    shopper_id: UUID
    """Whose keys their name, e-mail and address are sealed under; another with every order."""
    shopper_name: Sealed
    shopper_email: Sealed
    shipping_address: Sealed
    """JSON of line1, line2, city, region, postcode, country."""


class PaymentSessionOpened(DomainEvent, wire_name="order.payment_session_opened.v1"):
    """The payment provider has a page on which this order can be paid."""

    provider: str
    """``stripe`` or ``sandbox``."""
    session_id: str
    """The provider's id of it."""


class OrderPaid(DomainEvent, wire_name="order.order_paid.v1"):
    """The provider confirmed the buyer's payment on the merchant's own account.

    At most one per order; a refund is ``OrderRefunded``, never an edit.
    """

    intent_id: str
    """The provider's payment id (Stripe PaymentIntent); makes redelivered webhooks harmless."""
    amount: Money
    """What the buyer paid, tax included."""
    platform_fee: Money
    """Our share, which the provider took out of ``amount``."""


class PaymentFailed(DomainEvent, wire_name="order.payment_failed.v1"):
    """The provider refused a payment; the order still waits for another try."""

    intent_id: str
    """The provider's payment id."""
    reason: str
    """In the provider's words."""


class UnmatchedReason(StrEnum):
    """Why a payment pays no order."""

    LATE = "LATE"
    """The order had been cancelled."""
    DUPLICATE = "DUPLICATE"
    """Another payment had paid the order."""
    MISMATCH = "MISMATCH"
    """It is not what was due."""


class PaymentUnmatched(DomainEvent, wire_name="order.payment_unmatched.v1"):
    """The provider took a payment that pays nothing: a person must look, and give it back or make it good.

    Once per payment; the order stays as it was.
    """

    intent_id: str
    """The provider's payment id, by which it is found there."""
    amount: Money
    """What the buyer paid."""
    platform_fee: Money
    """Our share, which the provider took out of ``amount``."""
    reason: UnmatchedReason


class OrderCancelled(DomainEvent, wire_name="order.order_cancelled.v1"):
    """It was not paid in time, or called off before payment; its stock went back."""

    reason: str


class OrderFulfilled(DomainEvent, wire_name="order.order_fulfilled.v1"):
    """Everything in it was handed to a carrier."""

    carrier: str | None = None
    tracking_number: str | None = None


class ShipmentCorrected(DomainEvent, wire_name="order.shipment_corrected.v1"):
    """What was noted of a fulfilled order's shipment was wrong or missing; this is right."""

    carrier: str | None
    tracking_number: str | None


OrderEvent = (
    OrderPlaced
    | PaymentSessionOpened
    | OrderPaid
    | PaymentFailed
    | PaymentUnmatched
    | OrderCancelled
    | OrderFulfilled
    | ShipmentCorrected
)
