"""Events of an order."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from domain.discount.events import DiscountKind
from domain.kernel import DomainEvent, Value
from domain.money import Money
from domain.order.after_sale.events import AfterSaleEvent
from domain.order.delivery import ArrivalWindow
from domain.privacy import Sealed
from domain.store.events import PageType
from domain.store.taxes import OrderTax


class OrderStatus(StrEnum):
    """The status of an order."""

    PENDING = "PENDING"
    """Placed, not paid."""
    PAID = "PAID"
    PARTLY_FULFILLED = "PARTLY_FULFILLED"
    """Paid, and a carrier has some of the pieces."""
    FULFILLED = "FULFILLED"
    """Paid, and carriers have all pieces."""
    CANCELLED = "CANCELLED"
    """Cancelled before it was paid, or before it was sent."""
    REFUNDED = "REFUNDED"
    """All of the payment went back."""


class OrderLine(Value):
    """One variant in an order, at the price when the order was placed."""

    product_id: UUID
    variant_id: UUID
    title: str
    """The product's title when the order was placed."""
    variant_title: str
    quantity: int
    unit_price: Money
    """The price of one piece."""

    @property
    def total(self) -> Money:
        return self.unit_price * self.quantity


class PageVersionRef(Value):
    """One version of a content page of the store."""

    page_id: UUID
    type: PageType
    number: int
    """1 for the page's first text, 2 for the next."""


class OrderDiscount(Value):
    """A discount code that an order uses."""

    discount_id: UUID
    code: str
    """As the store's merchant wrote it, in its normal form."""
    kind: DiscountKind
    amount: Money
    """What it takes off the goods; zero for a code for free delivery."""
    shares: list[Money] = []
    """The part of ``amount`` that each of the order's lines bears, in their order; refunds of a line return less by it."""


class OrderPlaced(DomainEvent, wire_name="order.order_placed.v1"):
    """A shopper placed an order. It reserves stock and waits for payment.

    The shopper's name, e-mail and address are sealed under the shopper's own key.
    """

    store_id: UUID
    number: str
    """The order's number for people: ``ZY-7Q2M4K``."""
    lines: list[OrderLine]
    subtotal: Money
    """The sum of all lines."""
    shipping: Money
    tax: Money
    """Tax in addition to lines and shipping."""
    total: Money
    """The amount due: subtotal less the discount, shipping and tax."""
    shopper_id: UUID
    """The person under whose key name, e-mail and address are sealed; a new id for every order."""
    shopper_name: Sealed
    shopper_email: Sealed
    shipping_address: Sealed
    """JSON of line1, line2, city, region, postcode, country."""
    arrival: ArrivalWindow | None = None
    """The days that were promised when the order was placed; null if a supplier states none, and in older events."""
    pages: list[PageVersionRef] = []
    """The legal pages that apply, each in the version of that time; empty in older events."""
    shipping_zone: str | None = None
    """The store's zone that the order is sent to; null in older events."""
    discount: OrderDiscount | None = None
    """The code that the order uses; null if it uses none."""
    return_days: int | None = None
    """Days after the delivery in which goods can be returned; null in older events, which have the 14 of the law."""
    store_name: str | None = None
    """The store's name when the order was placed; null in older events."""
    taxes: OrderTax | None = None
    """How the tax is known; null if the store says nothing about it, and in older events."""


class PaymentSessionOpened(DomainEvent, wire_name="order.payment_session_opened.v1"):
    """The payment provider opened a page for this order's payment."""

    provider: str
    """``stripe`` or ``sandbox``."""
    session_id: str
    """The provider's id of the page."""
    account_id: str | None = None
    """The merchant's account at the provider that is paid; null in older events and if the provider has one for all."""
    owed_fee: Money | None = None
    """The platform's share, if the merchant is billed for it apart; null if the provider takes it, and in older events."""
    taken_fee: Money | None = None
    """The platform's share, if the provider takes it out of the payment; null if it does not, and in older events."""


class OrderPaid(DomainEvent, wire_name="order.order_paid.v1"):
    """The provider confirmed the shopper's payment to the merchant's own account. At most once per order."""

    intent_id: str
    """The provider's payment id (Stripe PaymentIntent); makes redelivered webhooks harmless."""
    amount: Money
    """What the shopper paid, tax included."""
    platform_fee: Money
    """The platform's share of ``amount``."""
    account_id: str | None = None
    """The merchant's account at the provider that has the money; null in older events and if the provider has one for all."""
    fee_is_owed: bool = False
    """Whether the merchant is billed for the platform's share apart; false if the provider took it out of ``amount``."""
    tax: Money | None = None
    """The tax within ``amount``; null if it is unknown, and in older events."""


class PaymentFailed(DomainEvent, wire_name="order.payment_failed.v1"):
    """The provider declined a payment; the order still waits for one."""

    intent_id: str
    """The provider's payment id."""
    reason: str
    """In the provider's words."""


class UnmatchedReason(StrEnum):
    """Why a payment matches no order."""

    LATE = "LATE"
    """The order was cancelled before."""
    DUPLICATE = "DUPLICATE"
    """Another payment paid the order before."""
    MISMATCH = "MISMATCH"
    """The amount is not the amount due."""


class PaymentUnmatched(DomainEvent, wire_name="order.payment_unmatched.v1"):
    """The provider took a payment that matches no order. A person must refund it or fulfill the order.

    Once per payment; the order's status does not change.
    """

    intent_id: str
    """The provider's payment id, to find it there."""
    amount: Money
    """What the shopper paid."""
    platform_fee: Money
    """The platform's share, which the provider took out of ``amount``."""
    reason: UnmatchedReason
    account_id: str | None = None
    """The merchant's account at the provider that has the money; null in older events and if the provider has one for all."""
    fee_is_owed: bool = False
    """Whether the merchant is billed for the platform's share apart; false if the provider took it out of ``amount``."""


class OrderCancelled(DomainEvent, wire_name="order.order_cancelled.v1"):
    """The order was not paid in time, or was cancelled before payment. Its stock is released."""

    reason: str
    page_closed: bool = False
    """Whether the order's payment page was closed before. False in older events, and if it is closed next."""


class OrderFulfilled(DomainEvent, wire_name="order.order_fulfilled.v1"):
    """A carrier has the whole order."""

    carrier: str | None = None
    tracking_number: str | None = None


class ShipmentCorrected(DomainEvent, wire_name="order.shipment_corrected.v1"):
    """The carrier or tracking number of a fulfilled order was wrong or missing; these replace both."""

    carrier: str | None
    tracking_number: str | None


class OrderDelivered(DomainEvent, wire_name="order.order_delivered.v1"):
    """The shopper has the whole order. The period for withdrawal begins on the next day; a later statement replaces it."""

    delivered_on: date
    """In the store's time zone."""


class WithdrawnLine(Value):
    """Pieces of one line that a consumer withdraws."""

    variant_id: UUID
    quantity: int


class WithdrawalReceived(DomainEvent, wire_name="order.withdrawal_received.v1"):
    """A consumer withdrew from the contract, or from a part of it. The merchant must pay back and take the goods.

    The name and the e-mail address are sealed under the shopper's own key.
    """

    number: int
    """1 for the order's first withdrawal."""
    lines: list[WithdrawnLine]
    """The pieces that no earlier withdrawal names; at least one."""
    name: Sealed
    email: Sealed
    """Where the receipt goes; it may differ from the order's address."""
    deadline: date | None
    """The last day of the period, in the store's time zone; null while the delivery is unknown."""
    is_late: bool
    """Whether it came after the deadline. It is received all the same, and the merchant decides."""


OrderEvent = (
    OrderPlaced
    | PaymentSessionOpened
    | OrderPaid
    | PaymentFailed
    | PaymentUnmatched
    | OrderCancelled
    | OrderFulfilled
    | ShipmentCorrected
    | OrderDelivered
    | WithdrawalReceived
    | AfterSaleEvent
)
